"""M2, M3 and M4, with the worked examples of docs/rules.md and with whatever hypothesis finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.payments.allocate import freight_back, share_of_units, split


@pytest.mark.parametrize(
    ("total", "bases", "shares"),
    [
        (1000, [1000, 1000, 1000], [334, 333, 333]),
        (1500, [4900, 2900, 1900], [758, 448, 294]),
        (0, [4900, 2900], [0, 0]),
        (7, [0, 0, 0], [3, 2, 2]),
        (5, [0, 10], [0, 5]),
        (1, [1, 1], [1, 0]),
        (0, [], []),
    ],
)
def test_a_discount_is_split_by_the_largest_remainder_and_ties_go_to_the_earlier_line(total, bases, shares):
    assert split(total, bases) == shares


def test_the_nets_of_the_worked_example_are_what_each_line_can_give_back():
    lines = [4900, 2900, 1900]

    nets = [line - share for line, share in zip(lines, split(1500, lines), strict=True)]

    assert (nets, sum(nets)) == ([4142, 2452, 1606], 8200)


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**8), min_size=1, max_size=30))
def test_shares_always_add_up_and_none_is_a_whole_fen_off(total, bases):
    shares = split(total, bases)

    assert sum(shares) == total
    weights, whole = (bases, sum(bases)) if sum(bases) else ([1] * len(bases), len(bases))
    assert all(abs(share * whole - total * weight) < whole for share, weight in zip(shares, weights, strict=True))


def test_an_amount_without_a_line_and_negative_amounts_are_errors():
    for total, bases in ((1, []), (-1, [1]), (1, [-1])):
        with pytest.raises(ValueError):
            split(total, bases)


@pytest.mark.parametrize(("net", "shares"), [(1000, [333, 333, 334]), (9991, [3330, 3330, 3331])])
def test_the_last_unit_takes_the_rest(net, shares):
    assert [share_of_units(net, quantity=3, units=1, units_before=before) for before in range(3)] == shares


@given(st.integers(0, 10**9), st.integers(1, 200), st.data())
def test_units_given_back_in_any_steps_add_up_to_the_net(net, quantity, data):
    before, total = 0, 0
    while before < quantity:
        units = data.draw(st.integers(1, quantity - before))
        total += share_of_units(net, quantity=quantity, units=units, units_before=before)
        before += units

    assert total == net


def test_more_units_than_are_left_is_an_error():
    with pytest.raises(ValueError):
        share_of_units(1000, quantity=3, units=2, units_before=2)


@pytest.mark.parametrize(
    ("is_any_shipped", "is_last", "freight"), [(False, True, 800), (False, False, 0), (True, True, 0), (True, False, 0)]
)
def test_freight_goes_back_only_unshipped_and_with_the_last_line(is_any_shipped, is_last, freight):
    assert freight_back(800, is_any_shipped=is_any_shipped, is_last_goods_line=is_last) == freight
