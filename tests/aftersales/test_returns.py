"""Goods come home: received by scan, inspected line by line, and what follows for shelf, case, money and courier."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.decisions import sweeps
from aftersales.refunds.models import Refund
from aftersales.returns import inspecting
from aftersales.returns import policies as return_policies
from aftersales.returns import services as returns
from aftersales.returns.inspecting import Count, Other
from aftersales.returns.models import Inspection, InspectionLine, ReturnParcel
from logistics.claims.models import Claim
from logistics.interception.models import Interception
from logistics.parcels.enums import PackageState
from logistics.tracking.services import record_events
from merchant.attachments.models import Purpose
from merchant.attachments.services import attach, read_files
from merchant.catalog import services as catalog
from merchant.clock import now
from merchant.ledger.models import LedgerEntry
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.stock.models import Stock, StockMove
from orders.intake.normal import NormalLine
from orders.record.goods import sku_of
from orders.record.models import Order, OrderLine
from tests.aftersales.factories import (
    a_minute_later,
    agent_of,
    case_of,
    intercepting,
    kuaishou_shop,
    own_shop,
    package_of,
    refund_of,
    shipped_order,
    stop,
)
from tests.aftersales.test_threads import at_once
from tests.logistics.factories import make_package, scan
from tests.logistics.wire import ZTO_OK
from tests.merchant.factories import photo_upload

pytestmark = pytest.mark.django_db


def photos(inspection, count=2):
    files = read_files([photo_upload(f"{number}.jpg", size=(40 + number, 30)) for number in range(count)])
    attach(inspection, files, by=None, purpose=Purpose.PHOTO)


def found(inspection, *counts):
    """{line: Count} of (sellable, defective, missing) in the order of the lines."""
    wanted = returns.expected_lines(inspection.parcel)
    return {line.pk: Count(*count) for (line, _units), count in zip(wanted, counts, strict=True)}


def inspect(parcel, *counts, by, others=(), note="", with_photos=0):
    inspection = Inspection.objects.get(parcel=parcel)
    if with_photos:
        photos(inspection, with_photos)
    return inspecting.finish_inspection(inspection, counts=found(inspection, *counts), others=others, note=note, by=by)


def on_hand(shop):
    return {(row.sku.code, row.grade): row.on_hand for row in Stock.objects.filter(shop=shop).select_related("sku")}


def stopped_case(platform, courier, shop=None, **row):
    courier.on("createIntercept", ZTO_OK)
    case = case_of(platform, shop or own_shop(), **row)
    intercepting(case)
    stop(case)
    case.refresh_from_db()
    return case


def black_shirts(platform, shop):
    """Two black shirts for 102.00 together, shipped and received by the buyer."""
    line = NormalLine(
        title="纯棉 T 恤", spec="黑", quantity=2, goods_fen=10_200, net_fen=10_200, external_id="L-1", item_id="T-BLACK"
    )
    return shipped_order(platform, shop, nets=(10_200,), lines=[line])


def waiting_return(platform, shop=None, **more):
    """A return the shop has agreed to; the buyer has not sent it yet."""
    shop = shop or own_shop()
    order = more.pop("order", None) or black_shirts(platform, shop)
    case = cases.apply_case(order, kind="return_refund", amount_fen=order.paid_fen, reason="不合适", by=None)
    return cases.agree_case(case, by=agent_of(shop, "supervisor"))


def returned(platform, shop=None):
    """(case, parcel): the buyer's return, scanned in the warehouse."""
    case = waiting_return(platform, shop)
    expected = returns.ship_back(case, courier="zto", waybill="73100000000077", by=agent_of(case.shop))
    parcel = returns.receive_parcel(expected.package, by=agent_of(case.shop, "warehouse"))
    case.refresh_from_db()
    return case, parcel


# --- S1: a stopped parcel comes home --------------------------------------------------------------------------------


@pytest.mark.req("R0.10")
def test_a_stopped_parcel_is_received_inspected_and_on_the_shelf_again(platform, courier, commits):
    with commits():
        case = stopped_case(platform, courier)
    a_minute_later(case)
    packer = agent_of(case.shop, "warehouse")

    parcel = returns.receive_parcel(package_of(case), by=packer)
    inspection = inspect(parcel, (1, 0, 0), by=packer)

    interception, case = Interception.objects.get(), Case.objects.get()
    assert (parcel.kind, inspection.result, interception.state, case.state) == (
        "stopped",
        "fine",
        "closed_ok",
        "success",
    )
    assert on_hand(case.shop) == {("sku-1", "sellable"): 1}
    move = StockMove.objects.get()
    assert (move.document, move.kind, move.on_hand_delta, move.by) == (inspection.number, "returned", 1, packer)
    assert refund_of(case).amount_fen == 8800
    costs = LedgerEntry.objects.filter(kind="interception_cost").values_list("amount_fen", flat=True)
    assert (sorted(costs), Claim.objects.count()) == ([300, 450], 0)


def test_receiving_starts_the_inspection_clock_of_the_shop(platform, courier):
    case = stopped_case(platform, courier)
    policy.change(case.shop, by=None, reason="test", t_inspect=3600)

    parcel = returns.receive_parcel(package_of(case), by=agent_of(case.shop, "warehouse"))

    interception, inspection = Interception.objects.get(), Inspection.objects.get()
    assert (interception.state, parcel.case) == ("returned", None)
    for due_at in (interception.due_at, inspection.due_at):
        assert 3590 < (due_at - now()).total_seconds() <= 3600


def test_scanning_twice_says_who_was_faster_and_changes_nothing(platform, courier):
    case = stopped_case(platform, courier)
    packer = agent_of(case.shop, "warehouse")
    returns.receive_parcel(package_of(case), by=packer)

    with pytest.raises(Refused) as refused:
        returns.receive_parcel(package_of(case), by=agent_of(case.shop, "warehouse"))

    assert (refused.value.code, str(packer) in str(refused.value)) == ("RECEIVED", True)
    assert (ReturnParcel.objects.get().received_by, Inspection.objects.count()) == (packer, 1)


def test_an_agent_may_neither_receive_nor_inspect(platform, courier):
    case = stopped_case(platform, courier)
    agent = agent_of(case.shop)
    with pytest.raises(Refused) as refused:
        returns.receive_parcel(package_of(case), by=agent)
    assert (refused.value.code, ReturnParcel.objects.count()) == ("RIGHT", 0)

    parcel = returns.receive_parcel(package_of(case), by=agent_of(case.shop, "warehouse"))
    with pytest.raises(Refused) as refused:
        inspect(parcel, (1, 0, 0), by=agent)
    assert (refused.value.code, Inspection.objects.get().result, StockMove.objects.count()) == ("RIGHT", "", 0)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (PackageState.LABELLED, "NOT_SENT"),
        (PackageState.IN_TRANSIT, "ON_THE_ROAD"),
        (PackageState.OUT_FOR_DELIVERY, "ON_THE_ROAD"),
        (PackageState.SIGNED, "UNANNOUNCED"),
    ],
)
def test_a_parcel_nobody_expects_is_refused_with_what_its_track_says(platform, state, code):
    shop = own_shop()
    package = make_package(order=shipped_order(platform, shop), state=state)

    with pytest.raises(Refused) as refused:
        returns.receive_parcel(package, by=agent_of(shop, "warehouse"))

    package.refresh_from_db()
    assert (refused.value.code, package.state, ReturnParcel.objects.count()) == (code, state, 0)


# --- damaged: S14's first half --------------------------------------------------------------------------------------


def test_damage_wants_two_photos_and_keeps_everything_as_it_was_without_them(platform, courier):
    case = stopped_case(platform, courier)
    packer = agent_of(case.shop, "warehouse")
    parcel = returns.receive_parcel(package_of(case), by=packer)

    with pytest.raises(Refused) as refused:
        inspect(parcel, (0, 1, 0), by=packer, with_photos=1)

    assert (refused.value.code, refused.value.detail["field"]) == ("PHOTOS", "photos")
    assert (Inspection.objects.get().result, Interception.objects.get().state) == ("", "returned")
    assert (InspectionLine.objects.count(), StockMove.objects.count(), Claim.objects.count()) == (0, 0, 0)


@pytest.mark.req("R0.10")
def test_damage_by_the_courier_goes_to_the_defective_bin_and_becomes_a_claim_of_its_cost(platform, courier):
    case = stopped_case(platform, courier, nets=(48_000,))
    line = OrderLine.objects.get()
    catalog.set_cost(sku_of(line.listing), cost_fen=45_000, by=agent_of(case.shop, "finance"))
    packer = agent_of(case.shop, "warehouse")
    parcel = returns.receive_parcel(package_of(case), by=packer)

    inspection = inspect(parcel, (0, 1, 0), by=packer, with_photos=3, note="外箱破，灯罩碎")

    claim = Claim.objects.get()
    assert (inspection.result, Interception.objects.get().state) == ("damaged", "closed_damaged")
    assert on_hand(case.shop) == {("sku-1", "defective"): 1}
    assert (claim.cause, claim.loss_fen, claim.basis) == ("damaged", 45_000, "goods_cost")
    assert (claim.inspection_number, claim.claimed_fen) == (inspection.number, 30_000)


def test_without_a_cost_price_the_claim_says_what_the_buyer_paid(platform, courier):
    case = stopped_case(platform, courier)
    packer = agent_of(case.shop, "warehouse")
    parcel = returns.receive_parcel(package_of(case), by=packer)

    inspect(parcel, (0, 0, 1), by=packer, with_photos=2)

    claim = Claim.objects.get()
    assert (claim.cause, claim.loss_fen, claim.basis) == ("short", 8800, "paid_by_buyer")
    assert (Interception.objects.get().state, StockMove.objects.count()) == ("closed_damaged", 0)


def test_every_unit_lands_in_one_pile_or_the_field_is_named(platform, courier):
    case = stopped_case(platform, courier)
    packer = agent_of(case.shop, "warehouse")
    parcel = returns.receive_parcel(package_of(case), by=packer)
    line = OrderLine.objects.get()

    for counts, others, code, field in (
        ((0, 0, 0), (), "COUNT", f"line-{line.pk}"),
        ((1, 1, 0), (), "COUNT", f"line-{line.pk}"),
        ((2, -1, 0), (), "COUNT", f"line-{line.pk}"),
        ((1, 0, 0), (Other("", 1),), "OTHER", "other-0"),
        ((1, 0, 0), (Other("白色 T 恤", 0),), "OTHER", "other-0"),
    ):
        with pytest.raises(Refused) as refused:
            inspect(parcel, counts, by=packer, others=others)
        assert (refused.value.code, refused.value.detail["field"]) == (code, field)
    assert (Inspection.objects.get().result, StockMove.objects.count()) == ("", 0)


# --- S9: wrong goods in a buyer's return ------------------------------------------------------------------------------


@pytest.mark.req("R0.10")
def test_wrong_goods_freeze_the_refund_and_one_unit_is_settled_for_5100(platform):
    case, parcel = returned(platform)
    packer, agent = agent_of(case.shop, "warehouse"), agent_of(case.shop)
    assert case.state == "inspecting"

    inspection = inspect(parcel, (1, 0, 1), by=packer, others=[Other("白色 T 恤", 1)], with_photos=2)

    case.refresh_from_db()
    assert (inspection.result, case.state, case.tag) == ("differs", "refused_after_return", "goods_differ")
    assert (Refund.objects.count(), Claim.objects.count()) == (0, 0)
    assert on_hand(case.shop) == {("T-BLACK", "sellable"): 1}

    line = OrderLine.objects.get()
    cases.settle_return_case(case, by=agent, shown_version=case.version, units={line.pk: 1})

    case.refresh_from_db()
    refund = refund_of(case)
    assert (case.state, refund.amount_fen, refund.state, refund.parts) == (
        "refunding",
        5100,
        "approved",
        {line.pk: 5100},
    )


def test_a_settled_return_is_paid_exactly_and_the_rest_stays_with_the_shop(platform, commits):
    shop = own_shop()
    policy.change(shop, by=None, reason="test", release_manual_refunds="at_once")
    case, parcel = returned(platform, shop)
    inspect(parcel, (1, 0, 1), by=agent_of(shop, "warehouse"), with_photos=2)
    case.refresh_from_db()

    with commits():
        cases.settle_return_case(case, by=agent_of(shop), amount_fen=5100)
    a_minute_later(case)

    case.refresh_from_db()
    order = Order.objects.get()
    assert (case.state, order.refunded_fen, order.refundable_fen) == ("success", 5100, 5100)


def test_a_settlement_above_the_agents_limit_waits_for_a_second_person(platform):
    shop = own_shop()
    line = NormalLine(title="羽绒服", quantity=2, goods_fen=60_000, net_fen=60_000, external_id="L-1", item_id="COAT")
    case = waiting_return(platform, shop, order=shipped_order(platform, shop, nets=(60_000,), lines=[line]))
    expected = returns.ship_back(case, courier="zto", waybill="73100000000078", by=agent_of(shop))
    parcel = returns.receive_parcel(expected.package, by=agent_of(shop, "warehouse"))
    inspect(parcel, (1, 0, 1), by=agent_of(shop, "warehouse"), with_photos=2)

    cases.settle_return_case(Case.objects.get(), by=agent_of(shop), units={OrderLine.objects.get().pk: 1})

    assert (refund_of(case).state, refund_of(case).amount_fen) == ("created", 30_000)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"units": {}}, "AMOUNT"),
        ({"units": {0: 1}}, "UNITS"),
        ({"amount_fen": 10_201}, "AMOUNT"),
        ({"amount_fen": 0}, "AMOUNT"),
        ({"amount_fen": 5100, "shown_version": 1}, "E16"),
    ],
)
def test_a_settlement_that_fits_nothing_is_refused(platform, how, code):
    case, parcel = returned(platform)
    inspect(parcel, (1, 0, 1), by=agent_of(case.shop, "warehouse"), with_photos=2)

    with pytest.raises(Refused) as refused:
        cases.settle_return_case(Case.objects.get(), by=agent_of(case.shop), **how)

    assert (refused.value.code, Case.objects.get().state, Refund.objects.count()) == (code, "refused_after_return", 0)


def test_a_rejected_settlement_is_back_with_the_agent_and_not_at_the_start(platform):
    from aftersales.refunds import services as refunds

    case, parcel = returned(platform)
    inspect(parcel, (1, 0, 1), by=agent_of(case.shop, "warehouse"), with_photos=2)
    cases.settle_return_case(Case.objects.get(), by=agent_of(case.shop), amount_fen=5100)

    refunds.reject_refund(refund_of(case), by=agent_of(case.shop, "finance"), reason="先问仓库")

    case.refresh_from_db()
    assert (case.state, case.tag, Order.objects.get().refunding_fen) == ("refused_after_return", "refund_stopped", 0)


def test_a_return_that_is_fine_pays_what_was_agreed(platform):
    case, parcel = returned(platform)

    inspect(parcel, (2, 0, 0), by=agent_of(case.shop, "warehouse"))

    case.refresh_from_db()
    assert (case.state, refund_of(case).amount_fen, refund_of(case).state) == ("refunding", 10_200, "approved")
    assert on_hand(case.shop) == {("T-BLACK", "sellable"): 2}


def test_differing_goods_of_a_stopped_parcel_hold_money_that_has_not_left(platform, courier):
    shop = own_shop()
    policy.change(shop, by=None, reason="test", second_person_fen=5000)
    case = stopped_case(platform, courier, shop)
    from aftersales.decisions import outcomes

    outcomes.follow_interceptions()
    assert refund_of(case).state == "created"
    packer = agent_of(shop, "warehouse")
    parcel = returns.receive_parcel(package_of(case), by=packer)

    inspect(parcel, (0, 0, 1), by=packer, with_photos=2)

    case.refresh_from_db()
    assert (case.state, case.tag, refund_of(case).state) == ("applied", "goods_differ", "void")
    assert Order.objects.get().refunding_fen == 0


def test_differing_goods_of_a_paid_case_stay_a_note_and_a_claim(platform, courier, commits):
    with commits():
        case = stopped_case(platform, courier)
    a_minute_later(case)
    packer = agent_of(case.shop, "warehouse")
    parcel = returns.receive_parcel(package_of(case), by=packer)

    inspect(parcel, (0, 0, 1), by=packer, with_photos=2)

    case.refresh_from_db()
    assert (case.state, case.tag, refund_of(case).state) == ("success", "", "success")
    assert Claim.objects.get().cause == "short"


# --- the buyer's return and its clocks --------------------------------------------------------------------------------


def test_the_waybill_of_the_return_is_filled_in_and_the_warehouse_expects_it(platform):
    case = waiting_return(platform)
    assert (case.state, case.clock) == ("wait_buyer_return", "T-BUYER-RETURN")

    parcel = returns.ship_back(case, courier="zto", waybill=" 73100000000077 ", by=agent_of(case.shop))

    case.refresh_from_db()
    package = parcel.package
    assert (case.state, case.clock) == ("wait_seller_receive", "T-SELLER-RECEIVE")
    assert (package.direction, package.waybill, parcel.received_at, parcel.kind) == (
        "inbound",
        "73100000000077",
        None,
        "buyer",
    )
    assert return_policies.kind_of(package) == "buyer"


@pytest.mark.parametrize("waybill", ["", "123", "单号七三一〇", "7310 0000 0077"])
def test_what_cannot_be_a_waybill_is_refused(platform, waybill):
    case = waiting_return(platform)

    with pytest.raises(Refused) as refused:
        returns.ship_back(case, courier="zto", waybill=waybill, by=agent_of(case.shop))

    case.refresh_from_db()
    assert (refused.value.code, case.state, ReturnParcel.objects.count()) == ("WAYBILL", "wait_buyer_return", 0)


def test_our_own_outbound_number_is_no_return(platform):
    case = waiting_return(platform)
    sent = make_package(order=case.order, state=PackageState.SIGNED)

    with pytest.raises(Refused) as refused:
        returns.ship_back(case, courier="zto", waybill=sent.waybill, by=agent_of(case.shop))

    case.refresh_from_db()
    assert (refused.value.code, case.state, ReturnParcel.objects.count()) == ("WAYBILL", "wait_buyer_return", 0)


def test_a_return_the_courier_delivered_and_nobody_scanned_is_paid_by_its_clock(platform):
    case = waiting_return(platform)
    parcel = returns.ship_back(case, courier="zto", waybill="73100000000077", by=agent_of(case.shop))
    Case.objects.update(due_at=now())
    sweeps.act_on_late_cases()
    case.refresh_from_db()
    assert (case.state, case.is_late) == ("wait_seller_receive", True)

    record_events({parcel.package_id: [scan(PackageState.SIGNED)]})
    Case.objects.update(is_late=False)
    sweeps.act_on_late_cases()

    case.refresh_from_db()
    assert (case.state, case.is_auto, case.is_late) == ("refunding", True, True)
    assert (refund_of(case).source, refund_of(case).amount_fen) == ("timer", 10_200)


def test_a_refused_parcel_without_a_case_gets_one_and_is_paid_when_it_is_fine(platform):
    shop = own_shop()
    order = shipped_order(platform, shop)
    package = make_package(order=order, state=PackageState.REFUSED)
    packer = agent_of(shop, "warehouse")

    parcel = returns.receive_parcel(package, by=packer)

    case = Case.objects.get()
    assert (case.kind, case.state, parcel.kind, case.amount_fen) == ("refused_return", "inspecting", "refused", 8800)
    inspect(parcel, (1, 0, 0), by=packer)
    case.refresh_from_db()
    assert (case.state, refund_of(case).amount_fen, on_hand(shop)) == ("refunding", 8800, {("sku-1", "sellable"): 1})


def test_a_platform_s_return_is_inspected_here_and_decided_there(platform):
    case = case_of(platform, kuaishou_shop(), parcel=PackageState.SIGNED)
    Case.objects.filter(pk=case.pk).update(kind="return_refund", clock="T-SELLER-RECEIVE")
    from aftersales.cases.transitions import move
    from merchant.locking import lock

    case = move(lock(case), "platform_wait_seller_receive", by=None)
    parcel = returns.keep_unknown_parcel(
        case.shop, waybill="SF1000000000001", courier="sf", note="", by=agent_of(case.shop, "warehouse")
    )
    parcel = returns.match_parcel(parcel, order=case.order, by=agent_of(case.shop))

    inspect(parcel, (1, 0, 0), by=agent_of(case.shop, "warehouse"))

    case.refresh_from_db()
    assert (case.state, case.tag, Refund.objects.count()) == ("inspecting", "goods_home", 0)


# --- nobody announced it ----------------------------------------------------------------------------------------------


def test_an_unknown_parcel_waits_for_its_order_and_then_goes_to_inspection(platform):
    case = waiting_return(platform)
    packer = agent_of(case.shop, "warehouse")

    parcel = returns.keep_unknown_parcel(case.shop, waybill="SF1", courier="sf", note="没有面单", by=packer)
    assert list(ReturnParcel.objects.unmatched()) == [parcel]
    with pytest.raises(Refused) as refused:
        returns.keep_unknown_parcel(case.shop, waybill="SF1", courier="sf", note="", by=packer)
    assert refused.value.code == "RECEIVED"

    returns.match_parcel(parcel, order=case.order, by=agent_of(case.shop))

    case.refresh_from_db()
    parcel.refresh_from_db()
    assert (case.state, parcel.order, parcel.case, parcel.kind) == ("inspecting", case.order, case, "buyer")
    assert not ReturnParcel.objects.unmatched().exists()


def test_a_parcel_is_never_matched_to_another_shop_s_order(platform):
    shop, other = own_shop(), own_shop()
    parcel = returns.keep_unknown_parcel(shop, waybill="SF1", courier="sf", note="", by=None)

    with pytest.raises(Refused) as refused:
        returns.match_parcel(parcel, order=shipped_order(platform, other), by=None)

    parcel.refresh_from_db()
    assert (refused.value.code, parcel.order) == ("SHOP", None)


def test_a_signed_parcel_in_hand_is_taken_in_when_somebody_says_so(platform):
    shop = own_shop()
    package = make_package(order=shipped_order(platform, shop), state=PackageState.SIGNED)
    packer = agent_of(shop, "warehouse")

    parcel = returns.receive_parcel(package, by=packer, is_unannounced=True, note="买家自己寄回")

    package.refresh_from_db()
    assert (parcel.kind, parcel.note, package.state) == ("unannounced", "买家自己寄回", "returned")
    inspect(parcel, (1, 0, 0), by=packer)
    assert (on_hand(shop), Refund.objects.count()) == ({("sku-1", "sellable"): 1}, 0)


# --- still in our house -----------------------------------------------------------------------------------------------


def refunded_on_the_bench(platform):
    shop = own_shop()
    order = shipped_order(platform, shop, state="packed")
    package = make_package(order=order, state=PackageState.LABELLED)
    case = cases.apply_case(order, kind="refund_only_unshipped", amount_fen=8800, reason="", by=None)
    cases.agree_case(case, by=agent_of(shop))
    return package


def test_a_refunded_parcel_on_the_bench_goes_back_to_the_shelf_and_out_of_the_queue(platform):
    package = refunded_on_the_bench(platform)
    shop = package.shop
    assert list(return_policies.bench_parcels([shop.pk])) == [package]

    parcel = returns.receive_parcel(package, by=agent_of(shop, "warehouse"))

    package.refresh_from_db()
    move = StockMove.objects.get()
    assert (parcel.kind, package.state, Order.objects.get().state) == ("bench", "voided", "closed")
    assert (on_hand(shop), move.kind, move.document) == ({("sku-1", "sellable"): 1}, "not_sent", parcel.number)
    assert list(return_policies.bench_parcels([shop.pk])) == []
    assert Inspection.objects.count() == 0


def test_a_parcel_whose_refund_is_not_decided_is_kept_and_not_voided(platform):
    shop = own_shop()
    order = shipped_order(platform, shop, state="packed")
    package = make_package(order=order, state=PackageState.LABELLED)
    cases.apply_case(order, kind="refund_only_unshipped", amount_fen=8800, reason="", by=None)

    with pytest.raises(Refused) as refused:
        returns.receive_parcel(package, by=agent_of(shop, "warehouse"))

    package.refresh_from_db()
    assert (refused.value.code, package.state, StockMove.objects.count()) == ("HELD", "labelled", 0)


def test_a_packed_parcel_of_which_a_part_is_refunded_says_what_to_take_out(platform):
    shop = own_shop()
    order = shipped_order(platform, shop, nets=(1000, 2000), state="packed")
    package = make_package(order=order, state=PackageState.LABELLED)
    first = order.lines.get(line_no=1)
    case = cases.apply_case(
        order, kind="refund_only_unshipped", amount_fen=1000, parts={first.pk: 1000}, reason="", by=None
    )
    cases.agree_case(case, by=agent_of(shop))

    with pytest.raises(Refused) as refused:
        returns.receive_parcel(package, by=agent_of(shop, "warehouse"))

    package.refresh_from_db()
    assert (refused.value.code, refused.value.detail["orders"]) == ("TAKE_OUT", [order.number])
    assert first.title in str(refused.value)
    assert (package.state, StockMove.objects.count(), list(return_policies.bench_parcels([shop.pk]))) == (
        "labelled",
        0,
        [package],
    )


def test_a_courier_nobody_can_ask_says_nothing_about_where_its_parcel_is(platform):
    """Its label has no scan for ever: a refunded one is no parcel on the bench, and may be taken in."""
    from logistics.shipping.services import register_package

    shop = own_shop()
    order = shipped_order(platform, shop)
    package = register_package(order, courier="ems", waybill="EMS00000001", shipped_at=now())
    case = cases.apply_case(order, kind="refund_only_shipped", amount_fen=8800, reason="", by=None)
    cases.agree_case(case, by=agent_of(shop))

    assert (return_policies.kind_of(package), list(return_policies.bench_parcels([shop.pk]))) == (None, [])
    with pytest.raises(Refused) as refused:
        returns.receive_parcel(package, by=None)
    parcel = returns.receive_parcel(package, by=None, is_unannounced=True)

    package.refresh_from_db()
    assert (refused.value.code, parcel.kind, package.state) == ("UNANNOUNCED", "unannounced", "returned")


# --- two benches ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_benches_scan_one_parcel_and_one_of_them_receives_it(platform, courier):
    courier.on("createIntercept", ZTO_OK)
    case = case_of(platform, own_shop())
    cases.intercept_case(case, by=None)
    stop(case)
    package, people = package_of(case), [agent_of(case.shop, "warehouse") for _ in range(4)]

    ended = at_once(*[lambda by=by: returns.receive_parcel(package, by=by) for by in people])

    assert sorted(ended) == ["", "RECEIVED", "RECEIVED", "RECEIVED"]
    assert (ReturnParcel.objects.count(), Inspection.objects.count()) == (1, 1)
    assert (Interception.objects.get().state, LedgerEntry.objects.filter(kind="interception_cost").count()) == (
        "returned",
        2,
    )


@pytest.mark.django_db(transaction=True)
def test_two_people_inspect_one_parcel_and_the_goods_are_counted_once(platform):
    case, parcel = returned(platform)
    people = [agent_of(case.shop, "warehouse") for _ in range(4)]

    ended = at_once(*[lambda by=by: inspect(parcel, (2, 0, 0), by=by) for by in people])

    assert sorted(ended) == ["", "INSPECTED", "INSPECTED", "INSPECTED"]
    assert (on_hand(case.shop), Refund.objects.count()) == ({("T-BLACK", "sellable"): 2}, 1)


@pytest.mark.django_db(transaction=True)
def test_a_refund_parcel_scanned_at_two_benches_is_put_back_once(platform):
    package = refunded_on_the_bench(platform)
    people = [agent_of(package.shop, "warehouse") for _ in range(4)]

    ended = at_once(*[lambda by=by: returns.receive_parcel(package, by=by) for by in people])

    assert sorted(ended) == ["", "RECEIVED", "RECEIVED", "RECEIVED"]
    assert (on_hand(package.shop), StockMove.objects.count()) == ({("sku-1", "sellable"): 1}, 1)


def test_a_file_that_is_no_picture_is_no_photo():
    with pytest.raises(Refused) as refused:
        read_files([SimpleUploadedFile("a.jpg", b"no picture")])

    assert refused.value.code == "FILE"
