"""Every real Douyin row that is refund-only after shipping shows the right verdicts (domain: E01–E16).

The shop: in normal operation, agreement signed, e-waybill accounts with ZTO, YTO, STO and J&T, default rules. The
verdicts were worked out by hand from the rows: which courier, which amount against what is left, which parcel carries
whose goods. No row tells a scan, so no parcel counts as picked up (E11) and no track as read (E12): fail closed.
"""

import pytest

from aftersales.cases.models import Case
from aftersales.decisions.eligibility import eligibility
from aftersales.platforms import intake
from aftersales.refunds.models import Refund
from logistics.parcels.models import Package
from logistics.tracking.services import record_events
from merchant.clock import now
from orders.intake.readers import SourceFile, read_tables
from orders.intake.registry import detect, profile_named
from orders.record.models import Order
from tests.logistics.factories import scan
from tests.merchant.factories import make_courier_account, make_shop

pytestmark = pytest.mark.django_db

# case → (failing on the panel, failing once the button is pressed: what the track says is then the worker's to read).
# Columns of thought beside each.
VERDICTS = {
    # JD's large-goods courier, 1432.00 of 3694.65 paid back already, goods received in April: nothing fits.
    "146457846900419718": ("E04 E08 E09 E10 E11 E13", "E04 E08 E09 E10 E13"),
    # STO, one order, all of 0.01 asked back.
    "147323589064980140": ("E11", ""),
    "147323588272555115": ("E11", ""),
    # S.F.: not on the shop's list, no e-waybill account.
    "147323564784480280": ("E08 E09 E11", "E08 E09"),
    # Two orders in one STO parcel, each with such a case: E13 and E15 hold for both together.
    "147323562171500280": ("E11", ""),
    "147323562622272369": ("E11", ""),
    # S.F., refunded already: the case no longer waits.
    "147323505663577480": ("E04 E08 E09 E11", "E04 E08 E09"),
    # ZTO; its gift line is not in the row and costs nothing.
    "147323471973953751": ("E11", ""),
}
SHARED_WAYBILL = "770298040590674"


@pytest.fixture(scope="module")
def imported(shared_data, rows_of_module):
    shop = make_shop("douyin")
    for code in ("zto", "yto", "sto", "jt"):
        make_courier_account(shop, code)
    table = read_tables(SourceFile.at(shared_data / "platform" / "douyin" / "refund.jsonl"))[0]
    profile = detect([table])
    outcomes = profile.store(shop, list(profile.records(table, {})), by=None)
    return shop, profile, table, outcomes


def codes(case: Case, **how: bool) -> str:
    return " ".join(eligibility(case, **how).codes)


def test_every_row_is_taken_and_a_second_import_changes_nothing(imported):
    shop, profile, table, outcomes = imported

    again = profile.store(shop, list(profile.records(table, {})), by=None)

    assert profile.name == "douyin_refund_rows"
    assert [(o.outcome, o.reason) for o in outcomes] == [("created", "")] * 30
    assert [(o.outcome, o.reason) for o in again] == [("unchanged", "")] * 30
    assert (Case.objects.filter(shop=shop).count(), Order.objects.filter(shop=shop).count()) == (30, 29)


def test_refund_only_after_shipping_shows_these_verdicts(imported):
    shop, *_rest = imported
    cases = {case.number: case for case in Case.objects.filter(shop=shop, kind="refund_only_shipped")}

    shown = {number: (codes(case), codes(case, is_pressed=True)) for number, case in cases.items()}

    assert shown == VERDICTS


def test_the_parcel_of_two_orders_is_one_parcel_with_two_cases(imported):
    shop, *_rest = imported
    package = Package.objects.get(shop=shop, waybill=SHARED_WAYBILL)

    found = eligibility(Case.objects.get(shop=shop, number="147323562171500280"))

    assert (package.courier, package.order_count) == ("sto", 2)
    assert [case.number for case in found.cases] == ["147323562171500280", "147323562622272369"]
    assert (found["E13"].value, found["E15"].value, found["E10"].value) == ("2/2", 2, 1)


def test_once_the_courier_shows_them_on_the_road_the_five_may_be_stopped(imported):
    shop, *_rest = imported
    for package in Package.objects.filter(shop=shop, state="labelled"):
        record_events({package.pk: [scan("in_transit")]}, checked_at=now())

    waiting = Case.objects.filter(shop=shop, kind="refund_only_shipped", state="applied").order_by("number")

    assert {case.number: codes(case, is_pressed=True) for case in waiting} == {
        "147323471973953751": "",
        "147323562171500280": "",
        "147323562622272369": "",
        "147323564784480280": "E08 E09",
        "147323588272555115": "",
        "147323589064980140": "",
    }


def test_what_douyin_had_paid_is_booked_once_without_a_call(imported):
    shop, *_rest = imported

    paid = (
        Refund.objects.filter(shop=shop)
        .order_by("-amount_fen")
        .values_list("case__number", "amount_fen", "state", "source")
    )

    assert len(paid) == 12
    assert list(paid[:2]) == [
        ("146457823747948098", 399500, "success", "platform"),
        ("146457846900419718", 143200, "success", "platform"),
    ]
    assert Refund.objects.filter(shop=shop, attempts__gt=0).count() == 0


def test_taobao_rows_are_cases_with_the_money_they_moved(shared_data):
    shop = make_shop("taobao")
    table = read_tables(SourceFile.at(shared_data / "platform" / "taobao" / "refund.jsonl"))[0]
    profile = profile_named("taobao_refund_rows")

    outcomes = profile.store(shop, list(profile.records(table, {})), by=None)

    assert detect([table]).name == "taobao_refund_rows"
    assert [(o.outcome, o.reason) for o in outcomes] == [("created", "")] * 20
    assert Refund.objects.filter(shop=shop, state="success").count() == 18
    partial = Case.objects.get(shop=shop, number="154486920027549058")
    assert (partial.kind, partial.amount_fen, partial.order.paid_fen, partial.order.refunded_fen) == (
        "refund_only_shipped",
        2000,
        125640,
        2000,
    )


def test_a_douyin_shop_without_its_account_is_told_to_connect_one(imported):
    from aftersales.decisions import services
    from merchant.refusals import Refused

    shop, *_rest = imported
    case = Case.objects.get(shop=shop, number="147323471973953751")

    with pytest.raises(Refused) as refused:
        services.agree_case(case, by=None, shown_version=case.version)

    case.refresh_from_db()
    assert (refused.value.code, case.state) == ("ACCOUNT", "applied")


def test_a_shop_without_an_account_is_not_pulled(imported):
    assert intake.pull_platform_cases() == 0
