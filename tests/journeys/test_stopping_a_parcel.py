"""S1–S5 from end to end: a platform's push in, a courier stopped or not, the buyer paid or not, exact to the fen."""

from datetime import timedelta

import pytest

from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.decisions import sweeps
from aftersales.decisions.eligibility import eligibility
from aftersales.refunds.models import Refund
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from logistics.shipping import services as parcels
from logistics.tracking.services import record_events
from merchant.clock import now
from merchant.ledger import services as ledger
from merchant.policy import services as policy
from orders.record.models import Order
from tests.journeys.conftest import until
from tests.logistics.factories import scan
from tests.merchant.factories import make_courier_account

pytestmark = pytest.mark.django_db(transaction=True)


def state_of(case: Case) -> str:
    return Case.objects.values_list("state", flat=True).get(pk=case.pk)


@pytest.mark.parametrize(
    ("code", "stop"), [("zto", ["stop"]), ("yto", ["stop", "return_at_hub"]), ("sto", ["stop"]), ("jt", ["stop"])]
)
@pytest.mark.req("R0.2", "R0.9", "R0.14", "R3.20")
def test_s1_stopped_on_the_road_the_refund_pays_itself_and_the_goods_come_home(road, code, stop):
    order_number, (waybill,) = road.order(8800, code)
    case = road.apply(order_number)
    shown = eligibility(case)

    cases.intercept_case(case, by=road.agent, shown_version=case.version)
    interception = until(lambda: Interception.objects.filter(state="running").first())
    accepted = road.paid(order_number), state_of(case)
    road.advance(waybill, *stop)
    road.read_tracks(case)
    until(lambda: state_of(case) == "success")

    order, refund = Order.objects.get(number=order_number), Refund.objects.get()
    assert (shown.codes, road.asked_to_stop(waybill)) == ([], 1)
    assert accepted == ((0, 0), "intercepting")
    assert (refund.state, refund.source, refund.amount_fen) == ("success", "interception", 8800)
    assert (order.state, order.refunded_fen, road.paid(order_number)) == ("closed", 8800, (1, 8800))

    road.advance(waybill, "return_signed")
    road.read_tracks(case)
    parcels.receive_package(Package.objects.get(waybill=waybill), by=road.person("warehouse"))

    interception.refresh_from_db()
    assert (interception.state, interception.fee_fen, interception.freight_fen) == ("returned", 300, 450)
    # The buyer pays nothing: fee and freight are the shop's cost, booked apart (M13).
    assert ledger.balances(road.shop, order_number=order_number) == {
        "courier_cost": 750,
        "courier_payable": -750,
        "platform_receivable": -8800,
        "refunds_paid": 8800,
    }


def test_s2_what_the_panel_says_about_the_four_cases(road):
    make_courier_account(road.shop, "sf")
    shown = []
    for paid_fen, couriers in (
        (49_999, ["zto"]),
        (50_000, ["zto"]),
        (8800, ["sf"]),
        (50_000, ["sf"]),
        (8800, ["zto"] * 2),
    ):
        order_number, _waybills = road.order(paid_fen, *couriers)
        shown.append(road.apply(order_number))
    # No adapter speaks with S.F.: that its parcels are on the road is told here.
    for package in Package.objects.filter(courier="sf"):
        record_events({package.pk: [scan("in_transit")]}, checked_at=now())

    assert [eligibility(case).codes for case in shown] == [[], ["E10"], ["E08"], ["E08", "E10"], ["E07"]]


def test_s3_out_for_delivery_when_the_button_is_pressed(road):
    order_number, (waybill,) = road.order(8800, "zto")
    case = road.apply(order_number)
    due_at, before = case.due_at, eligibility(case).codes
    Package.objects.filter(waybill=waybill).update(track_checked_at=now() - timedelta(minutes=2))
    road.courier.control("/faults", {"push_loss": 1})
    road.advance(waybill, "arrived_destination", "out_for_delivery")

    cases.intercept_case(case, by=road.agent, shown_version=case.version)
    until(lambda: state_of(case) == "applied")
    road.courier.control("/faults", {"push_loss": 0})

    case.refresh_from_db()
    assert before == []
    assert (case.tag, case.tag_reason, case.interception.state) == ("interception_failed", "in_delivery", "failed")
    assert (case.state, case.due_at, road.asked_to_stop(waybill)) == ("applied", due_at, 0)
    assert road.paid(order_number) == (0, 0)


@pytest.mark.req("R0.7")
def test_s4_the_courier_fails_near_the_deadline_and_the_platform_decides(road):
    order_number, (waybill,) = road.order(8800, "zto")
    case = road.apply(order_number)
    cases.intercept_case(case, by=road.agent, shown_version=case.version)
    until(lambda: Interception.objects.filter(state="running").exists())
    road.advance(waybill, "arrived_destination", "out_for_delivery", "signed")
    road.read_tracks(case)
    until(lambda: state_of(case) == "applied")
    road.advance(waybill, "fail")
    case.refresh_from_db()
    back = case.tag, case.tag_reason, case.interception.state

    # On a platform our clock only warns; here the buyer waits until the platform pays by itself.
    Case.objects.update(due_at=now())
    sweeps.act_on_late_cases()
    late = state_of(case), Case.objects.get().is_late
    road.platform.control(f"/refunds/{case.number}/platform_pay", {})
    until(lambda: state_of(case) == "success")

    assert back == ("interception_failed", "signed", "failed")
    assert late == ("applied", True)
    assert (Refund.objects.get().source, road.paid(order_number)) == ("platform", (1, 8800))
    assert ledger.balances(road.shop, order_number=order_number) == {
        "platform_receivable": -8800,
        "refunds_paid": 8800,
    }


def test_s5_a_compensation_is_paid_and_the_parcel_goes_on(road):
    policy.change(road.shop, by=None, reason="test", release_manual_refunds="at_once")
    order_number, (waybill,) = road.order(12_488, "zto")
    case = road.apply(order_number, 500)
    shown = eligibility(case).codes

    cases.agree_case(case, by=road.agent, shown_version=case.version)
    until(lambda: state_of(case) == "success")

    order = Order.objects.get(number=order_number)
    assert shown == ["E13"]
    assert (road.paid(order_number), order.refundable_fen, order.state) == ((1, 500), 11_988, "shipped")
    assert (road.asked_to_stop(waybill), Package.objects.get(waybill=waybill).state) == (0, "in_transit")


def test_a_refund_before_shipping_closes_the_order_and_pays(road):
    policy.change(road.shop, by=None, reason="test", release_manual_refunds="at_once")
    order_number, _none = road.order(17_800, status=30)
    case = road.apply(order_number)

    cases.agree_case(case, by=road.agent, shown_version=case.version)
    until(lambda: state_of(case) == "success")

    order = Order.objects.get(number=order_number)
    assert case.kind == "refund_only_unshipped"
    assert (order.state, order.refunded_fen, road.paid(order_number)) == ("closed", 17_800, (1, 17_800))
