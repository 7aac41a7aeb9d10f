"""What a platform names of a return: until when the shop must have received it, and the parcel it comes back in; and the
stopped parcel that comes home under another number."""

import json
from datetime import datetime, timedelta

import pytest

from aftersales.channels.snapshot import PlatformCase
from aftersales.platforms.following import follow_platform_case
from aftersales.platforms.profiles.douyin import DouyinRefundRows
from aftersales.returns import queues
from aftersales.returns import services as returns
from aftersales.returns.models import ReturnParcel
from logistics.claims.models import Claim
from logistics.claims.sweeps import draft_for, withdraw_found
from logistics.interception.models import Interception
from logistics.interception.sweeps import suspect_overdue
from logistics.parcels.models import Package
from merchant.clock import SHANGHAI, now
from orders.intake.registry import profile_named
from tests.aftersales.factories import agent_of, case_of, intercepting, kuaishou_shop, own_shop, shipped_order, stop
from tests.logistics.wire import ZTO_OK
from tests.merchant.factories import make_shop

pytestmark = pytest.mark.django_db
DUE = datetime(2026, 1, 29, 15, 35, 38, tzinfo=SHANGHAI)
RETURN_NO = "SF0000000000001"


def told(order, **more) -> PlatformCase:
    fields = {
        "number": "900001",
        "order_number": order.number,
        "kind": "return_refund",
        "state": "wait_seller_receive",
        "amount_fen": 8800,
        "version": 1,
        "status": "40",
        "applied_at": now() - timedelta(days=2),
        "return_courier": "sf",
        "return_waybill": RETURN_NO,
    }
    return PlatformCase(**(fields | more))


def waiting(shop) -> list[tuple[str, str]]:
    return [(row.courier, row.waybill) for row in queues.coming_home(agent_of(shop, "warehouse"))]


# --- until when -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "state"), [("6", "applied"), ("7", "wait_buyer_return"), ("11", "wait_seller_receive")]
)
def test_douyins_deadline_holds_in_every_state_that_waits_for_one(status, state):
    row = {
        "aftersale_id": "147000000000000001",
        "aftersale_type": "0",
        "aftersale_status": status,
        "related_id": "6950000000000000001",
        "refund_amount": "100",
        "apply_time": "1769067043",
        "update_time": "1769067398",
        "status_deadline": "1769672138",
        "return_logistics_code": RETURN_NO,
        "return_logistics_company_name": "顺丰速运",
        "related_order_info": json.dumps([{"sku_order_id": "1"}]),
    }
    profile = profile_named("douyin_refund_rows")
    assert isinstance(profile, DouyinRefundRows)

    snapshot = profile.snapshot(row, is_shipped=True)

    assert (snapshot.state, snapshot.deadline) == (state, DUE)
    assert (snapshot.return_courier, snapshot.return_waybill) == ("sf", RETURN_NO)


def test_the_platforms_deadline_is_the_cases(platform):
    order = shipped_order(platform, kuaishou_shop())

    case = follow_platform_case(order.shop, told(order, deadline=DUE))
    assert (case.clock, case.due_at) == ("T-SELLER-RECEIVE", DUE)

    later = DUE + timedelta(days=3)
    case = follow_platform_case(order.shop, told(order, deadline=later, version=2))
    assert case.due_at == later


# --- the parcel it comes back in --------------------------------------------------------------------------------------


def test_the_return_that_a_platform_names_is_followed_and_awaited(platform):
    order = shipped_order(platform, kuaishou_shop())

    case = follow_platform_case(order.shop, told(order))

    package = Package.objects.get(order=order)
    assert (package.direction, package.courier, package.waybill) == ("inbound", "sf", RETURN_NO)
    assert waiting(order.shop) == [("sf", RETURN_NO)]

    paper = returns.receive_parcel(package, by=agent_of(order.shop, "warehouse"))
    case.refresh_from_db()
    assert (paper.kind, paper.case, case.state, waiting(order.shop)) == ("buyer", case, "inspecting", [])


def test_it_is_awaited_once_and_when_the_number_comes_later(platform):
    order = shipped_order(platform, kuaishou_shop())
    follow_platform_case(order.shop, told(order, return_waybill="", return_courier=""))
    assert Package.objects.count() == 0

    for version in (2, 3):
        follow_platform_case(order.shop, told(order, return_waybill="sf 0000000000001 ", version=version))

    assert list(Package.objects.values_list("waybill", flat=True)) == [RETURN_NO]


@pytest.mark.parametrize("number", ["无需寄回", "123", ""])
def test_what_is_no_number_is_not_awaited(platform, number):
    order = shipped_order(platform, kuaishou_shop())

    case = follow_platform_case(order.shop, told(order, return_waybill=number))

    assert (case.state, Package.objects.count()) == ("wait_seller_receive", 0)


def test_our_own_parcel_is_no_return_of_the_buyer(platform):
    case = case_of(platform, kuaishou_shop(), parcel="refused")
    sent = Package.objects.get(order=case.order)

    follow_platform_case(case.shop, told(case.order, number=case.number, version=10**15, return_waybill=sent.waybill))

    assert list(Package.objects.values_list("pk", "direction")) == [(sent.pk, "outbound")]


# --- home under another number ----------------------------------------------------------------------------------------


def lost(platform, courier):
    """A stopped parcel that the warehouse has not seen in time, with its draft of a claim."""
    courier.on("createIntercept", ZTO_OK)
    case = case_of(platform, own_shop())
    intercepting(case)
    interception = stop(case)
    Interception.objects.filter(pk=interception.pk).update(due_at=now() - timedelta(minutes=1))
    suspect_overdue()
    interception.refresh_from_db()
    assert interception.state == "lost_suspect"
    return case, interception


def test_a_stopped_parcel_home_under_another_number_is_neither_lost_nor_claimed(platform, courier):
    case, interception = lost(platform, courier)
    claim = draft_for(interception.pk)
    assert claim is not None and claim.state == "draft"
    warehouse = agent_of(case.shop, "warehouse")
    parcel = returns.keep_unknown_parcel(case.shop, waybill="ZT99000000001", courier="zto", note="", by=warehouse)

    parcel = returns.match_parcel(parcel, order=case.order, by=agent_of(case.shop))
    withdraw_found()

    interception.refresh_from_db()
    claim.refresh_from_db()
    assert (interception.state, interception.returned_at is not None) == ("returned", True)
    assert (parcel.kind, parcel.package_id) == ("stopped", interception.package_id)
    assert claim.state == "closed"
    assert waiting(case.shop) == []


def test_of_two_awaited_parcels_nobody_guesses_which_came(platform, courier):
    case, interception = lost(platform, courier)
    second = Package.objects.create(
        shop=case.shop, order=case.order, courier="zto", waybill="73110000000099", labelled_at=now()
    )
    Interception.objects.create(
        shop=case.shop, number="IC2", package=second, courier="zto", waybill=second.waybill, state="succeeded", submitted_at=now(),
        account=interception.account, settled_at=now(), due_at=now() + timedelta(days=3),
        evidence=interception.evidence,
    )  # fmt: skip
    warehouse = agent_of(case.shop, "warehouse")
    parcel = returns.keep_unknown_parcel(case.shop, waybill="ZT99000000001", courier="zto", note="", by=warehouse)

    parcel = returns.match_parcel(parcel, order=case.order, by=agent_of(case.shop))

    interception.refresh_from_db()
    assert (parcel.package, parcel.kind, interception.state) == (None, "unannounced", "lost_suspect")


def test_a_number_of_nobody_brings_nothing_home(platform):
    shop = make_shop("own")
    returns.keep_unknown_parcel(shop, waybill="ZT99000000001", courier="", note="", by=agent_of(shop, "warehouse"))

    assert (ReturnParcel.objects.unmatched().count(), Claim.objects.count()) == (1, 0)
