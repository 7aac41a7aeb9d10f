"""Amounts a source leaves out are derived so that they add up; the platform's paid amount always stands."""

from datetime import datetime

import pytest

from merchant.clock import SHANGHAI
from orders.intake.amounts import add_up
from orders.intake.normal import NormalLine, NormalOrder
from orders.intake.values import BadValue

AT = datetime(2026, 11, 1, 9, 0, tzinfo=SHANGHAI)


def order(lines, **fields):
    return NormalOrder(number="1", placed_at=AT, state="to_fulfil", lines=lines, **{"paid_at": AT, **fields})


def priced(*amounts):
    return [NormalLine(goods_fen=amount) for amount in amounts]


def test_what_is_missing_from_the_goods_is_the_shops_discount():
    found = add_up(order(priced(10000, 10000), paid_fen=17800, freight_fen=800, subsidy_fen=1000))

    assert (found.goods_fen, found.shop_discount_fen, found.subsidy_fen, found.adjustment_fen) == (20000, 2000, 1000, 0)
    assert (found.paid_fen, found.receivable_fen, [line.net_fen for line in found.lines]) == (
        17800,
        18800,
        [8500, 8500],
    )


def test_a_price_the_platform_changed_is_an_adjustment_and_the_paid_amount_stands():
    found = add_up(order(priced(5870), paid_fen=5227, shop_discount_fen=293, subsidy_fen=50))

    assert (found.adjustment_fen, found.paid_fen, found.lines[0].net_fen) == (-300, 5227, 5227)


def test_instalment_interest_raises_what_was_paid_above_the_goods():
    found = add_up(order(priced(6699), paid_fen=9517, freight_fen=1721))

    assert (found.shop_discount_fen, found.adjustment_fen, found.lines[0].net_fen) == (0, 1097, 7796)


def test_nets_the_source_gives_are_kept_when_they_add_up_and_scaled_when_they_do_not():
    lines = [NormalLine(goods_fen=5000, net_fen=4142), NormalLine(goods_fen=4000, net_fen=2452)]

    assert [line.net_fen for line in add_up(order(lines, paid_fen=6594)).lines] == [4142, 2452]
    assert [line.net_fen for line in add_up(order(lines, paid_fen=6595)).lines] == [4143, 2452]


def test_an_unpaid_order_keeps_what_its_lines_would_cost():
    found = add_up(order(priced(2100), paid_fen=2100, paid_at=None))

    assert (found.paid_fen, found.receivable_fen, found.lines[0].net_fen, found.adjustment_fen) == (0, 0, 2100, 0)


def test_an_order_whose_lines_have_no_price_shares_its_own_by_quantity():
    found = add_up(order([NormalLine(quantity=2), NormalLine(quantity=1)], paid_fen=1000))

    assert ([line.goods_fen for line in found.lines], [line.net_fen for line in found.lines]) == (
        [667, 333],
        [667, 333],
    )


def test_a_refund_the_source_shows_is_shared_over_the_lines_then_the_freight():
    found = add_up(order(priced(300, 700), paid_fen=1100, freight_fen=100, refunded_fen=1050))

    assert ([line.refunded_fen for line in found.lines], found.freight_refunded_fen, found.refunded_fen) == (
        [300, 700],
        50,
        1050,
    )


def test_a_refund_beyond_what_was_paid_is_booked_as_what_was_paid_and_said():
    found = add_up(wanted := order(priced(1000), paid_fen=1000, refunded_fen=1001))

    assert (found.refunded_fen, found.lines[0].refunded_fen, len(wanted.remarks)) == (1000, 1000, 1)


@pytest.mark.parametrize("fields", [{"paid_fen": -1}])
def test_amounts_that_cannot_be_true_are_refused(fields):
    with pytest.raises(BadValue):
        add_up(order(priced(1000), **{"paid_fen": 1000, **fields}))
