"""When a refund arrives: the table per channel and way of paying, in working days (R3.23, R3.38)."""

from datetime import date, datetime

import pytest
from django.utils import translation

from aftersales.refunds import arrivals
from aftersales.refunds.models import Refund
from merchant.clock import SHANGHAI
from merchant.policy.models import Policy
from orders.record.models import Order

FRIDAY = datetime(2026, 11, 27, 15, 0, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def refund(channel="wechat_pay", state="processing", **fields):
    order = Order(pay_method=fields.pop("pay_method", ""))
    return Refund(order=order, channel=channel, state=state, sent_at=FRIDAY, **fields)


def said(row, **settings):
    expected = arrivals.estimate(row, Policy(**settings))
    return expected and (expected.text, expected.rule, expected.is_assumption)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 11, 24), 3, date(2026, 11, 27)),
        (date(2026, 11, 27), 1, date(2026, 11, 30)),
        (date(2026, 11, 27), 3, date(2026, 12, 2)),
        (date(2026, 11, 28), 1, date(2026, 11, 30)),
    ],
)
def test_weekends_are_no_working_days(day, count, expected):
    assert arrivals.working_day_after(day, count) == expected


def test_what_was_paid_from_the_balance_is_there_in_minutes():
    row = refund(pay_method="零钱")

    assert said(row) == ("about 5 minutes", "ARRIVE-WECHAT-BALANCE", False)


def test_what_the_channel_says_counts_more_than_what_the_order_says():
    row = refund(pay_method="零钱", went_to="card")

    assert said(row) == ("1–3 working days, by 2026-12-02", "ARRIVE-WECHAT-CARD", False)


def test_where_nobody_knows_how_it_was_paid_both_are_told():
    text = "WeChat balance: about 5 minutes; bank card: 1–3 working days, by 2026-12-02"

    assert said(refund()) == (text, "ARRIVE-WECHAT-CARD", False)


def test_a_platform_s_time_is_an_assumption_and_a_shop_may_change_it():
    text = "the way it was paid, as fast as that bank or wallet is; usually by 2026-12-04"

    assert said(refund("kuaishou"), arrive_platform_days=5) == (text, "ARRIVE-PLATFORM", True)


@pytest.mark.parametrize("state", ["wait_funds", "abnormal", "closed", "void", "rejected", "offline_done"])
def test_what_is_not_on_its_way_through_the_channel_is_not_promised(state):
    assert said(refund(state=state)) is None
