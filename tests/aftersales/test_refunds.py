"""Money on its way: claim, call, record. Unknown is asked for, told again only when the channel knows nothing (law 3)."""

from datetime import datetime, timedelta

import pytest
import time_machine

from aftersales.channels import registry
from aftersales.decisions import services as cases
from aftersales.paying import payouts, sending
from aftersales.refunds import services as refunds
from aftersales.refunds.clocks import send_at
from aftersales.refunds.enums import Source
from aftersales.refunds.models import Refund, RefundCall
from merchant.clock import SHANGHAI, now
from merchant.ledger import services as ledger
from merchant.policy import services as policy
from merchant.refusals import Refused
from orders.payments.models import Payment
from tests.aftersales.factories import (
    a_minute_later,
    agent_of,
    case_of,
    file_payout,
    kuaishou_shop,
    own_shop,
    refund_of,
    shipped_order,
)

pytestmark = pytest.mark.django_db
APPROVE = "refund.approve"


def quick(shop, **more):
    policy.change(shop, by=None, reason="test", release_manual_refunds="at_once", **more)
    return shop


def calls(refund: Refund) -> list[tuple[int, str, str]]:
    return list(
        RefundCall.objects.filter(refund=refund).order_by("attempt").values_list("attempt", "operation", "outcome")
    )


def agreed(platform, commits, shop=None, **more):
    """A case agreed by an agent whose refund has been sent once."""
    case = case_of(platform, quick(shop or kuaishou_shop()), **more)
    with commits():
        cases.agree_case(case, by=agent_of(case.shop, "owner"))
    case.refresh_from_db()
    return case


# --- unknown outcomes -------------------------------------------------------------------------------------------------


def test_an_answer_lost_after_the_platform_took_it_is_asked_for_and_not_sent_again(platform, commits):
    platform.fail(APPROVE, "lost")
    case = agreed(platform, commits)
    unknown = refund_of(case).state, platform.paid

    refund = a_minute_later(case)

    assert unknown == ("processing", [])
    assert (refund.state, platform.paid, platform.count(APPROVE)) == ("success", [(case.order.number, 8800)], 1)
    assert calls(refund) == [(1, "refund", "unknown"), (2, "query", "success")]


def test_an_order_that_never_arrived_is_sent_again_under_the_same_number(platform, commits):
    platform.fail(APPROVE, "silent")
    case = agreed(platform, commits)

    refund = a_minute_later(case)

    assert (refund.state, platform.paid, platform.count(APPROVE)) == ("success", [(case.order.number, 8800)], 2)
    assert calls(refund) == [(1, "refund", "unknown"), (2, "query", "unknown_number"), (3, "refund", "success")]
    assert Refund.objects.count() == 1


def test_a_worker_that_died_between_claim_and_call_is_followed_up(platform, commits, monkeypatch):
    case = case_of(platform, quick(kuaishou_shop()))
    cases.agree_case(case, by=agent_of(case.shop))

    class Killed(BaseException):
        pass

    def die(*_args):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sending, "_call", die)
        with pytest.raises(Killed):
            sending.send_refund(refund_of(case).pk)
    claimed = refund_of(case).state, refund_of(case).attempts, sending.send_refund(refund_of(case).pk)

    refund = a_minute_later(case)

    assert claimed == ("processing", 1, None)
    assert (refund.state, platform.paid) == ("success", [(case.order.number, 8800)])


def test_a_second_worker_finds_nothing_to_send(platform, commits):
    case = case_of(platform, quick(kuaishou_shop()))
    cases.agree_case(case, by=agent_of(case.shop))
    refund = refund_of(case)

    first, second = sending.send_refund(refund.pk), sending.send_refund(refund.pk)

    assert (first.state, second, platform.count(APPROVE)) == ("success", None, 1)


def test_the_refund_is_not_told_again_when_the_case_has_moved_meanwhile(platform, commits):
    platform.fail(APPROVE, "silent")
    case = agreed(platform, commits)
    type(case).objects.filter(pk=case.pk).update(amount_fen=7000)

    refund = a_minute_later(case)

    case.refresh_from_db()
    assert (refund.state, platform.paid) == ("void", [])
    assert (case.state, case.tag_reason) == ("applied", "CASE_CHANGED")


# --- the platform's optimistic check ----------------------------------------------------------------------------------


def test_300014_is_read_again_and_paid_when_the_row_asks_for_the_same(platform, commits):
    case = case_of(platform, quick(kuaishou_shop()))
    original = platform.wire._check_approve
    seen = []

    def once(row, param):
        if not seen:
            seen.append(platform.world.change_refund(str(row["refundId"]), negotiateStatus=0, is_told=False))
            row = seen[0]
        original(row, param)

    platform.wire._check_approve = once
    with commits():
        cases.agree_case(case, by=agent_of(case.shop))

    assert (refund_of(case).state, platform.count(APPROVE)) == ("success", 2)
    assert platform.paid == [(case.order.number, 8800)]


def test_an_amount_edited_before_we_pay_voids_ours_and_asks_again(platform, commits):
    case = case_of(platform, quick(kuaishou_shop()))
    platform.control.act(case.number, "edit", refund_fee=8000)

    with commits():
        cases.agree_case(case, by=agent_of(case.shop))

    case.refresh_from_db()
    case.order.refresh_from_db()
    assert (refund_of(case).state, case.state, case.amount_fen) == ("void", "applied", 8000)
    assert (case.order.refunding_fen, platform.paid, platform.count(APPROVE)) == (0, [], 0)


def test_a_case_the_buyer_took_back_is_closed_and_nothing_is_paid(platform, commits):
    case = case_of(platform, quick(kuaishou_shop()))
    platform.control.act(case.number, "withdraw")

    with commits():
        cases.agree_case(case, by=agent_of(case.shop))

    case.refresh_from_db()
    assert (refund_of(case).state, case.state, platform.paid) == ("void", "closed", [])


def test_a_case_the_platform_paid_meanwhile_is_settled_by_its_own_money(platform, commits):
    case = case_of(platform, quick(kuaishou_shop()))
    platform.control.act(case.number, "platform_pay")

    with commits():
        cases.agree_case(case, by=agent_of(case.shop))

    case.refresh_from_db()
    assert (refund_of(case).state, case.state, platform.count(APPROVE)) == ("success", "success", 0)
    assert platform.paid == [(case.order.number, 8800)]


# --- what a channel can say -------------------------------------------------------------------------------------------


def test_a_short_balance_waits_for_funds_and_is_paid_under_the_same_number(platform, commits):
    platform.wechat.set_balance(1000)
    case = agreed(platform, commits, own_shop())
    waiting = refund_of(case).state

    still = a_minute_later(case).state
    platform.wechat.set_balance(100_000)
    a_minute_later(case)
    refund = a_minute_later(case)

    assert (waiting, still, refund.state) == ("wait_funds", "wait_funds", "success")
    assert (platform.paid, len(platform.wechat.refunds)) == ([(case.order.number, 8800)], 1)


def test_funds_short_for_seven_days_close_it_and_a_successor_takes_over_once(platform, commits):
    platform.wechat.set_balance(0)
    case = agreed(platform, commits, own_shop())
    Refund.objects.update(funds_short_at=now() - timedelta(days=8))
    closed = a_minute_later(case)
    finance = agent_of(case.shop, "finance")
    case.refresh_from_db()
    failed = closed.state, case.state, case.clock

    platform.wechat.set_balance(100_000)
    successor = refunds.replace_refund(closed, by=finance)
    with pytest.raises(Refused) as twice:
        refunds.replace_refund(closed, by=finance)
    Refund.objects.filter(pk=closed.pk).update(sent_at=now() - timedelta(days=8))
    a_minute_later(case)
    refund = a_minute_later(case)

    case.refresh_from_db()
    case.order.refresh_from_db()
    assert failed == ("closed", "refund_failed", "T-OFFLINE")
    assert (refund.number, refund.state, refund.replaces) == (successor.number, "success", closed)
    assert (twice.value.code, case.state) == ("REPLACED", "success")
    assert (case.order.refunded_fen, case.order.refunding_fen, platform.paid) == (8800, 0, [(case.order.number, 8800)])
    assert ledger.balances(case.shop, order_number=case.order.number) == {
        "platform_receivable": -8800,
        "refunds_paid": 8800,
    }


def abnormal(platform, commits):
    """S13: the card is void."""
    shop = own_shop()
    order = shipped_order(platform, shop, nets=(6800,))
    platform.wechat.trades[order.number]["ends"] = "abnormal"
    case = agreed(platform, commits, shop, order=order)
    return case, a_minute_later(case)


def test_s13_a_void_card_is_paid_offline_by_two_people_and_never_twice(platform, commits):
    case, refund = abnormal(platform, commits)
    first, second = agent_of(case.shop, "finance"), agent_of(case.shop, "finance")
    case.refresh_from_db()
    failed = refund.state, case.state, refund.error

    file_payout(refund, by=first, reference="BK-1")
    with pytest.raises(Refused) as alone:
        payouts.confirm_payout(refund, by=first)
    done = payouts.confirm_payout(refund, by=second)

    case.refresh_from_db()
    case.order.refresh_from_db()
    assert failed == ("abnormal", "refund_failed", "ABNORMAL")
    assert (alone.value.code, done.state, case.state) == ("SECOND_PERSON", "offline_done", "success")
    assert (case.order.refunded_fen, case.order.refundable_fen, platform.paid) == (6800, 0, [])
    assert ledger.balances(case.shop, order_number=case.order.number) == {
        "offline_payouts": -6800,
        "refunds_paid": 6800,
    }


def test_a_number_the_channel_never_took_may_be_paid_offline(platform, commits):
    platform.wechat.set_balance(0)
    case = agreed(platform, commits, own_shop())
    Refund.objects.update(funds_short_at=now() - timedelta(days=8))
    closed = a_minute_later(case)
    file_payout(closed, by=agent_of(case.shop, "finance"), reference="BK-2")

    done = payouts.confirm_payout(closed, by=agent_of(case.shop, "owner"))

    assert (done.state, platform.paid) == ("offline_done", [])


def test_an_old_number_that_paid_after_all_is_not_paid_out_a_second_time(platform, commits):
    case, refund = abnormal(platform, commits)
    file_payout(refund, by=agent_of(case.shop, "finance"), reference="BK-1")
    row = platform.wechat.refunds[refund.number]
    platform.wechat._end({**row, "ends": ""})

    with pytest.raises(Refused) as refused:
        payouts.confirm_payout(refund, by=agent_of(case.shop, "owner"))

    refund.refresh_from_db()
    case.refresh_from_db()
    assert (refused.value.code, refund.state, case.state) == ("PAID", "success", "success")
    assert platform.paid == [(case.order.number, 6800)]


def test_a_channel_that_does_not_answer_forbids_the_payout(platform, commits):
    case, refund = abnormal(platform, commits)
    file_payout(refund, by=agent_of(case.shop, "finance"), reference="BK-1")
    platform.fail("wechat.query", "silent")

    with pytest.raises(Refused) as refused:
        payouts.confirm_payout(refund, by=agent_of(case.shop, "owner"))

    assert (refused.value.code, refund_of(case).state) == ("MAY_STILL_PAY", "abnormal")


def test_a_channel_that_asks_to_come_later_is_asked_later(platform, commits):
    platform.fail(APPROVE, "throttled")
    case = agreed(platform, commits)
    waiting = refund_of(case)

    refund = a_minute_later(case)

    assert (waiting.state, waiting.error) == ("processing", "802000 too many")
    assert (refund.state, refund.error, platform.paid) == ("success", "", [(case.order.number, 8800)])


def test_polls_come_a_minute_apart_and_then_further_and_further(platform, commits):
    platform.hold_money()
    case = agreed(platform, commits)
    waits = []

    for _turn in range(9):
        refund = a_minute_later(case)
        waits.append(round((refund.next_at - now()).total_seconds() / 60))
    platform.let_money_arrive()

    assert waits == [1, 1, 1, 1, 5, 10, 20, 30, 30]
    assert a_minute_later(case).state == "success"


# --- limits of the road -----------------------------------------------------------------------------------------------


def test_two_refunds_of_one_order_go_out_a_minute_apart(platform, commits):
    shop = quick(own_shop())
    order = shipped_order(platform, shop, nets=(4000, 4800))
    lines = list(order.lines.order_by("line_no"))
    both = [
        cases.apply_case(
            order, kind="refund_only_shipped", amount_fen=line.net_fen, parts={line.pk: line.net_fen}, by=None
        )
        for line in lines
    ]
    for case in both:
        cases.agree_case(case, by=agent_of(shop, "owner"))

    sending.send_refund(refund_of(both[0]).pk)
    sending.send_refund(refund_of(both[1]).pk)

    first, second = (refund_of(case) for case in both)
    assert (first.state, second.state) == ("processing", "approved")
    assert second.next_at == first.sent_at + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("at", "deadline", "expected"),
    [
        ("2026-11-23 09:00", None, "2026-11-23 09:00"),
        ("2026-11-23 20:59", None, "2026-11-23 20:59"),
        ("2026-11-23 21:00", None, "2026-11-24 09:00"),
        ("2026-11-23 03:00", None, "2026-11-23 09:00"),
        ("2026-11-23 22:00", "2026-11-24 02:00", "2026-11-24 01:30"),
        ("2026-11-23 22:00", "2026-11-23 22:10", "2026-11-23 22:00"),
    ],
)
def test_the_window_holds_automatic_refunds_until_nine_but_never_past_the_deadline(at, deadline, expected):
    from merchant.policy.models import Policy

    def here(text):
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI) if text else None

    assert send_at(Policy(refund_window="09:00-21:00"), at=here(at), deadline=here(deadline)) == here(expected)


def test_a_refund_in_the_window_is_read_again_when_it_opens(platform, commits):
    from tests.aftersales.factories import intercepting, stop

    case = case_of(platform)
    policy.change(case.shop, by=None, reason="test", refund_window="09:00-21:00")
    intercepting(case)
    night = (now().astimezone(SHANGHAI) + timedelta(days=1)).replace(hour=1, minute=0, second=0, microsecond=0)
    type(case).objects.update(due_at=night + timedelta(days=2))
    with time_machine.travel(night, tick=False), commits():
        stop(case)
    waiting = refund_of(case)

    with time_machine.travel(night.replace(hour=8, minute=59), tick=False):
        early = sending.sweep_refunds()
    with time_machine.travel(night.replace(hour=9), tick=False), commits():
        sending.sweep_refunds()

    assert (waiting.state, waiting.next_at) == ("approved", night.replace(hour=9))
    assert (early, refund_of(case).state, platform.paid) == (0, "success", [(case.order.number, 8800)])


def test_finance_above_its_limit_needs_an_approver_before_it(platform):
    case = case_of(platform, nets=(100_001,))
    cases.agree_case(case, by=agent_of(case.shop, "owner"))
    first, second = agent_of(case.shop, "finance"), agent_of(case.shop, "finance")
    refund = refund_of(case)

    refunds.approve_refund(refund, by=first)
    with pytest.raises(Refused) as refused:
        refunds.release_refund(refund, by=first)
    refunds.release_refund(refund, by=second)

    refund.refresh_from_db()
    assert (refused.value.code, refund.released_by, refund.next_at is not None) == ("SECOND_PERSON", second, True)


def test_a_refund_goes_back_the_way_the_order_was_paid_and_the_database_holds_it(platform):
    from django.db import IntegrityError, transaction

    case = case_of(platform)
    other = case_of(platform)
    cases.agree_case(case, by=agent_of(case.shop))
    refund = refund_of(case)

    for wrong in ({"channel": "wechat_pay"}, {"payment": Payment.objects.get(order=other.order)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Refund.objects.filter(pk=refund.pk).update(**wrong)

    assert (refund.channel, refund.payment.order_id) == ("kuaishou", case.order_id)


def test_a_case_has_one_refund_that_may_pay_and_the_database_holds_it(platform):
    case = case_of(platform)
    cases.agree_case(case, by=agent_of(case.shop))
    line = case.order.lines.get()

    with pytest.raises(Refused) as refused:
        refunds.create_refund(case.order, parts={line.pk: 8800}, source=Source.MANUAL, by=None, case=case)

    case.order.refresh_from_db()
    assert (refused.value.code, Refund.objects.count(), case.order.refunding_fen) == ("LIVE_REFUND", 1, 8800)


def test_an_order_without_a_channel_of_ours_is_refused_in_a_sentence(platform):
    order = shipped_order(platform, own_shop())
    Payment.objects.filter(order=order).update(channel="alipay")

    with pytest.raises(Refused) as refused:
        registry.for_order(order)

    assert refused.value.code == "NO_CHANNEL"


def test_the_trail_of_a_refund_tells_every_step(platform, commits):
    case = agreed(platform, commits)

    from merchant.trail.models import Activity

    lines = Activity.objects.about(refund_of(case)).order_by("pk").values_list("verb", "from_state", "to_state")
    assert list(lines) == [
        ("refund.create", "", "created"),
        ("refund.approve", "created", "approved"),
        ("refund.send", "approved", "processing"),
        ("refund.settle", "processing", "success"),
    ]
