"""The demo's orders stand here and at the platform's sandbox: its word about them must find the same line and payment."""

from datetime import timedelta

import pytest

from cs_workbench.demo.goods import GOODS
from cs_workbench.demo.orders import OrderMaker
from cs_workbench.demo.scenarios import platform_order
from cs_workbench.orders.cards import cards
from merchant.clock import now
from merchant.platforms.sandbox import accounts
from merchant.policy import services as policy
from merchant.trail.models import Activity
from orders.intake import sync
from orders.intake.services import upsert_orders
from orders.record.enums import Benefit
from orders.record.models import Order
from tests.merchant.factories import make_platform_account, make_shop

pytestmark = pytest.mark.django_db


def test_the_past_of_the_demo_holds_late_orders_and_promises_that_hold_and_have_ended():
    shop = make_shop("kuaishou")
    policy.change(shop, by=None, reason="test", benefits={"late_ship": True, "return_freight": True})
    upsert_orders(shop, OrderMaker(shop, 20_261_123 - shop.pk).past(320))

    shown = cards(list(Order.objects.select_related("buyer")))

    tags = [tag for card in shown for tag in card.benefits]
    assert {tag.code for tag in tags if tag.holds} == {str(benefit) for benefit in Benefit}
    assert {tag.code for tag in tags if not tag.holds} >= {"no_reason_return", "instant_refund", "late_ship"}
    assert any(card.is_late_to_ship for card in shown)


def test_a_pull_of_a_demo_order_adds_no_line_and_no_payment(platform):
    shop = make_shop("kuaishou", external_id=accounts.KUAISHOU_SELLER_ID)
    make_platform_account(shop, app_key=accounts.KUAISHOU_APP_KEY, secrets=accounts.KUAISHOU_SECRETS)
    maker = OrderMaker(shop, 7)
    fresh = next(good for good in GOODS if good.category_class == "fresh")
    row = maker.order(maker.buyers[0], fresh, placed_at=now() - timedelta(days=1), state="to_fulfil", quantity=2)
    upsert_orders(shop, [row])
    platform.control.add_order(**platform_order(row))

    taken = sync.pull_platform_orders()

    order = Order.objects.get()
    line = order.lines.get()
    changed = Activity.objects.about(order).get(verb="order.update_from_source").detail["changes"]
    assert (taken, line.quantity, line.net_fen, line.category_class) == (1, 2, row.paid_fen, "fresh")
    assert (order.payments.get().channel_number, order.recipient.name_mask[0]) == (
        f"P{row.number}",
        row.recipient.name[0],
    )
    assert sorted(changed) == ["pay_method", "ship_by_at", "source_status"]
