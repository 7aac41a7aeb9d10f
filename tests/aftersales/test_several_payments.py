"""Money that came in by several payments, or paid several orders at once, or was given back in the channel's console:
each refund stays within its payment, a refusal for good ends with people, and nobody is paid twice."""

from datetime import timedelta

import pytest

from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.paying import payouts, sending
from aftersales.refunds import reasons
from aftersales.refunds import services as refunds
from aftersales.refunds.models import Refund
from merchant.clock import now
from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.refusals import Refused
from orders.intake.normal import NormalPayment
from orders.record.models import Order
from tests.aftersales.factories import a_minute_later, agent_of, file_payout, own_shop
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db
DEPOSIT, BALANCE = ("DEP1", 10_000), ("BAL1", 40_000)


def order_paid_by(platform, *pays: tuple[str, int], trades: dict[str, int] | None = None, shop=None, **row) -> Order:
    """An own shop's shipped order that these payments paid; `trades`: what the channel has, where it differs."""
    for number, fen in (trades if trades is not None else dict(pays)).items():
        platform.control.add_trade(out_trade_no=number, total_fen=fen)
    paid = sum(fen for _number, fen in pays)
    rows = [NormalPayment("wechat_pay", number, fen) for number, fen in pays]
    return make_order(shop or own_shop(), **{"nets": (paid,), "payments": rows, **row})


def applied(order: Order, fen: int) -> Case:
    return cases.apply_case(order, kind="refund_only_shipped", amount_fen=fen, reason="不想要了", by=None)


def agreed(order: Order, fen: int, *, role: str = "owner") -> Case:
    return cases.agree_case(applied(order, fen), by=agent_of(order.shop, role), reason="好")


def a_while_later(platform) -> None:
    """The minute that a channel leaves between two refunds of a payment is over."""
    Refund.objects.filter(sent_at__isnull=False).update(sent_at=now() - timedelta(minutes=2))
    platform.wechat.world.journal.write(
        [("trade", number, {**row, "last_at": 0}) for number, row in platform.wechat.trades.items()]
    )


def paid_out(case: Case, platform) -> None:
    """Finance releases what waits, and the channel is told and asked until it has answered."""
    a_while_later(platform)
    for refund in Refund.objects.filter(case=case, state="created"):
        refunds.approve_refund(refund, by=agent_of(case.shop, "owner"))
    for refund in Refund.objects.filter(case=case, state="approved", next_at=None):
        refunds.release_refund(refund, by=agent_of(case.shop, "finance"))
    for _ in range(3):
        a_minute_later(case)
        platform.let_money_arrive()
    case.refresh_from_db()


def told(platform) -> list[tuple[str, int]]:
    return sorted((row["out_trade_no"], row["fen"]) for row in platform.wechat.refunds.values())


def rows_of(case: Case) -> list[tuple[str, int, str]]:
    rows = Refund.objects.filter(case=case).order_by("pk")
    return list(rows.values_list("payment__channel_number", "amount_fen", "state"))


# --- several payments of one order ------------------------------------------------------------------------------------


def test_a_refund_of_everything_goes_back_to_the_deposit_and_to_the_balance(platform):
    case = agreed(order_paid_by(platform, DEPOSIT, BALANCE), 50_000)
    assert rows_of(case) == [("BAL1", 40_000, "approved"), ("DEP1", 10_000, "approved")]

    paid_out(case, platform)

    case.order.refresh_from_db()
    assert told(platform) == [("BAL1", 40_000), ("DEP1", 10_000)]
    assert (case.state, case.order.refunded_fen, case.order.refunding_fen) == ("success", 50_000, 0)
    assert case.order.state == "closed"


def test_part_refunds_fill_the_larger_payment_first_and_then_the_other(platform):
    order = order_paid_by(platform, DEPOSIT, BALANCE)
    first = agreed(order, 35_000)
    paid_out(first, platform)

    second = agreed(order, 15_000)
    paid_out(second, platform)

    assert rows_of(first) == [("BAL1", 35_000, "success")]
    assert rows_of(second) == [("BAL1", 5_000, "success"), ("DEP1", 10_000, "success")]


def test_three_payments_of_two_lines_share_lines_and_freight_to_the_fen(platform):
    order = order_paid_by(
        platform, ("A1", 333), ("A2", 333), ("A3", 335), nets=(500, 401), freight_fen=100, state="to_fulfil"
    )
    case = cases.apply_case(order, kind="refund_only_unshipped", amount_fen=1001, reason="不想要了", by=None)
    cases.agree_case(case, by=agent_of(order.shop, "owner"), reason="好")

    made = Refund.objects.filter(case=case).order_by("pk")
    lines = [sorted(line.amount_fen for line in refund.lines.all()) for refund in made]
    assert [(row.payment.channel_number, row.amount_fen, row.freight_fen) for row in made] == [
        ("A3", 335, 0),
        ("A1", 333, 0),
        ("A2", 333, 100),
    ]
    assert lines == [[335], [165, 168], [233]]


def test_a_case_is_settled_only_when_every_payment_has_given_its_part_back(platform):
    case = agreed(order_paid_by(platform, DEPOSIT, BALANCE), 50_000)
    balance, deposit = Refund.objects.filter(case=case).order_by("pk")
    refunds.release_refund(balance, by=agent_of(case.shop, "finance"))
    a_minute_later(case)
    platform.let_money_arrive()
    a_minute_later(case)

    case.refresh_from_db()
    deposit.refresh_from_db()
    assert (case.state, deposit.state, told(platform)) == ("refunding", "approved", [("BAL1", 40_000)])


def test_a_limit_holds_for_the_sum_and_not_for_each_payment(platform):
    # An agent may agree to 200.00; each payment alone is below it.
    order = order_paid_by(platform, ("P1", 15_000), ("P2", 15_000))
    case = agreed(order, 30_000, role="agent")
    assert [state for _number, _fen, state in rows_of(case)] == ["created", "created"]

    with pytest.raises(Refused) as refused:
        refunds.approve_refund(Refund.objects.filter(case=case).first(), by=agent_of(order.shop))

    assert refused.value.code == "RIGHT"
    assert [state for _number, _fen, state in rows_of(case)] == ["created", "created"]


def test_the_second_persons_no_is_a_no_to_all_of_it(platform):
    case = agreed(order_paid_by(platform, ("P1", 15_000), ("P2", 15_000)), 30_000, role="agent")

    refunds.reject_refund(Refund.objects.filter(case=case).first(), by=agent_of(case.shop, "owner"), reason="不该退")

    case.refresh_from_db()
    case.order.refresh_from_db()
    assert [state for _number, _fen, state in rows_of(case)] == ["rejected", "rejected"]
    assert (case.state, case.order.refunding_fen) == ("applied", 0)


def test_a_withdrawn_case_takes_every_unsent_part_back(platform):
    case = agreed(order_paid_by(platform, DEPOSIT, BALANCE), 50_000)

    cases.withdraw_case(case, by=None)

    case.order.refresh_from_db()
    assert [state for _number, _fen, state in rows_of(case)] == ["void", "void"]
    assert case.order.refunding_fen == 0


def test_more_than_the_payments_on_record_hold_is_said_before_it_is_agreed(platform):
    order = order_paid_by(platform, DEPOSIT, nets=(50_000,))
    case = applied(order, 50_000)

    with pytest.raises(Refused) as refused:
        cases.agree_case(case, by=agent_of(order.shop, "owner"), reason="好")

    case.refresh_from_db()
    order.refresh_from_db()
    assert (refused.value.code, refused.value.detail) == ("PAYMENTS", {"max_fen": 10_000})
    assert (case.state, order.refunding_fen, Refund.objects.count()) == ("applied", 0, 0)


def test_what_failed_on_one_payment_is_tried_again_and_the_other_is_not_paid_twice(platform):
    # The channel does not know the deposit's trade until somebody connects the right account.
    case = agreed(order_paid_by(platform, DEPOSIT, BALANCE, trades={"BAL1": 40_000}), 50_000)
    paid_out(case, platform)
    assert rows_of(case) == [("BAL1", 40_000, "success"), ("DEP1", 10_000, "closed")]
    assert case.state == "refund_failed"

    platform.control.add_trade(out_trade_no="DEP1", total_fen=10_000)
    refunds.replace_refund(Refund.objects.get(case=case, state="closed"), by=agent_of(case.shop, "finance"))
    paid_out(case, platform)

    assert told(platform) == [("BAL1", 40_000), ("DEP1", 10_000)]
    assert case.state == "success"


# --- one payment of several orders ------------------------------------------------------------------------------------


def test_each_order_of_a_shared_payment_names_the_payments_own_total(platform):
    shop = own_shop()
    order = order_paid_by(platform, ("COMB1", 10_000), trades={"COMB1": 30_000}, shop=shop)
    other = order_paid_by(platform, ("COMB1", 20_000), trades={}, shop=shop)

    for one, fen in ((order, 10_000), (other, 20_000)):
        paid_out(agreed(one, fen), platform)

    assert told(platform) == [("COMB1", 10_000), ("COMB1", 20_000)]
    assert {row["total"] for row in platform.wechat.refunds.values()} == {30_000}


def test_an_order_never_takes_from_the_part_of_another_order(platform):
    shop = own_shop()
    order = order_paid_by(platform, ("COMB1", 10_000), trades={"COMB1": 30_000}, shop=shop, nets=(12_000,))
    order_paid_by(platform, ("COMB1", 20_000), trades={}, shop=shop)

    with pytest.raises(Refused) as refused:
        agreed(order, 12_000)

    assert (refused.value.code, Refund.objects.count()) == ("PAYMENTS", 0)


# --- refunded in the channel's console --------------------------------------------------------------------------------


def refunded_in_the_console(platform, *, fen: int = 8_800) -> tuple[Case, Refund]:
    """Ours is asked for after somebody gave the money back on the channel's own pages."""
    order = order_paid_by(platform, ("T31", 8_800))
    body = {"out_trade_no": "T31", "out_refund_no": "console-1", "amount": {"refund": fen, "total": 8_800}}
    platform.wechat.create(body)
    platform.let_money_arrive()
    case = agreed(order, 8_800)
    paid_out(case, platform)
    return case, Refund.objects.get(case=case)


def test_a_refusal_for_good_ends_with_people_and_a_due_time(platform):
    case, refund = refunded_in_the_console(platform)

    assert (refund.state, refund.outcome, refund.attempts, refund.next_at) == ("closed", "denied", 1, None)
    assert refund.due_at is not None and refund.error.startswith("INVALID_REQUEST")
    assert (case.state, case.clock) == ("refund_failed", "T-OFFLINE")
    assert [call.operation for call in refund.calls.order_by("attempt")] == ["refund", "query"]
    assert reasons.explain(refund).do == "adopt"
    assert Refund.objects.failed().get() == refund


def test_nobody_is_paid_a_second_time_for_what_the_channel_says_is_gone(platform):
    case, refund = refunded_in_the_console(platform)

    with pytest.raises(Refused) as refused:
        file_payout(refund, by=agent_of(case.shop, "finance"))

    refund.refresh_from_db()
    assert (refused.value.code, refund.payout_by, refund.state) == ("PAID_ELSEWHERE", None, "closed")


def test_a_refund_from_the_console_is_taken_over_on_the_channels_own_word(platform):
    case, refund = refunded_in_the_console(platform)

    payouts.adopt_refund(refund, by=agent_of(case.shop, "finance"), number=" console-1 ")

    case.refresh_from_db()
    case.order.refresh_from_db()
    refund.refresh_from_db()
    assert (refund.state, refund.due_at, case.state) == ("success", None, "success")
    assert refund.channel_number == platform.wechat.refunds["console-1"]["refund_id"]
    assert (case.order.refunded_fen, case.order.refunding_fen, told(platform)) == (8_800, 0, [("T31", 8_800)])


@pytest.mark.parametrize(("fen", "number", "code"), [(8_800, "console-2", "NOT_FOUND"), (8_700, "console-1", "AMOUNT")])
def test_only_the_same_money_is_taken_over(platform, fen, number, code):
    case, refund = refunded_in_the_console(platform, fen=fen)

    with pytest.raises(Refused) as refused:
        payouts.adopt_refund(refund, by=agent_of(case.shop, "finance"), number=number)

    refund.refresh_from_db()
    assert (refused.value.code, refund.state, case.state) == (code, "closed", "refund_failed")


def test_a_refund_of_another_payment_is_not_taken_over(platform):
    case, refund = refunded_in_the_console(platform)
    platform.control.add_trade(out_trade_no="T99", total_fen=8_800)
    body = {"out_trade_no": "T99", "out_refund_no": "console-9", "amount": {"refund": 8_800, "total": 8_800}}
    platform.wechat.create(body)
    platform.let_money_arrive()

    with pytest.raises(Refused) as refused:
        payouts.adopt_refund(refund, by=agent_of(case.shop, "finance"), number="console-9")

    assert refused.value.code == "NOT_FOUND"


def test_one_refund_of_the_console_stands_behind_one_of_ours(platform):
    case, refund = refunded_in_the_console(platform)
    payouts.adopt_refund(refund, by=agent_of(case.shop, "finance"), number="console-1")
    shared = Refund.objects.get(pk=refund.pk)
    other = order_paid_by(platform, ("T31", 8_800), trades={}, shop=case.shop)
    second = agreed(other, 8_800)
    paid_out(second, platform)

    with pytest.raises(Refused) as refused:
        payouts.adopt_refund(Refund.objects.get(case=second), by=agent_of(case.shop, "finance"), number="console-1")

    assert (refused.value.code, shared.state) == ("TAKEN", "success")


def test_an_agent_takes_nothing_over(platform):
    case, refund = refunded_in_the_console(platform)

    with pytest.raises(Refused) as refused:
        payouts.adopt_refund(refund, by=agent_of(case.shop), number="console-1")

    refund.refresh_from_db()
    assert (refused.value.code, refund.state) == ("RIGHT", "closed")


def test_a_refusal_that_somebody_can_mend_is_asked_again_and_waits_for_people(platform, monkeypatch):
    case = agreed(order_paid_by(platform, ("T41", 8_800)), 8_800)

    def refuse(*args, **more):
        raise PlatformError(ErrorClass.AUTH, "SIGN_ERROR", "签名错误")

    with monkeypatch.context() as patched:
        patched.setattr("merchant.platforms.wechat.client.refund", refuse)
        patched.setattr("merchant.platforms.wechat.client.query", refuse)
        refund = Refund.objects.get(case=case)
        refunds.release_refund(refund, by=agent_of(case.shop, "finance"))
        sending.send_refund(refund.pk)
        refund.refresh_from_db()
        first_due = refund.due_at
        a_minute_later(case)
        refund.refresh_from_db()
        assert (refund.state, refund.due_at) == ("processing", first_due)
        assert first_due is not None and first_due > now()

    paid_out(case, platform)
    refund.refresh_from_db()
    assert (refund.state, refund.due_at, case.state) == ("success", None, "success")


def test_a_refusal_is_not_believed_where_the_channel_has_the_number(platform, monkeypatch):
    """The first call went through and its answer was lost; told again, the channel refuses the number it knows."""
    platform.hold_money()
    case = agreed(order_paid_by(platform, ("T51", 8_800)), 8_800)
    refund = Refund.objects.get(case=case)
    body = {"out_trade_no": "T51", "out_refund_no": refund.number, "amount": {"refund": 8_800, "total": 8_800}}
    platform.wechat.create(body)

    def refuse(*args, **more):
        raise PlatformError(ErrorClass.BAD_REQUEST, "INVALID_REQUEST", "参数不一致")

    with monkeypatch.context() as patched:
        patched.setattr("merchant.platforms.wechat.client.refund", refuse)
        refunds.release_refund(refund, by=agent_of(case.shop, "finance"))
        sending.send_refund(refund.pk)

    refund.refresh_from_db()
    assert (refund.state, refund.outcome) == ("processing", "processing")
    platform.let_money_arrive()
    assert a_minute_later(case).state == "success"
