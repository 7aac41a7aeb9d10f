"""A courier gives a waybill out again for another parcel of the same shop: each has the life of its own scans."""

from datetime import timedelta

import pytest

from logistics.parcels.models import Package
from logistics.shipping.services import register_package
from logistics.tracking.services import record_events
from logistics.watch.models import Watch
from merchant.clock import now
from tests.logistics.factories import SECRETS, scan
from tests.merchant.factories import make_courier_account, make_shop
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db
NUMBER = "73110000000001"


@pytest.fixture
def shop():
    shop = make_shop("kuaishou")
    make_courier_account(shop, "zto", secrets=SECRETS["zto"])
    return shop


def delivered_long_ago(shop, *, days=730) -> Package:
    at = now() - timedelta(days=days)
    order = make_order(shop, number="2405010000000001", placed_at=at, packages=(("zto", NUMBER),), buyer_id="old")
    package = Package.objects.get(order=order)
    told = [
        scan("picked_up", at + timedelta(hours=4), city="上海"),
        scan("signed", at + timedelta(days=2), city="杭州"),
    ]
    record_events({package.pk: told}, checked_at=now())
    package.refresh_from_db()
    return package


def ordered_now(shop, **more):
    more = {"placed_at": now() - timedelta(days=2), "packages": (("zto", NUMBER),), "buyer_id": "new", **more}
    return make_order(shop, number="2605010000000002", **more)


def test_the_new_parcel_is_one_of_its_own_and_the_old_one_stays_as_it_was(shop):
    old = delivered_long_ago(shop)

    fresh = Package.objects.of_order(ordered_now(shop).pk).get()

    old.refresh_from_db()
    assert (fresh.pk != old.pk, fresh.state, old.state) == (True, "labelled", "signed")
    assert old.superseded_at is not None and old.order_count == 1
    assert list(Watch.objects.values_list("package", flat=True)) == [fresh.pk]


def test_old_scans_of_the_number_say_nothing_of_the_new_parcel(shop):
    old = delivered_long_ago(shop)
    fresh = Package.objects.of_order(ordered_now(shop).pk).get()
    at = now() - timedelta(days=1)
    again = [scan("signed", old.signed_at, city="杭州"), scan("picked_up", at, city="上海")]

    # In one batch with a parcel of long ago: each counts the scans of its own time.
    other = Package.objects.of_order(
        make_order(shop, placed_at=now() - timedelta(days=800), packages=(("zto", "73110000000002"),)).pk
    ).get()
    record_events({fresh.pk: again, other.pk: []}, checked_at=now())
    record_events({fresh.pk: [scan("in_transit", at + timedelta(hours=1), city="上海")], other.pk: []})

    fresh.refresh_from_db()
    assert (fresh.state, fresh.signed_at) == ("in_transit", None)


def test_a_parcel_registered_by_hand_is_one_of_its_own_too(shop):
    old = delivered_long_ago(shop)
    order = ordered_now(shop, packages=())

    fresh = register_package(order, courier="zto", waybill=NUMBER)

    assert (fresh.pk != old.pk, fresh.state, fresh.order_id) == (True, "labelled", order.pk)


@pytest.mark.parametrize("days", [3, 30, 61])
def test_orders_of_the_same_weeks_share_their_parcel(shop, days):
    """Merged orders, and a number typed once more: no parcel is made that nobody sent."""
    old = delivered_long_ago(shop, days=days)

    order = ordered_now(shop)

    assert Package.objects.of_order(order.pk).get() == old
    assert Package.objects.count() == 1


def test_the_same_row_read_again_makes_no_third_parcel(shop):
    delivered_long_ago(shop)
    ordered_now(shop)
    ordered_now(shop, buyer_note="改地址")

    assert Package.objects.count() == 2
