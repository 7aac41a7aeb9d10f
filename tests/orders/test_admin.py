"""The admin shows orders whole, changes nothing by itself, and its buttons are the services."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from orders.record.models import Block, Order
from orders.remarks.services import add_note
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db
MODELS = [model for model in apps.get_app_config("orders").get_models() if admin.site.is_registered(model)]


@pytest.fixture
def owner(client):
    """An owner who also keeps the house: holds go by the shop's rights, also from here."""
    shop = make_shop()
    user = make_user("owner", shop, is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


@pytest.fixture
def order(owner):
    return make_order(owner.memberships.get().shop, state="to_fulfil", nets=(500, 300), shop_discount_fen=100)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_every_list_and_page_opens_and_nothing_can_be_added(client, order, owner, model):
    add_note(order, text="x", flag=1, by=owner)
    name = f"admin:orders_{model._meta.model_name}"

    assert client.get(reverse(f"{name}_changelist")).status_code == 200
    for row in model.objects.all()[:1]:
        assert client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200
    assert client.get(reverse(f"{name}_add")).status_code == 403


def press(client, model, action, row):
    data = {"action": action, "_selected_action": [row.pk]}
    return client.post(reverse(f"admin:orders_{model}_changelist"), data, follow=True)


def test_hold_and_lift_go_through_the_services(client, order):
    press(client, "order", "hold", order)
    block = Block.objects.open().get(order=order)
    assert (block.kind, block.stops) == ("hold", ["pick", "ship"])

    press(client, "order", "resume", order)

    assert Block.objects.open().count() == 0


def test_a_block_of_an_after_sale_is_not_lifted_by_hand(client, order):
    block = Block.objects.create(shop=order.shop, order=order, kind="aftersales", document="AS1", stops=["ship"])

    answer = press(client, "block", "lift", block)

    assert Block.objects.open().count() == 1
    assert "BLOCKED" in answer.content.decode()


def test_an_order_that_may_not_be_received_says_why(client, order):
    answer = press(client, "order", "receive", order)

    assert "ORDER_STATE" in answer.content.decode()
    assert Order.objects.get(pk=order.pk).state == "to_fulfil"
