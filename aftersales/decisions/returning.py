"""The goods' way back, as the case sees it: the buyer sends them, the warehouse receives and inspects them, and then
the case pays, sends something else, or is refused with the photos. Callers of the small moves hold the case."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.clocks import start_clock
from aftersales.cases.enums import CaseKind, CaseState, CaseTag, OpenedBy, Origin
from aftersales.cases.models import Case, CaseLine
from aftersales.cases.opening import insert_case, shares_of
from aftersales.cases.transitions import hold_order, move, tag
from aftersales.decisions import policies
from aftersales.decisions.assigning import claim_if_free
from aftersales.refunds import services as refunds
from aftersales.refunds.enums import UNSENT_STATES, Source
from aftersales.refunds.settling import agree_to_pay
from logistics.parcels.enums import Direction
from logistics.parcels.models import Package
from logistics.shipping import services as parcels
from merchant.clock import now
from merchant.locking import lock
from merchant.numbers import new_number
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.shops.models import Platform
from merchant.trail import activity
from orders.payments import services as payments
from orders.payments.allocate import share_of_units
from orders.record.models import Order, OrderLine

# What the agent reads when the warehouse found something else.
DIFFERS = "GOODS_DIFFER"


@transaction.atomic
def ship_back_case(
    case: Case, *, courier: str, waybill: str, by: Actor, shown_version: int | None = None
) -> tuple[Case, Package]:
    """填退货单号: the goods are on their way to us; T-SELLER-RECEIVE starts. Returns the case and the parcel.

    Raises Refused RIGHT, E16, CASE_STATE, WAYBILL."""
    case = lock(case)
    policies.check_version(case, shown_version)
    policies.check_can_ship_back(case, by, courier=courier, waybill=waybill)
    lines = dict(CaseLine.objects.filter(case=case).values_list("order_line_id", "quantity"))
    package = parcels.register_package(
        case.order,
        courier=courier.strip()[:16],
        waybill=waybill.strip(),
        lines=lines or None,
        shipped_at=now(),
        direction=Direction.INBOUND,
        by=by,
    )
    if package.direction != Direction.INBOUND:
        raise Refused("WAYBILL", _("This is the number of a parcel we sent: write the one the buyer sends back with."))
    move(case, "ship_back", by=by, tag="", courier=package.courier, waybill=package.waybill)
    return case, package


@transaction.atomic
def open_refused_return(package: Package, *, by: Actor) -> Case | None:
    """拒收退货: the buyer refused the parcel at the door and asked for nothing: a case of our own channel that pays
    when the goods are fine. None where the goods have a case already, nothing is left to pay, or a platform decides."""
    order = lock(Order.objects.get(pk=package.order_id))
    lines = {line.pk: line for line in order.lines.filter(package_lines__package=package) if line.refundable_fen}
    is_busy = CaseLine.objects.filter(order_line__order=order, is_open=True).exists()
    if order.shop.platform != Platform.OWN or is_busy or not lines or package.order_count > 1:
        return None
    amount = sum(line.refundable_fen for line in lines.values())
    shares, freight = shares_of(order, amount, {pk: line.refundable_fen for pk, line in lines.items()}, money=True)
    case = Case(
        shop_id=order.shop_id,
        number=new_number("AS"),
        order=order,
        buyer_id=order.buyer_id,
        kind=CaseKind.REFUSED_RETURN,
        state=CaseState.WAIT_SELLER_RECEIVE,
        origin=Origin.OWN,
        opened_by=OpenedBy.AGENT,
        is_before_receipt=order.received_at is None,
        amount_fen=amount,
        freight_fen=freight,
        applied_at=now(),
    )
    start_clock(case, at=case.applied_at)
    insert_case(case, lines, shares)
    activity.record(case, "case.apply", by=by, to_state=case.state, kind=str(case.kind), amount_fen=amount)
    hold_order(case, by=by)
    return case


# --- what the warehouse tells; the case is locked -----------------------------------------------------------------


def receive_case(case: Case, *, by: Actor, document: str) -> Case:
    """收货: the warehouse has the goods in hand; T-INSPECT starts."""
    return move(case, "receive", by=by, tag="", reason=document)


def pass_case(case: Case, *, by: Actor, document: str) -> Case:
    """质检通过: pay, or send the other goods. On a platform its own page says so, and a person is asked to."""
    if case.is_platform:
        return tag(case, CaseTag.GOODS_HOME, by=by, tag_reason="INSPECTED")
    if case.kind == CaseKind.EXCHANGE:
        return move(case, "exchange", by=by, reason=document)
    if case.kind == CaseKind.REPAIR:
        return move(case, "repair", by=by, reason=document)
    return agree_to_pay(case, source=Source.MANUAL, by=None, reason=document, verb="grant", is_auto=True)


def fail_case(case: Case, *, by: Actor, document: str, reason: str) -> Case:
    """质检不符: nothing is paid; an agent talks to the buyer, with the photos of `document`."""
    if case.is_platform:
        return tag(case, CaseTag.GOODS_DIFFER, by=by, tag_reason=DIFFERS)
    case.refusal = {"reason": reason, "evidence": {"inspection": document}, "inspection": document}
    return move(case, "refuse_return", by=by, reason=reason, tag=CaseTag.GOODS_DIFFER, tag_reason=DIFFERS)


def tell_stopped_case(case: Case, *, by: Actor, document: str) -> Case:
    """A stopped parcel is home and not as it was sent. Money not sent yet waits for a person; money that is paid
    stays paid, since this buyer never had the goods: the trail says so and the claim goes to the courier."""
    money = refunds.live_refunds(case) if case.state == CaseState.REFUNDING else []
    if money and all(refund.state in UNSENT_STATES for refund in money):
        refunds.take_back_unsent(case, "void", by=by, reason=document)
        return move(case, "reopen", by=by, tag=CaseTag.GOODS_DIFFER, tag_reason=DIFFERS, reason=document)
    if case.state in (CaseState.APPLIED, CaseState.WAIT_BUYER_REPLY):
        return tag(case, CaseTag.GOODS_DIFFER, by=by, tag_reason=DIFFERS)
    activity.record(case, "case.goods_differ", by=by, reason=document)
    return case


# --- the agent's word after an inspection that differs ------------------------------------------------------------


def value_of_units(case: Case, units: Mapping[int, int]) -> dict[int, int]:
    """{order line: fen} of so many units of each line (M3), never more than the line has left.

    Raises Refused UNITS for lines or counts the case does not have."""
    lines = {line.pk: line for line in OrderLine.objects.filter(case_lines__case=case)}
    parts = {}
    for pk, count in units.items():
        line = lines.get(pk)
        if line is None or not 0 <= count <= line.quantity:
            raise Refused("UNITS", _("So many units were not bought: write how many are paid back."))
        if count:
            worth = share_of_units(line.net_fen, quantity=line.quantity, units=count)
            parts[pk] = min(worth, line.refundable_fen)
    return {pk: fen for pk, fen in parts.items() if fen}


@transaction.atomic
def settle_return_case(
    case: Case,
    *,
    by: Actor,
    shown_version: int | None = None,
    units: Mapping[int, int] | None = None,
    amount_fen: int | None = None,
    reason: str = "",
) -> Case:
    """协商退款: agreed with the buyer after an inspection that differs: so many units (M3), or an amount shared over
    the lines (M15). Above the agent's limit a second person looks.

    Raises Refused RIGHT, E16, CASE_STATE, UNITS, AMOUNT."""
    case = lock(case)
    policies.check_version(case, shown_version)
    policies.check_can_settle_return(case, by)
    claim_if_free(case, by=by)
    if amount_fen is not None:
        asked = dict(
            CaseLine.objects.filter(case=case).order_by("order_line_id").values_list("order_line_id", "amount_fen")
        )
        parts = dict(zip(asked, payments.split(max(amount_fen, 0), list(asked.values())), strict=True))
    else:
        parts = value_of_units(case, units or {})
    total = sum(parts.values())
    if not 0 < total <= case.amount_fen:
        raise Refused(
            "AMOUNT", _("What is paid back is more than nothing and at most what was asked for."), amount_fen=total
        )
    case.offer = {
        "amount_fen": total,
        "accepted_fen": total,
        "parts": {str(pk): fen for pk, fen in parts.items() if fen},
        "freight_fen": 0,
        "note": reason[:300],
        "round_no": case.round_no,
        "by": by.pk if by is not None else None,
    }
    return agree_to_pay(case, source=Source.MANUAL, by=by, reason=reason, verb="settle_return")


# --- T-SELLER-RECEIVE ----------------------------------------------------------------------------------------------


def return_is_signed(case: Case) -> bool:
    """The courier shows a parcel the buyer sent back as delivered to us, although nobody scanned it here."""
    inbound = Package.objects.filter(order_id=case.order_id, direction=Direction.INBOUND)
    return inbound.filter(labelled_at__gte=case.applied_at, signed_at__isnull=False).exists()
