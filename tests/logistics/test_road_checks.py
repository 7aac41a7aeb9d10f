"""The lines of the eligibility list that the road answers: value, verdict and sentence of each."""

from datetime import timedelta

import pytest
from django.utils import translation

from logistics.interception import policies, services
from logistics.parcels.enums import PackageState as P
from logistics.parcels.models import Package
from logistics.shipping.services import register_package, void_package
from merchant.clock import now
from merchant.policy import services as policy
from merchant.shops.models import CourierAccount
from tests.logistics.factories import make_package, new_waybill, submitted
from tests.merchant.factories import make_shop

pytestmark = pytest.mark.django_db()


def verdicts(package):
    return {
        check.code: (check.passed, check.value) for check in policies.road_checks(Package.objects.get(pk=package.pk))
    }


def sentence(package, code):
    with translation.override("en"):
        checks = policies.road_checks(Package.objects.get(pk=package.pk))
        return next(str(check.message) for check in checks if check.code == code)


def test_a_parcel_in_transit_passes_every_line_in_order():
    package = make_package()

    assert list(verdicts(package)) == ["E07", "E08", "E09", "E11", "E12", "E14"]
    assert all(passed for passed, _value in verdicts(package).values())


def test_e07_counts_the_orders_parcels_without_voided_ones_and_resends():
    package = make_package()
    second = register_package(package.order, courier="zto", waybill=new_waybill("zto"))
    register_package(package.order, courier="zto", waybill=new_waybill("zto"), direction="resend")
    assert verdicts(package)["E07"] == (False, 2)

    void_package(second, by=None)

    assert verdicts(package)["E07"] == (True, 1)


def test_e08_is_the_shops_list_of_couriers():
    sf = make_package("sf")
    assert verdicts(sf)["E08"] == (False, "sf")

    policy.change(sf.shop, by=None, reason="test", intercept_couriers=["sf"])

    assert verdicts(sf)["E08"] == (True, "sf")


def test_e09_wants_the_platforms_label_and_an_account_with_e_waybills():
    package = make_package()
    CourierAccount.objects.update(has_ewaybill=False)
    assert verdicts(package)["E09"] == (False, "platform_ewaybill")

    CourierAccount.objects.update(has_ewaybill=True)
    Package.objects.update(waybill_source="courier_ewaybill")
    assert verdicts(package)["E09"] == (False, "courier_ewaybill")


@pytest.mark.parametrize(
    ("state", "passed"),
    [(state, state in (P.PICKED_UP, P.IN_TRANSIT)) for state in P if state not in (P.VOIDED, P.RETURNED)],
)
def test_e11_lets_only_parcels_on_the_road_be_stopped_by_zto(state, passed):
    package = make_package(state=state)

    assert verdicts(package)["E11"] == (passed, state)
    assert passed or sentence(package, "E11") != ""


def test_e11_at_the_delivering_site_depends_on_the_courier():
    package = make_package("yto", state=P.ARRIVED_DESTINATION)
    can = policies.registry.get("yto").capabilities.intercepts_at_destination

    assert verdicts(package)["E11"] == (can, "arrived_destination")


def test_e11_tells_a_label_in_our_house_from_a_parcel_the_courier_has_not_scanned():
    package = make_package(state=P.LABELLED)
    assert sentence(package, "E11") == "The courier has not scanned it yet."

    Package.objects.update(shipped_at=None)
    assert sentence(package, "E11") == "Not picked up yet: it can still be stopped in the warehouse."


@pytest.mark.parametrize(("age_s", "passed"), [(0, True), (59, True), (61, False)])
def test_e12_wants_a_track_at_most_a_minute_old(age_s, passed):
    package = make_package()
    Package.objects.update(track_checked_at=now() - timedelta(seconds=age_s))

    assert verdicts(package)["E12"] == (passed, age_s)


def test_e12_fails_when_the_track_was_never_read():
    assert verdicts(make_package(is_checked=False))["E12"] == (False, None)


def test_e12_may_be_turned_into_a_warning_by_the_owner():
    package = make_package(is_checked=False)
    policy.change(package.shop, by=None, reason="test", warn_only=["E12"])

    checks = {check.code: check for check in policies.road_checks(package)}

    assert (checks["E12"].passed, checks["E12"].is_warning, checks["E12"].blocks) == (False, True, False)
    assert services.submit_interception(package, by=None).state == "submitted"


def test_e14_names_the_other_interception():
    interception = submitted()
    assert verdicts(interception.package)["E14"] == (False, interception.number)

    services.fail_interception(interception, reason="signed")
    assert verdicts(interception.package)["E14"] == (True, "")


def test_e14_sees_another_shops_interception_of_the_waybill_without_naming_it():
    interception = submitted()
    twin = make_package(shop=make_shop(), waybill=interception.waybill)

    assert verdicts(twin)["E14"] == (False, "other")
