"""A channel's notice about a refund wakes the question; what the channel answers is what counts."""

import pytest

from aftersales.decisions import services as cases
from aftersales.paying.notices import read_hint
from aftersales.refunds.models import RefundCall
from merchant.platforms.wechat.notices import RefundNotice, hint_of
from merchant.policy import services as policy
from tests.aftersales.factories import agent_of, case_of, own_shop, refund_of, shipped_order
from tests.merchant.factories import make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(platform, commits):
    """A refund of 6800 fen the channel has taken and not yet paid."""
    platform.hold_money()
    shop = own_shop()
    policy.change(shop, by=None, reason="test", release_manual_refunds="at_once")
    case = case_of(platform, shop, order=shipped_order(platform, shop, nets=(6800,)))
    with commits():
        cases.agree_case(case, by=agent_of(shop, "owner"))
    return case


def notice(case, event="REFUND.SUCCESS", number=""):
    return hint_of(RefundNotice("n-1", event, "1900000000", number or refund_of(case).number))


def account(case):
    return case.shop.platform_accounts.get()


def test_a_notice_settles_a_refund_minutes_before_its_next_question(platform, case):
    before = refund_of(case).state
    platform.let_money_arrive()

    read_hint(account(case), notice(case))

    assert (before, refund_of(case).state, platform.paid) == ("processing", "success", [(case.order.number, 6800)])


def test_a_notice_that_says_more_than_the_channel_answers_changes_nothing(platform, case):
    read_hint(account(case), notice(case))

    assert (refund_of(case).state, platform.paid) == ("processing", [])
    assert list(RefundCall.objects.order_by("pk").values_list("operation", "outcome")) == [
        ("refund", "processing"),
        ("query", "processing"),
    ]


def test_a_notice_about_a_number_of_another_shop_asks_nothing(platform, case):
    other = make_shop("own")
    stranger = type(account(case))(shop=other, platform="wechat_pay")
    asked = platform.count("wechat.query")

    read_hint(stranger, notice(case))
    read_hint(account(case), notice(case, number="RF-UNKNOWN"))

    assert platform.count("wechat.query") == asked
