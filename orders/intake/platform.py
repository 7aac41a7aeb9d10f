"""Orders as a platform tells them: the raw row kept, the order stored, what would not go on a list for people.

A push is only a hint: its order is read again at the platform, so a late, doubled or disordered one changes nothing.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from merchant.clock import now, scaled
from merchant.platforms.base import Client, Hint, OrderRow
from merchant.platforms.errors import PlatformError
from merchant.platforms.messages import on_hint
from merchant.platforms.registry import client_of
from merchant.policy import services as policy
from merchant.refusals import Refused
from orders.intake.models import MissedOrder, OrderPayload
from orders.intake.normal import RowOutcome
from orders.intake.platforms.registry import normal_order
from orders.intake.services import upsert_orders
from orders.record.models import Order

# When an order that could not be taken is tried again; after the last of these it waits for a person.
RETRIES = [timedelta(minutes=m) for m in (1, 5, 30, 120, 480, 1440)]
# Missed orders read again in one pull: each is a call of its own.
RETRY_LIMIT = 20
PURGE_BATCH = 2000


def store_orders(account: Any, snapshots: Sequence[OrderRow]) -> list[RowOutcome]:
    """Store these orders of the account's shop; one outcome for each. Nothing raised for a row that cannot be taken:
    it is noted as missed, and forgotten as such once it is here."""
    keep_payloads(account, snapshots)
    rows, outcomes = [], []
    for snapshot in snapshots:
        try:
            rows.append(normal_order(account.platform, snapshot))
        except ValueError as error:
            outcomes.append(RowOutcome(0, snapshot.oid, "refused", str(error)))
    outcomes += upsert_orders(account.shop, rows)
    taken = [outcome.subject for outcome in outcomes if outcome.outcome != "refused"]
    MissedOrder.objects.filter(account=account, number__in=taken).delete()
    for outcome in outcomes:
        if outcome.outcome == "refused":
            note_missed(account, outcome.subject, outcome.reason)
    return outcomes


def re_read_order(account: Any, client: Client, oid: str) -> Order | None:
    """Read one order at the platform now and store it. Raises PlatformError, or Refused ORDER with the reason."""
    outcome = store_orders(account, [client.order_detail(oid)])[0]
    if outcome.outcome == "refused":
        raise Refused("ORDER", outcome.reason, order=oid)
    return Order.objects.filter(shop=account.shop, number=oid).first()


def read_hint(account: Any, hint: Hint) -> None:
    """Read the orders a message names. May raise; the message then waits in the inbox and is tried again. The
    after-sales it names are read one room up, and fetch their orders themselves."""
    if hint.order_numbers:
        client = client_of(account)
        for number in hint.order_numbers:
            re_read_order(account, client, number)


def register() -> None:
    """Have the orders that platforms' messages name."""
    on_hint("orders", read_hint)


# --- the raw rows -----------------------------------------------------------------------------------------------------


def keep_payloads(account: Any, snapshots: Sequence[OrderRow]) -> int:
    """Store each version once, before anybody acts on it; the one told again is known by its digest. How many."""
    rows = {}
    for snapshot in snapshots:
        body = json.dumps(snapshot.raw, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
            errors="backslashreplace"
        )
        rows[(snapshot.oid, _digest(body))] = body
    known = {
        (number, bytes(digest))
        for number, digest in OrderPayload.objects.filter(
            shop=account.shop, number__in={number for number, _digest_of in rows}
        ).values_list("number", "digest")
    }
    new = [
        OrderPayload(shop=account.shop, number=number, source=f"platform:{account.platform}", digest=digest, body=body)
        for (number, digest), body in rows.items()
        if (number, digest) not in known
    ]
    OrderPayload.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _digest(body: bytes) -> bytes:
    # Keyed: the digest of a short row must not give away what is in it.
    return hashlib.blake2b(body, digest_size=16, key=settings.PII_INDEX_KEY.encode()[:64]).digest()


def purge_payloads() -> int:
    """Rows older than their shop keeps raw data (P-KEEP-RAW) are deleted; the orders read from them stay."""
    purged = 0
    for shop_id in list(OrderPayload.objects.values_list("shop_id", flat=True).distinct()):
        before = now() - timedelta(days=policy.current(shop_id).keep_raw_days)
        old = OrderPayload.objects.filter(shop_id=shop_id, received_at__lt=before).order_by("received_at")
        while pks := list(old.values_list("pk", flat=True)[:PURGE_BATCH]):
            purged += OrderPayload.objects.filter(pk__in=pks).delete()[0]
    return purged


# --- what could not be taken ------------------------------------------------------------------------------------------


def note_missed(account: Any, number: str, reason: str) -> None:
    """Put an order on the list of what the platform has and we have not. Seen again before it is due, it only keeps
    its newest reason: overlapping pulls must not use up its tries."""
    at = now()
    row, _made = MissedOrder.objects.get_or_create(
        account=account, number=number, defaults={"shop": account.shop, "last_at": at, "next_at": at}
    )
    row.reason, row.last_at = reason[:300], at
    if row.next_at is not None and row.next_at <= at:
        row.next_at = at + scaled(RETRIES[row.tries]) if row.tries < len(RETRIES) else None
        row.tries += 1
    row.save(update_fields=["reason", "last_at", "next_at", "tries"])


def note_unreadable(account: Any, rows: Sequence[tuple[str, str]]) -> str:
    """Rows of a list that are no orders. A sentence for those that have not even a number; else empty."""
    nameless = [why for number, why in rows if not number]
    for number, why in rows:
        if number:
            note_missed(account, number, _("the platform's row cannot be read: %(why)s") % {"why": why})
    if not nameless:
        return ""
    return _("%(count)s rows without an order number: %(why)s") % {"count": len(nameless), "why": nameless[0]}


def retry_missed(account: Any, client: Client) -> int:
    """Read again the missed orders that are due. Returns how many of them are here now."""
    due = MissedOrder.objects.filter(account=account, next_at__lte=now()).order_by("next_at")
    taken = 0
    for number in list(due.values_list("number", flat=True)[:RETRY_LIMIT]):
        try:
            re_read_order(account, client, number)
            taken += 1
        except PlatformError as error:
            note_missed(account, number, str(error))
        except (Refused, ValueError):
            # Noted with its reason where it was refused.
            continue
    return taken
