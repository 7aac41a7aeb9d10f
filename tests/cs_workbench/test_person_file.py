"""All that a shop holds of one buyer, handed out on request: whole, by the one who answers for it, on record."""

import json

import pytest
from django.urls import reverse

from merchant.trail.models import Activity
from merchant.vault.models import PiiReveal
from merchant.vault.services import store
from orders.record.models import Order
from orders.remarks.services import add_note
from tests.aftersales.factories import case_of, own_shop
from tests.merchant.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(platform):
    case = case_of(platform, own_shop())
    order = case.order
    order.recipient = store(order.shop, "王小明", "13800001234", "浙江省杭州市余杭区文一西路969号")
    order.save(update_fields=["recipient"])
    add_note(order, by=make_user("owner", order.shop), text="买家电话改成 13900001234", flag=None)
    return case


def test_the_owner_hands_out_all_of_it_and_it_goes_on_record(case, sign_in):
    shop, order = case.shop, case.order
    owner = make_user("owner", shop)

    answer = sign_in(owner).post(reverse("order_person", args=[shop.pk, order.number]))

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert answer["Content-Disposition"] == f'attachment; filename="person-{order.pk}.json"'
    found = json.loads(answer.content)
    mine = next(one for one in found["recipients"] if one["name"] == "王小明")
    assert (mine["phone"], mine["address"]) == ("13800001234", "浙江省杭州市余杭区文一西路969号")
    assert [row["number"] for row in found["orders.Order"]] == [order.number]
    assert [row["text"] for row in found["orders.Note"]] == ["买家电话改成 13900001234"]
    assert [row["number"] for row in found["aftersales.Case"]] == [case.number]
    assert {"orders.OrderLine", "orders.Payment", "logistics.Package", "logistics.TrackingEvent"} <= set(found)
    look = PiiReveal.objects.get(order_number=order.number, recipient=order.recipient_id)
    assert (look.user, look.field, look.cost, look.verdict) == (owner, "export", 0, "shown")
    assert Activity.objects.filter(verb="order.person_file", by=owner).count() == 1


def test_it_holds_nobody_else_s_orders(case, platform, sign_in):
    other = case_of(platform, case.shop)
    Order.objects.filter(pk=other.order_id).update(recipient=None, buyer=None)

    answer = sign_in(make_user("owner", case.shop)).post(
        reverse("order_person", args=[case.shop_id, case.order.number])
    )

    assert other.order.number not in answer.content.decode()


@pytest.mark.parametrize("role", ["agent", "supervisor", "warehouse", "finance"])
def test_nobody_else_may(case, sign_in, role):
    client = sign_in(make_user(role, case.shop))

    answer = client.post(reverse("order_person", args=[case.shop_id, case.order.number]))

    assert answer.status_code in (302, 404)
    assert (PiiReveal.objects.count(), b"13800001234" in answer.content) == (0, False)
