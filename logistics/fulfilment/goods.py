"""What the boxes ask of the stock: what an order's line is made of, what is free where, and taking it out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Sum

from logistics.fulfilment.enums import OPEN
from logistics.fulfilment.models import Consignment, ConsignmentLine
from logistics.fulfilment.planning import Free, House, Need
from merchant.catalog.models import Sku, SkuBarcode
from merchant.catalog.services import sku_of_scan
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.stock import reserving
from merchant.stock import services as stock
from merchant.stock.counts import parts_of
from merchant.stock.enums import Grade, MoveKind, ReservationState
from merchant.stock.models import Bin, Stock, StockReservation, Warehouse
from merchant.stock.services import Change
from orders.record.goods import sku_of
from orders.record.models import Order, OrderLine
from orders.reservation import services as reservation


def houses_of(shop_id: int) -> list[House]:
    """The shop's warehouses in use; the main one is made where there is none yet."""
    rows = list(Warehouse.objects.filter(shop_id=shop_id, is_active=True).order_by("pk"))
    rows = rows or [stock.main_warehouse(shop_id)]
    return [House(row.pk, str(row), row.province, row.priority) for row in rows]


def needs_of(lines: Sequence[OrderLine]) -> dict[int, list[Need]]:
    """Order id → what is still to be sent of its lines, bundles taken apart; what was refunded is not sent."""
    sent = [line for line in lines if not line.net_fen or line.refunding_fen + line.refunded_fen < line.net_fen]
    skus = {line.pk: sku_of(line.listing).pk for line in sent}
    parts = parts_of(set(skus.values()))
    found: dict[int, list[Need]] = defaultdict(list)
    for line in sent:
        made_of = tuple(parts.get(skus[line.pk], {skus[line.pk]: 1}).items())
        found[line.order_id].append(Need(line.order_id, line.pk, line.quantity, made_of))
    return found


def free_units(shop_id: int, sku_ids: Iterable[int], orders: Sequence[Order] = ()) -> tuple[Free, set[int]]:
    """What these orders may have, by warehouse and product: what is free, and what is kept for them. Beside it, which
    products are counted here at all."""
    wanted = set(sku_ids)
    rows = Stock.objects.filter(shop_id=shop_id, sku_id__in=wanted, grade=Grade.SELLABLE)
    free = {(row.warehouse_id, row.sku_id): row.on_hand - row.reserved for row in rows}
    kept = StockReservation.objects.of_documents(shop_id, [order.number for order in orders]).held()
    for house, sku, units in kept.values_list("stock__warehouse_id", "stock__sku_id", "quantity"):
        if (house, sku) in free:
            free[house, sku] += units
    # Goods in boxes for which nothing is kept: gifts, and orders of a time before the stock was kept here.
    is_kept = StockReservation.objects.held().filter(
        shop_id=shop_id, document=OuterRef("order__number"), stock__sku_id=OuterRef("sku_id")
    )
    promised = ConsignmentLine.objects.filter(
        shop_id=shop_id, sku_id__in=wanted, struck_at=None, consignment__state__in=OPEN, consignment__is_short=False
    ).exclude(Exists(is_kept))
    for house, sku, units in promised.values_list("consignment__warehouse_id", "sku_id").annotate(Sum("quantity")):
        if (house, sku) in free:
            free[house, sku] -= units
    return free, {sku for _house, sku in free}


def keep_there(boxes: Sequence[Consignment], *, by: Actor) -> None:
    """What is kept for an order is kept in the warehouse that packs it: moved where the order is in one box alone.
    Where the counts do not allow it by now it stays, and leaves from where it lies."""
    by_pk = {box.pk: box for box in boxes if not box.is_short}
    lines = ConsignmentLine.objects.filter(consignment_id__in=by_pk, struck_at=None).select_related("order")
    homes: dict[Order, set[int]] = defaultdict(set)
    for line in lines:
        homes[line.order].add(line.consignment_id)
    if not homes:
        return
    kept = StockReservation.objects.of_documents(boxes[0].shop_id, [order.number for order in homes]).held()
    places: dict[str, set[int]] = defaultdict(set)
    for number, house in kept.values_list("document", "stock__warehouse_id"):
        places[number].add(house)
    for order, found in homes.items():
        house = by_pk[next(iter(found))].warehouse_id
        if len(found) == 1 and places[order.number] and places[order.number] != {house}:
            try:
                with transaction.atomic():
                    reservation.move_order(order, warehouse=Warehouse.objects.get(pk=house), by=by)
            except Refused:
                continue


def places_of(warehouse_id: int, sku_ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Product → its place on the way through the warehouse and its bin, where somebody said so."""
    rows = Stock.objects.filter(warehouse_id=warehouse_id, sku_id__in=set(sku_ids), grade=Grade.SELLABLE)
    bins = {sku: name for sku, name in rows.values_list("sku_id", "bin") if name}
    way = Bin.objects.filter(warehouse_id=warehouse_id, code__in=set(bins.values()))
    walk = dict(way.values_list("code", "path_order"))
    return {sku: (walk.get(name, 0), name) for sku, name in bins.items()}


def codes_of(skus: Iterable[Sku]) -> dict[int, set[str]]:
    """Product → every code a scan of it may give, in capitals; one statement."""
    codes = {sku.pk: {sku.code.upper()} for sku in skus}
    for sku, code in SkuBarcode.objects.filter(sku_id__in=codes).values_list("sku_id", "code"):
        codes[sku].add(code.upper())
    return codes


def product_of(shop_id: int, code: str) -> Sku | None:
    """The shop's product that a scanned code means."""
    return sku_of_scan(shop_id, code)


def is_product(shop_id: int, code: str) -> bool:
    return product_of(shop_id, code) is not None


def weight_of(lines: Iterable[ConsignmentLine]) -> int | None:
    """Grams of the goods; None where the weight of one of them is not known."""
    total = 0
    for line in lines:
        if line.sku.weight_g is None:
            return None
        total += line.sku.weight_g * line.quantity
    return total


def volume_of(lines: Iterable[ConsignmentLine]) -> int | None:
    """Cubic centimetres of the goods; None where the size of one of them is not known."""
    total = 0
    for line in lines:
        long, wide, high = line.sku.length_mm, line.sku.width_mm, line.sku.height_mm
        if not (long and wide and high):
            return None
        total += -(-long * wide * high // 1000) * line.quantity
    return total


def is_fragile(lines: Iterable[ConsignmentLine]) -> bool:
    return any(line.sku.is_fragile for line in lines)


def take_out(consignment: Consignment, lines: Iterable[ConsignmentLine], *, by: Actor, line: int = 0) -> None:
    """The goods of a box have left: what was kept for its orders is taken out, of the rest what is counted goes down,
    never below nothing. The same box is booked once; `line` tells parts of it apart that left by themselves."""
    leaving = [one for one in lines if one.struck_at is None]
    rest = [one for one in leaving if one not in _taken(consignment, leaving, by=by)]
    units: Mapping[int, int] = units_by_sku(rest)
    counted = Stock.objects.filter(
        warehouse_id=consignment.warehouse_id, sku_id__in=units, grade=Grade.SELLABLE, on_hand__gt=F("reserved")
    ).select_related("sku")
    out = {row.sku: min(units[row.sku_id], row.on_hand - row.reserved) for row in counted.order_by("pk")}
    changes = [Change(sku, -number, line=line) for sku, number in out.items()]
    stock.move_stock(
        consignment.shop_id,
        changes,
        kind=MoveKind.SHIPPED,
        document=consignment.number,
        by=by,
        warehouse=consignment.warehouse,
    )


def _taken(consignment: Consignment, lines: Sequence[ConsignmentLine], *, by: Actor) -> list[ConsignmentLine]:
    """The lines whose units were kept for their order, which takes them out."""
    by_order: dict[Order, list[ConsignmentLine]] = defaultdict(list)
    for one in lines:
        if one.order_line is not None:
            by_order[one.order].append(one)
    numbers = [order.number for order in by_order]
    rows = StockReservation.objects.of_documents(consignment.shop_id, numbers)
    held = set(rows.held().values_list("document", "line_no", "stock__sku_id"))
    # Out already under the order's own paper: its platform said that it left.
    gone = set(rows.filter(state=ReservationState.TAKEN).values_list("document", "line_no", "stock__sku_id")) - held
    taken = [
        one
        for one in lines
        if one.order_line is not None and (one.order.number, one.order_line.line_no, one.sku_id) in gone
    ]
    for order, mine in by_order.items():
        ours = [one for one in mine if one.order_line and (order.number, one.order_line.line_no, one.sku_id) in held]
        pieces = {(one.order_line.line_no, one.sku_id): one.quantity for one in ours if one.order_line}
        if not pieces:
            continue
        try:
            with transaction.atomic():
                paper = consignment.number
                reserving.take_out(consignment.shop_id, order.number, paper=paper, pieces=pieces, by=by)
        except Refused:
            # Fewer are kept than are in the box: the counts go down without it.
            continue
        taken += ours
    return taken


def units_by_sku(lines: Iterable[ConsignmentLine]) -> dict[int, int]:
    """Product → units that belong into the box."""
    units: dict[int, int] = defaultdict(int)
    for line in lines:
        if line.struck_at is None:
            units[line.sku_id] += line.quantity
    return units
