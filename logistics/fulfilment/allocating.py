"""Orders that may be fulfilled become boxes (R1.20, R2.15): set-based, a shop at a time, by the rules of `planning.py`.

Lock order: the shop's allocation, orders by id, consignments. Two workers never allocate one shop at the same time.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from logistics.fulfilment import goods, packing
from logistics.fulfilment.choosing import Chooser
from logistics.fulfilment.enums import ConsignmentState as S
from logistics.fulfilment.gifts import Gifts
from logistics.fulfilment.models import Consignment, ConsignmentLine
from logistics.fulfilment.planning import Free, House, Need, Part, plan
from merchant.catalog.models import Sku
from merchant.locking import lock_all
from merchant.numbers import new_number
from merchant.people.models import Actor
from merchant.policy import services as policy
from merchant.trail import activity
from merchant.trail.models import Activity
from orders.record.enums import OrderKind, OrderState, Stop
from orders.record.models import Block, Order, OrderLine

BATCH = 500
_KEY = 710_55


@dataclass
class Group:
    """Orders that may share a box, and the box that waits for more of them."""

    orders: list[Order]
    box: Consignment | None = None


@dataclass
class Desk:
    """What one run of one shop has read and made."""

    shop_id: int
    houses: list[House]
    free: Free
    counted: set[int]
    skus: Mapping[int, Sku]
    may_split: bool
    chooser: Chooser
    gifts: Gifts
    boxes: list[Consignment] = field(default_factory=list)
    lines: list[ConsignmentLine] = field(default_factory=list)
    grown: list[Consignment] = field(default_factory=list)


def to_allocate(shop_id: int) -> Any:
    """Orders that wait for a box: paid, through review, and nothing of them in a box that is not void."""
    boxed = ConsignmentLine.objects.filter(order_id=OuterRef("pk"), struck_at=None).exclude(consignment__state=S.VOIDED)
    waiting = Order.objects.filter(shop_id=shop_id, state=OrderState.TO_FULFIL).exclude(kind=OrderKind.SERVICE)
    return waiting.exclude(Exists(boxed))


def allocate_shop(shop_id: int) -> int:
    """分仓: everything that waits, five hundred orders a transaction. Returns how many orders found a box."""
    count = 0
    while found := allocate_orders(shop_id, limit=BATCH):
        count += found
        if found < BATCH:
            break
    return count


@transaction.atomic
def allocate_orders(shop_id: int, order_ids: Collection[int] | None = None, *, limit: int = BATCH) -> int:
    """The same for these orders alone, or for the oldest that wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s::int)", [_KEY, shop_id])
    waiting = to_allocate(shop_id)
    if order_ids is not None:
        waiting = waiting.filter(pk__in=list(order_ids))
    ids = list(waiting.order_by("placed_at", "pk").values_list("pk", flat=True)[:limit])
    held = lock_all(Order.objects.filter(pk__in=ids, state=OrderState.TO_FULFIL).select_related("recipient"))
    if not held:
        return 0
    lines = OrderLine.objects.filter(order__in=held).select_related("listing__sku")
    needs = goods.needs_of(list(lines.order_by("order_id", "line_no")))
    desk = _desk(shop_id, needs, held)
    boxed = [order for order in held if needs.get(order.pk)]
    for group in _groups(shop_id, boxed):
        _fill(desk, group, needs)
    _store(desk)
    return len(boxed)


def _desk(shop_id: int, needs: Mapping[int, list[Need]], orders: Sequence[Order]) -> Desk:
    gifts = Gifts(shop_id, [order.pk for order in orders])
    ids = {sku for found in needs.values() for need in found for sku, _per in need.parts} | gifts.sku_ids
    free, counted = goods.free_units(shop_id, ids, orders)
    return Desk(
        shop_id,
        goods.houses_of(shop_id),
        free,
        counted,
        Sku.objects.in_bulk(ids),
        policy.current(shop_id).split_orders,
        Chooser(shop_id),
        gifts,
    )


# --- together ---------------------------------------------------------------------------------------------------------


def key_of(order: Order) -> tuple[Any, ...] | None:
    """Orders of one key go to one person at one address. What a platform gave masked is compared by its row alone."""
    whom = order.recipient
    if whom is None or order.buyer_id is None:
        return None
    blind = (whom.name_bidx, whom.phone_bidx, whom.address_bidx)
    known = [bytes(part) for part in blind if part is not None]
    if len(known) == len(blind):
        return (order.buyer_id, *known)
    return (order.buyer_id, whom.pk)


def _groups(shop_id: int, orders: Sequence[Order]) -> list[Group]:
    """Orders by who gets them. An order that is held stays alone: it would hold the others with it."""
    if not policy.current(shop_id).merge_orders:
        return [Group([order]) for order in orders]
    stopped = Block.objects.open().filter(order__in=orders, stops__overlap=[Stop.PICK, Stop.SHIP])
    alone = set(stopped.values_list("order_id", flat=True))
    by_key: dict[Any, Group] = {}
    groups = []
    for order in orders:
        key = None if order.pk in alone else key_of(order)
        if key is None:
            groups.append(Group([order]))
        elif key in by_key:
            by_key[key].orders.append(order)
        else:
            by_key[key] = Group([order])
            groups.append(by_key[key])
    _find_boxes(shop_id, by_key)
    return groups


def _find_boxes(shop_id: int, by_key: Mapping[Any, Group]) -> None:
    """Boxes of the same buyers that nobody has begun and no person has touched: they take more in."""
    buyers = {key[0] for key in by_key}
    if not buyers:
        return
    untouched = Consignment.objects.filter(state=S.WAITING, wave=None, is_by_hand=False, is_short=False, waybill="")
    waiting = untouched.filter(shop_id=shop_id, order__buyer_id__in=buyers)
    for box in lock_all(waiting.select_related("order__recipient")):
        group = by_key.get(key_of(box.order))
        is_held = Block.objects.open().filter(order__consignment_lines__consignment=box).exists()
        if group is not None and group.box is None and not is_held:
            group.box = box


# --- boxes ------------------------------------------------------------------------------------------------------------


def _fill(desk: Desk, group: Group, needs: Mapping[int, list[Need]]) -> None:
    """One box for all of them where one warehouse has everything; else each order by itself."""
    province = _province(group.orders[0])
    together = [need for order in group.orders for need in needs[order.pk]]
    if group.box is not None:
        house = next((one for one in desk.houses if one.pk == group.box.warehouse_id), None)
        if house is not None:
            parts = plan(together, [house], trial := dict(desk.free), desk.counted, province, may_split=False)
            if not parts[0].is_short:
                desk.free.update(trial)
                _add(desk, group.box, together, group.orders)
                return
    if len(group.orders) > 1:
        trial = dict(desk.free)
        parts = plan(together, desk.houses, trial, desk.counted, province, may_split=False)
        if not parts[0].is_short:
            desk.free.update(trial)
            parts[0].reasons.append({"code": "merged", "count": len(group.orders)})
            _make(desk, parts[0], group.orders)
            return
    for order in group.orders:
        for part in plan(needs[order.pk], desk.houses, desk.free, desk.counted, province, may_split=desk.may_split):
            _make(desk, part, [order])


def _make(desk: Desk, part: Part, orders: Sequence[Order]) -> Consignment:
    first = orders[0]
    box = Consignment(
        shop_id=desk.shop_id,
        number=new_number("FH"),
        order=first,
        order_count=len(orders),
        recipient=first.recipient,
        warehouse_id=part.house.pk,
        is_short=part.is_short,
        warehouse_reasons=part.reasons,
        ship_by_at=_earliest(orders),
    )
    lines = lines_of(box, part.needs, desk.skus)
    if not part.is_short:
        lines += _gift_lines(desk, box, orders)
    desk.boxes.append(box)
    desk.lines += lines
    _settle(desk, box, lines, _province(first))
    return box


def _add(desk: Desk, box: Consignment, needs: Sequence[Need], orders: Sequence[Order]) -> None:
    """More orders into a box that waits."""
    known = list(box.lines.select_related("sku").filter(struck_at=None))
    box.order_count += len(orders)
    box.ship_by_at = min(filter(None, (box.ship_by_at, _earliest(orders))), default=None)
    kept = [one for one in box.warehouse_reasons if one["code"] != "merged"]
    box.warehouse_reasons = [*kept, {"code": "merged", "count": box.order_count}]
    lines = lines_of(box, needs, desk.skus) + _gift_lines(desk, box, orders)
    desk.lines += lines
    desk.grown.append(box)
    _settle(desk, box, [*known, *lines], _province(orders[0]))


def lines_of(box: Consignment, needs: Iterable[Need], skus: Mapping[int, Sku]) -> list[ConsignmentLine]:
    """The lines of a box, not stored yet; two parts of one line that land in one box are one line of it."""
    units: dict[tuple[int, int | None, int], list[int]] = defaultdict(lambda: [0, 0])
    for need in needs:
        for sku, per in need.parts:
            found = units[need.order_id, need.line_id, sku]
            found[0] += per * need.quantity
            found[1] += need.quantity
    return [
        ConsignmentLine(
            shop_id=box.shop_id,
            consignment=box,
            order_id=order,
            order_line_id=line,
            sku=skus[sku],
            quantity=quantity,
            line_quantity=of_line,
        )
        for (order, line, sku), (quantity, of_line) in units.items()
    ]


def _gift_lines(desk: Desk, box: Consignment, orders: Sequence[Order]) -> list[ConsignmentLine]:
    given: list[Need] = []
    for need, reason in desk.gifts.due(orders):
        sku = need.parts[0][0]
        free = desk.free.get((box.warehouse_id, sku), 0)
        if sku in desk.counted and free < need.quantity:
            box.warehouse_reasons.append({"code": "gift_out", "sku": str(desk.skus[sku])})
            continue
        if sku in desk.counted:
            desk.free[box.warehouse_id, sku] = free - need.quantity
        box.warehouse_reasons.append({**reason, "sku": str(desk.skus[sku])})
        given.append(need)
    return lines_of(box, given, desk.skus)


def _settle(desk: Desk, box: Consignment, lines: Sequence[ConsignmentLine], province: str) -> None:
    box.units = sum(line.quantity for line in lines)
    box.expected_g = packing.expected_g(lines, None)
    account, box.courier_reasons = desk.chooser.choose(province, box.expected_g)
    box.account = account
    box.courier = account.courier if account else ""


def _province(order: Order) -> str:
    return order.recipient.province if order.recipient else ""


def _earliest(orders: Sequence[Order]) -> Any:
    return min((order.ship_by_at for order in orders if order.ship_by_at), default=None)


def _store(desk: Desk) -> None:
    Consignment.objects.bulk_create(desk.boxes, batch_size=1000)
    for box in desk.grown:
        box.version += 1
        box.save()
    ConsignmentLine.objects.bulk_create(desk.lines, batch_size=2000)
    goods.keep_there([*desk.boxes, *desk.grown], by=None)
    activity.record_many(
        _line(box, verb, by=None) for verb, boxes in (("allocate", desk.boxes), ("merge", desk.grown)) for box in boxes
    )


def _line(box: Consignment, verb: str, *, by: Actor) -> Activity:
    return Activity(
        shop_id=box.shop_id,
        subject_kind="consignment",
        subject_id=box.pk,
        verb=f"consignment.{verb}",
        by=by,
        to_state=box.state,
        detail={"reasons": box.warehouse_reasons, "units": box.units},
    )
