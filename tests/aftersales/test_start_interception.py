"""拦截: read, lock, weigh again, submit; refused with every failing line and nothing changed (S3, E15, E16, the rule)."""

from datetime import timedelta

import pytest

from aftersales.cases.enums import CaseState
from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.decisions.intercepting import read_and_intercept_case
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from logistics.tracking.services import record_events
from merchant.clock import now
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.trail.models import Activity
from orders.record.models import Block
from tests.aftersales.factories import agent_of, case_of, kuaishou_shop, own_shop, package_of, shipped_order
from tests.logistics.factories import make_package, scan
from tests.logistics.wire import TRACK, ZTO_OK, down

pytestmark = pytest.mark.django_db


def make_stale(case: Case) -> None:
    Package.objects.filter(order=case.order).update(track_checked_at=now() - timedelta(minutes=5))


def test_the_press_submits_one_interception_with_the_list_it_was_based_on(platform):
    case = case_of(platform)
    agent = agent_of(case.shop)

    case = cases.intercept_case(case, by=agent, shown_version=case.version)

    interception = Interception.objects.get()
    assert (case.state, case.interception, case.version) == (CaseState.INTERCEPTING, interception, 2)
    assert (interception.state, interception.submitted_by, interception.waybill) == (
        "submitted",
        agent,
        package_of(case).waybill,
    )
    assert [check["code"] for check in interception.checks] == [f"E{number:02}" for number in range(1, 17)]
    assert [(line.verb, line.by) for line in Activity.objects.about(case)[:1]] == [("case.intercept", agent)]


def test_the_deadline_goes_on_while_the_parcel_is_being_stopped(platform):
    case = case_of(platform)
    due_at = case.due_at

    case = cases.intercept_case(case, by=None)

    assert (case.due_at, case.clock) == (due_at, "T-AS-HANDLE")


def test_the_press_itself_asks_nobody(platform, courier):
    case = case_of(platform)
    make_stale(case)

    case = cases.intercept_case(case, by=agent_of(case.shop), shown_version=case.version)

    assert (case.state, case.interception.state, courier.calls) == ("intercepting", "submitted", [])


def test_s3_out_for_delivery_by_a_fresh_track_is_refused_at_the_press(platform, courier):
    case = case_of(platform)
    due_at, agent = case.due_at, agent_of(case.shop)
    record_events({package_of(case).pk: [scan("out_for_delivery", now() - timedelta(seconds=30))]})

    with pytest.raises(Refused) as refused:
        cases.intercept_case(case, by=agent, shown_version=case.version)

    case.refresh_from_db()
    assert refused.value.code == "E11"
    assert refused.value.detail["suggestion"] == "return_refund"
    assert (case.state, case.due_at, case.version) == (CaseState.APPLIED, due_at, 1)
    assert (Interception.objects.count(), courier.calls) == (0, [])
    assert Activity.objects.about(case).first().detail == {"codes": ["E11"]}


def test_s3_out_for_delivery_meanwhile_sends_nothing_and_hands_the_case_back(platform, courier, commits):
    case = case_of(platform)
    due_at = case.due_at
    make_stale(case)
    out = {"scanDate": 1000 * int(now().timestamp() - 30), "scanType": "派件", "scanSite": {"city": "杭州市"}}
    courier.on(TRACK, {"status": True, "statusCode": "SYS000", "result": [out]})

    with commits():
        cases.intercept_case(case, by=agent_of(case.shop), shown_version=case.version)

    case.refresh_from_db()
    assert (case.state, case.tag, case.tag_reason) == ("applied", "interception_failed", "in_delivery")
    assert (case.due_at, case.interception.state, case.interception.attempts) == (due_at, "failed", 0)
    assert (courier.count(TRACK), courier.count("createIntercept")) == (1, 0)


def test_a_courier_that_cannot_be_asked_fails_closed_and_hands_the_case_back(platform, courier, commits):
    case = case_of(platform)
    make_stale(case)
    courier.on(TRACK, down())

    with commits():
        cases.intercept_case(case, by=agent_of(case.shop))

    case.refresh_from_db()
    assert (case.state, case.tag, case.tag_reason) == ("applied", "interception_failed", "track_unread")
    assert (courier.count(TRACK), courier.count("createIntercept")) == (1, 0)


def test_a_worker_reads_first_and_refuses_at_once_what_the_track_forbids(platform, courier):
    case = case_of(platform)
    make_stale(case)
    record_events({package_of(case).pk: [scan("out_for_delivery", now() - timedelta(seconds=30))]})
    courier.on(TRACK, {"status": True, "statusCode": "SYS000", "result": []})

    with pytest.raises(Refused) as refused:
        read_and_intercept_case(case, by=None)

    assert (refused.value.code, Interception.objects.count()) == ("E11", 0)


def test_the_press_takes_no_more_than_thirty_statements(platform, django_assert_max_num_queries):
    case = case_of(platform)
    agent = agent_of(case.shop)

    with django_assert_max_num_queries(30):
        cases.intercept_case(case, by=agent, shown_version=case.version)


def test_an_older_page_is_refused_and_changes_nothing(platform):
    case = case_of(platform)

    with pytest.raises(Refused) as refused:
        cases.intercept_case(case, by=agent_of(case.shop), shown_version=0)

    assert (refused.value.code, Interception.objects.count()) == ("E16", 0)


def test_the_second_press_reads_that_the_case_has_moved(platform):
    case = case_of(platform)
    shown = case.version
    cases.intercept_case(case, by=agent_of(case.shop), shown_version=shown)

    with pytest.raises(Refused) as refused:
        cases.intercept_case(case, by=agent_of(case.shop), shown_version=shown)

    assert refused.value.detail["codes"] == ["E04", "E14", "E16"]
    assert Interception.objects.count() == 1


def test_the_warehouse_may_not_intercept(platform):
    case = case_of(platform)

    with pytest.raises(Refused) as refused:
        cases.intercept_case(case, by=agent_of(case.shop, "warehouse"))

    assert (refused.value.code, Interception.objects.count()) == ("RIGHT", 0)


def test_both_orders_of_a_shared_parcel_wait_for_the_one_interception(platform):
    shop = kuaishou_shop()
    orders = [shipped_order(platform, shop, nets=(net,)) for net in (8800, 5000)]
    package = make_package("zto", order=orders[0])
    make_package("zto", order=orders[1], waybill=package.waybill)
    one, two = (case_of(platform, order=order, parcel=None) for order in orders)

    cases.intercept_case(one, by=None)

    interception = Interception.objects.get()
    assert list(Case.objects.order_by("pk").values_list("pk", "state", "interception_id")) == [
        (one.pk, "intercepting", interception.pk),
        (two.pk, "intercepting", interception.pk),
    ]


def test_the_rule_submits_by_itself_where_it_is_switched_on_and_the_case_qualifies(platform, courier, commits):
    shop = kuaishou_shop()
    policy.change(shop, by=None, reason="test", auto_submit=True)
    courier.on("createIntercept", ZTO_OK)

    with commits():
        off, fits, part = case_of(platform), case_of(platform, shop), case_of(platform, shop, amount_fen=500)
    again = cases.intercept_by_rule()

    for case in (off, fits, part):
        case.refresh_from_db()
    assert [case.state for case in (off, fits, part)] == ["applied", "intercepting", "applied"]
    assert (fits.interception.submitted_by, fits.interception.state, again) == (None, "running", 0)
    assert Activity.objects.about(part).first().detail == {"codes": ["E13"]}


def test_stopped_in_the_warehouse_voids_the_label_and_pays_when_the_money_goes(platform, courier, commits):
    case = case_of(platform, parcel="labelled")
    policy.change(case.shop, by=None, reason="test", release_manual_refunds="at_once")
    courier.on(TRACK, down())

    with commits():
        cases.stop_in_house(case, by=agent_of(case.shop), shown_version=case.version)

    case.refresh_from_db()
    case.order.refresh_from_db()
    assert (package_of(case).state, case.state, case.order.state) == ("voided", "success", "closed")
    assert platform.paid == [(case.order.number, 8800)]


def test_a_parcel_that_left_meanwhile_is_not_stopped_in_the_warehouse(platform, courier):
    case = case_of(platform, parcel="labelled")
    record_events({package_of(case).pk: [scan("picked_up")]})

    with pytest.raises(Refused) as refused:
        cases.stop_in_house(case, by=agent_of(case.shop), shown_version=case.version)

    case.refresh_from_db()
    assert (refused.value.code, case.state) == ("E11", "applied")


def test_an_open_case_holds_the_orders_next_steps_until_it_ends(platform):
    case = case_of(platform, own_shop())
    held = list(Block.objects.open().filter(order=case.order).values_list("kind", "document", "stops"))

    cases.withdraw_case(case, by=None)

    assert held == [("aftersales", case.number, ["receive", "complete"])]
    assert Block.objects.open().filter(order=case.order).count() == 0
