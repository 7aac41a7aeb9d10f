"""How long each kind of data is kept: the shop's own days, in slices, counted, and shown on the operations page."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.urls import reverse

from logistics.parcels import kinds as track_kinds
from logistics.parcels.tracking_models import TrackingEvent
from merchant.attachments.models import Attachment, Purpose
from merchant.clock import now, today
from merchant.inbox.models import InboxMessage, InboxTask
from merchant.policy import services as policy
from merchant.retention import services as retention
from merchant.retention.models import Purged
from merchant.vault.models import PiiReveal, Recipient
from merchant.vault.services import store
from orders.record.models import Order
from tests.aftersales.conftest import courier, platform  # noqa: F401
from tests.aftersales.factories import kuaishou_shop, shipped_order
from tests.logistics.factories import make_package
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_done_yet(monkeypatch):
    monkeypatch.setattr(track_kinds, "_done", {})


def message(shop, *, days, verdict="verified", parked=None):
    row = InboxMessage.objects.create(shop=shop, source="courier:zto", body=b"x", verdict=verdict)
    InboxMessage.objects.filter(pk=row.pk).update(received_at=now() - timedelta(days=days))
    if parked is not None:
        InboxTask.objects.create(message=row, source="courier:zto", is_parked=parked)
    return row.pk


def test_messages_go_by_what_they_are_worth_and_what_is_worked_on_stays():
    short, usual = make_shop(), make_shop()
    policy.change(short, by=None, reason="少留", keep_raw_days=30, keep_unverified_days=2)
    gone = {
        message(usual, days=91), message(usual, days=91, parked=True), message(usual, days=8, verdict="forged"),
        message(short, days=31), message(short, days=31, parked=True), message(short, days=3, verdict="malformed"),
        message(None, days=91), message(None, days=8, verdict="forged"),
    }  # fmt: skip
    kept = {
        message(usual, days=89), message(usual, days=89, parked=True), message(usual, days=6, verdict="forged"),
        message(usual, days=400, parked=False), message(usual, days=40, verdict="unfit"), message(short, days=1, verdict="forged"),
    }  # fmt: skip

    assert (retention.purge(), retention.purge()) == (8, 0)

    assert set(InboxMessage.objects.values_list("pk", flat=True)) == kept
    assert gone.isdisjoint(kept)
    found = Purged.objects.filter(shop=usual).values_list("kind", "rows", "day")
    assert sorted(found) == [("parked", 1, today()), ("raw", 1, today()), ("unverified", 1, today())]
    assert set(Purged.objects.filter(shop=None).values_list("kind", "rows")) == {("raw", 1), ("unverified", 1)}


def test_a_slice_after_the_other_takes_all_of_it_and_time_s_up_leaves_the_rest(monkeypatch):
    shop = make_shop()
    for _turn in range(5):
        message(shop, days=100)
    monkeypatch.setattr(retention, "SLICE", 2)

    assert retention.purge(seconds=0) == 0
    assert InboxMessage.objects.count() == 5
    assert retention.purge() == 5
    assert Purged.objects.get().rows == 5


def test_the_words_of_a_track_go_and_the_parcel_stays_where_it_is():
    package = make_package("zto")
    TrackingEvent.objects.filter(package=package).update(text="【张**】", recorded_at=now() - timedelta(days=366))
    state, count = package.state, TrackingEvent.objects.filter(package=package).count()

    retention.purge()

    package.refresh_from_db()
    assert set(TrackingEvent.objects.filter(package=package).values_list("text", flat=True)) == {""}
    assert (package.state, TrackingEvent.objects.filter(package=package).count()) == (state, count)
    assert Purged.objects.get(kind="tracks").rows == count


def test_photos_lose_their_bytes_and_keep_their_name():
    shop = make_shop()
    made = [
        Attachment.objects.create(
            shop=shop, subject_kind="refund", subject_id=n, purpose=Purpose.PHOTO, name=f"{n}.jpg", content_type="image/jpeg",
            size=3, digest=str(n), body=b"abc", thumb=b"a",
        )
        for n in range(2)
    ]  # fmt: skip
    Attachment.objects.filter(pk=made[0].pk).update(at=now() - timedelta(days=366))

    retention.purge()

    assert [(row.name, row.body, row.thumb) for row in Attachment.objects.order_by("pk")] == [
        ("0.jpg", None, None),
        ("1.jpg", b"abc", b"a"),
    ]


def test_a_buyer_s_plain_data_is_destroyed_three_years_after_the_last_order_ended(platform):  # noqa: F811
    shop = kuaishou_shop()
    old, going_on = (shipped_order(platform, shop, nets=(8800,), number=f"26111600998{n}") for n in range(2))
    for order in (old, going_on):
        order.recipient = store(shop, "王小明", "13800001234", "浙江省杭州市余杭区文一西路969号")
        order.save(update_fields=["recipient"])
    Recipient.objects.update(created_at=now() - timedelta(days=1200))
    Order.objects.filter(pk=old.pk).update(completed_at=now() - timedelta(days=1096))

    retention.purge()

    gone, kept = Recipient.objects.get(pk=old.recipient_id), Recipient.objects.get(pk=going_on.recipient_id)
    assert (gone.name_enc, gone.phone_enc, gone.address_enc, gone.phone_bidx, gone.name_bidx) == (None,) * 5
    assert gone.shredded_at is not None and gone.name_mask == "王**"
    assert kept.phone_enc is not None and kept.shredded_at is None


def test_looks_are_kept_three_years_at_least():
    shop = make_shop()
    recipient = store(shop, "王小明")
    for _turn in range(2):
        PiiReveal.objects.create(
            shop=shop,
            user=make_user("agent", shop),
            recipient=recipient,
            order_number="1",
            field="name",
            cost=1,
            verdict="shown",
        )
    PiiReveal.objects.filter(pk=PiiReveal.objects.first().pk).update(at=F("at") - timedelta(days=1096))

    retention.purge()

    assert PiiReveal.objects.count() == 1
    with pytest.raises(Exception, match="1095"):
        policy.change(shop, by=None, reason="短", keep_looks_days=1094)


def test_the_operations_page_says_what_is_kept_and_what_went(sign_in_owner):
    shop, client = sign_in_owner
    policy.change(shop, by=None, reason="少留", keep_tracks_days=77)
    message(shop, days=100)
    message(make_shop(), days=100)
    retention.purge()

    text = client.get(reverse("ops"), headers={"Accept-Language": "zh-hans"}).content.decode()

    assert "数据保留" in text and "77 天" in text and "今天清除 1 条" in text


@pytest.fixture
def sign_in_owner(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))
    return shop, client
