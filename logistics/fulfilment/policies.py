"""Who may do what with a box, and when; each refusal says what is so and what to do instead."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from logistics.fulfilment.enums import LOOSE, ConsignmentState
from logistics.fulfilment.enums import ConsignmentState as S
from logistics.fulfilment.models import Consignment, ConsignmentLine, Wave
from logistics.parcels.enums import PackageState
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.trail.timeline import reason_text
from merchant.ui.formatting import instant_text
from orders.record.enums import BlockKind, OrderState, Stop
from orders.record.models import Block, Order

# An order whose goods may still leave in a box of ours.
GOING = (OrderState.TO_FULFIL, OrderState.PACKED, OrderState.PARTLY_SHIPPED)


def check_can_work(by: Actor, shop_id: int) -> None:
    """Raise Refused RIGHT: picking, packing and shipping, and what is decided about boxes on the way."""
    check_right(by, shop_id, Right.PACK_ORDER)


def check_can_lay_down(by: Actor, shop_id: int) -> None:
    """Raise Refused RIGHT: rates, courier rules, gifts and materials are the shop's rules."""
    check_right(by, shop_id, Right.EDIT_POLICY)


def check_state(box: Consignment, *states: str) -> None:
    """Raise Refused PACKED, SHIPPED, VOIDED or CONSIGNMENT_STATE unless the box stands in one of these."""
    if box.state in states:
        return
    if box.state == S.PACKED:
        raise Refused(
            "PACKED",
            _("%(number)s was packed already, by %(name)s at %(at)s: unpack it first.")
            % {"number": box.number, "name": box.packer or "–", "at": _at(box.packed_at)},
        )
    if box.state == S.SHIPPED:
        raise Refused(
            "SHIPPED",
            _("%(number)s has left the house at %(at)s.") % {"number": box.number, "at": _at(box.shipped_at)},
        )
    if box.state == S.VOIDED:
        raise Refused(
            "VOIDED",
            _("%(number)s is void (%(reason)s): put its goods back on the shelves.")
            % {"number": box.number, "reason": reason_text(box.void_reason) or "–"},
        )
    raise Refused(
        "CONSIGNMENT_STATE",
        _("%(number)s is not that far: %(state)s.")
        % {"number": box.number, "state": ConsignmentState(box.state).label},
        state=box.state,
    )


def check_orders(orders: Sequence[Order], step: str, blocks: Sequence[Block] | None = None) -> None:
    """Nothing stands in the way of these orders, fresh copies that the caller holds.

    Raise Refused REFUNDED (S10, 已退款锁单), ORDER_STATE, HELD; each names the order."""
    for order in orders:
        if order.state == OrderState.CLOSED and order.refunding_fen + order.refunded_fen > 0:
            raise Refused(
                "REFUNDED",
                _("Locked, the buyer has been refunded: order %(order)s. Do not send; put the goods back.")
                % {"order": order.number},
                order=order.number,
            )
        if order.state not in GOING:
            raise Refused(
                "ORDER_STATE",
                _("Order %(order)s is %(state)s: do not send; put the goods back.")
                % {"order": order.number, "state": OrderState(order.state).label},
                order=order.number,
                state=order.state,
            )
    found = blocks if blocks is not None else blocks_of(orders, step)
    if found:
        block = found[0]
        number = next(order.number for order in orders if order.pk == block.order_id)
        raise Refused(
            "HELD",
            _("Order %(order)s is held (%(kind)s %(document)s)%(reason)s: set the box aside.")
            % {
                "order": number,
                "kind": BlockKind(block.kind).label,
                "document": block.document,
                "reason": f", {block.reason}" if block.reason else "",
            },
            order=number,
            kind=block.kind,
        )


def blocks_of(orders: Sequence[Order], step: str) -> list[Block]:
    """Open blocks of these orders that forbid the step, the oldest first. Before the label nothing is picked that may
    not be shipped either."""
    stops = [str(Stop.PICK), str(Stop.SHIP)] if step == Stop.PICK else [str(step)]
    rows = Block.objects.open().filter(order__in=[order.pk for order in orders], stops__overlap=stops)
    return list(rows.order_by("opened_at", "pk"))


def check_recipients(box: Consignment, orders: Sequence[Order], keys: Sequence[Any]) -> None:
    """Raise Refused ADDRESS when an order in the box goes elsewhere by now."""
    for order, key in zip(orders, keys, strict=True):
        if key != keys[0]:
            raise Refused(
                "ADDRESS",
                _("Order %(order)s goes to another address by now: take it out of box %(number)s.")
                % {"order": order.number, "number": box.number},
                order=order.number,
            )


def is_refunded(line: ConsignmentLine) -> bool:
    """Whether all that was paid for it went back, or is on its way."""
    of = line.order_line
    return of is not None and bool(of.net_fen) and of.refunding_fen + of.refunded_fen >= of.net_fen


def check_refunded_lines(lines: Sequence[ConsignmentLine]) -> None:
    """Raise Refused LINE_REFUNDED for goods in the box whose money went back, while the rest of the order goes on."""
    for line in lines:
        if is_refunded(line):
            raise Refused(
                "LINE_REFUNDED",
                _("%(sku)s × %(quantity)d was refunded: take it out of the box.")
                % {"sku": line.sku, "quantity": line.quantity},
                line=line.pk,
            )


def check_can_change(box: Consignment, by: Actor) -> None:
    """Its warehouse, its lines, its neighbours: while nobody has begun to pick it. Raise Refused RIGHT, …STATE."""
    check_can_work(by, box.shop_id)
    check_state(box, S.WAITING)


def check_can_choose_courier(box: Consignment, by: Actor) -> None:
    """Raise Refused RIGHT, …STATE, WAYBILL: a label is its courier's."""
    check_can_work(by, box.shop_id)
    check_state(box, *LOOSE)
    if box.waybill:
        raise Refused("WAYBILL", _("It has the number %(waybill)s: drop that first.") % {"waybill": box.waybill})


def check_can_put_back(box: Consignment, by: Actor) -> None:
    """Raise Refused RIGHT, …STATE."""
    check_can_work(by, box.shop_id)
    check_state(box, S.PICKING, S.PICKED)


def check_can_drop_waybill(box: Consignment, by: Actor) -> None:
    """Raise Refused RIGHT, …STATE, WAYBILL, PARCEL."""
    check_can_work(by, box.shop_id)
    check_state(box, *LOOSE)
    if not box.waybill:
        raise Refused("WAYBILL", _("It has no tracking number yet."))
    if box.package and box.package.state not in (PackageState.LABELLED, PackageState.VOIDED):
        raise Refused("PARCEL", _("The courier has this parcel already."))


def check_can_unpack(box: Consignment, by: Actor) -> None:
    """Raise Refused RIGHT, …STATE, PARCEL: what the courier has scanned cannot be opened again."""
    check_can_work(by, box.shop_id)
    check_state(box, S.PACKED)
    if box.package and box.package.state not in (PackageState.LABELLED, PackageState.VOIDED):
        raise Refused("PARCEL", _("The courier has this parcel already."))


def check_can_ship(box: Consignment, by: Actor) -> None:
    """Raise Refused RIGHT, …STATE."""
    check_can_work(by, box.shop_id)
    check_state(box, S.PACKED)


def check_can_confirm_returned(box: Consignment, by: Actor) -> None:
    """Raise Refused RIGHT, RETURNED."""
    check_can_work(by, box.shop_id)
    if not box.is_to_return:
        raise Refused("RETURNED", _("Nothing of %(number)s is off the shelves.") % {"number": box.number})


def check_can_pick(wave: Wave, by: Actor) -> None:
    """Raise Refused RIGHT, WAVE_STATE."""
    check_can_work(by, wave.shop_id)
    if wave.state != "open":
        raise Refused(
            "WAVE_STATE",
            _("Wave %(number)s is over: %(state)s.") % {"number": wave.number, "state": wave.get_state_display()},
        )


def _at(at: Any) -> str:
    return instant_text(at) if at else "–"
