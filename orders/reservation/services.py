"""Stock for orders: what their lines need is kept for them, and what is not there is said.

Stock knows products and papers, orders know listings: here the one becomes the other, with bundles taken apart. A shop
that prepares orders elsewhere (P-FULFIL-HERE off) keeps nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from merchant.catalog.models import Sku
from merchant.clock import today
from merchant.locking import lock, lock_all
from merchant.people.models import Actor
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.shops.models import Shop
from merchant.stock import reserving
from merchant.stock.counts import parts_of
from merchant.stock.models import StockReservation, Warehouse
from merchant.stock.reserving import Want
from merchant.trail import activity
from orders.record.enums import IN_HOUSE, OrderKind, OrderState
from orders.record.goods import match_by_code
from orders.record.models import Order, OrderLine
from orders.reservation.enums import LEFT, RESERVING, Lack
from orders.reservation.models import Shortage

CHUNK = 2000


@dataclass
class Reserved:
    """What came of it: the orders that have all they need, and what the others lack."""

    whole: set[int] = field(default_factory=set)
    shortages: list[Shortage] = field(default_factory=list)


def reserve_orders(shop_id: int, order_ids: Iterable[int], *, by: Actor = None) -> Reserved:
    """Keep for these orders of one shop what they need, the earliest first; the same again changes nothing. Orders
    that want nothing any more (closed, sent) are left as they are."""
    found = Reserved()
    wanted = sorted(set(order_ids))
    if not policy.current(shop_id).fulfil_here:
        return found
    for start in range(0, len(wanted), CHUNK):
        chunk = _reserve_chunk(shop_id, wanted[start : start + CHUNK], by=by)
        found.whole |= chunk.whole
        found.shortages += chunk.shortages
    return found


@transaction.atomic
def _reserve_chunk(shop_id: int, order_ids: Sequence[int], *, by: Actor) -> Reserved:
    orders = _lock_orders(shop_id, order_ids)
    if not orders:
        return Reserved()
    wants, lacking = _wants_of(shop_id, orders)
    short = reserving.reserve(shop_id, wants, documents=[order.number for order in orders], by=by)
    by_number = {order.number: order for order in orders}
    presales = _presales(want.sku_id for want in short)
    lacking += [
        Shortage(
            shop_id=shop_id,
            order=by_number[want.document],
            line_no=want.line_no,
            sku_id=want.sku_id,
            missing=want.quantity,
            lack=Lack.PRESALE if want.sku_id in presales else Lack.SHORT,
        )
        for want in short
    ]
    _note(orders, lacking, by=by)
    return Reserved({order.pk for order in orders} - {row.order_id for row in lacking}, lacking)


@transaction.atomic
def move_order(order: Order, *, warehouse: Warehouse, by: Actor) -> None:
    """换仓: all that is kept for the order comes from this warehouse from now on. Raises Refused ORDER_STATE,
    WAREHOUSE (not the shop's, or not in use), STOCK (it does not have everything; nothing changes then)."""
    order = lock(order)
    if order.state not in RESERVING:
        raise Refused("ORDER_STATE", _("Nothing is kept for this order any more."), state=order.state)
    if warehouse.shop_id != order.shop_id or not warehouse.is_active:
        raise Refused("WAREHOUSE", _("Choose a warehouse of this shop that is in use."))
    wants, lacking = _wants_of(order.shop_id, [order])
    short = reserving.reserve(order.shop_id, wants, documents=[order.number], warehouse_id=warehouse.pk, by=by)
    if short:
        sku = Sku.objects.get(pk=short[0].sku_id)
        raise Refused(
            "STOCK",
            _("%(warehouse)s has too few of %(sku)s: %(missing)d are wanted.")
            % {"warehouse": warehouse, "sku": sku, "missing": short[0].quantity},
            sku=sku.code,
        )
    _note([order], lacking, by=by)
    activity.record(order, "order.move_warehouse", by=by, warehouse=warehouse.code)


def settle_orders(shop_id: int, order_ids: Iterable[int]) -> None:
    """Bring what is kept in line with where these orders stand: closed ones give it back, sent ones take it out, and
    those in the house have what they need."""
    ids = list(order_ids)
    with transaction.atomic():
        rows = Order.objects.filter(
            shop_id=shop_id, pk__in=ids, state__in=[OrderState.CLOSED, OrderState.ARCHIVED, *LEFT]
        )
        ended = lock_all(rows)
        held = set(
            StockReservation.objects.of_documents(shop_id, [order.number for order in ended])
            .held()
            .values_list("document", flat=True)
        )
        reserving.release(
            shop_id, [order.number for order in ended if order.state not in LEFT and order.number in held]
        )
        for order in ended:
            if order.state in LEFT and order.number in held:
                reserving.take_out(shop_id, order.number, paper=order.number[:40], by=None)
        Shortage.objects.filter(order__in=ended).delete()
    reserve_orders(shop_id, ids)


def sweep_reservations() -> int:
    """What a lost message left: orders in the house without their stock, stock kept for orders that ended or were not
    paid in time. And orders that lack something, once it is there. How many orders were looked at."""
    reserving.release_expired()
    looked = 0
    for shop_id in Shop.objects.order_by("pk").values_list("pk", flat=True):
        if not policy.current(shop_id).fulfil_here:
            continue
        ids = _forgotten(shop_id)
        settle_orders(shop_id, ids)
        looked += len(ids)
        looked += fill_shortages(shop_id)
    return looked


def fill_shortages(shop_id: int, sku_ids: Collection[int] | None = None) -> int:
    """Try again for the orders that lack something (of these products), the oldest first; how many have all now."""
    rows = Shortage.objects.filter(shop_id=shop_id)
    if sku_ids is not None:
        rows = rows.filter(sku_id__in=sku_ids)
    ids = list(rows.order_by("order__placed_at", "order_id").values_list("order_id", flat=True)[:CHUNK])
    return len(reserve_orders(shop_id, ids).whole) if ids else 0


# --- the steps --------------------------------------------------------------------------------------------------------


def _lock_orders(shop_id: int, order_ids: Sequence[int]) -> list[Order]:
    """The orders among these whose goods are kept, held and the earliest first."""
    rows = Order.objects.filter(shop_id=shop_id, pk__in=order_ids, state__in=RESERVING, kind=OrderKind.GOODS)
    rows = rows.only("pk", "shop_id", "number", "state", "pay_by_at", "paid_at", "placed_at")
    return sorted(lock_all(rows), key=lambda order: (order.paid_at or order.placed_at, order.pk))


def _wants_of(shop_id: int, orders: Sequence[Order]) -> tuple[list[Want], list[Shortage]]:
    """What the orders' lines want of which products; lines whose listing means none. A line whose money all went back
    wants nothing."""
    by_pk = {order.pk: order for order in orders}
    lines = OrderLine.objects.filter(order__in=list(by_pk)).order_by("order_id", "line_no")
    lines = lines.exclude(Q(net_fen__gt=0) & Q(net_fen=F("refunding_fen") + F("refunded_fen")))
    columns = ("order_id", "line_no", "quantity", "listing_id", "listing__sku_id", "listing__sku_code")
    rows = list(lines.values_list(*columns))
    skus = {row[3]: row[4] for row in rows}
    unmatched = {row[3] for row in rows if row[4] is None and row[5]}
    if unmatched and match_by_code(shop_id, unmatched):
        skus.update(OrderLine.objects.filter(listing_id__in=unmatched).values_list("listing_id", "listing__sku_id"))
    parts = parts_of({sku for sku in skus.values() if sku is not None})
    by_order: dict[int, list[Want]] = defaultdict(list)
    lacking: list[Shortage] = []
    for order_id, line_no, quantity, listing_id, *_known in rows:
        order, sku_id = by_pk[order_id], skus[listing_id]
        if sku_id is None:
            more: dict[str, Any] = {"line_no": line_no, "missing": quantity, "lack": Lack.UNMATCHED}
            lacking.append(Shortage(shop_id=shop_id, order=order, **more))
            continue
        until = order.pay_by_at if order.state == OrderState.PENDING_PAYMENT else None
        for part_id, units in parts.get(sku_id, {sku_id: 1}).items():
            by_order[order_id].append(Want(order.number, line_no, part_id, quantity * units, until))
    return [want for order in orders for want in by_order[order.pk]], lacking


def _presales(sku_ids: Iterable[int]) -> set[int]:
    """Those that are sold before they are here."""
    rows = Sku.objects.filter(pk__in=set(sku_ids), presale_date__gte=today())
    return set(rows.values_list("pk", flat=True))


def _note(orders: Sequence[Order], lacking: Sequence[Shortage], *, by: Actor) -> None:
    """The shortages of these orders are these and no others; what lasts keeps its beginning."""
    before = {
        (row.order_id, row.line_no, row.sku_id): row
        for row in Shortage.objects.filter(order__in=[o.pk for o in orders])
    }
    now_short = {(row.order_id, row.line_no, row.sku_id): row for row in lacking}
    Shortage.objects.filter(pk__in=[row.pk for key, row in before.items() if key not in now_short]).delete()
    for key, row in before.items():
        new = now_short.get(key)
        if new is not None and (new.missing, new.lack) != (row.missing, row.lack):
            row.missing, row.lack = new.missing, new.lack
            row.save(update_fields=["missing", "lack"])
    fresh = [row for key, row in now_short.items() if key not in before]
    Shortage.objects.bulk_create(fresh, batch_size=CHUNK)


def _forgotten(shop_id: int) -> list[int]:
    """Orders whose stock is not as it should be: in the house with nothing held or said, over with something held."""
    mine = StockReservation.objects.filter(shop_id=shop_id, document=OuterRef("number"))
    bare = Order.objects.filter(shop_id=shop_id, state__in=IN_HOUSE, kind=OrderKind.GOODS)
    bare = bare.filter(~Exists(mine.exclude(state="released")), ~Exists(Shortage.objects.filter(order=OuterRef("pk"))))
    numbers = StockReservation.objects.held().filter(shop_id=shop_id).values("document")
    over = Order.objects.filter(shop_id=shop_id, number__in=numbers).exclude(
        state__in=[*RESERVING, OrderState.PARTLY_SHIPPED]
    )
    return [*bare.values_list("pk", flat=True)[:CHUNK], *over.values_list("pk", flat=True)[:CHUNK]]
