"""质检: what is in a parcel that came home, and what follows: the shelf, the case, the claim on the courier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from aftersales.cases.enums import CaseState
from aftersales.cases.models import Case
from aftersales.decisions import returning
from aftersales.returns import policies
from aftersales.returns.enums import PHOTOS_NEEDED, Result, ReturnKind
from aftersales.returns.models import Inspection, InspectionLine, ReturnParcel
from aftersales.returns.services import expected_lines
from logistics.claims import services as claims
from logistics.claims.enums import Basis, Cause
from logistics.interception import services as interceptions
from logistics.interception.enums import InterceptionState
from logistics.interception.models import Interception
from merchant.attachments.services import files_of
from merchant.clock import now
from merchant.locking import lock, lock_all
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.stock import services as stock
from merchant.stock.models import Grade, MoveKind
from merchant.stock.services import Change
from merchant.trail import activity
from orders.payments.allocate import share_of_units
from orders.record.goods import sku_of
from orders.record.models import OrderLine

# The courier had these in its hands, and the buyer never did.
COURIERS_FAULT = (ReturnKind.STOPPED, ReturnKind.REFUSED)
MOST_UNITS = 9_999


@dataclass(frozen=True)
class Count:
    """What was found of one order line."""

    sellable: int = 0
    defective: int = 0
    missing: int = 0


@dataclass(frozen=True)
class Other:
    """Something in the parcel that we did not send."""

    what: str
    quantity: int


@transaction.atomic
def finish_inspection(
    inspection: Inspection, *, counts: Mapping[int, Count], others: Sequence[Other] = (), note: str = "", by: Actor
) -> Inspection:
    """质检完成: `counts` is {order line id: what was found}; every unit expected is in one of its three piles. Fine
    units go back on the shelf, damaged ones into the defective bin, each by a stock move that names this inspection.

    Raises Refused RIGHT, INSPECTED, COUNT (naming the field), OTHER, PHOTOS; nothing changes then."""
    cases = lock_all(_cases_of(inspection))
    inspection = lock(inspection)
    policies.check_can_inspect(inspection, by)
    wanted = expected_lines(inspection.parcel)
    others = [one for one in others if one.quantity or one.what.strip()]
    _check(wanted, counts, others)
    result = _result(counts, others)
    if result != Result.FINE:
        _check_photos(inspection, result)
    lines = _write_lines(inspection, wanted, counts, others)
    inspection.result, inspection.note = result, note.strip()[:300]
    inspection.done_at, inspection.done_by = now(), by
    inspection.save()
    activity.record(inspection, "inspection.finish", by=by, to_state=str(result), reason=inspection.note)
    for case in cases:
        _tell(case, inspection, by=by)
    tried = list(_interceptions_of(inspection))
    for row in tried:
        interceptions.close_interception(row, by=by, is_damaged=result != Result.FINE, reason=inspection.number)
    stock.move_stock(inspection.shop_id, _changes(lines), kind=MoveKind.RETURNED, document=inspection.number, by=by)
    if inspection.parcel.kind in COURIERS_FAULT:
        _claim(inspection, lines, next(iter(tried), None), by=by)
    return inspection


def cause_of_loss(lines: Sequence[InspectionLine]) -> str:
    """What the courier did: broken goods and missing goods are one claim each parcel, broken first."""
    return Cause.DAMAGED if any(line.defective for line in lines) else Cause.SHORT


def loss_of(lines: Sequence[InspectionLine]) -> tuple[int, str]:
    """(fen, basis) of what is damaged or missing: by cost price where every line's is known, else what the buyer paid
    for those units (M3)."""
    lost = [(line, line.defective + line.missing) for line in lines if line.defective + line.missing]
    if all(line.cost_fen is not None for line, _units in lost):
        return sum((line.cost_fen or 0) * units for line, units in lost), Basis.GOODS_COST
    paid = sum(
        share_of_units(line.order_line.net_fen, quantity=line.order_line.quantity, units=units)
        for line, units in lost
        if line.order_line is not None
    )
    return paid, Basis.PAID_BY_BUYER


# --- checks -----------------------------------------------------------------------------------------------------------


def _check(wanted: Sequence[tuple[OrderLine, int]], counts: Mapping[int, Count], others: Sequence[Other]) -> None:
    known = {line.pk for line, _units in wanted}
    if set(counts) - known:
        raise Refused("COUNT", _("The parcel's papers have changed since this page was drawn: look again."))
    for line, units in wanted:
        found = counts.get(line.pk, Count())
        piles = (found.sellable, found.defective, found.missing)
        if min(piles) < 0 or sum(piles) != units:
            raise Refused(
                "COUNT",
                _("%(goods)s: fine, damaged and missing together must be %(units)d, not %(sum)d.")
                % {"goods": line.title, "units": units, "sum": sum(piles)},
                field=f"line-{line.pk}",
                expected=units,
            )
    for position, one in enumerate(others):
        if not one.what.strip() or not 0 < one.quantity <= MOST_UNITS:
            raise Refused(
                "OTHER",
                _("Write what else is in the parcel, and how many of it."),
                field=f"other-{position}",
            )


def _check_photos(inspection: Inspection, result: str) -> None:
    if len(files_of(inspection)) < PHOTOS_NEEDED:
        raise Refused(
            "PHOTOS",
            _("Take at least %(count)d photos: the courier and the buyer will ask for them.")
            % {"count": PHOTOS_NEEDED},
            field="photos",
            result=str(result),
        )


def _result(counts: Mapping[int, Count], others: Sequence[Other]) -> Result:
    if others or any(found.missing for found in counts.values()):
        return Result.DIFFERS
    return Result.DAMAGED if any(found.defective for found in counts.values()) else Result.FINE


# --- what follows -----------------------------------------------------------------------------------------------------


def _cases_of(inspection: Inspection) -> Any:
    """The case whose goods these are; for a stopped parcel those it was stopped for."""
    parcel = inspection.parcel
    if parcel.case_id is not None:
        return Case.objects.filter(pk=parcel.case_id)
    if parcel.kind == ReturnKind.STOPPED:
        return Case.objects.filter(interception__package_id=parcel.package_id)
    return Case.objects.none()


def _interceptions_of(inspection: Inspection) -> Any:
    parcel: ReturnParcel = inspection.parcel
    if parcel.package_id is None or parcel.kind == ReturnKind.BUYER:
        return Interception.objects.none()
    return Interception.objects.filter(package_id=parcel.package_id, state=InterceptionState.RETURNED)


def _write_lines(
    inspection: Inspection,
    wanted: Sequence[tuple[OrderLine, int]],
    counts: Mapping[int, Count],
    others: Sequence[Other],
) -> list[InspectionLine]:
    rows = []
    for line, units in wanted:
        found, sku = counts.get(line.pk, Count()), sku_of(line.listing)
        rows.append(
            InspectionLine(
                shop_id=inspection.shop_id,
                inspection=inspection,
                order_line=line,
                sku=sku,
                what=f"{line.title} {line.spec}".strip()[:200],
                expected=units,
                sellable=found.sellable,
                defective=found.defective,
                missing=found.missing,
                cost_fen=sku.cost_fen,
            )
        )
    rows += [
        InspectionLine(
            shop_id=inspection.shop_id, inspection=inspection, what=one.what.strip()[:200], other=one.quantity
        )
        for one in others
    ]
    return InspectionLine.objects.bulk_create(rows)


def _changes(lines: Sequence[InspectionLine]) -> list[Change]:
    piles = ((Grade.SELLABLE, "sellable"), (Grade.DEFECTIVE, "defective"))
    return [
        Change(line.sku, getattr(line, name), grade=grade, line=line.order_line_id or 0)
        for line in lines
        for grade, name in piles
        if line.sku is not None
    ]


def _tell(case: Case, inspection: Inspection, *, by: Actor) -> None:
    """The case goes on by rule where the goods are as they were sent, else an agent gets it with the photos."""
    is_fine = inspection.result == Result.FINE
    if case.state == CaseState.INSPECTING:
        if is_fine:
            returning.pass_case(case, by=by, document=inspection.number)
        else:
            reason = "used" if inspection.result == Result.DAMAGED else "wrong_goods"
            returning.fail_case(case, by=by, document=inspection.number, reason=reason)
    elif inspection.result == Result.DIFFERS:
        returning.tell_stopped_case(case, by=by, document=inspection.number)


def _claim(inspection: Inspection, lines: Sequence[InspectionLine], tried: Interception | None, *, by: Actor) -> None:
    """A claim on the courier over what is damaged or missing (M14); over nothing there is none."""
    loss, basis = loss_of(lines)
    if loss == 0 or inspection.parcel.package is None:
        return
    claims.draft_claim(
        inspection.parcel.package,
        by=by,
        cause=cause_of_loss(lines),
        loss_fen=loss,
        basis=basis,
        note=inspection.note,
        inspection_number=inspection.number,
        order_number=inspection.order.number,
        interception=tried,
        evidence=inspection,
    )
