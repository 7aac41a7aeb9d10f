"""Wishes, payouts, reasons and the sum: what a refund does when it does not go the plain way (R3.20 to R3.24)."""

from datetime import timedelta

import pytest
from django.utils import translation

from aftersales.decisions import services as cases
from aftersales.paying import payouts
from aftersales.refunds import calculator, payback_requests, reasons
from aftersales.refunds import services as refunds
from aftersales.refunds.enums import RefundState
from aftersales.refunds.models import Refund, RefundWish
from merchant.clock import SHANGHAI, now
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
from tests.aftersales.test_refunds import abnormal, agreed

pytestmark = pytest.mark.django_db


def agreed_by_agent(platform, **more):
    case = case_of(platform, own_shop(), **more)
    return cases.agree_case(case, by=agent_of(case.shop))


# --- wishes -----------------------------------------------------------------------------------------------------------


def test_a_granted_exception_is_paid_outside_and_never_sent(platform):
    case = agreed_by_agent(platform)
    agent, owner = agent_of(case.shop), agent_of(case.shop, "owner")
    payback_requests.record_wish(case, way="other_card", note="原卡已注销", by=agent)
    payback_requests.grant_wish(case, by=owner)
    refund = refund_of(case)

    with pytest.raises(Refused) as released:
        refunds.release_refund(refund, by=agent_of(case.shop, "finance"))
    file_payout(refund, by=agent_of(case.shop, "finance"))
    done = payouts.confirm_payout(refund, by=owner)

    case.refresh_from_db()
    case.order.refresh_from_db()
    assert (released.value.code, done.state, case.state) == ("WISH", "offline_done", "success")
    assert (case.order.refunded_fen, platform.paid, platform.wechat.refunds) == (8800, [], {})


def test_an_exception_needs_a_second_person(platform):
    case = agreed_by_agent(platform)
    owner = agent_of(case.shop, "owner")
    payback_requests.record_wish(case, way="offline", by=owner)

    with pytest.raises(Refused) as refused:
        payback_requests.grant_wish(case, by=owner)

    assert (refused.value.code, RefundWish.objects.get().granted_by) == ("SECOND_PERSON", None)
    refunds.release_refund(refund_of(case), by=agent_of(case.shop, "finance"))


def test_a_platform_s_case_goes_back_the_way_it_was_paid(platform):
    case = case_of(platform, kuaishou_shop())
    payback_requests.record_wish(case, way="offline", by=agent_of(case.shop))

    with pytest.raises(Refused) as refused:
        payback_requests.grant_wish(case, by=agent_of(case.shop, "owner"))

    assert refused.value.code == "WISH_PLATFORM"


def test_what_is_with_the_channel_is_not_granted_another_way(platform, commits):
    platform.hold_money()
    case = agreed(platform, commits, own_shop())
    payback_requests.record_wish(case, way="offline", by=agent_of(case.shop))

    with pytest.raises(Refused) as refused:
        payback_requests.grant_wish(case, by=agent_of(case.shop, "owner"))

    assert refused.value.code == "SENT"


def test_a_card_s_number_is_kept_nowhere(platform):
    case = agreed_by_agent(platform)

    with pytest.raises(Refused) as refused:
        payback_requests.record_wish(case, way="other_card", note="6222 0212 3456 7890", by=agent_of(case.shop))

    assert (refused.value.code, RefundWish.objects.count()) == ("CARD_NUMBER", 0)


# --- payouts ----------------------------------------------------------------------------------------------------------


def test_a_payout_names_the_whole_sum_a_day_and_a_paper(platform, commits):
    case, refund = abnormal(platform, commits)
    finance = agent_of(case.shop, "finance")
    today = now().astimezone(SHANGHAI).date()
    told = {"by": finance, "proof": {"method": "bank", "reference": "BK-1"}, "files": [object()]}
    wrong = [
        {**told, "amount_fen": 6800, "paid_on": today, "files": []},
        {**told, "amount_fen": 6799, "paid_on": today},
        {**told, "amount_fen": 6800, "paid_on": today + timedelta(days=1)},
    ]

    codes = []
    for one in wrong:
        with pytest.raises(Refused) as refused:
            payouts.file_payout(refund, **one)
        codes.append(refused.value.code)

    refund.refresh_from_db()
    assert (codes, refund.payout_by) == (["PROOF"] * 3, None)


def test_a_refused_payout_may_be_filed_anew_and_its_papers_are_not_shown_again(platform, commits):
    case, refund = abnormal(platform, commits)
    first, second = agent_of(case.shop, "finance"), agent_of(case.shop, "finance")
    file_payout(refund, by=first)

    refused = payouts.reject_payout(refund, by=second, reason="回单看不清")

    assert (refused.payout_by, refused.payout_proof, refused.state) == (None, {}, RefundState.ABNORMAL)
    assert payouts.proof_files(refused) == []
    again = file_payout(refund, by=first, reference="BK-2")
    assert [row.name for row in payouts.proof_files(again)] == ["photo.jpg"]


def test_a_failed_refund_is_due_when_t_offline_says(platform, commits):
    _case, refund = abnormal(platform, commits)

    assert round((refund.due_at - now()).total_seconds() / 3600) == 48


# --- reasons ----------------------------------------------------------------------------------------------------------


def told(**fields):
    with translation.override("en"):
        found = reasons.explain(Refund(**fields))
        return found and (str(found.title), found.do, found.tone)


@pytest.mark.parametrize(
    ("fields", "title", "do", "tone"),
    [
        ({"state": "abnormal", "error": "ABNORMAL"}, "The card or account it was paid with is void", "ask-buyer", "bad"),
        ({"state": "abnormal", "error": "USER_ACCOUNT_ABNORMAL x"}, "The buyer's account at the", "ask-buyer", "bad"),
        ({"state": "closed", "error": "NOT_ENOUGH x"}, "The shop's balance at the channel was short", "replace", "bad"),
        ({"state": "closed", "error": "CLOSED"}, "The channel has closed this number unpaid.", "replace", "bad"),
        ({"state": "wait_funds", "error": "NOT_ENOUGH x"}, "The shop's balance at the channel is too", "ask", "act"),
        (
            {"state": "processing", "outcome": "throttled", "error": "FREQUENCY_LIMITED x"},
            "The channel takes one refund of an order a minute", "ask", "wait",
        ),
        ({"state": "processing", "outcome": "unknown"}, "Nobody knows yet whether the channel", "ask", "wait"),
        (
            {"state": "processing", "outcome": "refused", "error": "INVALID_REQUEST 订单已超过可退款的最大期限"},
            "The payment is older than the channel pays back (365 days).", "", "act",
        ),
        (
            {"state": "processing", "outcome": "refused", "error": "INVALID_REQUEST more than 50 refunds for one trade"},
            "This payment has had 50 refunds", "", "act",
        ),
        (
            {"state": "processing", "outcome": "refused", "error": "PARAM_ERROR x"},
            "The channel refused the call; nothing was paid.", "ask", "act",
        ),
    ],
)  # fmt: skip
def test_each_answer_of_a_channel_is_a_sentence_and_a_next_step(fields, title, do, tone):
    found = told(**fields)

    assert (found[0].startswith(title), found[1:]) == (True, (do, tone))


@pytest.mark.parametrize("fields", [{"state": "success"}, {"state": "processing", "outcome": "processing"}])
def test_what_goes_as_it_should_needs_no_reason(fields):
    assert told(**fields) is None


def test_a_payment_older_than_the_channel_pays_back_is_refused_unless_another_way_was_granted(platform):
    case = case_of(platform, own_shop())
    Payment.objects.filter(order=case.order).update(paid_at=now() - timedelta(days=366))
    agent = agent_of(case.shop)

    with pytest.raises(Refused) as refused:
        cases.agree_case(case, by=agent)
    payback_requests.record_wish(case, way="offline", by=agent)
    payback_requests.grant_wish(case, by=agent_of(case.shop, "owner"))
    cases.agree_case(case, by=agent)

    assert (refused.value.code, refund_of(case).state, refund_of(case).next_at) == ("WINDOW", "approved", None)


# --- the sum ----------------------------------------------------------------------------------------------------------


def test_the_sum_of_a_refund_can_be_checked_line_by_line(platform, commits):
    shop = own_shop()
    order = shipped_order(platform, shop, nets=(4000, 4800))
    _first, second = order.lines.order_by("line_no")
    case = cases.apply_case(order, kind="refund_only_shipped", amount_fen=4500, parts={second.pk: 4500}, by=None)
    cases.agree_case(case, by=agent_of(shop))

    sheet = calculator.sheet_of(refund_of(case))

    [row] = sheet.rows
    assert (row.net, row.before, row.under_way, row.now, row.left) == (4800, 0, 0, 4500, 300)
    assert row.goods - row.discount - row.subsidy + row.adjusted == row.net
    assert (sheet.goods, sheet.freight, sheet.total) == (4500, 0, 4500)
    assert "M4" in str(sheet.freight_why) or order.freight_fen == 0


def test_a_successor_and_the_one_it_replaces_count_once(platform, commits):
    platform.wechat.set_balance(0)
    case = agreed(platform, commits, own_shop())
    waiting = refund_of(case)
    Refund.objects.update(funds_short_at=now() - timedelta(days=8))
    closed = a_minute_later(case)

    successor = refunds.replace_refund(closed, by=agent_of(case.shop, "finance"))

    case.order.refresh_from_db()
    assert (waiting.state, waiting.due_at - waiting.funds_short_at) == ("wait_funds", timedelta(days=7))
    assert (successor.replaces, case.order.refunding_fen, case.order.refunded_fen) == (closed, 8800, 0)
