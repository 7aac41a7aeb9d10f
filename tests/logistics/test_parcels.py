"""Labels made, voided and received; parcels that come with imported orders; who shares a parcel."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from logistics.parcels.enums import OwnScan, WaybillSource
from logistics.parcels.enums import PackageState as P
from logistics.parcels.models import Package, PackageLine
from logistics.parcels.tracking_models import TrackingEvent
from logistics.shipping.services import receive_package, register_package, sweep_watch, void_package
from logistics.watch.models import Watch
from merchant.clock import now
from merchant.refusals import Refused
from orders.intake.services import upsert_orders
from orders.record.enums import OrderState
from orders.record.models import Order
from tests.logistics.factories import make_package, new_waybill, submitted
from tests.merchant.factories import make_courier_account, make_shop
from tests.orders.factories import make_order, order_row

pytestmark = pytest.mark.django_db()
RECENT = {"placed_at": now() - timedelta(days=1)}


def test_register_package_writes_the_label_the_lines_and_a_place_on_the_watch_list():
    shop = make_shop()
    account = make_courier_account(shop, "zto")
    order = make_order(shop, nets=(4900, 2900))

    package = register_package(order, courier="zto", waybill=" 73100000000001 ")

    assert (package.waybill, package.state, package.account, package.order_count) == (
        "73100000000001",
        P.LABELLED,
        account,
        1,
    )
    assert package.receiver_city == "杭州市"
    assert list(package.lines.order_by("order_line__line_no").values_list("order_line__line_no", "quantity")) == [
        (1, 1),
        (2, 1),
    ]
    assert list(TrackingEvent.objects.filter(package=package).values_list("raw_code", "status")) == [
        (OwnScan.LABELLED, "labelled")
    ]
    assert Watch.objects.get(package=package).account == account


def test_a_parcel_registered_again_stays_one():
    package = make_package()

    again = register_package(package.order, courier=package.courier, waybill=package.waybill)

    assert (again.pk, Package.objects.count(), PackageLine.objects.count()) == (package.pk, 1, 1)


def test_two_orders_in_one_parcel_are_counted():
    package = make_package()
    other = make_order(package.shop)

    register_package(other, courier=package.courier, waybill=package.waybill)

    package.refresh_from_db()
    assert package.order_count == 2
    assert Package.objects.of_order(other.pk).get() == package


def test_a_parcel_without_an_account_is_kept_but_not_watched():
    package = register_package(make_order(), courier="sf", waybill="SF0000000000001")

    assert (package.account, Watch.objects.exists()) == (None, False)


def test_void_package_frees_the_number_for_a_new_label():
    package = make_package(state=P.LABELLED)

    void_package(package, by=None, reason="改地址")
    fresh = register_package(package.order, courier=package.courier, waybill=package.waybill)

    assert (Package.objects.get(pk=package.pk).state, fresh.state, fresh.pk == package.pk) == (
        P.VOIDED,
        P.LABELLED,
        False,
    )


def test_a_parcel_the_courier_has_cannot_be_voided():
    package = make_package()

    with pytest.raises(Refused) as refusal:
        void_package(package, by=None)

    package.refresh_from_db()
    assert (refusal.value.code, package.state) == ("PARCEL", P.IN_TRANSIT)


def test_a_voided_label_cannot_be_received():
    package = make_package(state=P.LABELLED)
    void_package(package, by=None)

    with pytest.raises(Refused) as refusal:
        receive_package(package, by=None)

    assert refusal.value.code == "PARCEL"


def test_receive_package_without_an_interception_is_simply_back():
    package = receive_package(make_package(), by=None)

    assert package.state == P.RETURNED


def test_the_buyers_own_return_that_was_received_is_signed_for():
    package = receive_package(make_package(direction="inbound"), by=None)

    assert package.state == P.SIGNED


# --- parcels of imported orders -----------------------------------------------------------------------------------


def test_imported_orders_bring_their_parcels():
    shop = make_shop()
    make_courier_account(shop, "zto")
    row = order_row(packages=(("zto", "73100000000009"),), **RECENT)

    upsert_orders(shop, [row])

    package = Package.objects.get()
    assert (package.order.number, package.state, package.waybill_source) == (
        row.number,
        P.LABELLED,
        WaybillSource.PLATFORM_EWAYBILL,
    )
    assert (package.labelled_at, package.shipped_at) == (row.packages[0].shipped_at, row.packages[0].shipped_at)
    assert (package.receiver_city, package.lines.count()) == ("杭州市", 1)
    assert Watch.objects.get().package == package


def test_an_account_without_e_waybill_makes_no_platform_label():
    shop = make_shop()
    make_courier_account(shop, "zto", has_ewaybill=False)

    upsert_orders(shop, [order_row(packages=(("zto", "73100000000009"),), **RECENT)])

    assert Package.objects.get().waybill_source == WaybillSource.UNKNOWN


def test_importing_again_changes_nothing_and_a_new_parcel_is_added():
    shop = make_shop()
    row = order_row(packages=(("zto", "73100000000009"),), **RECENT)
    upsert_orders(shop, [row])
    upsert_orders(shop, [row])
    more = order_row(number=row.number, packages=(("zto", "73100000000009"), ("zto", "73100000000010")), **RECENT)

    upsert_orders(shop, [more])

    assert list(Package.objects.order_by("waybill").values_list("waybill", flat=True)) == [
        "73100000000009",
        "73100000000010",
    ]


def test_two_imported_orders_may_share_a_parcel():
    shop = make_shop()
    rows = [order_row(packages=(("yto", "YT0000000000009"),), **RECENT) for _ in range(2)]

    upsert_orders(shop, rows)

    package = Package.objects.get()
    assert (package.order_count, package.lines.count()) == (2, 2)


def test_a_parcel_named_for_one_line_carries_that_line():
    shop = make_shop()
    row = order_row(nets=(100, 200), packages=(("zto", "73100000000009"),), **RECENT)
    row.packages[0].line_ids = (row.lines[1].external_id,)

    upsert_orders(shop, [row])

    assert list(PackageLine.objects.values_list("order_line__line_no", flat=True)) == [2]


def test_a_parcel_of_an_order_that_was_received_counts_as_signed_for_and_is_not_watched():
    shop = make_shop()
    make_courier_account(shop, "zto")
    row = order_row(state=OrderState.RECEIVED, packages=(("zto", "73100000000009"),), **RECENT)
    row.received_at = now() - timedelta(hours=1)

    upsert_orders(shop, [row])

    assert (Package.objects.get().state, Watch.objects.count()) == (P.SIGNED, 0)


def test_a_years_old_parcel_is_kept_and_not_asked_about():
    shop = make_shop()
    make_courier_account(shop, "zto")

    upsert_orders(shop, [order_row(packages=(("zto", "73100000000009"),), placed_at=now() - timedelta(days=400))])

    assert (Package.objects.count(), Watch.objects.count()) == (1, 0)


def test_an_unreadable_parcel_never_stops_the_order():
    shop = make_shop()
    row = order_row(packages=(("zto", ""), ("", "73100000000009"), ("zto", "7" * 60)), **RECENT)

    assert [outcome.outcome for outcome in upsert_orders(shop, [row])] == ["created"]
    assert Order.objects.count() == 1
    # Only the one with a waybill that can be one; whose it is, a later row may say.
    assert list(Package.objects.values_list("courier", "waybill")) == [("unknown", "73100000000009")]


def test_the_number_of_statements_for_imported_parcels_does_not_grow():
    shop = make_shop()
    make_courier_account(shop, "zto")

    def statements(count):
        rows = [order_row(packages=(("zto", new_waybill("zto")),), **RECENT) for _ in range(count)]
        with CaptureQueriesContext(connection) as captured:
            upsert_orders(shop, rows)
        return len([q for q in captured if "logistics_" in q["sql"]])

    assert statements(2) == statements(20)


# --- the watch list's sweep ---------------------------------------------------------------------------------------


def test_the_sweep_watches_what_was_forgotten_and_drops_what_ended():
    forgotten, ended, kept = make_package(), make_package(state=P.SIGNED), submitted().package
    Watch.objects.all().delete()
    Watch.objects.create(package=ended, account=ended.account, next_at=now(), since_at=now())

    done = sweep_watch()

    assert set(Watch.objects.values_list("package_id", flat=True)) == {forgotten.pk, kept.pk}
    assert done == {"added": 2, "dropped": 1}


def test_parcels_that_came_before_their_couriers_account_find_it():
    shop = make_shop()
    upsert_orders(shop, [order_row(packages=(("zto", "73100000000009"),), **RECENT)])
    assert (Package.objects.get().account, Watch.objects.count()) == (None, 0)
    account = make_courier_account(shop, "zto")

    sweep_watch()

    assert (Package.objects.get().account, Watch.objects.get().account) == (account, account)
    assert Package.objects.get().waybill_source == WaybillSource.PLATFORM_EWAYBILL


def test_a_parcel_nobody_heard_of_for_two_months_is_no_longer_asked_about():
    package = make_package()
    Package.objects.update(labelled_at=now() - timedelta(days=61))

    assert sweep_watch() == {"added": 0, "dropped": 1}
    assert not Watch.objects.filter(package=package).exists()
