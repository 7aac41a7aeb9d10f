"""The clocks of a case: silence agrees in our own channel, only warns on a platform (T-AS-HANDLE …; S4)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.decisions import sweeps
from aftersales.refunds.models import Refund
from logistics.interception import services as interceptions
from logistics.interception.enums import Reason
from logistics.tracking.services import record_events
from merchant import clock
from merchant.clock import SHANGHAI, now
from merchant.policy import services as policy
from merchant.trail.models import Activity
from tests.aftersales.factories import (
    a_minute_later,
    agent_of,
    case_of,
    intercepting,
    own_shop,
    package_of,
    refund_of,
    shipped_order,
)
from tests.logistics.factories import scan

pytestmark = pytest.mark.django_db


def run_out(case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(due_at=now() - timedelta(seconds=1))


@pytest.fixture
def one_clock(monkeypatch):
    """The database's clock travels with ours."""
    monkeypatch.setattr(clock, "database_now", now)


def test_s4_the_courier_fails_near_the_deadline_and_nobody_acts(platform, commits, one_clock):
    monday = datetime(2026, 11, 23, 9, 0, tzinfo=SHANGHAI)
    with time_machine.travel(monday, tick=False):
        case = case_of(platform, own_shop())
    with time_machine.travel(monday + timedelta(hours=35), tick=False):  # Tuesday 20:00
        record_events({package_of(case).pk: [scan("in_transit")]}, checked_at=now())
        interception = intercepting(case)
    with time_machine.travel(monday + timedelta(hours=47), tick=False), commits():  # Wednesday 08:00
        interceptions.fail_interception(interception, reason=Reason.SIGNED)
    case.refresh_from_db()
    back = case.state, case.tag, case.tag_reason, case.due_at
    with time_machine.travel(monday + timedelta(hours=47, minutes=1), tick=False):
        warned = sweeps.warn_late_cases()
    with time_machine.travel(monday + timedelta(hours=48), tick=False), commits():
        sweeps.act_on_late_cases()
    with time_machine.travel(monday + timedelta(hours=48, minutes=2), tick=False):
        a_minute_later(case)

    case.refresh_from_db()
    assert back == ("applied", "interception_failed", "signed", (monday + timedelta(hours=48)).astimezone(UTC))
    assert warned == 1
    assert (case.state, case.is_auto, case.is_late) == ("success", True, True)
    assert (refund_of(case).source, platform.paid) == ("timer", [(case.order.number, 8800)])


@pytest.mark.parametrize("jump", [timedelta(days=3), timedelta(days=400), timedelta(minutes=-30)])
def test_a_clock_that_has_jumped_decides_nothing(platform, commits, jump):
    paying, offered = case_of(platform, own_shop()), case_of(platform, own_shop(), nets=(10200,))
    cases.propose_case(offered, by=agent_of(offered.shop), amount_fen=5100)

    with time_machine.travel(now() + jump), commits():
        done = sweeps.act_on_late_cases()

    states = list(Case.objects.order_by("pk").values_list("state", "is_late"))
    assert (done, states, Refund.objects.count()) == (0, [("applied", False), ("wait_buyer_reply", False)], 0)
    # Set right again, the deadlines are as they were.
    run_out(paying)
    with commits():
        sweeps.act_on_late_cases()
    paying.refresh_from_db()
    assert (paying.state, refund_of(paying).source) == ("refunding", "timer")


def test_a_deadline_that_passed_unseen_long_ago_pays_nothing_by_itself(platform, commits):
    """Every clock has jumped together, or nobody swept for a day."""
    case = case_of(platform, own_shop())
    Case.objects.filter(pk=case.pk).update(due_at=now() - timedelta(hours=1, seconds=5))

    with commits():
        sweeps.act_on_late_cases()

    case.refresh_from_db()
    assert (case.state, case.is_late, Refund.objects.count()) == ("applied", True, 0)
    assert Activity.objects.filter(subject_kind="case", subject_id=case.pk, verb="case.late").get().reason == "CLOCK"


def test_on_a_platform_the_clock_only_warns_and_is_told_once(platform, commits):
    case = case_of(platform)
    run_out(case)

    with commits():
        first, second = sweeps.act_on_late_cases(), sweeps.act_on_late_cases()

    case.refresh_from_db()
    assert (first, second, case.state, case.is_late) == (1, 0, "applied", True)
    assert (Refund.objects.count(), platform.paid) == (0, [])


def test_above_the_second_persons_limit_silence_waits_marked_late(platform, commits):
    case = case_of(platform, own_shop(), nets=(100_001,))
    warned = sweeps.warn_late_cases()
    Case.objects.update(due_at=now() + timedelta(hours=4))
    warned_now, again = sweeps.warn_late_cases(), sweeps.warn_late_cases()
    run_out(case)

    with commits():
        sweeps.act_on_late_cases()

    case.refresh_from_db()
    assert (warned, warned_now, again) == (0, 1, 0)
    assert (case.state, case.is_late, Refund.objects.count()) == ("applied", True, 0)


def test_silence_while_the_parcel_is_being_stopped_pays_and_the_interception_goes_on(platform, commits):
    case = case_of(platform, own_shop())
    interception = intercepting(case)
    run_out(case)

    with commits():
        sweeps.act_on_late_cases()

    case.refresh_from_db()
    interception.refresh_from_db()
    assert (case.state, refund_of(case).source, interception.state) == ("refunding", "timer", "running")


def test_an_offer_that_is_not_answered_lapses(platform):
    case = case_of(platform, own_shop(), nets=(10200,))
    cases.propose_case(case, by=agent_of(case.shop), amount_fen=5100)
    run_out(case)

    sweeps.act_on_late_cases()

    case.refresh_from_db()
    assert (case.state, case.clock) == ("applied", "T-AS-HANDLE")


def test_a_refusal_nobody_disputes_closes_and_frees_the_goods(platform):
    case = case_of(platform, own_shop())
    cases.refuse_case(case, by=agent_of(case.shop), reason="other")
    case.refresh_from_db()
    length = round((case.due_at - now()).total_seconds() / 86400)
    run_out(case)

    sweeps.act_on_late_cases()

    case.refresh_from_db()
    assert (length, case.state, case.lines.get().is_open) == (7, "closed", False)


def test_silence_on_a_return_agrees_to_the_return_and_pays_nothing(platform):
    order = shipped_order(platform, own_shop(), nets=(2000,))
    case = cases.apply_case(order, kind="return_refund", amount_fen=2000, by=None)
    run_out(case)

    sweeps.act_on_late_cases()

    case.refresh_from_db()
    assert (case.state, case.clock, Refund.objects.count()) == ("wait_buyer_return", "T-BUYER-RETURN", 0)


def test_a_clock_keeps_the_length_it_started_with(platform):
    shop = own_shop()
    before = case_of(platform, shop)
    policy.change(shop, by=None, reason="test", t_as_handle=3600)

    after = case_of(platform, shop)

    assert round((before.due_at - before.applied_at).total_seconds()) == 48 * 3600
    assert round((after.due_at - after.applied_at).total_seconds()) == 3600
    assert (before.policy_version, after.policy_version is not None) == (None, True)


def test_the_timer_finds_everything_a_lost_wake_up_would_have_started(platform, commits):
    failed, stopped = case_of(platform), case_of(platform)
    for case in (failed, stopped):
        intercepting(case)
    failed.refresh_from_db()
    stopped.refresh_from_db()
    interceptions.fail_interception(failed.interception, reason=Reason.SIGNED)
    interceptions.succeed_interception(stopped.interception, by=None, evidence="status")

    with commits():
        moved = sweeps.sweep_cases()

    for case in (failed, stopped):
        case.refresh_from_db()
    assert {name: count for name, count in moved.items() if count} == {"followed": 2}
    assert (failed.state, failed.tag, stopped.state) == ("applied", "interception_failed", "success")
