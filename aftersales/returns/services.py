"""Goods come home: a parcel is received by its waybill, matched to its order where nobody announced it, and put back on
the shelf when it never left. What is inside is in `inspecting.py`.

Lock order: cases → refund → interception → package → order → stock; a second bench that scans the same parcel waits at
the first of these and then reads who was faster."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import OPEN_STATES, CaseState
from aftersales.cases.models import Case
from aftersales.cases.transitions import move
from aftersales.decisions import returning
from aftersales.returns import policies
from aftersales.returns.enums import ReturnKind
from aftersales.returns.models import Inspection, ReturnParcel
from logistics.interception.models import Interception
from logistics.parcels.enums import PackageState
from logistics.parcels.models import Package, PackageLine
from logistics.shipping import services as parcels
from merchant.carriers import waybills
from merchant.clock import now
from merchant.locking import lock, lock_all
from merchant.numbers import new_number
from merchant.people.models import Actor
from merchant.policy import services as shop_policies
from merchant.refusals import Refused
from merchant.shops.models import Shop
from merchant.stock import services as stock
from merchant.stock.models import MoveKind
from merchant.stock.services import Change
from merchant.trail import activity
from orders.record import services as orders
from orders.record.enums import IN_HOUSE
from orders.record.goods import sku_of
from orders.record.models import Order, OrderLine

S = CaseState


@transaction.atomic
def receive_parcel(package: Package, *, by: Actor, is_unannounced: bool = False, note: str = "") -> ReturnParcel:
    """扫码收货: a parcel of ours is in the warehouse. Its interception comes home, its case goes to inspection, and the
    inspection is opened; one that was never sent goes back on the shelf. `is_unannounced` takes in what nobody
    expected.

    Raises Refused RIGHT, RECEIVED (by whom), HELD, NOT_SENT, PARCEL, ON_THE_ROAD, UNANNOUNCED; nothing changes then."""
    policies.check_can_receive(by, package.shop_id)
    cases = _lock_cases(package)
    lock_all(Interception.objects.filter(package=package))
    package = lock(package)
    found = ReturnParcel.objects.filter(package=package).select_related("received_by").first()
    if found is not None and found.received_at is not None:
        raise already(found)
    kind = policies.kind_of(package)
    is_here = package.state not in (PackageState.LABELLED, PackageState.VOIDED) or policies.is_untracked(package)
    if kind is None and is_unannounced and is_here:
        kind = ReturnKind.UNANNOUNCED
    if kind is None:
        raise policies.why_not_here(package)
    if kind == ReturnKind.BENCH:
        return _put_back(package, by=by)
    if kind == ReturnKind.REFUSED and not cases:
        opened = returning.open_refused_return(package, by=by)
        cases = [opened] if opened is not None else []
    package = parcels.receive_package(package, by=by)
    parcel = _received(package, kind, by=by, case=_case_of(found, cases, kind), note=note)
    _open_inspection(parcel, by=by)
    if parcel.case is not None:
        case = next((one for one in cases if one.pk == parcel.case_id), None)
        if case is not None and case.state == S.WAIT_SELLER_RECEIVE:
            returning.receive_case(case, by=by, document=parcel.number)
    return parcel


@transaction.atomic
def keep_unknown_parcel(shop: Shop, *, waybill: str, courier: str, note: str, by: Actor) -> ReturnParcel:
    """无主退件: a parcel under a number nobody here knows; it waits until somebody finds its order.

    Raises Refused RIGHT, WAYBILL, RECEIVED."""
    policies.check_can_receive(by, shop.pk)
    waybill = waybills.normal(waybill)
    if not waybill or len(waybill) > 40:
        raise Refused("WAYBILL", _("A parcel needs a tracking number."))
    known = ReturnParcel.objects.filter(shop=shop, waybill=waybill).select_related("received_by")
    if (found := known.first()) is not None:
        raise already(found)
    parcel = ReturnParcel(
        shop=shop,
        number=new_number("RP"),
        kind=ReturnKind.UNANNOUNCED,
        courier=courier[:16],
        waybill=waybill,
        note=note[:300],
        received_at=now(),
        received_by=by,
    )
    try:
        with transaction.atomic():
            parcel.save(force_insert=True)
    except IntegrityError as error:
        raise already(known.get()) from error
    activity.record(parcel, "return_parcel.keep", by=by, waybill=waybill, courier=parcel.courier)
    return parcel


@transaction.atomic
def match_parcel(parcel: ReturnParcel, *, order: Order, by: Actor) -> ReturnParcel:
    """认领: this unknown parcel belongs to that order. A return the buyer had promised goes to inspection with it.

    Raises Refused RIGHT, MATCHED, SHOP."""
    if order.shop_id != parcel.shop_id:
        raise Refused("SHOP", _("This order belongs to another shop."))
    waiting = Case.objects.filter(order=order, state__in=[S.WAIT_BUYER_RETURN, S.WAIT_SELLER_RECEIVE])
    case = next(iter(lock_all(waiting)), None)
    parcel = lock(parcel)
    policies.check_can_match(parcel, by)
    parcel.order, parcel.case = order, case
    if case is not None:
        parcel.kind = ReturnKind.BUYER
    else:
        _is_the_stopped_one(parcel, order, by=by)
    parcel.save()
    activity.record(parcel, "return_parcel.match", by=by, order=order.number, case=case.number if case else "")
    _open_inspection(parcel, by=by)
    if case is not None:
        if case.state == S.WAIT_BUYER_RETURN:
            move(case, "ship_back", by=by, tag="", waybill=parcel.waybill)
        returning.receive_case(case, by=by, document=parcel.number)
    return parcel


def _is_the_stopped_one(parcel: ReturnParcel, order: Order, *, by: Actor) -> None:
    """Couriers send a stopped parcel home under another number: the one of this order that is awaited is home then, and
    neither lost nor claimed. Of several nobody knows which, so that each waits for a person."""
    awaited = Package.objects.of_order(order.pk).filter(interceptions__state__in=policies.AWAITED)
    awaited = awaited.exclude(pk__in=ReturnParcel.objects.filter(package__isnull=False).values("package_id"))
    found = list(awaited.distinct().order_by("pk"))
    if len(found) == 1:
        parcel.package = parcels.take_in(found[0], by=by)
        parcel.kind = ReturnKind.STOPPED


@transaction.atomic
def announce_return(case: Case, package: Package) -> ReturnParcel:
    """The buyer's parcel is on its way: the warehouse expects it."""
    found = ReturnParcel.objects.filter(package=package).first()
    return found or ReturnParcel.objects.create(
        shop_id=case.shop_id,
        number=new_number("RP"),
        kind=ReturnKind.BUYER,
        package=package,
        order=case.order,
        case=case,
        courier=package.courier,
        waybill=package.waybill,
    )


@transaction.atomic
def ship_back(case: Case, *, courier: str, waybill: str, by: Actor, shown_version: int | None = None) -> ReturnParcel:
    """填退货单号, and the warehouse expects it. Raises what `ship_back_case` raises."""
    case, package = returning.ship_back_case(case, courier=courier, waybill=waybill, by=by, shown_version=shown_version)
    return announce_return(case, package)


def already(found: ReturnParcel) -> Refused:
    """Somebody was faster, here or at the other bench."""
    at = found.received_at
    return Refused(
        "RECEIVED",
        _("%(name)s has received this parcel already.") % {"name": found.received_by or "–"},
        number=found.number,
        at=at.isoformat() if at else "",
    )


# --- pieces -----------------------------------------------------------------------------------------------------------


def _lock_cases(package: Package) -> list[Case]:
    """The open cases of the orders in this parcel: those that stop it are among them (E15)."""
    orders = set(PackageLine.objects.filter(package=package).values_list("order_id", flat=True))
    return lock_all(Case.objects.filter(order_id__in={package.order_id, *orders}, state__in=OPEN_STATES))


def _case_of(found: ReturnParcel | None, cases: list[Case], kind: str) -> Case | None:
    if found is not None:
        return found.case
    wanted = [case for case in cases if case.state == S.WAIT_SELLER_RECEIVE]
    return wanted[0] if wanted and kind in (ReturnKind.BUYER, ReturnKind.REFUSED) else None


def _received(package: Package, kind: str, *, by: Actor, case: Case | None, note: str = "") -> ReturnParcel:
    """The paper of a received parcel, made or filled in; a second bench in the same instant reads who was faster."""
    parcel, _made = ReturnParcel.objects.get_or_create(
        package=package,
        defaults={
            "shop_id": package.shop_id,
            "number": new_number("RP"),
            "kind": kind,
            "order_id": package.order_id,
            "case": case,
            "courier": package.courier,
            "waybill": package.waybill,
        },
    )
    parcel = lock(parcel)
    if parcel.received_at is not None:
        raise already(parcel)
    parcel.received_at, parcel.received_by, parcel.note = now(), by, note[:300]
    parcel.save()
    activity.record(parcel, "return_parcel.receive", by=by, kind=str(parcel.kind), waybill=parcel.waybill)
    return parcel


def _open_inspection(parcel: ReturnParcel, *, by: Actor) -> Inspection:
    assert parcel.order is not None
    length = shop_policies.timer(shop_policies.current(parcel.shop_id), "T-INSPECT")
    inspection = Inspection.objects.create(
        shop_id=parcel.shop_id, number=new_number("QC"), parcel=parcel, order=parcel.order, due_at=now() + length
    )
    activity.record(inspection, "inspection.open", by=by, parcel=parcel.number)
    return inspection


def _put_back(package: Package, *, by: Actor) -> ReturnParcel:
    """已退款，别发: the label is void, the goods go back to where they lay; nothing is inspected, they never left."""
    package = parcels.void_package(package, by=by, reason="refunded")
    parcel = _received(package, ReturnKind.BENCH, by=by, case=None)
    if package.order.state in IN_HOUSE:
        orders.close_order(package.order, by=by, reason="refunded")
    lines = PackageLine.objects.filter(package=package).select_related("order_line__listing__sku")
    stock.move_stock(
        package.shop_id,
        [Change(sku_of(row.order_line.listing), row.quantity, line=row.order_line_id) for row in lines],
        kind=MoveKind.NOT_SENT,
        document=parcel.number,
        by=by,
    )
    return parcel


def expected_lines(parcel: ReturnParcel) -> list[tuple[OrderLine, int]]:
    """(order line, units) that should be in this parcel: what we packed, what the buyer sends back, or, where nobody
    said, all that was bought."""
    if parcel.package_id is not None:
        rows = PackageLine.objects.filter(package_id=parcel.package_id).select_related("order_line__listing__sku")
        packed = [(row.order_line, row.quantity) for row in rows.order_by("order_line_id")]
        if packed:
            return packed
    if parcel.order_id is None:
        return []
    lines = OrderLine.objects.filter(order_id=parcel.order_id).select_related("listing__sku").order_by("line_no")
    if parcel.case_id is not None:
        lines = lines.filter(case_lines__case_id=parcel.case_id)
    return [(line, line.quantity) for line in lines]
