"""E01–E16, one at a time and together (domain 2.5; S2): exact codes, all failing lines in one go."""

from datetime import timedelta

import pytest

from aftersales.cases.models import Case
from aftersales.decisions import policies
from aftersales.decisions import services as cases
from aftersales.decisions.eligibility import eligibility
from aftersales.platforms import intake
from logistics.interception.services import submit_interception
from logistics.parcels.models import Package
from merchant.clock import now
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.shops import services as shops
from merchant.shops.models import Agreement, CourierAccount
from orders.record.models import Order, OrderLine
from tests.aftersales.factories import account_of, agent_of, case_of, kuaishou_shop, package_of, shipped_order
from tests.logistics.factories import make_package

pytestmark = pytest.mark.django_db

ALL_CODES = [f"E{number:02}" for number in range(1, 17)]


def codes(case) -> list[str]:
    return eligibility(case).codes


def test_a_case_that_fits_shows_sixteen_lines_in_order_and_passes_all(platform):
    found = eligibility(case_of(platform))

    assert [check.code for check in found.checks] == ALL_CODES
    assert [check.code for check in found.checks if not check.passed] == []
    assert {check.code: check.value for check in found.checks if check.code in ("E06", "E07", "E08", "E10", "E13")} == {
        "E06": "normal",
        "E07": 1,
        "E08": "zto",
        "E10": 8800,
        "E13": "8800/8800",
    }


def test_s2_the_four_cases_of_the_limits(platform):
    below = case_of(platform, nets=(49999,))
    at_limit = case_of(platform, nets=(50000,))
    sf = case_of(platform, courier="sf")
    two = case_of(platform)
    make_package("zto", order=two.order)

    assert [codes(case) for case in (below, at_limit, sf, two)] == [[], ["E10"], ["E08"], ["E07"]]


def test_s2_fifty_thousand_by_sf_fails_both_lines_together(platform):
    case = case_of(platform, nets=(50000,), courier="sf")

    with pytest.raises(Refused) as refused:
        policies.check_can_intercept(case, agent_of(case.shop))

    assert refused.value.detail["codes"] == ["E08", "E10"]
    assert len(refused.value.detail["checks"]) == 16


def test_the_shop_must_be_normal_at_home_and_signed(platform):
    case = case_of(platform)
    shop = case.shop

    shop.state, shop.is_cross_border = "suspended", True
    shop.save()
    shops.revoke_agreement(Agreement.objects.get(shop=shop), by=None, reason="test")

    assert codes(case) == ["E01", "E02", "E03"]


def test_only_refund_only_after_shipping_that_waits_for_the_shop(platform):
    unshipped = case_of(platform, state="to_fulfil", parcel=None)
    refused = case_of(platform)
    cases.refuse_case(refused, by=None, reason="other")
    refused.refresh_from_db()

    assert codes(unshipped) == ["E04", "E05", "E07", "E08", "E09", "E11", "E12", "E14"]
    assert codes(refused) == ["E04"]


def test_fresh_goods_anywhere_in_the_order_forbid_it(platform):
    case = case_of(platform, nets=(4000, 4800))
    OrderLine.objects.filter(order=case.order, line_no=2).update(category_class="fresh")

    assert codes(case) == ["E06"]


def test_no_ewaybill_account_is_e09(platform):
    case = case_of(platform)
    CourierAccount.objects.filter(shop=case.shop).update(has_ewaybill=False)

    assert codes(case) == ["E09"]


@pytest.mark.parametrize(
    ("courier", "state", "expected"),
    [
        ("zto", "labelled", ["E11"]),
        ("zto", "picked_up", []),
        ("zto", "in_transit", []),
        ("zto", "arrived_destination", ["E11"]),
        ("yto", "arrived_destination", []),
        ("zto", "out_for_delivery", ["E11"]),
        ("zto", "at_locker", ["E11"]),
        ("zto", "signed", ["E11"]),
        ("zto", "refused", ["E11"]),
        ("zto", "exception", ["E11"]),
    ],
)
def test_where_the_parcel_is_decides_e11(platform, courier, state, expected):
    assert codes(case_of(platform, courier=courier, parcel=state)) == expected


def test_a_stale_track_is_a_remark_on_the_panel_and_when_pressed_since_the_worker_reads_it(platform):
    case = case_of(platform)
    Package.objects.filter(order=case.order).update(track_checked_at=now() - timedelta(seconds=61))

    shown, pressed = eligibility(case), eligibility(case, is_pressed=True)

    assert (shown.codes, [check.code for check in shown.warnings]) == ([], ["E12"])
    assert (pressed.codes, [check.code for check in pressed.warnings]) == ([], ["E12"])


def test_s5_a_part_of_the_money_is_no_reason_to_stop_the_parcel(platform):
    case = case_of(platform, nets=(12488,), amount_fen=500)

    assert (codes(case), eligibility(case)["E13"].value) == (["E13"], "500/12488")


def test_full_means_all_that_is_left_with_or_without_freight(platform):
    whole = case_of(platform, nets=(8000,), freight_fen=800, amount_fen=8000)
    with_freight = case_of(platform, nets=(8000,), freight_fen=800, amount_fen=8800)
    one_short = case_of(platform, nets=(12488,), amount_fen=12487)

    assert [codes(case) for case in (whole, with_freight, one_short)] == [[], [], ["E13"]]


def test_another_live_interception_of_the_waybill_is_e14(platform):
    case = case_of(platform)
    submit_interception(package_of(case), by=None)

    assert codes(case) == ["E14"]


def test_a_parcel_of_two_orders_needs_a_full_case_of_each(platform):
    shop = kuaishou_shop()
    first = shipped_order(platform, shop)
    second = shipped_order(platform, shop, nets=(5000,))
    package = make_package("zto", order=first)
    make_package("zto", order=second, waybill=package.waybill)
    one = case_of(platform, order=first, parcel=None)

    alone = eligibility(one)
    two = case_of(platform, order=second, parcel=None)
    together = eligibility(one)

    assert (alone.codes, alone["E13"].value, alone["E15"].value) == (["E13", "E15"], "8800/13800", 2)
    assert (together.codes, together["E13"].value) == ([], "13800/13800")
    assert [case.pk for case in together.cases] == [one.pk, two.pk]


def test_e10_holds_for_each_case_and_by_setting_for_the_parcels_sum(platform):
    shop = kuaishou_shop()
    first, second = (shipped_order(platform, shop, nets=(30000,)) for _ in range(2))
    package = make_package("zto", order=first)
    make_package("zto", order=second, waybill=package.waybill)
    one = case_of(platform, order=first, parcel=None)
    case_of(platform, order=second, parcel=None)

    each = codes(one)
    policy.change(shop, by=None, reason="test", intercept_limit_on_parcel_sum=True)

    assert (each, codes(one), eligibility(one)["E10"].value) == ([], ["E10"], 60000)


def test_the_owner_may_turn_e13_into_a_warning(platform):
    case = case_of(platform, amount_fen=500)
    policy.change(case.shop, by=None, reason="test", warn_only=["E13"])

    found = eligibility(case)

    assert (found.codes, [check.code for check in found.warnings]) == ([], ["E13"])


def test_an_older_page_is_e16(platform):
    case = case_of(platform)

    assert eligibility(case, shown_version=case.version).codes == []
    assert eligibility(case, shown_version=case.version + 1).codes == ["E16"]


def test_the_panel_costs_the_same_number_of_queries_whatever_the_order_holds(platform, django_assert_max_num_queries):
    small, large = case_of(platform), case_of(platform, nets=(1000,) * 12)

    for case in (small, large):
        with django_assert_max_num_queries(32):
            eligibility(case)


def test_e05_passes_where_the_source_says_that_it_shipped_and_not_when(platform):
    case = case_of(platform)
    Order.objects.filter(pk=case.order_id).update(shipped_at=None)

    assert "E05" not in eligibility(Case.objects.get(pk=case.pk)).codes


@pytest.mark.parametrize(("fee", "fails"), [(8800, False), (8801, True), (9300, True)])
def test_more_than_is_left_of_the_order_is_said_before_the_courier_is_asked(platform, fee, fails):
    shop = kuaishou_shop()
    order = shipped_order(platform, shop, nets=(8800,))
    make_package("zto", state="in_transit", order=order)
    found = platform.control.add_refund(oid=order.number, refund_fee=8800, reason="不想要了", push=False)
    platform.world.refunds[str(found["refundId"])]["refundFee"] = fee
    case = intake.re_read(account_of(shop), str(found["refundId"]))

    checked = eligibility(case)

    assert ("M5" in checked.codes) is fails
    if fails:
        assert checked["M5"].value == f"{fee}/8800"


def test_two_cases_of_an_order_count_together_for_what_is_left(platform):
    shop = kuaishou_shop()
    order = shipped_order(platform, shop, nets=(5000, 3800))
    make_package("zto", state="in_transit", order=order)
    first = case_of(platform, order=order, parcel=None, amount_fen=5000)
    Order.objects.filter(pk=order.pk).update(refunded_fen=4000)

    assert eligibility(first)["M5"].value == "5000/4800"
