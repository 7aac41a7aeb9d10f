"""Money on its way back never exceeds what was paid (M5), also when two people ask at once."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from merchant.refusals import Refused
from orders.payments import services as payments
from orders.record.models import Order, OrderLine
from tests.merchant.factories import make_shop
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db


def m1_order(shop=None, state="to_fulfil"):
    """M1's order: lines 10200 and 6800 net, freight 800, shop discount 2000, subsidy 1000."""
    return make_order(shop, nets=(10200, 6800), freight_fen=800, shop_discount_fen=2000, subsidy_fen=1000, state=state)


def sums(order):
    order.refresh_from_db()
    return (order.refunding_fen, order.refunded_fen, order.freight_refunding_fen, order.freight_refunded_fen)


def line_sums(order):
    return list(order.lines.order_by("line_no").values_list("refunding_fen", "refunded_fen"))


def test_the_order_of_m1_adds_up():
    order = m1_order()

    assert (order.goods_fen, order.shop_discount_fen, order.subsidy_fen, order.freight_fen) == (20000, 2000, 1000, 800)
    assert (order.paid_fen, order.receivable_fen, order.adjustment_fen, order.payable_fen) == (17800, 18800, 0, 17800)
    assert list(order.lines.order_by("line_no").values_list("net_fen", flat=True)) == [10200, 6800]


def test_refund_a_then_b_with_freight_gives_everything_back():
    order = m1_order()
    a, b = order.lines.order_by("line_no")

    payments.reserve_money(order, parts={a.pk: 10200})
    payments.reserve_money(order, parts={b.pk: 6800}, freight_fen=800)
    assert sums(order) == (17800, 0, 800, 0)
    payments.settle_money(order, parts={a.pk: 10200})
    payments.settle_money(order, parts={b.pk: 6800}, freight_fen=800)

    assert (sums(order), line_sums(order)) == ((0, 17800, 0, 800), [(0, 10200), (0, 6800)])
    assert order.refundable_fen == 0


def test_asking_one_fen_more_is_refused_with_the_most_that_is_left():
    order = m1_order()
    a, b = order.lines.order_by("line_no")
    payments.reserve_money(order, parts={a.pk: 10200})

    with pytest.raises(Refused) as refusal:
        payments.reserve_money(order, parts={b.pk: 6801}, freight_fen=800)

    assert (refusal.value.code, refusal.value.detail) == ("M5", {"asked_fen": 7601, "max_fen": 7600})
    assert (sums(order), line_sums(order)) == ((10200, 0, 0, 0), [(10200, 0), (0, 0)])


def test_a_line_gives_no_more_than_its_net_though_the_order_has_more():
    order = m1_order()
    a, b = order.lines.order_by("line_no")

    with pytest.raises(Refused) as refusal:
        payments.reserve_money(order, parts={a.pk: 1000, b.pk: 6801})

    assert (refusal.value.code, refusal.value.detail["max_fen"]) == ("M5", 17000)
    assert (sums(order), line_sums(order)) == ((0, 0, 0, 0), [(0, 0), (0, 0)])


def test_freight_goes_back_once():
    order = m1_order()
    a, _b = order.lines.order_by("line_no")
    payments.reserve_money(order, parts={a.pk: 100}, freight_fen=800)

    with pytest.raises(Refused) as refusal:
        payments.reserve_money(order, parts={a.pk: 100}, freight_fen=1)

    assert (refusal.value.code, refusal.value.detail["max_fen"]) == ("M5", 10100)


def test_released_money_may_be_asked_for_again():
    order = m1_order()
    a, _b = order.lines.order_by("line_no")
    payments.reserve_money(order, parts={a.pk: 10200})

    payments.release_money(order, parts={a.pk: 10200})

    assert sums(order) == (0, 0, 0, 0)
    payments.reserve_money(order, parts={a.pk: 10200})
    assert sums(order) == (10200, 0, 0, 0)


@pytest.mark.parametrize("verb", [payments.settle_money, payments.release_money])
def test_money_that_was_not_set_aside_moves_nowhere(verb):
    order = m1_order()
    a, b = order.lines.order_by("line_no")
    payments.reserve_money(order, parts={a.pk: 500})

    with pytest.raises(Refused) as refusal:
        verb(order, parts={b.pk: 500})

    assert (refusal.value.code, sums(order), line_sums(order)) == ("NOT_RESERVED", (500, 0, 0, 0), [(500, 0), (0, 0)])


def test_a_line_of_another_order_is_refused():
    order, other = m1_order(), m1_order()

    with pytest.raises(Refused) as refusal:
        payments.reserve_money(order, parts={other.lines.first().pk: 100})

    assert (refusal.value.code, sums(order), sums(other)) == ("M5", (0, 0, 0, 0), (0, 0, 0, 0))


@pytest.mark.parametrize(("part", "freight"), [(0, 0), (-1, 0), (-1, 2), (5, -5)])
def test_an_amount_of_nothing_is_refused(part, freight):
    order = m1_order()

    with pytest.raises(Refused) as refusal:
        payments.reserve_money(order, parts={order.lines.first().pk: part}, freight_fen=freight)

    assert (refusal.value.code, sums(order)) == ("AMOUNT", (0, 0, 0, 0))


def test_the_database_itself_holds_the_limit():
    order = m1_order()

    for columns in (
        {"refunded_fen": 17801},
        {"refunding_fen": 17801},
        {"freight_refunded_fen": 801},
        {"refunding_fen": -1},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Order.objects.filter(pk=order.pk).update(**columns)
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderLine.objects.filter(order=order, line_no=1).update(refunding_fen=10201)


def test_everything_that_is_left_includes_freight_only_while_nothing_shipped():
    unshipped, shipped = m1_order(), m1_order(state="shipped")

    parts, freight = payments.refund_of_everything(unshipped)
    assert (sorted(parts.values()), freight) == ([6800, 10200], 800)
    parts, freight = payments.refund_of_everything(shipped)
    assert (sorted(parts.values()), freight) == ([6800, 10200], 0)


def test_an_amount_that_names_no_lines_is_shared_by_what_they_have_left():
    order = m1_order()

    parts, freight = payments.share_over_lines(order, 1700)
    assert (list(parts.values()), freight) == ([1020, 680], 0)
    parts, freight = payments.share_over_lines(order, 17300)
    assert (list(parts.values()), freight) == ([10200, 6800], 300)
    with pytest.raises(Refused) as refusal:
        payments.share_over_lines(order, 17801)
    assert (refusal.value.code, refusal.value.detail["max_fen"]) == ("M5", 17800)


def test_a_case_that_brings_money_the_file_had_shown_is_not_counted_twice():
    order = make_order(nets=(10000,), refunded_fen=4000)
    line = order.lines.get()
    assert (order.refunded_fen, order.refunded_before_fen, line.refunded_fen) == (4000, 4000, 4000)

    assert payments.adopt_refund_before(order, parts={line.pk: 4001}) is False
    assert payments.adopt_refund_before(order, parts={line.pk: 4000}) is True

    order.refresh_from_db()
    assert (order.refunded_fen, order.refunded_before_fen, order.refundable_fen) == (4000, 0, 6000)
    assert payments.adopt_refund_before(order, parts={line.pk: 1}) is False


@pytest.mark.django_db(transaction=True)
def test_forty_people_asking_at_once_get_exactly_what_was_paid():
    order = make_order(make_shop(), nets=(5000,))
    line = order.lines.get()
    start, won, refused = threading.Barrier(40), [], []

    def ask():
        start.wait()
        try:
            payments.reserve_money(order, parts={line.pk: 300})
            won.append(1)
        except Refused as refusal:
            refused.append(refusal.detail["max_fen"])
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(won), set(refused)) == (16, {200})
    assert (sums(order), line_sums(order)) == ((4800, 0, 0, 0), [(4800, 0)])
