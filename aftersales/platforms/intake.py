"""A platform's after-sales into our cases: by push, by pull, and by re-reading one. A push is only a hint; what is true
is read from the platform each time. A case that comes before its order fetches the order first."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from aftersales.cases.enums import CaseState
from aftersales.cases.models import Case
from aftersales.channels import registry as channels
from aftersales.platforms.following import follow_platform_case
from aftersales.refunds.enums import RefundState
from aftersales.refunds.models import Refund
from merchant.clock import now
from merchant.inbox import services as inbox
from merchant.jobs.services import beat
from merchant.platforms.base import CaseRow, Client, Hint, Unreadable
from merchant.platforms.errors import PlatformError
from merchant.platforms.messages import on_hint, source_of
from merchant.platforms.registry import client_of, spoken_with
from merchant.prepared import named, rows_of
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
# A row that is none, or that the database does not take: what the code and the driver say then.
UNFIT = (DataError, IntegrityError, ValueError, OverflowError)
# Rows of a pull that are looked up at once.
CHUNK = 100


def read_hint(account: Any, hint: Hint) -> None:
    """Re-read the after-sales a message names and follow them; one that says only that something has happened has
    everything pulled that has changed. May raise; the message then waits in the inbox, visible, and is tried again."""
    known = known_cases(account, hint.case_numbers) if hint.case_numbers else {}
    for number in hint.case_numbers:
        case = known.get(number)
        if case is None or not _is_echo(account, case, hint):
            re_read(account, number, case)
    if hint.is_vague:
        pull_account(account)


def _is_echo(account: Any, case: Case, hint: Hint) -> bool:
    """Whether the platform only tells what we know or are about to be told: an older or the same row as the one we had
    from it, that it pays what our refund has just told it to pay, or that it has paid while the call that told it is
    still under way and brings that answer. Nothing is believed for it: what it leaves out, the next message, the pull
    or the refund's own first question within a minute brings."""
    known = int(case.external_version) if case.external_version.isdigit() else -1
    if 0 < hint.row_version <= known:
        return hint.row_version < known or str(hint.row_status) == case.external_status
    if case.state != CaseState.REFUNDING:
        return False
    said = channels.of_platform(account.platform).state_of(hint.row_status)
    if said == CaseState.SUCCESS:
        return bool(case.is_being_told)  # type: ignore[attr-defined]
    return said == CaseState.REFUNDING and bool(case.is_just_told)  # type: ignore[attr-defined]


def known_cases(account: Any, numbers: Iterable[str]) -> dict[str, Case]:
    """Our cases of this shop with these numbers, each with its order, as they are now and held by nobody."""
    asked = named("number", dict.fromkeys(numbers))
    rows = rows_of("known_cases", _cases_told, shop_id=account.shop_id, at=now(), **asked)
    return {case.number: case for case in rows}


def _cases_told(shop_id: int, at: datetime, **numbers: str) -> QuerySet[Case]:
    told = Refund.objects.filter(case=OuterRef("pk"), state=RefundState.PROCESSING, attempts__lte=1)
    rows = Case.objects.filter(shop_id=shop_id, number__in=numbers.values()).select_related("order")
    # No answer is recorded yet, and the claim on it stands.
    under_way = told.filter(outcome="", next_at__gt=at)
    return rows.annotate(is_just_told=Exists(told), is_being_told=Exists(under_way))


def re_read(account: Any, refund_id: str, known: Case | None = None) -> Case:
    """Read one after-sale at the platform now and bring our case to it. Raises PlatformError or Refused."""
    client = client_of(account)
    return take(account, client, client.refund_detail(refund_id), known)


def take(account: Any, client: Client, snapshot: CaseRow, known: Case | None = None) -> Case:
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
    case = channels.of_platform(account.platform).platform_case(snapshot, is_shipped=is_shipped)
    return follow_platform_case(account.shop, case, known)


def pull_platform_cases(account_id: int | None = None) -> int:
    """Every connected account, or one: what changed since the last pull. Returns how many rows were taken.

    An account that does not answer keeps its watermark, so that the next pull begins where this one should have."""
    taken = 0
    accounts = PlatformAccount.objects.filter(platform__in=spoken_with(), is_active=True).select_related("shop")
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
    source = source_of(account.platform)
    taken, until = 0, started
    failed: dict[str, str] = {}
    for snapshot, known in _with_known(account, client.refund_list(begin, started)):
        if isinstance(snapshot, Unreadable):
            failed[snapshot.refund_id] = snapshot.why
            until = _until(snapshot, until, started)
            why = ValueError(snapshot.why)
            inbox.keep_unfit(source, shop=account.shop, account_id=account.pk, said=snapshot.raw, why=why)
            continue
        try:
            take(account, client, snapshot, known)
            taken += 1
        except Exception as error:
            if isinstance(error, OperationalError | InterfaceError):
                # The database is not there: no row's fault, and nothing has been taken since.
                raise
            failed[snapshot.refund_id] = _why(error)
            until = _until(snapshot, until, started)
            logger.warning("refund %s of account %s could not be taken: %s", snapshot.refund_id, account.pk, error)
            if isinstance(error, UNFIT):
                # It will not fit the next time either: kept where people see it beyond the day.
                inbox.keep_unfit(source, shop=account.shop, account_id=account.pk, said=snapshot.raw, why=error)
    PlatformAccount.objects.filter(pk=account.pk).update(
        pulled_until=until, last_pull_at=now(), last_error=_summary(failed)
    )
    beat(f"pull:{account.platform}:{account.pk}")
    return taken


def _until(row: CaseRow | Unreadable, until: datetime, started: datetime) -> datetime:
    """The watermark before a row that could not be taken, as long as it changed within a day."""
    if row.update_at is not None and row.update_at > started - GIVE_UP_AFTER:
        return min(until, row.update_at)
    return until


def _why(error: Exception) -> str:
    """In one line; of the database's sentence the first, since the others repeat the row's values."""
    if isinstance(error, DatabaseError):
        return _("the database refused it: %(why)s") % {"why": str(error).strip().splitlines()[0]}
    if isinstance(error, PlatformError | Refused | ValueError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _summary(failed: Mapping[str, str]) -> str:
    """What could not be taken: every number that there is room for, the first with its whole reason."""
    if not failed:
        return ""
    (first, why), *others = failed.items()
    said = f"{first}: {why}"[:200]
    return "; ".join([said, *(number for number, _why in others)])[:300]


def _with_known(
    account: Any, snapshots: Iterable[CaseRow | Unreadable]
) -> Iterator[tuple[CaseRow | Unreadable, Case | None]]:
    """Each row of a pull with our case: two pulls overlap, so that most are known as they are, and one statement says
    so of many."""
    rows = iter(snapshots)
    while chunk := list(islice(rows, CHUNK)):
        known = known_cases(account, [snapshot.refund_id for snapshot in chunk])
        for snapshot in chunk:
            yield snapshot, known.get(snapshot.refund_id)


def register() -> None:
    """Have the after-sales that platforms' messages name; orders are read by the orders' own intake."""
    on_hint("aftersales.cases", read_hint)
