"""What people write beside an order holds phones and doors: it is sealed in the database and masked in the trail."""

from base64 import b64encode

import pytest
from django.db import connection

from merchant.trail.models import Activity
from merchant.vault.rotation import rotate_column, sealed_columns
from orders.intake.services import upsert_orders
from orders.record.models import Order
from orders.remarks import services as remarks
from orders.remarks.models import Note
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import order_row

pytestmark = pytest.mark.django_db
SAID = "改送 13900005678 余杭区仓前街道 3 幢 502"


def on_disk():
    with connection.cursor() as cursor:
        cursor.execute("SELECT buyer_note FROM orders_order UNION ALL SELECT text FROM orders_note")
        return [bytes(value) for (value,) in cursor.fetchall() if value is not None]


def test_a_remark_is_readable_here_and_sealed_on_the_disk_from_whichever_side_it_comes():
    shop = make_shop()
    upsert_orders(shop, [order_row(number="1", buyer_note=SAID, seller_note=f"卖家：{SAID}")])
    order = Order.objects.get()
    remarks.add_note(order, text=f"客服：{SAID}", by=make_user("agent", shop))

    assert order.buyer_note == SAID
    assert [note.text for note in order.notes.order_by("pk")] == [f"卖家：{SAID}", f"客服：{SAID}"]
    assert len(on_disk()) == 3 and not any(b"5678" in kept or "余杭".encode() in kept for kept in on_disk())


def test_without_a_remark_nothing_is_kept():
    upsert_orders(make_shop(), [order_row(number="1")])

    assert (Order.objects.get().buyer_note, on_disk()) == ("", [])


def test_the_platforms_remark_is_a_note_once_for_each_wording_also_beside_ours():
    shop = make_shop()
    upsert_orders(shop, [order_row(number="1", seller_note="先发")])
    remarks.add_note(Order.objects.get(), text="加急", by=make_user("agent", shop))
    for said in ("加急", "先发", "周五发"):
        upsert_orders(shop, [order_row(number="1", seller_note=said, buyer_note=said)])

    assert [note.text for note in Note.objects.order_by("pk")] == ["先发", "加急", "周五发"]


def test_the_trail_says_that_a_message_changed_with_its_number_hidden():
    shop = make_shop()
    upsert_orders(shop, [order_row(number="1", buyer_note="尽快")])
    upsert_orders(shop, [order_row(number="1", buyer_note=SAID)])

    [before, after] = Activity.objects.get(verb="order.update_from_source").detail["changes"]["buyer_note"]
    assert before == "尽快" and "13900005678" not in after and "改送" in after


def test_a_new_key_seals_remarks_too(settings):
    upsert_orders(make_shop(), [order_row(number="1", buyer_note=SAID, seller_note=SAID)])
    columns = [(model, field) for model, field in sealed_columns() if model in (Order, Note)]
    settings.PII_KEYS = [f"next:{b64encode(bytes(range(32))).decode()}", *settings.PII_KEYS]

    assert [field.name for _model, field in columns] == ["buyer_note", "text"]
    assert [rotate_column(model, field) for model, field in columns] == [1, 1]
    assert (Order.objects.get().buyer_note, Note.objects.get().text) == (SAID, SAID)
