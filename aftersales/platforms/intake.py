"""A platform's after-sales into our cases: by push, by pull, and by re-reading one. A push is only a hint; what is true
is read from the platform each time. A case that comes before its order fetches the order first."""

import logging
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db.models import Exists, OuterRef

from aftersales.cases.enums import CaseState
from aftersales.cases.models import Case
from aftersales.channels import douyin_words, kuaishou_words
from aftersales.channels.snapshot import PlatformCase
from aftersales.platforms.following import take_platform_case
from aftersales.refunds.enums import RefundState
from aftersales.refunds.models import Refund
from merchant.clock import now
from merchant.jobs.services import beat
from merchant.platforms.clients import SPOKEN_WITH, PlatformClient, client_of
from merchant.platforms.douyin import messages as douyin_messages
from merchant.platforms.douyin.snapshots import AfterSale
from merchant.platforms.errors import PlatformError
from merchant.platforms.kuaishou import messages
from merchant.platforms.kuaishou.client import RefundSnapshot
from merchant.refusals import Refused
from merchant.shops.models import PlatformAccount
from orders.intake.platform import re_read_order
from orders.record.models import Order

logger = logging.getLogger(__name__)

# Two pulls overlap: a row committed late on their side is seen by the next one (taking it twice changes nothing).
OVERLAP = timedelta(minutes=5)
# How far back a shop's first pull reaches: the platform's own limit is 90 days; older cases are settled.
FIRST_PULL = timedelta(days=7)
# A row that could not be taken for so long is left to its next change and to the account's error on the page.
GIVE_UP_AFTER = timedelta(days=1)
# Rows of a pull that are looked up at once.
CHUNK = 100


def read_push(account: Any, message: Any) -> None:
    """The inbox's reader of after-sales events: re-read the refund it names and follow it. May raise; the message
    then waits in the inbox, visible, and is tried again."""
    if not message.refund_id:
        return
    known = known_cases(account, [message.refund_id]).get(message.refund_id)
    if known is None or not _is_echo(known, message):
        re_read(account, message.refund_id, known)


def read_hint(account: Any, message: Any) -> None:
    """The inbox's reader of Douyin's messages: re-read the after-sales it names. One that names nothing we know how to
    read says only that something has happened, so everything that has changed is pulled."""
    for refund_id in message.refund_ids:
        re_read(account, refund_id)
    if not message.refund_ids and not message.oids:
        pull_account(account)


def _is_echo(case: Case, message: Any) -> bool:
    """Whether the platform only tells what we know: an older or the same row as the one we had from it, or that it pays
    what our refund has just told it to pay. Nothing is believed for it: what it leaves out, the next message, the pull
    or the refund's own first question within a minute brings."""
    known = int(case.external_version) if case.external_version.isdigit() else -1
    if 0 < message.version <= known:
        return message.version < known or str(message.status) == case.external_status
    is_paying = kuaishou_words.STATES.get(message.status) == CaseState.REFUNDING
    return is_paying and case.state == CaseState.REFUNDING and bool(case.is_just_told)  # type: ignore[attr-defined]


def known_cases(account: Any, numbers: Iterable[str]) -> dict[str, Case]:
    """Our cases of this shop with these numbers, each with its order, as they are now and held by nobody."""
    told = Refund.objects.filter(case=OuterRef("pk"), state=RefundState.PROCESSING, attempts__lte=1)
    rows = Case.objects.filter(shop=account.shop, number__in=list(numbers)).select_related("order")
    return {case.number: case for case in rows.annotate(is_just_told=Exists(told))}


def re_read(account: Any, refund_id: str, known: Case | None = None) -> Case:
    """Read one after-sale at the platform now and bring our case to it. Raises PlatformError or Refused."""
    client = client_of(account)
    return take(account, client, client.refund_detail(refund_id), known)


def case_of(snapshot: RefundSnapshot | AfterSale, *, is_shipped: bool) -> PlatformCase:
    """A platform's row in our words. Raises ValueError on a number that no table names."""
    if isinstance(snapshot, AfterSale):
        return douyin_words.platform_case(snapshot, is_shipped=is_shipped)
    return kuaishou_words.platform_case(snapshot, is_shipped=is_shipped)


def take(account: Any, client: PlatformClient, snapshot: RefundSnapshot | AfterSale, known: Case | None = None) -> Case:
    """Follow one snapshot; an order that is missing, or that has moved under the case, is fetched first. `known` is our
    case where the caller has just read it with its order."""
    known = known or known_cases(account, [snapshot.refund_id]).get(snapshot.refund_id)
    if known is not None and known.order.number == snapshot.oid:
        order: Order | None = known.order
    else:
        order = Order.objects.filter(shop=account.shop, number=snapshot.oid).first()
    if order is None or (known is None and not order.is_sent):
        # A new case about an order that had not shipped when we last looked: where the goods are decides its kind.
        order = re_read_order(account, client, snapshot.oid) or order
    is_shipped = order is not None and order.is_sent
    return take_platform_case(account.shop, case_of(snapshot, is_shipped=is_shipped), known)


def pull_platform_cases(account_id: int | None = None) -> int:
    """Every connected account, or one: what changed since the last pull. Returns how many rows were taken.

    An account that does not answer keeps its watermark, so that the next pull begins where this one should have."""
    taken = 0
    accounts = PlatformAccount.objects.filter(platform__in=SPOKEN_WITH, is_active=True).select_related("shop")
    if account_id is not None:
        accounts = accounts.filter(pk=account_id)
    for account in accounts.order_by("pk"):
        try:
            taken += pull_account(account)
        except PlatformError as error:
            PlatformAccount.objects.filter(pk=account.pk).update(last_error=str(error)[:300], last_pull_at=now())
            logger.warning("platform account %s could not be pulled: %s", account.pk, error)
        except Exception:
            logger.exception("platform account %s could not be pulled", account.pk)
    return taken


def pull_account(account: Any) -> int:
    """Pull one account. Raises PlatformError when the platform does not answer.

    A row that cannot be taken stops nobody; the watermark stays before it for a day, so that every pull tries again."""
    started = now()
    begin = (account.pulled_until - OVERLAP) if account.pulled_until else started - FIRST_PULL
    client = client_of(account)
    taken, failed, until = 0, "", started
    for snapshot, known in _with_known(account, client.refund_list(begin, started)):
        try:
            take(account, client, snapshot, known)
            taken += 1
        except (PlatformError, Refused, ValueError) as error:
            failed = f"{snapshot.refund_id}: {error}"
            if snapshot.update_at is not None and snapshot.update_at > started - GIVE_UP_AFTER:
                until = min(until, snapshot.update_at)
            logger.warning("refund %s of account %s could not be taken: %s", snapshot.refund_id, account.pk, error)
    PlatformAccount.objects.filter(pk=account.pk).update(
        pulled_until=until, last_pull_at=now(), last_error=failed[:300]
    )
    beat(f"pull:{account.platform}:{account.pk}")
    return taken


def _with_known(
    account: Any, snapshots: Iterable[RefundSnapshot | AfterSale]
) -> Iterator[tuple[RefundSnapshot | AfterSale, Case | None]]:
    """Each row of a pull with our case: two pulls overlap, so that most are known as they are, and one statement says
    so of many."""
    rows = iter(snapshots)
    while chunk := list(islice(rows, CHUNK)):
        known = known_cases(account, [snapshot.refund_id for snapshot in chunk])
        for snapshot in chunk:
            yield snapshot, known.get(snapshot.refund_id)


def register() -> None:
    """Hang the readers into the platforms' push doors; order events are read by the orders' own intake."""
    messages.on_event(*messages.REFUND_EVENTS, reader=read_push)
    douyin_messages.on_message(read_hint)
