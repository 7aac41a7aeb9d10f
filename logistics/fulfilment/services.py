"""What people decide about boxes before they are picked: another warehouse, apart, together, another courier, void.

Each locks the boxes by id, then their orders, checks, moves, saves and records."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from logistics.fulfilment import boxes, goods, moves, policies
from logistics.fulfilment.allocating import key_of
from logistics.fulfilment.choosing import Chooser
from logistics.fulfilment.enums import LOOSE
from logistics.fulfilment.enums import ConsignmentState as S
from logistics.fulfilment.models import Consignment, ConsignmentLine
from logistics.parcels.models import Package
from merchant.clock import now
from merchant.locking import lock_all
from merchant.numbers import new_number
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.shops.models import CourierAccount
from merchant.stock.models import Warehouse


@transaction.atomic
def move_consignment(box: Consignment, *, warehouse: Warehouse, by: Actor) -> Consignment:
    """改仓, by hand. Raises Refused RIGHT, …STATE, WAREHOUSE, STOCK (fewer free units there than are in it)."""
    policies.check_can_work(by, box.shop_id)
    box = moves.hold(box)
    policies.check_can_change(box, by)
    if warehouse.shop_id != box.shop_id or warehouse.pk == box.warehouse_id:
        raise Refused("WAREHOUSE", _("Choose another warehouse of this shop."))
    lines = moves.live(moves.lines_in(box))
    free, counted = goods.free_units(box.shop_id, {line.sku_id for line in lines}, moves.hold_orders(lines))
    for sku, units in goods.units_by_sku(lines).items():
        have = free.get((warehouse.pk, sku), 0)
        if sku in counted and have < units:
            name = next(line.sku for line in lines if line.sku_id == sku)
            raise Refused(
                "STOCK",
                _("%(sku)s: only %(free)d are free in %(house)s.")
                % {"sku": name, "free": max(0, have), "house": warehouse},
                sku=name.code,
                free=max(0, have),
            )
    before = box.warehouse
    box.warehouse, box.is_by_hand, box.is_short = warehouse, True, False
    box.warehouse_reasons = [{"code": "by_hand", "house": str(warehouse), "name": str(by or "–")}]
    moved = moves.save(box, "move", by=by, from_warehouse=str(before), warehouse=str(warehouse))
    goods.keep_there([moved], by=by)
    return moved


@transaction.atomic
def choose_courier(box: Consignment, *, account: CourierAccount, by: Actor) -> Consignment:
    """改快递, by hand. Raises Refused RIGHT, …STATE, WAYBILL, ACCOUNT."""
    policies.check_can_work(by, box.shop_id)
    box = moves.hold(box)
    policies.check_can_choose_courier(box, by)
    if account.shop_id != box.shop_id or not account.is_active:
        raise Refused("ACCOUNT", _("Choose an active courier account of this shop."))
    box.account, box.courier = account, account.courier
    box.courier_reasons = [{"code": "courier_by_hand", "name": str(by or "–")}]
    return moves.save(box, "choose_courier", by=by, courier=box.courier, account=str(account))


@transaction.atomic
def split_consignment(box: Consignment, *, units: Mapping[int, int], by: Actor) -> Consignment:
    """拆单: these units of order lines ({order line id: units}) go into a box of their own. Returns the new box.

    Raises Refused RIGHT, …STATE, UNITS (none, all, or more than are in it)."""
    policies.check_can_work(by, box.shop_id)
    box = moves.hold(box)
    policies.check_can_change(box, by)
    lines = moves.live(moves.lines_in(box))
    wanted = {line: number for line, number in units.items() if number}
    held = boxes.order_units(lines)
    if not wanted or any(number < 0 or number > held.get(line, 0) for line, number in wanted.items()):
        raise Refused("UNITS", _("Say of which goods in the box how many go apart."))
    if all(wanted.get(line) == number for line, number in held.items()):
        raise Refused("UNITS", _("Something has to stay in the box."))
    new = _beside(box, by)
    new.save(force_insert=True)
    for line in lines:
        if number := wanted.get(line.order_line_id or 0, 0):
            _shift(line, new, number)
    return _close_split(box, new, by=by)


def _beside(box: Consignment, by: Actor) -> Consignment:
    """A new box like this one: same buyer, same warehouse, same courier."""
    box.is_by_hand = True
    return Consignment(
        shop_id=box.shop_id,
        number=new_number("FH"),
        order=box.order,
        recipient=box.recipient,
        warehouse=box.warehouse,
        is_by_hand=True,
        is_short=box.is_short,
        courier=box.courier,
        account=box.account,
        warehouse_reasons=[{"code": "apart", "name": str(by or "–")}],
        courier_reasons=box.courier_reasons,
        ship_by_at=box.ship_by_at,
    )


def _shift(line: ConsignmentLine, to: Consignment, number: int) -> None:
    """`number` units of the order's line go along; of a bundle its products in proportion."""
    each = line.quantity // line.line_quantity if line.line_quantity else 1
    if number == line.line_quantity:
        ConsignmentLine.objects.filter(pk=line.pk).update(consignment=to)
        return
    ConsignmentLine.objects.create(
        shop_id=line.shop_id,
        consignment=to,
        order_id=line.order_id,
        order_line_id=line.order_line_id,
        sku=line.sku,
        quantity=each * number,
        line_quantity=number,
    )
    line.quantity -= each * number
    line.line_quantity -= number
    line.save(update_fields=["quantity", "line_quantity"])


def _close_split(box: Consignment, new: Consignment, *, by: Actor) -> Consignment:
    for one in (box, new):
        moves.recount(one, moves.lines_in(one))
    moves.save(box, "split", by=by, into=new.number)
    moves.save(new, "allocate", by=by, units=new.units, apart_from=box.number)
    return new


@transaction.atomic
def take_apart(box: Consignment, *, by: Actor) -> list[Consignment]:
    """拆开合单: one box for each order again. Raises Refused RIGHT, …STATE, ONE_ORDER."""
    policies.check_can_work(by, box.shop_id)
    box = moves.hold(box)
    policies.check_can_change(box, by)
    lines = moves.live(moves.lines_in(box))
    others = sorted({line.order_id for line in lines} - {box.order_id})
    if not others:
        raise Refused("ONE_ORDER", _("It holds one order alone; split it by its goods instead."))
    made = []
    for order_id in others:
        new = _beside(box, by)
        moving = [line for line in lines if line.order_id == order_id]
        new.order, new.recipient = moving[0].order, moving[0].order.recipient
        new.ship_by_at = moving[0].order.ship_by_at
        new.save(force_insert=True)
        ConsignmentLine.objects.filter(pk__in=[line.pk for line in moving]).update(consignment=new)
        made.append(_close_split(box, new, by=by))
    return [box, *made]


@transaction.atomic
def merge_consignments(box: Consignment, *, others: Sequence[Consignment], by: Actor) -> Consignment:
    """合单: the goods of `others` go into this box; they are void then. One buyer, one address, one warehouse.

    Raises Refused RIGHT, …STATE, MERGE."""
    policies.check_can_work(by, box.shop_id)
    ids = {box.pk, *(other.pk for other in others)}
    held = lock_all(Consignment.objects.filter(pk__in=ids, shop_id=box.shop_id).select_related("order__recipient"))
    main = next((one for one in held if one.pk == box.pk), None)
    rest = [one for one in held if one.pk != box.pk]
    if main is None or not rest:
        raise Refused("MERGE", _("Choose at least one other box."))
    for one in (main, *rest):
        policies.check_can_change(one, by)
        _check_alike(main, one)
    for one in rest:
        for line in moves.live(moves.lines_in(one)):
            _join(line, main)
        _void(one, [], by=by, reason="merged", into=main.number)
    moves.recount(main, moves.lines_in(main))
    kept = [reason for reason in main.warehouse_reasons if reason["code"] != "merged"]
    main.warehouse_reasons = [*kept, {"code": "merged", "count": main.order_count}]
    main.ship_by_at = min(filter(None, (one.ship_by_at for one in held)), default=None)
    main.is_short = any(one.is_short for one in held)
    return moves.save(main, "merge", by=by, numbers=[one.number for one in rest])


def _check_alike(main: Consignment, other: Consignment) -> None:
    if main.warehouse_id != other.warehouse_id:
        sentence = _("%(number)s is packed in another warehouse: move it first.")
        raise Refused("MERGE", sentence % {"number": other.number})
    same_order = main.order_id == other.order_id
    if not same_order and (key_of(main.order) is None or key_of(main.order) != key_of(other.order)):
        raise Refused("MERGE", _("%(number)s goes to another buyer or address.") % {"number": other.number})


def _join(line: ConsignmentLine, box: Consignment) -> None:
    """Into the same line of that box where it has one."""
    known = ConsignmentLine.objects.filter(
        consignment=box, order_id=line.order_id, order_line_id=line.order_line_id, sku_id=line.sku_id, struck_at=None
    ).first()
    if known is None:
        ConsignmentLine.objects.filter(pk=line.pk).update(consignment=box)
        return
    known.quantity += line.quantity
    known.line_quantity += line.line_quantity
    known.save(update_fields=["quantity", "line_quantity"])
    line.delete()


@transaction.atomic
def put_back(box: Consignment, *, by: Actor, reason: str = "", is_short: bool = False) -> Consignment:
    """退回待拣: out of its wave; what was picked goes back on the shelves. `is_short`: something was not there, it
    waits for goods. Raises Refused RIGHT, …STATE."""
    policies.check_can_work(by, box.shop_id)
    box = moves.hold(box)
    policies.check_can_put_back(box, by)
    lines = moves.lines_in(box)
    for line in lines:
        line.picked = line.checked = 0
    moves.store_counts(lines, "picked", "checked")
    box.wave, box.basket, box.is_short = None, None, is_short
    if is_short:
        box.warehouse_reasons = [*box.warehouse_reasons, {"code": "short", "house": str(box.warehouse)}]
    return moves.move(box, "put_back", by=by, reason=reason)


@transaction.atomic
def find_goods(shop_id: int) -> int:
    """Boxes that waited for goods and whose warehouse, or another, has them all by now. Returns how many go on."""
    waiting = Consignment.objects.filter(shop_id=shop_id, state=S.WAITING, is_short=True)
    count = 0
    for box in lock_all(waiting.select_related("warehouse")):
        lines = moves.live(moves.lines_in(box))
        units = goods.units_by_sku(lines)
        free, counted = goods.free_units(shop_id, units, [line.order for line in lines])
        houses = sorted(goods.houses_of(shop_id), key=lambda house: house.pk != box.warehouse_id)
        for house in houses:
            if all(sku not in counted or free.get((house.pk, sku), 0) >= number for sku, number in units.items()):
                box.is_short, box.warehouse_id = False, house.pk
                box.warehouse_reasons = [{"code": "preferred", "house": house.name}]
                moves.save(box, "find_goods", by=None, warehouse=house.name)
                count += 1
                break
    return count


@transaction.atomic
def strike_orders(
    box: Consignment, order_ids: set[int], *, by: Actor, reason: str, has_left: bool = False
) -> Consignment:
    """These orders' goods do not belong into the box any more: refunded, back in review, or sent elsewhere. A box of
    nothing else is void and its label with it; a closed box that others share is opened again.

    `has_left`: the goods are out of the house, so they are taken out of the stock."""
    box = moves.hold(box)
    if not box.is_open:
        return box
    lines = moves.lines_in(box)
    leaving = [line for line in moves.live(lines) if line.order_id in order_ids]
    if not leaving:
        return box
    staying = [line for line in moves.live(lines) if line not in leaving]
    if has_left:
        goods.take_out(box, leaving, by=by, line=min(order_ids))
    if not staying:
        return _void(box, leaving, by=by, reason=reason)
    if box.state == S.PACKED:
        boxes.open_again(box, lines, moves.hold_orders(staying), by=by, reason=reason)
    _strike(leaving)
    _out_of_parcel(box, order_ids)
    moves.recount(box, [line for line in lines if line in staying])
    return moves.save(box, "strike", by=by, reason=reason, orders=sorted({line.order.number for line in leaving}))


@transaction.atomic
def take_out_refunded(box: Consignment, *, by: Actor) -> Consignment:
    """取出已退款商品: lines whose money went back while the rest of their order goes on. Raises Refused RIGHT, …STATE,
    NOTHING_REFUNDED."""
    policies.check_can_work(by, box.shop_id)
    box = moves.hold(box)
    policies.check_state(box, *LOOSE)
    lines = moves.lines_in(box)
    leaving = [line for line in moves.live(lines) if policies.is_refunded(line)]
    if not leaving:
        raise Refused("NOTHING_REFUNDED", _("Nothing in this box was refunded."))
    if len(leaving) == len(moves.live(lines)):
        return _void(box, leaving, by=by, reason="refunded")
    _strike(leaving)
    if box.package is not None:
        box.package.lines.filter(order_line__in=[line.order_line_id for line in leaving]).delete()
    moves.recount(box, [line for line in lines if line not in leaving])
    return moves.save(box, "take_out_refunded", by=by, count=len(leaving))


def _out_of_parcel(box: Consignment, order_ids: set[int]) -> None:
    if box.package is not None:
        box.package.lines.filter(order_id__in=order_ids).delete()
        count = box.package.lines.values("order_id").distinct().count()
        Package.objects.filter(pk=box.package.pk).update(order_count=max(1, count))


def _strike(lines: Sequence[ConsignmentLine]) -> None:
    for line in lines:
        line.struck_at = now()
    moves.store_counts(lines, "struck_at")


def _void(box: Consignment, lines: Sequence[ConsignmentLine], *, by: Actor, reason: str, **detail: Any) -> Consignment:
    _strike(lines)
    boxes.void_label(box, by=by, reason=reason)
    box.void_reason, box.wave, box.basket = reason[:200], None, None
    # What is off the shelves goes back; what carries a label is looked for on the bench (aftersales.returns).
    box.is_to_return = box.package_id is None and any(line.picked for line in lines)
    return moves.move(box, "void", by=by, reason=reason, **detail)


@transaction.atomic
def confirm_returned(box: Consignment, *, by: Actor) -> Consignment:
    """已归位: the goods of a void box lie on their shelves again. Raises Refused RIGHT, RETURNED."""
    policies.check_can_work(by, box.shop_id)
    box = moves.hold(box)
    policies.check_can_confirm_returned(box, by)
    box.is_to_return = False
    return moves.save(box, "confirm_returned", by=by)


def propose_couriers(box: Consignment) -> list[Any]:
    """Every courier with what is known of it for this box, the proposed first; for the page."""
    province = box.recipient.province if box.recipient else ""
    return Chooser(box.shop_id).candidates(province, box.weight_g or box.expected_g)
