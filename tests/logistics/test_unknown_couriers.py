"""A parcel whose courier nobody names is a parcel all the same: kept, counted, and named as soon as somebody can."""

import pytest
from django.urls import reverse

from logistics.couriers.names import courier_name
from logistics.interception import policies
from logistics.parcels.models import Package
from logistics.shipping.intake import register_imported
from merchant.carriers import registry as carriers
from merchant.policy import services as policy
from orders.intake.normal import NormalPackage
from tests.merchant.factories import make_courier_account, make_shop, make_user
from tests.orders.factories import make_order, order_row

pytestmark = pytest.mark.django_db
WAYBILL = "9860000000001"


@pytest.fixture
def shop():
    return make_shop()


def imported(shop, order, *packages):
    row = order_row(number=order.number, state="shipped")
    row.packages = [NormalPackage(courier, waybill) for courier, waybill in packages]
    register_imported(shop, {order.number: order.pk}, [row])


def parcels(order):
    return list(Package.objects.filter(order=order).order_by("pk").values_list("courier", "waybill"))


@pytest.mark.parametrize(
    ("word", "name", "waybill", "code"),
    [
        ("中通快递", "", "X", "zto"),
        ("ZHONGTONG", "", "X", "zto"),
        ("yd", "", "X", "yunda"),
        ("韵达速递", "", "X", "yunda"),
        ("huitongkuaidi", "", "X", "best"),
        ("xyz", "百世快递", "X", "best"),
        ("xyz", "某某专线", "X", "某某专线"),
        ("467", "", "X", "unknown"),
        ("467", "", "JDVA12345678901", "jd"),
        ("", "", "YT1234567890123", "yto"),
        ("", "", WAYBILL, "unknown"),
        ("安能/快运专线", "", "X", "安能·快运专线"),
        ("一家名字特别特别特别长的快递公司", "", "X", "一家名字特别特别特别长的快递公司"[:16]),
    ],
)
def test_a_courier_is_known_by_its_code_its_name_or_its_number(word, name, waybill, code):
    assert carriers.code_of(word, waybill, name=name) == code


@pytest.mark.parametrize(
    ("number", "code"), [(9, "zto"), (14, "jd"), (1005, "yunda"), (8, "yz"), (9999, ""), (777, "")]
)
def test_kuaishou_s_numbers_name_couriers_it_alone_numbers_so(number, code):
    assert (carriers.code_on("kuaishou", number), carriers.code_on("douyin", number)) == (code, "")


def test_a_parcel_without_a_courier_is_kept_and_said_to_be_of_an_unknown_one(shop, client):
    order = make_order(shop, state="shipped")
    client.force_login(make_user("owner", shop), backend="django.contrib.auth.backends.ModelBackend")

    imported(shop, order, ("unknown", WAYBILL), ("zto", "73110000000001"))

    assert parcels(order) == [("unknown", WAYBILL), ("zto", "73110000000001")]
    page = client.get(reverse("parcel_detail", args=[shop.pk, "unknown", WAYBILL]))
    assert (page.status_code, courier_name("unknown") in page.content.decode()) == (200, True)


def test_a_later_row_names_the_courier_and_the_parcel_stays_one(shop):
    order = make_order(shop, state="shipped")
    account = make_courier_account(shop, "yto")

    imported(shop, order, ("unknown", WAYBILL))
    imported(shop, order, ("yto", WAYBILL))
    imported(shop, order, ("unknown", WAYBILL))

    package = Package.objects.get(order=order)
    assert (package.courier, package.waybill, package.account_id) == ("yto", WAYBILL, account.pk)


def test_two_couriers_may_use_one_number(shop):
    order = make_order(shop, state="shipped")

    imported(shop, order, ("yto", WAYBILL), ("sto", WAYBILL))

    assert parcels(order) == [("yto", WAYBILL), ("sto", WAYBILL)]


def test_a_parcel_of_a_courier_that_nobody_stops_fails_the_courier_s_check(shop):
    order = make_order(shop, state="shipped")
    imported(shop, order, ("jd", "JDVA12345678901"), ("unknown", WAYBILL))
    rules = policy.current(shop)

    checks = [policies.known_courier(package, rules) for package in Package.objects.filter(order=order).order_by("pk")]

    assert [(check.passed, check.value) for check in checks] == [(False, "jd"), (False, "unknown")]
    assert (courier_name("jd"), courier_name("unknown")) == ("京东物流", "快递公司未知")
