"""What the courier's result does to the case: pays, goes back to people, or rings an alarm (domain 2.4, law 1)."""

import pytest

from aftersales.cases.enums import CaseTag
from aftersales.cases.models import Case
from aftersales.decisions import errands, outcomes
from aftersales.decisions import services as cases
from aftersales.paying import sending
from aftersales.refunds.models import Refund
from logistics.interception import services as interceptions
from logistics.interception import transitions
from logistics.interception.enums import Evidence, Reason
from logistics.shipping import services as parcels
from logistics.tracking.services import record_events
from merchant.clock import now
from merchant.ledger import services as ledger
from merchant.policy import services as policy
from merchant.shops import services as shops
from merchant.shops.models import Agreement
from merchant.trail.models import Activity
from tests.aftersales.factories import (
    agent_of,
    case_of,
    intercepting,
    kuaishou_shop,
    own_shop,
    package_of,
    refund_of,
    shipped_order,
    stop,
)
from tests.logistics.factories import make_package, scan

pytestmark = pytest.mark.django_db


def told(case: Case) -> tuple[str, str, str]:
    case.refresh_from_db()
    return case.state, case.tag, case.tag_reason


def test_a_stop_pays_through_the_platform_and_is_booked(platform, commits):
    case = case_of(platform)
    intercepting(case, by=agent_of(case.shop))

    with commits():
        stop(case)

    refund = refund_of(case)
    assert told(case) == ("success", "", "")
    assert (refund.state, refund.source, refund.amount_fen, refund.attempts, refund.channel_number) == (
        "success",
        "interception",
        8800,
        1,
        case.number,
    )
    assert platform.paid == [(case.order.number, 8800)]
    case.order.refresh_from_db()
    assert (case.order.state, case.order.refunded_fen, case.order.refunding_fen) == ("closed", 8800, 0)
    assert ledger.balances(case.shop, order_number=case.order.number) == {
        "platform_receivable": -8800,
        "refunds_paid": 8800,
    }
    assert case.is_auto


def test_the_same_success_twice_pays_once(platform, commits):
    case = case_of(platform)
    intercepting(case)

    with commits():
        interception = stop(case)
    with commits():
        outcomes.follow_interceptions(interception.pk)
        outcomes.follow_interceptions()

    assert (Refund.objects.count(), platform.paid) == (1, [(case.order.number, 8800)])


def test_a_lost_wake_up_is_found_by_the_sweep(platform, commits):
    case = case_of(platform)
    intercepting(case)
    stop(case)  # its commit hooks never run: the worker died

    with commits():
        moved = outcomes.follow_interceptions()

    assert (moved, told(case)[0], platform.paid) == (1, "success", [(case.order.number, 8800)])


def test_a_stop_without_evidence_of_the_closed_list_asks_a_person(platform, commits):
    case = case_of(platform)
    intercepting(case)

    with commits():
        stop(case, evidence=Evidence.PERSON)

    assert told(case) == ("applied", "stopped", "EVIDENCE")
    assert (Refund.objects.count(), platform.paid) == (0, [])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda shop: policy.change(shop, by=None, reason="test", auto_agree=False), "AUTO_OFF"),
        (lambda shop: shops.revoke_agreement(Agreement.objects.get(shop=shop), by=None, reason="test"), "E03"),
        (lambda shop: type(shop).objects.filter(pk=shop.pk).update(state="suspended"), "E01"),
    ],
)
def test_switches_are_read_again_when_the_parcel_is_stopped(platform, commits, change, code):
    case = case_of(platform)
    intercepting(case)
    change(case.shop)

    with commits():
        stop(case)

    assert told(case) == ("applied", "stopped", code)
    assert platform.paid == []


def test_a_track_that_does_not_fit_the_stop_asks_a_person(platform, commits):
    case = case_of(platform)
    intercepting(case)
    record_events({package_of(case).pk: [scan("out_for_delivery", now())]})

    with commits():
        stop(case)

    assert told(case) == ("applied", "stopped", "PARCEL")
    assert platform.paid == []


def test_pay_when_returned_waits_for_the_warehouse(platform, commits):
    case = case_of(platform)
    policy.change(case.shop, by=None, reason="test", pay_when="returned")
    intercepting(case)

    with commits():
        stop(case)
    on_the_way = told(case)[0], platform.paid
    with commits():
        parcels.receive_package(package_of(case), by=agent_of(case.shop, "warehouse"))

    assert on_the_way == ("intercepting", [])
    assert (told(case)[0], platform.paid) == ("success", [(case.order.number, 8800)])


def test_pay_when_returned_and_the_parcel_is_lost_asks_a_person(platform, commits):
    case = case_of(platform)
    policy.change(case.shop, by=None, reason="test", pay_when="returned")
    intercepting(case)
    with commits():
        interception = stop(case)

    with commits():
        transitions.suspect_loss(interception)

    assert told(case) == ("applied", "stopped", "NOT_STOPPED")


def test_a_failure_goes_back_to_people_with_the_reason_and_the_old_deadline(platform, commits):
    case = case_of(platform)
    due_at = case.due_at
    interception = intercepting(case)

    with commits():
        interceptions.fail_interception(interception, reason=Reason.SIGNED)

    assert told(case) == ("applied", "interception_failed", "signed")
    assert (case.due_at, platform.paid) == (due_at, [])


def test_an_unknown_result_goes_back_to_people_and_the_interception_goes_on(platform, commits):
    case = case_of(platform)
    interception = intercepting(case)

    with commits():
        interceptions.mark_unknown_interception(interception)

    interception.refresh_from_db()
    assert told(case) == ("applied", "result_unknown", "no_result")
    assert (interception.state, interception.is_unknown) == ("running", True)


def test_a_result_unknown_that_ends_as_a_failure_says_so(platform, commits):
    case = case_of(platform)
    interception = intercepting(case)
    with commits():
        interceptions.mark_unknown_interception(interception)

    with commits():
        interceptions.fail_interception(interception, reason=Reason.TIMEOUT)

    assert told(case) == ("applied", "interception_failed", "timeout")


@pytest.mark.parametrize("news", ["failed", "unknown"])
def test_a_stop_that_comes_late_asks_a_person_and_pays_nothing(platform, commits, news):
    case = case_of(platform)
    interception = intercepting(case)
    with commits():
        if news == "failed":
            interceptions.fail_interception(interception, reason=Reason.OTHER)
        else:
            interceptions.mark_unknown_interception(interception)

    with commits():
        stop(case)

    assert told(case) == ("applied", "stopped", "LATE")
    assert (Refund.objects.count(), platform.paid) == (0, [])


def test_a_refused_case_whose_parcel_turns_round_is_in_the_reopened_queue(platform, commits):
    case = case_of(platform)
    interception = intercepting(case)
    with commits():
        interceptions.fail_interception(interception, reason=Reason.OTHER)
    case.refresh_from_db()
    cases.refuse_case(case, by=None, reason="other")

    with commits():
        stop(case)

    assert told(case) == ("refused", "stopped", "LATE")
    assert list(Case.objects.refused_but_stopped()) == [case]


def test_withdrawn_at_the_courier_the_case_is_back_without_a_tag(platform, courier, commits):
    case = case_of(platform)
    intercepting(case)
    courier.on("cancelIntercept", {"status": True, "statusCode": "SYS000", "data": None})

    with commits():
        errands.withdraw_interception(case, by=agent_of(case.shop))

    assert told(case) == ("applied", "", "")
    assert case.interception.state == "withdrawn"


def test_paid_by_a_person_while_running_the_interception_goes_on_and_a_later_stop_pays_nothing_more(platform, commits):
    case = case_of(platform)
    policy.change(case.shop, by=None, reason="test", release_manual_refunds="at_once")
    intercepting(case)
    case.refresh_from_db()

    with commits():
        cases.agree_case(case, by=agent_of(case.shop), shown_version=case.version)
    with commits():
        stop(case)

    assert told(case) == ("success", "", "")
    assert (Refund.objects.get().source, platform.paid) == ("manual", [(case.order.number, 8800)])


def test_delivered_after_all_rings_and_books_the_goods_that_are_not_back(platform, commits):
    case = case_of(platform)
    intercepting(case)
    with commits():
        stop(case)

    with commits():
        record_events({package_of(case).pk: [scan("signed", now(), city="杭州市", site="杭州余杭")]})
        interceptions.weigh_evidence(package_of(case).pk)

    case.refresh_from_db()
    assert told(case) == ("success", "delivered_anyway", "REFUNDED")
    assert case.clock == "T-STOPPED"
    assert list(Case.objects.tagged(CaseTag.DELIVERED_ANYWAY)) == [case]
    assert ledger.balances(case.shop, order_number=case.order.number) == {"loss": 8800, "platform_receivable": -8800}


def test_delivered_after_all_holds_back_money_that_has_not_gone(platform, commits):
    shop = own_shop()
    policy.change(shop, by=None, reason="test", second_person_fen=1000)
    case = case_of(platform, shop)
    intercepting(case)
    with commits():
        interception = stop(case)
    waiting = refund_of(case).state

    with commits():
        transitions.deliver_anyway(interception)

    case.order.refresh_from_db()
    assert (waiting, refund_of(case).state) == ("created", "void")
    assert told(case) == ("applied", "delivered_anyway", "HELD_BACK")
    assert (case.order.refunding_fen, platform.paid) == (0, [])


def test_the_parcel_signed_between_approval_and_sending_is_held_back(platform, commits):
    case = case_of(platform)
    intercepting(case)
    stop(case)
    outcomes.follow_interceptions()
    refund = refund_of(case)
    record_events({package_of(case).pk: [scan("at_locker", now())]})

    sent = sending.send_refund(refund.pk)

    refund.refresh_from_db()
    assert (sent, refund.state, refund.attempts) == (None, "void", 0)
    assert told(case) == ("applied", "refund_stopped", "PARCEL")
    assert ledger.balances(case.shop, order_number=case.order.number) == {}


def test_both_cases_of_a_shared_parcel_are_paid_by_its_stop(platform, commits):
    shop = kuaishou_shop()
    orders = [shipped_order(platform, shop, nets=(net,)) for net in (8800, 5000)]
    package = make_package("zto", order=orders[0])
    make_package("zto", order=orders[1], waybill=package.waybill)
    one, two = (case_of(platform, order=order, parcel=None) for order in orders)
    intercepting(one)

    with commits():
        stop(one)

    assert [told(case)[0] for case in (one, two)] == ["success", "success"]
    assert sorted(platform.paid) == sorted([(orders[0].number, 8800), (orders[1].number, 5000)])


def test_one_of_them_withdrawn_meanwhile_sends_all_to_a_person(platform, commits):
    shop = own_shop()
    orders = [shipped_order(platform, shop, nets=(net,)) for net in (8800, 5000)]
    package = make_package("zto", order=orders[0])
    make_package("zto", order=orders[1], waybill=package.waybill)
    one, two = (case_of(platform, order=order, parcel=None) for order in orders)
    intercepting(one)
    two.refresh_from_db()
    cases.withdraw_case(two, by=None)

    with commits():
        stop(one)

    assert told(one) == ("applied", "stopped", "E15")
    assert told(two)[:2] == ("cancelled", "stopped_without_case")
    assert platform.paid == []


def test_a_case_withdrawn_while_its_parcel_is_stopped_lands_in_the_queue_with_a_clock(platform, commits):
    case = case_of(platform, own_shop())
    interception = intercepting(case)
    case.refresh_from_db()

    cases.withdraw_case(case, by=None)

    queue = list(Case.objects.stopped_without_case())
    case.refresh_from_db()
    assert (queue, case.tag_reason, case.clock) == ([case], "running", "T-STOPPED")
    with commits():
        interceptions.fail_interception(interception, reason=Reason.OTHER)
    assert list(Case.objects.stopped_without_case()) == []


def test_the_alarm_is_cleared_by_whoever_settled_it_and_stays_in_the_trail(platform):
    case = case_of(platform, own_shop())
    intercepting(case)
    case.refresh_from_db()
    cases.withdraw_case(case, by=None)
    agent = agent_of(case.shop)

    cases.clear_alarm(case, by=agent, reason="sent again")

    assert told(case) == ("cancelled", "", "")
    assert [(line.verb, line.reason) for line in Activity.objects.about(case)[:1]] == [
        ("case.clear_alarm", "sent again")
    ]
