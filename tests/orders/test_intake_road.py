"""Where a paid order enters the road: at the warehouse's door, or at review in a shop that prepares its orders here."""

from datetime import timedelta

import pytest

from merchant.clock import now
from merchant.policy import services as policy
from merchant.policy.enums import GoodsClass
from orders.intake.services import upsert_orders
from orders.record.enums import CategoryClass, OrderState
from orders.record.models import Order, SourceDiff
from tests.merchant.factories import make_shop
from tests.orders.factories import order_row

pytestmark = pytest.mark.django_db
S = OrderState


def stored(shop, row):
    return Order.objects.get(shop=shop, number=row.number)


def test_a_shop_that_ships_with_another_tool_gets_paid_orders_as_to_be_shipped():
    shop = make_shop()
    row = order_row(state=S.TO_FULFIL)

    upsert_orders(shop, [row])

    order = stored(shop, row)
    assert (order.state, order.step_due_at) == (S.TO_FULFIL, None)


@pytest.fixture
def quiet_review(monkeypatch):
    """Review is asleep, so that an order is seen where the intake left it."""
    monkeypatch.setattr("merchant.wakeups._send_once", lambda name: None)


@pytest.mark.usefixtures("quiet_review")
def test_a_shop_that_prepares_here_reviews_what_is_paid_and_not_sent():
    shop = make_shop()
    policy.change(shop, by=None, reason="自发货", fulfil_here=True)
    paid, sent, unpaid = (
        order_row(state=S.TO_FULFIL), order_row(state=S.SHIPPED), order_row(state=S.PENDING_PAYMENT, is_paid=False)
    )  # fmt: skip

    upsert_orders(shop, [paid, sent, unpaid])

    order = stored(shop, paid)
    assert (order.state, stored(shop, sent).state, stored(shop, unpaid).state) == (
        S.PENDING_REVIEW, S.SHIPPED, S.PENDING_PAYMENT
    )  # fmt: skip
    assert timedelta(minutes=9) < order.step_due_at - now() <= timedelta(minutes=10)


@pytest.mark.usefixtures("quiet_review")
def test_the_platform_s_word_that_it_is_paid_begins_the_review_and_its_next_word_skips_no_step():
    shop = make_shop()
    policy.change(shop, by=None, reason="自发货", fulfil_here=True)
    row = order_row(state=S.PENDING_PAYMENT, is_paid=False)
    upsert_orders(shop, [row])

    upsert_orders(shop, [order_row(number=row.number, state=S.TO_FULFIL)])
    order = stored(shop, row)
    assert order.state == S.PENDING_REVIEW
    assert order.step_due_at is not None

    upsert_orders(shop, [order_row(number=row.number, state=S.TO_FULFIL, buyer_note="请尽快")])
    order.refresh_from_db()
    assert (order.state, order.buyer_note, SourceDiff.objects.filter(order=order).count()) == (
        S.PENDING_REVIEW, "请尽快", 0
    )  # fmt: skip

    upsert_orders(shop, [order_row(number=row.number, state=S.SHIPPED)])
    order.refresh_from_db()
    assert (order.state, order.step_due_at) == (S.SHIPPED, None)


def test_the_classes_of_goods_a_shop_chooses_among_are_those_of_the_order_lines():
    assert GoodsClass.values == CategoryClass.values
