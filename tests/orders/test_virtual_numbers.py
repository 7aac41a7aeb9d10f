"""A virtual number leads to the buyer for a while: until when is kept, and afterwards everybody sees that it is over."""

import json
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import pytest
from django.urls import reverse

from logistics.couriers import registry
from logistics.polling import batch
from logistics.watch.models import Watch
from merchant.clock import SHANGHAI, now
from merchant.vault import services as vault
from merchant.vault.models import Recipient
from merchant.vault.services import Person
from orders.intake import importer, jobs
from orders.intake.readers import SourceFile
from orders.intake.services import upsert_orders
from orders.record.models import Order
from tests.logistics.factories import make_package
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import make_order, order_row

pytestmark = pytest.mark.django_db
VIRTUAL, OWN = "18400000000-1234", "13900005678"
OVER = datetime(2024, 5, 6, 20, 53, 20, tzinfo=SHANGHAI)
EXTRA = {"real_tel_number": "151****0000", "virtual_tel_number": VIRTUAL, "virtual_tel_expire_time": 1_715_000_000}
PLACE = {"name": "林小满", "address": "浙江省杭州市余杭区 1 号", "province": "浙江省", "city": "杭州市"}


def imported(shop, **told):
    """The recipient of a WeChat shop's row."""
    row = {
        "order_id": "3719632105698365440", "openid": "o1", "status": "30", "create_time": "1714880617",
        "update_time": "1714983101", "order_price": "9990", "freight": "0", "user_name": "陈*", "province_name": "重庆市",
        "city_name": "重庆市", "tel_number": "151****0000", "use_tel_number": "1", "virtual_order_tel_number": "",
        "delivery_product_info": "[]", "pay_info": json.dumps({"pay_time": 1714880636, "transaction_id": "T1"}),
        "tel_number_ext_info": json.dumps(EXTRA), **told,
    }  # fmt: skip
    body = json.dumps(row).encode()
    importer.run(jobs.new_job(shop, ["w.jsonl"], by=None), [SourceFile("w.jsonl", lambda: body)])
    return Order.objects.get(shop=shop).recipient


def opened(row):
    return vault._open(row, "phone"), vault._open(row, "virtual_phone")


def test_the_end_of_a_wechat_number_is_kept_with_it():
    row = imported(make_shop("wechat"))

    assert (row.phone_mask, opened(row), row.virtual_until) == ("151****0000", ("", VIRTUAL), OVER)
    assert row.is_virtual_over is True


@pytest.mark.parametrize("extra", ["null", "", json.dumps({**EXTRA, "virtual_tel_number": ""})])
def test_without_a_virtual_number_nothing_ends(extra):
    row = imported(make_shop("wechat"), tel_number_ext_info=extra)

    assert (row.virtual_until, row.is_virtual_over, row.contact_field) == (None, False, "phone")


def test_a_number_without_an_end_never_ends():
    row = imported(make_shop("wechat"), tel_number_ext_info=json.dumps({**EXTRA, "virtual_tel_expire_time": 0}))

    assert (opened(row), row.virtual_until, row.is_virtual_over) == (("", VIRTUAL), None, False)


@pytest.mark.parametrize("written", [VIRTUAL, "18400000000", "18400000000转1234"])
def test_a_virtual_number_in_the_place_of_the_buyers_own_is_not_the_buyers(written):
    row = imported(make_shop("wechat"), tel_number=written)

    assert (opened(row), row.phone4_bidx, row.contact_field) == (("", VIRTUAL), None, "virtual_phone")


def test_the_contact_of_an_order_without_a_parcel_is_no_virtual_number():
    row = imported(make_shop("wechat"), tel_number="", virtual_order_tel_number=OWN, tel_number_ext_info="null")

    assert (opened(row), row.contact_field) == ((OWN, ""), "phone")


def told(number, virtual, until, **more):
    person = Person(**{**PLACE, "phone": OWN, **more}, virtual_phone=virtual, virtual_until=until)
    return order_row(number=number, recipient=person)


def test_a_new_number_takes_the_old_ones_place_and_keeps_what_the_platform_masks_by_now():
    shop, soon = make_shop("wechat"), now().replace(microsecond=0) + timedelta(days=7)
    upsert_orders(shop, [told("1", VIRTUAL, OVER)])
    upsert_orders(shop, [told("1", "18400000001-99", soon, name="林**", phone="139****5678")])
    row = Order.objects.get(shop=shop).recipient
    upsert_orders(shop, [told("1", "18400000001-99", soon, name="林**", phone="139****5678")])

    assert (opened(row), vault._open(row, "name"), row.virtual_until) == ((OWN, "18400000001-99"), "林小满", soon)
    assert Order.objects.get(shop=shop).recipient == row and Recipient.objects.count() == 2


def test_another_persons_mask_takes_over_nothing_of_the_first():
    shop = make_shop("wechat")
    upsert_orders(shop, [told("1", "", None)])
    upsert_orders(shop, [told("1", "", None, name="周*", phone="138****4321", address="江苏省苏州市姑苏区 2 号")])
    row = Order.objects.get(shop=shop).recipient

    assert (opened(row), row.name_mask, row.phone_mask) == (("", ""), "周*", "138****4321")


def test_a_corrected_address_keeps_the_number_and_its_end():
    shop = make_shop("wechat")
    upsert_orders(shop, [told("1", VIRTUAL, OVER)])
    held = Order.objects.get(shop=shop).recipient

    row = vault.correct(held, vault.sealed(shop, Person(address="江苏省苏州市姑苏区 3 号")))

    assert (opened(row), row.virtual_until) == ((OWN, VIRTUAL), OVER)


# --- where it shows -----------------------------------------------------------------------------------------------


def shown(client, order, field=""):
    client.force_login(make_user("owner", order.shop))
    page = client.get(reverse("order_detail", args=[order.shop_id, order.number])).content.decode()
    if not field:
        return page
    url = reverse("reveal", args=[order.shop_id, order.number, field])
    return client.post(url, headers={"HX-Request": "true"}).content.decode()


@pytest.mark.req("R0.36")
@pytest.mark.parametrize("phone", ["", OWN])
def test_an_ended_number_is_marked_masked_and_opened_and_the_buyers_own_comes_first(client, phone):
    person = Person(**PLACE, phone=phone, virtual_phone=VIRTUAL, virtual_until=OVER)
    order = make_order(make_shop("wechat"), recipient=person)
    doors = [reverse("reveal", args=[order.shop_id, order.number, field]) for field in ("virtual_phone", "phone")]

    page, answer = shown(client, order), shown(client, order, "virtual_phone")

    assert [door in page for door in doors] == ([False, True] if phone else [True, False])
    assert ("虚拟号已过期" in page) is not bool(phone)
    assert VIRTUAL in answer and "虚拟号已过期" in answer


def test_a_number_that_still_leads_to_the_buyer_bears_no_mark(client):
    person = Person(**PLACE, phone=OWN, virtual_phone=VIRTUAL, virtual_until=now() + timedelta(days=1))
    order = make_order(make_shop("wechat"), recipient=person)

    page, answer = shown(client, order), shown(client, order, "virtual_phone")

    assert VIRTUAL in answer and "已过期" not in page + answer


# --- what couriers get --------------------------------------------------------------------------------------------


def said_to(code, account, waybill, last4):
    """What a question says, without its signature and its clock."""
    body = registry.get(code).build_track(account, waybill, last4).body.decode()
    return body if code == "zto" else parse_qs(body)["msgData" if code == "sf" else "param"][0]


@pytest.mark.parametrize("code", ["zto", "sf", "kuaidi100"])
@pytest.mark.parametrize("sender", ["", "7788"])
def test_a_courier_gets_the_senders_four_digits_or_none_and_nothing_of_the_buyers(code, sender):
    person = Person(**PLACE, phone=OWN, virtual_phone=VIRTUAL, virtual_until=OVER)
    package = make_package(code)
    package.order.recipient = vault.store_many(package.shop, [person])[0]
    package.order.save()
    package.account.secrets = {**package.account.secrets, "phone_last4": sender}
    package.account.save()
    Watch.objects.update(next_at=now() - timedelta(seconds=1))

    work = batch.take(package.account_id)

    assert work is not None and work.phone_last4 == sender
    said = said_to(code, work.account, work.rows[0].waybill, work.phone_last4)
    assert (sender in said, "5678" in said, "-1234" in said, "184000" in said) == (True, False, False, False)
    assert ("7788" in said) is bool(sender)
