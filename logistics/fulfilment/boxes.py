"""The packing desk's verbs: a number for the box, its weight and checklist, closing it, opening it, sending it."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from logistics.fulfilment import goods, moves, packing, policies
from logistics.fulfilment.enums import LOOSE, OPEN
from logistics.fulfilment.enums import ConsignmentState as S
from logistics.fulfilment.models import Consignment, ConsignmentLine
from logistics.parcels.enums import PackageState, WaybillSource
from logistics.parcels.models import Package
from logistics.shipping import services as parcels
from merchant.carriers import registry as carriers
from merchant.carriers import waybills
from merchant.clock import now
from merchant.people.models import Actor
from merchant.policy import services as policy
from merchant.policy.enums import PackCheck
from merchant.refusals import Refused
from merchant.shops.models import CourierAccount, Shop
from orders.record import services as orders
from orders.record.enums import OrderState, Stop
from orders.record.models import Order, OrderLine

HEAVIEST_G = 1_000_000


@transaction.atomic
def give_waybill(
    box: Consignment,
    *,
    waybill: str,
    by: Actor,
    courier: str = "",
    account: CourierAccount | None = None,
    source: str = WaybillSource.UNKNOWN,
) -> Consignment:
    """填运单号: typed, scanned from a preprinted label, or from a label service; the parcel is registered. Without
    `courier` the box's own, else the one whose pattern the number has. The same number twice changes nothing.

    Raises Refused RIGHT, …STATE, WAYBILL, WAYBILL_USED, WAYBILL_OTHER_SHOP, COURIER, and what stops its orders."""
    policies.check_can_work(by, box.shop_id)
    box = moves.hold(box)
    policies.check_state(box, *LOOSE)
    waybill = waybills.normal(waybill)
    if box.waybill and box.waybill == waybill:
        return box
    if box.waybill:
        raise Refused("WAYBILL", _("It has the number %(waybill)s: drop that first.") % {"waybill": box.waybill})
    if not waybills.is_number(waybill):
        raise Refused("WAYBILL", _("That is no tracking number: letters and digits, at least five of them."))
    courier = _courier(box, waybill, courier)
    check_number_is_free(box, courier, waybill)
    lines = moves.lines_in(box)
    held = moves.check_may_go_on(box, lines, Stop.SHIP)
    account = account or (box.account if box.account and box.account.courier == courier else None)
    package = _register(box, lines, held, courier, waybill, account, source, by=by)
    box.courier, box.waybill, box.package, box.account = courier, waybill, package, package.account
    return moves.save(box, "give_waybill", by=by, waybill=waybill, courier=courier)


def _courier(box: Consignment, waybill: str, courier: str) -> str:
    """Whose number it is. A number that only another courier's pattern fits is that courier's label (its platform would
    refuse it: the number does not belong to the courier)."""
    known = carriers.codes_by_waybill(waybill)
    wanted = courier or box.courier
    if wanted and known and wanted not in known:
        names = "、".join(str(carriers.name_of(code)) for code in known)
        raise Refused(
            "COURIER",
            _("%(waybill)s is a number of %(names)s; this box goes with %(courier)s: choose that courier first.")
            % {"waybill": waybill, "names": names, "courier": carriers.name_of(wanted)},
        )
    if wanted:
        return wanted
    if len(known) != 1:
        raise Refused("COURIER", _("Say which courier the label is from."))
    return known[0]


def check_number_is_free(box: Consignment, courier: str, waybill: str) -> None:
    """Raise Refused WAYBILL_OTHER_SHOP or WAYBILL_USED: one number is one box's."""
    shops = Shop.objects.values_list("pk", flat=True)
    known = Package.objects.current().filter(shop_id__in=list(shops), waybill=waybill, courier=courier)
    for package in known.exclude(state=PackageState.VOIDED).select_related("order"):
        if package.shop_id != box.shop_id:
            sentence = _("%(waybill)s is a number of another shop: take another label.")
            raise Refused("WAYBILL_OTHER_SHOP", sentence % {"waybill": waybill})
        raise Refused(
            "WAYBILL_USED",
            _("%(waybill)s is the number of order %(order)s already: take another label.")
            % {"waybill": waybill, "order": package.order.number},
            order=package.order.number,
        )


def _register(
    box: Consignment,
    lines: Sequence[ConsignmentLine],
    held: Sequence[Order],
    courier: str,
    waybill: str,
    account: CourierAccount | None,
    source: str,
    *,
    by: Actor,
) -> Package:
    package: Package | None = None
    for order in held:
        package = parcels.register_package(
            order,
            courier=courier,
            waybill=waybill,
            account=account,
            waybill_source=source,
            lines=order_units(line for line in moves.live(lines) if line.order_id == order.pk),
            sender_city=box.warehouse.city,
            by=by,
        )
    assert package is not None, "a box has an order"
    return package


def order_units(lines: Any) -> dict[int, int]:
    """Order line → units of it that these lines are; a bundle's products say the same number."""
    units: dict[int, int] = {}
    for line in lines:
        if line.order_line_id is not None:
            units[line.order_line_id] = max(units.get(line.order_line_id, 0), line.line_quantity)
    return units


@transaction.atomic
def drop_waybill(box: Consignment, *, by: Actor, reason: str = "") -> Consignment:
    """取消运单号: the label is void, the box takes another. Raises Refused RIGHT, …STATE, WAYBILL, PARCEL."""
    policies.check_can_work(by, box.shop_id)
    box = moves.hold(box)
    policies.check_can_drop_waybill(box, by)
    return _drop(box, by=by, reason=reason)


def void_label(box: Consignment, *, by: Actor, reason: str) -> None:
    """The label of a held box that nobody has scanned yet."""
    if box.package and box.package.state == PackageState.LABELLED:
        parcels.void_package(box.package, by=by, reason=reason or box.number)


def _drop(box: Consignment, *, by: Actor, reason: str) -> Consignment:
    void_label(box, by=by, reason=reason)
    dropped, box.waybill, box.package = box.waybill, "", None
    return moves.save(box, "drop_waybill", by=by, reason=reason, waybill=dropped)


@transaction.atomic
def weigh(box: Consignment, *, weight_g: int, by: Actor) -> Consignment:
    """称重, in whole grams. Raises Refused RIGHT, …STATE, WEIGHT."""
    policies.check_can_work(by, box.shop_id)
    box = moves.hold(box)
    policies.check_state(box, S.PICKED)
    _check_weight(weight_g)
    box.weight_g = weight_g
    return moves.save(box, "weigh", by=by, weight_g=weight_g, expected_g=box.expected_g)


def _check_weight(weight_g: int) -> None:
    if not 0 < weight_g <= HEAVIEST_G:
        raise Refused("WEIGHT", _("Give the weight in whole grams, at most 1,000,000."))


@transaction.atomic
def pack_consignment(
    box: Consignment,
    *,
    by: Actor,
    checks: Collection[str] = (),
    weight_g: int | None = None,
    material: str = "",
    is_weight_right: bool = False,
) -> Consignment:
    """打包: every unit scanned, every line of the checklist ticked, weighed where the shop weighs. An order whose last
    box this is becomes PACKED.

    Raises Refused RIGHT, …STATE, UNCHECKED, CHECKLIST, WEIGHT, WEIGHT_OFF (`is_weight_right` says that it was looked
    at), and what stops its orders (REFUNDED, HELD …)."""
    policies.check_can_work(by, box.shop_id)
    box = moves.hold(box)
    policies.check_state(box, S.PICKED)
    lines = moves.lines_in(box)
    held = moves.check_may_go_on(box, lines, Stop.SHIP)
    rules = policy.current(box.shop_id)
    _check_units(moves.live(lines), rules.recheck_units)
    _check_ticks(rules.pack_checks, checks)
    _weigh(box, lines, weight_g, material, rules, is_weight_right)
    box.checklist = [check for check in PackCheck.values if check in set(checks)]
    box.packer, box.packed_at = by, now()
    moves.move(box, "pack", by=by, weight_g=box.weight_g, checks=box.checklist)
    for order in held:
        if order.state == OrderState.TO_FULFIL and not _rest_of(order, box):
            orders.pack_order(order, by=by)
    return box


def _check_units(lines: Sequence[ConsignmentLine], every_unit: bool) -> None:
    missing = sum(line.quantity - line.checked for line in lines) if every_unit else 0
    if missing:
        sentence = _("%(count)d units are not scanned yet: scan them into the box.")
        raise Refused("UNCHECKED", sentence % {"count": missing}, count=missing)


def _check_ticks(wanted: Sequence[str], ticked: Collection[str]) -> None:
    left = [check for check in wanted if check not in set(ticked)]
    if left:
        raise Refused(
            "CHECKLIST", _("Not ticked yet: %(check)s.") % {"check": PackCheck(left[0]).label}, check=str(left[0])
        )


def _weigh(
    box: Consignment, lines: Sequence[ConsignmentLine], weight_g: int | None, material: str, rules: Any, is_right: bool
) -> None:
    found = next((one for one in packing.materials_of(box.shop_id) if one.name == material), None)
    box.material = found.name if found else ""
    box.expected_g = packing.expected_g(moves.live(lines), found)
    if weight_g is not None:
        _check_weight(weight_g)
        box.weight_g = weight_g
    if box.weight_g is None:
        if rules.weigh_boxes:
            raise Refused("WEIGHT", _("Put the box on the scale: this shop weighs every box."))
        return
    if packing.is_far_off(box.weight_g, box.expected_g, rules.weight_tolerance) and not is_right:
        raise Refused(
            "WEIGHT_OFF",
            _("%(weight)d g, expected %(expected)d g: is something missing or too much? Look once more, then confirm.")
            % {"weight": box.weight_g, "expected": box.expected_g},
            weight_g=box.weight_g,
            expected_g=box.expected_g,
        )


def _rest_of(order: Order, box: Consignment) -> bool:
    """Whether something of the order is in an open box other than this one and not packed."""
    others = ConsignmentLine.objects.filter(order=order, struck_at=None).exclude(consignment=box)
    return others.filter(consignment__state__in=LOOSE).exists()


@transaction.atomic
def unpack_consignment(box: Consignment, *, by: Actor, reason: str = "") -> Consignment:
    """拆包: opened before it left; every unit is scanned anew. Raises Refused RIGHT, …STATE, PARCEL."""
    policies.check_can_work(by, box.shop_id)
    box = moves.hold(box)
    policies.check_can_unpack(box, by)
    lines = moves.lines_in(box)
    return open_again(box, lines, moves.hold_orders(lines), by=by, reason=reason)


def open_again(
    box: Consignment, lines: Sequence[ConsignmentLine], held: Sequence[Order], *, by: Actor, reason: str
) -> Consignment:
    """The same for rows that the caller holds and has asked about."""
    for line in lines:
        line.checked = 0
    moves.store_counts(lines, "checked")
    box.packer, box.packed_at, box.weight_g, box.checklist = None, None, None, []
    moves.move(box, "unpack", by=by, reason=reason)
    for order in held:
        if order.state == OrderState.PACKED:
            orders.unpack_order(order, by=by, reason=reason or box.number)
    return box


@transaction.atomic
def ship_consignment(box: Consignment, *, by: Actor) -> Consignment:
    """发货: the box is handed over; its goods leave the stock, its orders are shipped or partly shipped.

    Raises Refused RIGHT, …STATE, WAYBILL, and what stops its orders (REFUNDED, HELD …)."""
    policies.check_can_work(by, box.shop_id)
    box = moves.hold(box)
    policies.check_can_ship(box, by)
    if not box.waybill:
        raise Refused("WAYBILL", _("It has no tracking number yet: type or scan one at the packing desk."))
    if box.package is not None and box.package.state == PackageState.VOIDED:
        sentence = _("The label %(waybill)s is void: unpack, drop it and take another.")
        raise Refused("WAYBILL", sentence % {"waybill": box.waybill})
    lines = moves.lines_in(box)
    held = moves.check_may_go_on(box, lines, Stop.SHIP)
    at = now()
    if box.package is not None:
        Package.objects.filter(pk=box.package.pk, shipped_at=None).update(shipped_at=at)
    box.shipped_at = at
    moves.move(box, "ship", by=by, waybill=box.waybill)
    _count_shipped(lines)
    for order in held:
        if order.state == OrderState.TO_FULFIL:
            # Its other boxes are still being made: what leaves has been packed all the same.
            order = orders.pack_order(order, by=by)
        orders.ship_order(order, by=by, is_last=is_all_sent(order), at=at)
    goods.take_out(box, lines, by=by)
    return box


def _count_shipped(lines: Sequence[ConsignmentLine]) -> None:
    for pk, units in order_units(moves.live(lines)).items():
        OrderLine.objects.filter(pk=pk).update(shipped_quantity=F("shipped_quantity") + units)


def is_all_sent(order: Order) -> bool:
    """Nothing of the order is left in the house: no open box, and no line that has neither left nor been refunded."""
    open_lines = ConsignmentLine.objects.filter(order=order, struck_at=None, consignment__state__in=OPEN)
    if open_lines.exists():
        return False
    for line in OrderLine.objects.filter(order=order):
        is_refunded = bool(line.net_fen) and line.refunding_fen + line.refunded_fen >= line.net_fen
        if not is_refunded and line.shipped_quantity < line.quantity:
            return False
    return True
