"""What every channel must do, whoever it is: each scripted outcome ends in the state it must, and no life pays twice.

Each channel is walked against its own sandbox wire in this process: signatures, codes and checks are the sandbox's, only
the socket is left out. A channel that is added stands in `CHANNELS` and passes as it is.
"""

from dataclasses import dataclass

import pytest

from aftersales.channels import registry
from aftersales.decisions import services as cases
from aftersales.platforms import intake
from aftersales.refunds.models import RefundCall
from merchant.ledger import services as ledger
from merchant.policy import services as policy
from tests.aftersales.factories import (
    a_minute_later,
    account_of,
    agent_of,
    case_of,
    douyin_shop,
    kuaishou_shop,
    own_shop,
    refund_of,
    shipped_order,
)

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Walked:
    """A channel under test: its shop, and the pieces of path its order to pay and its question are known by."""

    code: str
    shop: object
    order: str
    ask: str
    is_platform: bool


CHANNELS = [
    Walked("kuaishou", kuaishou_shop, "refund.approve", "refund.detail", True),
    Walked("douyin", douyin_shop, "afterSale.operate", "afterSale.Detail", True),
    Walked("wechat_pay", own_shop, "wechat.refund", "wechat.query", False),
]


PLATFORMS = [channel for channel in CHANNELS if channel.is_platform]
# Kuaishou has no word for a buyer's account that takes no money.
NAMES_ABNORMAL = [channel for channel in CHANNELS if channel.code != "kuaishou"]
only = {"argnames": "channel", "indirect": True, "ids": lambda channel: channel.code}


@pytest.fixture(params=CHANNELS, ids=lambda channel: channel.code)
def channel(request):
    return request.param


@pytest.fixture
def agreed(platform, channel, commits):
    """An agent agrees and the refund has been sent once, after `before(case)` has bent the world."""

    def walk(before=lambda case: None, **order):
        shop = channel.shop()
        policy.change(shop, by=None, reason="test", release_manual_refunds="at_once")
        case = case_of(platform, shop, order=shipped_order(platform, shop, **order))
        before(case)
        platform.calls.clear()
        with commits():
            cases.agree_case(case, by=agent_of(shop, "owner"))
        case.refresh_from_db()
        return case

    return walk


def until_settled(case, turns=4):
    for _turn in range(turns):
        refund = a_minute_later(case)
    return refund


def outcomes(case):
    return list(RefundCall.objects.filter(refund__case=case).order_by("attempt").values_list("operation", "outcome"))


def assert_paid_once(platform, case):
    """The buyer has the money once, and the case, the order and the ledger say the same."""
    case.refresh_from_db()
    case.order.refresh_from_db()
    assert platform.paid == [(case.order.number, 8800)]
    assert (refund_of(case).state, case.state) == ("success", "success")
    assert (case.order.refunded_fen, case.order.refunding_fen) == (8800, 0)
    assert ledger.balances(case.shop, order_number=case.order.number) == {
        "platform_receivable": -8800,
        "refunds_paid": 8800,
    }


def assert_nothing_paid(platform, case):
    case.refresh_from_db()
    case.order.refresh_from_db()
    assert (platform.paid, case.order.refunded_fen) == ([], 0)
    assert ledger.balances(case.shop, order_number=case.order.number) == {}


def test_a_refund_goes_back_the_way_the_order_was_paid(channel, agreed):
    case = agreed()

    assert refund_of(case).channel == channel.code
    assert registry.get(channel.code).is_platform is channel.is_platform


def test_agreed_is_paid_with_one_order_to_pay(platform, channel, agreed):
    case = agreed()
    until_settled(case, turns=1)

    assert_paid_once(platform, case)
    assert platform.count(channel.order) == 1


def test_money_that_travels_is_asked_for_and_never_ordered_again(platform, channel, agreed):
    platform.hold_money()
    case = agreed()
    on_its_way = refund_of(case).state, outcomes(case)

    until_settled(case, turns=3)
    still = refund_of(case).state
    platform.let_money_arrive()
    until_settled(case, turns=1)

    assert on_its_way == ("processing", [("refund", "processing")])
    assert (still, platform.count(channel.order)) == ("processing", 1)
    assert_paid_once(platform, case)


@pytest.mark.parametrize("how", ["lost", "garbage"])
def test_carried_out_but_unheard_is_asked_for_and_not_ordered_again(platform, channel, agreed, how):
    platform.fail(channel.order, how)
    case = agreed()
    unknown = outcomes(case)

    until_settled(case)

    assert unknown == [("refund", "unknown")]
    assert platform.count(channel.order) == 1
    assert_paid_once(platform, case)


def test_never_carried_out_is_asked_for_first_and_then_ordered_under_the_same_number(platform, channel, agreed):
    platform.fail(channel.order, "silent")
    case = agreed()
    number = refund_of(case).number

    a_minute_later(case)
    asked = outcomes(case)
    until_settled(case)

    assert asked[:3] == [
        ("refund", "unknown"), ("query", "unknown_number"), ("refund", asked[2][1])
    ]  # fmt: skip
    assert (refund_of(case).number, platform.count(channel.order)) == (number, 2)
    assert_paid_once(platform, case)


def test_no_connection_at_all_is_tried_again(platform, channel, agreed):
    platform.fail(channel.order, "down")
    case = agreed()
    waiting = refund_of(case).state, list(platform.paid)

    until_settled(case)

    assert waiting == ("processing", [])
    assert_paid_once(platform, case)


def test_a_question_that_gets_no_answer_decides_nothing(platform, channel, agreed):
    platform.hold_money()
    case = agreed()
    platform.let_money_arrive()
    platform.fail(channel.ask, "silent", times=2)

    waiting = [a_minute_later(case).state for _turn in range(2)]
    until_settled(case, turns=1)

    assert (waiting, platform.count(channel.order)) == (["processing", "processing"], 1)
    assert_paid_once(platform, case)


def test_asked_to_come_later_it_comes_later(platform, channel, agreed):
    platform.fail(channel.order, "throttled")
    case = agreed()
    waiting = refund_of(case).state, outcomes(case)

    until_settled(case)

    assert waiting == ("processing", [("refund", "throttled")])
    assert_paid_once(platform, case)


def test_a_short_balance_waits_for_funds_and_pays_under_the_same_number(platform, channel, agreed):
    platform.fail(channel.order, "short", times=2)
    case = agreed()
    waiting, number = refund_of(case).state, refund_of(case).number

    still = a_minute_later(case).state
    until_settled(case)

    assert (waiting, still, refund_of(case).number) == ("wait_funds", "wait_funds", number)
    assert_paid_once(platform, case)


@pytest.mark.parametrize(argvalues=NAMES_ABNORMAL, **only)
def test_a_buyer_s_account_that_takes_no_money_is_shown_and_nothing_is_paid(platform, channel, agreed):
    platform.world.set_faults({"abnormal": 1})

    def void_card(case):
        if channel.code == "wechat_pay":
            platform.wechat.trades[case.order.number]["ends"] = "abnormal"

    case = agreed(before=void_card)
    until_settled(case, turns=2)

    case.refresh_from_db()
    assert (refund_of(case).state, case.state, case.clock) == ("abnormal", "refund_failed", "T-OFFLINE")
    # Owed to the buyer until somebody pays it another way.
    assert ledger.balances(case.shop, order_number=case.order.number) == {
        "refunds_paid": 8800,
        "refunds_payable": -8800,
    }
    assert platform.paid == []
    assert platform.count(channel.order) == 1


@pytest.mark.parametrize(argvalues=PLATFORMS, **only)
def test_withdrawn_by_the_buyer_before_we_pay_is_void_and_nothing_is_paid(platform, channel, agreed):
    case = agreed(before=lambda case: platform.control.act(case.number, "withdraw"))

    assert_nothing_paid(platform, case)
    assert (refund_of(case).state, case.state, platform.count(channel.order)) == ("void", "closed", 0)


@pytest.mark.parametrize(argvalues=PLATFORMS, **only)
def test_another_amount_before_we_pay_is_void_and_asks_the_shop_again(platform, channel, agreed):
    case = agreed(before=lambda case: platform.control.act(case.number, "edit", refund_fee=8000))

    assert_nothing_paid(platform, case)
    assert (refund_of(case).state, case.state, case.amount_fen) == ("void", "applied", 8000)
    assert platform.count(channel.order) == 0


@pytest.mark.parametrize(argvalues=PLATFORMS, **only)
def test_paid_by_the_platform_before_we_pay_is_settled_by_its_money(platform, channel, agreed):
    def pay(case):
        platform.control.act(case.number, "platform_pay")
        platform.let_money_arrive()

    case = agreed(before=pay)

    assert_paid_once(platform, case)
    assert platform.count(channel.order) == 0


@pytest.mark.parametrize(argvalues=PLATFORMS, **only)
def test_with_the_platform_s_judges_nothing_is_ordered(platform, channel, agreed):
    case = agreed(before=lambda case: platform.control.act(case.number, "intervene"))

    assert_nothing_paid(platform, case)
    assert (refund_of(case).state, case.state, platform.count(channel.order)) == ("void", "platform", 0)


@pytest.mark.parametrize(argvalues=PLATFORMS, **only)
def test_changed_between_reading_and_deciding_is_read_again_and_never_paid_on_the_old_row(
    platform, channel, agreed, monkeypatch
):
    """The row changes once, after our reading and before our decision; it still asks for the same, so it is paid."""
    changed = []

    def send(method, url, **how):
        if how["is_write"] and not changed:
            changed.append(True)
            key = next(key for key, row in platform.world.refunds.items() if row["status"] == 10)
            row = platform.world.refunds[key]
            row["updateTime"] += 2000
            row["negotiateStatus"] = 0
        return platform.send(method, url, **how)

    from merchant.platforms import wire

    monkeypatch.setattr(wire, "send", send)
    case = agreed()
    until_settled(case, turns=1)

    assert platform.count(channel.order) == 2
    assert_paid_once(platform, case)


def test_a_second_worker_and_a_late_poll_change_nothing(platform, channel, agreed, commits):
    case = agreed()
    until_settled(case)
    paid = list(platform.paid)

    with commits():
        until_settled(case, turns=3)
    if channel.is_platform:
        intake.re_read(account_of(case.shop), case.number)

    assert (platform.paid, platform.count(channel.order)) == (paid, 1)
    assert_paid_once(platform, case)
