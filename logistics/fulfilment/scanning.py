"""What a scan does: a unit off the shelf, a unit into the box, a label for the box, a box handed over (R1.20, R2.17).

Every scan is one short transaction: the box, its lines, its orders and what stops them are read under lock, so that a
refund agreed a moment ago stops the hand that scans (S10)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from logistics.fulfilment import boxes, goods, moves, policies, waves
from logistics.fulfilment.enums import OPEN, ScanColour, WaveMode
from logistics.fulfilment.enums import ConsignmentState as S
from logistics.fulfilment.models import Consignment, ConsignmentLine, Wave
from merchant.carriers import waybills
from merchant.people.models import Actor
from merchant.people.visibility import shops_of
from merchant.refusals import Refused
from merchant.shops.models import Shop
from orders.record.enums import Stop

LONGEST = 60


@dataclass
class Answer:
    """What the page shows after a scan: a colour (and its sound), a word, a sentence."""

    colour: str
    title: str
    text: str = ""
    box: Consignment | None = None
    basket: int | None = None
    lines: Sequence[ConsignmentLine] = field(default_factory=list)


def tidy(code: str) -> str:
    """A code as a scanner or a hand gives it."""
    return " ".join(str(code).split())[:LONGEST]


# --- at the shelf -----------------------------------------------------------------------------------------------------


@transaction.atomic
def scan_pick(wave: Wave, code: str, *, by: Actor, units: int = 1) -> Answer:
    """拣货扫描: `units` of a product off the shelf, into the boxes of the wave with the earliest promise first.

    Raises Refused RIGHT, WAVE_STATE, UNKNOWN_CODE, WRONG_ITEM, TOO_MANY, and what stops an order."""
    policies.check_can_pick(wave, by)
    if units < 1:
        raise Refused("TOO_MANY", _("Say how many were taken: at least one."))
    code = tidy(code)
    rows = waves.lines_of(wave)
    wanted = _of_code(rows, code)
    if not wanted:
        raise _strange(wave.shop_id, code)
    left = sum(line.quantity - line.picked for line in wanted)
    if units > left:
        raise Refused(
            "TOO_MANY",
            _("%(sku)s: all %(count)d of this wave are picked: put this one back.")
            % {"sku": wanted[0].sku, "count": sum(line.quantity for line in wanted)}
            if not left
            else _("%(sku)s: only %(left)d more are needed.") % {"sku": wanted[0].sku, "left": left},
            left=left,
        )
    baskets: list[int] = []
    for box in moves.hold_all({line.consignment_id for line in wanted if line.picked < line.quantity}):
        if not units:
            break
        units -= _pick_into(box, wanted[0].sku_id, units, baskets, by=by)
    waves.finish_if_picked(wave, by=by)
    return _picked(wave, wanted[0], baskets)


def _pick_into(box: Consignment, sku_id: int, units: int, baskets: list[int], *, by: Actor) -> int:
    """How many of the units went into this box."""
    if box.state != S.PICKING:
        return 0
    lines = moves.live(moves.lines_in(box))
    moves.check_may_go_on(box, lines, Stop.PICK)
    taken = 0
    for line in lines:
        more = min(units - taken, line.quantity - line.picked) if line.sku_id == sku_id else 0
        if more:
            line.picked += more
            taken += more
            line.save(update_fields=["picked"])
    if taken and box.basket:
        baskets.append(box.basket)
    if all(line.picked == line.quantity for line in lines):
        moves.move(box, "finish_picking", by=by)
    return taken


def _picked(wave: Wave, line: ConsignmentLine, baskets: list[int]) -> Answer:
    rows = waves.lines_of(wave)
    left = sum(row.quantity - row.picked for row in rows)
    title = str(line.sku)
    if wave.mode == WaveMode.BATCH:
        text = _("Into the trolley.")
    else:
        text = _("Into basket %(baskets)s.") % {"baskets": "、".join(map(str, baskets))}
    if not left:
        return Answer(ScanColour.DONE, title, f"{text} {_('The wave is picked: to the packing desk.')}")
    text = f"{text} {_('%(left)d to go.') % {'left': left}}"
    return Answer(ScanColour.GO, title, text, basket=next(iter(baskets), None))


# --- at the packing desk ----------------------------------------------------------------------------------------------


def find_box(user: Any, code: str) -> Consignment:
    """The box that a code means: its own number, its tracking number, or the number of an order with one open box.

    Raises Refused UNKNOWN_CODE, SEVERAL, OTHER_SHOP."""
    code = tidy(code)
    number = waybills.normal(code)
    mine = Consignment.objects.visible_to(user).select_related("packer", "warehouse")
    found = mine.filter(number=code.upper()).first()
    if found is not None:
        return found
    rows = list(mine.filter(waybill=number).exclude(waybill="").order_by("-pk")[:2]) if number else []
    if rows:
        return next((row for row in rows if row.is_open), rows[0])
    of_order = mine.filter(lines__order__number=code, lines__order__shop_id__in=shops_of(user)).distinct()
    rows = list(of_order.order_by("-pk")[:20])
    still = [row for row in rows if row.state in OPEN]
    if len(still) > 1:
        sentence = _("Order %(order)s is in %(count)d boxes: scan a box's own number.")
        raise Refused("SEVERAL", sentence % {"order": code, "count": len(still)})
    if rows:
        return still[0] if still else rows[0]
    shops = list(Shop.objects.values_list("pk", flat=True))
    if Consignment.objects.filter(shop_id__in=shops, waybill=number).exclude(waybill="").exists():
        raise Refused("OTHER_SHOP", _("%(code)s belongs to a shop you do not work for.") % {"code": code})
    raise unknown(code)


@transaction.atomic
def open_box(box: Consignment, *, by: Actor) -> Answer:
    """A box on the packing desk: may it be packed at all? Raises Refused RIGHT, …STATE, and what stops its orders."""
    policies.check_can_work(by, box.shop_id)
    box = moves.hold(box)
    lines = moves.lines_in(box)
    if box.state != S.SHIPPED:
        _check_not_stopped(box, lines)
    policies.check_state(box, S.WAITING, S.PICKING, S.PICKED)
    left = sum(line.quantity - line.checked for line in moves.live(lines))
    text = _("Scan %(left)d units into it.") % {"left": left} if left else _("Everything is in it.")
    return Answer(ScanColour.GO, box.number, text, box, lines=lines)


def _check_not_stopped(box: Consignment, lines: Sequence[ConsignmentLine]) -> None:
    """Also of a void box: a packer has to hear that its buyer was refunded, not that a row is void."""
    of = moves.live(lines) or lines
    orders = moves.hold_orders(of)
    policies.check_orders(orders, Stop.SHIP)


@transaction.atomic
def scan_check(box: Consignment, code: str, *, by: Actor, units: int = 1) -> Answer:
    """复核: a unit goes from the desk into the box. A box that no wave picked is picked and checked in one.

    Raises Refused RIGHT, …STATE, UNKNOWN_CODE, WRONG_ITEM, TOO_MANY, and what stops its orders."""
    policies.check_can_work(by, box.shop_id)
    box = moves.hold(box)
    lines = moves.lines_in(box)
    _check_not_stopped(box, lines)
    policies.check_state(box, S.WAITING, S.PICKING, S.PICKED)
    moves.check_may_go_on(box, lines, Stop.SHIP)
    wanted = _of_code(moves.live(lines), tidy(code))
    if not wanted:
        raise _strange(box.shop_id, tidy(code), box)
    left = sum(line.quantity - line.checked for line in wanted)
    if not 1 <= units <= left:
        raise Refused(
            "TOO_MANY",
            _("%(sku)s: %(quantity)d belong into this box and all are in it. Take this one out.")
            % {"sku": wanted[0].sku, "quantity": sum(line.quantity for line in wanted)},
            left=left,
        )
    for line in wanted:
        more = min(units, line.quantity - line.checked)
        if more:
            line.checked += more
            line.picked = max(line.picked, line.checked)
            units -= more
            line.save(update_fields=["checked", "picked"])
    _follow_counts(box, moves.live(lines), by=by)
    rest = sum(line.quantity - line.checked for line in moves.live(lines))
    if not rest:
        return Answer(ScanColour.DONE, str(wanted[0].sku), _("Everything is in the box."), box, lines=lines)
    return Answer(ScanColour.GO, str(wanted[0].sku), _("%(left)d to go.") % {"left": rest}, box, lines=lines)


def _follow_counts(box: Consignment, lines: Sequence[ConsignmentLine], *, by: Actor) -> None:
    if box.state == S.WAITING:
        moves.move(box, "start_picking", by=by)
    if box.state == S.PICKING and all(line.picked == line.quantity for line in lines):
        moves.move(box, "finish_picking", by=by)
        if box.wave is not None:
            waves.finish_if_picked(box.wave, by=by)


@transaction.atomic
def uncheck(box: Consignment, *, by: Actor) -> Answer:
    """重新复核: everything out of the box again, every unit is scanned anew. Raises Refused RIGHT, …STATE."""
    policies.check_can_work(by, box.shop_id)
    box = moves.hold(box)
    policies.check_state(box, S.PICKING, S.PICKED)
    lines = moves.lines_in(box)
    for line in lines:
        line.checked = 0
    moves.store_counts(lines, "checked")
    moves.save(box, "uncheck", by=by)
    return Answer(ScanColour.GO, box.number, _("Scan every unit once more."), box, lines=lines)


def scan_desk(user: Any, code: str, box: Consignment | None, *, units: int = 1) -> Answer:
    """One field for everything: with a box on the desk a product, its label, or the next box; without one a box.

    Raises Refused as the verbs it leads to."""
    code = tidy(code)
    if box is None:
        return open_box(find_box(user, code), by=user)
    if _of_code(list(box.lines.select_related("sku").filter(struck_at=None)), code):
        return scan_check(box, code, by=user, units=units)
    try:
        other = find_box(user, code)
    except Refused as refusal:
        if refusal.code != "UNKNOWN_CODE":
            raise
    else:
        return open_box(other, by=user)
    if _may_be_label(box, code):
        box = boxes.give_waybill(box, waybill=code, by=user)
        text = _("The label belongs to this box now.")
        return Answer(ScanColour.DONE, box.waybill, text, box, lines=moves.lines_in(box))
    # Says what it is, or that nobody knows it.
    return scan_check(box, code, by=user, units=units)


def _may_be_label(box: Consignment, code: str) -> bool:
    if box.waybill or not waybills.is_number(waybills.normal(code)):
        return False
    return not goods.is_product(box.shop_id, code)


# --- handing over -----------------------------------------------------------------------------------------------------


def scan_ship(user: Any, code: str) -> Answer:
    """发货扫描: the label of a packed box; it leaves. Raises Refused as `find_box` and `ship_consignment`."""
    box = boxes.ship_consignment(find_box(user, code), by=user)
    return Answer(ScanColour.DONE, box.waybill, _("%(number)s has left the house.") % {"number": box.number}, box)


# --- codes ------------------------------------------------------------------------------------------------------------


def _of_code(lines: Iterable[ConsignmentLine], code: str) -> list[ConsignmentLine]:
    """The lines whose product the code means."""
    rows = list(lines)
    codes = goods.codes_of(line.sku for line in rows)
    return [line for line in rows if code.upper() in codes[line.sku_id]]


def _strange(shop_id: int, code: str, box: Consignment | None = None) -> Refused:
    """What to say of a code that is not wanted here."""
    sku = goods.product_of(shop_id, code)
    if sku is None:
        return unknown(code)
    if box is None:
        sentence = _("Wrong item: %(sku)s (%(code)s) does not belong into this wave.")
    else:
        sentence = _("Wrong item: %(sku)s (%(code)s) does not belong into this box.")
    return Refused("WRONG_ITEM", sentence % {"sku": sku, "code": sku.code}, sku=sku.code)


def unknown(code: str) -> Refused:
    sentence = _("Nobody knows %(code)s: no product, box, order or label here.")
    return Refused("UNKNOWN_CODE", sentence % {"code": code}, scanned=code)


# What a packer must not overlook: the goods in hand belong to nobody any more.
STOPPING = ("REFUNDED", "HELD", "ORDER_STATE", "VOIDED", "LINE_REFUNDED", "ADDRESS")


def refused(refusal: Refused) -> Answer:
    """A refusal as the desk shows it: red where the hand must stop, amber where the code was wrong."""
    is_stop = refusal.code in STOPPING
    title = _("Stop") if is_stop else _("Not this one")
    return Answer(ScanColour.STOP if is_stop else ScanColour.WRONG, title, str(refusal.message))
