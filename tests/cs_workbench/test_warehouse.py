"""The warehouse's pages: each scan has its band in words, a refused form loses nothing, and every count has its paper."""

import pytest
from django.urls import reverse

from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.refunds.models import Refund
from aftersales.returns import services as returns
from aftersales.returns.models import Inspection, ReturnParcel
from logistics.claims.models import Claim
from logistics.couriers.base import Kind
from logistics.interception import services as interceptions
from logistics.interception.models import Interception
from logistics.parcels.enums import PackageState
from merchant.attachments.services import files_of
from merchant.catalog.models import Sku
from merchant.stock.models import Stock, StockMove
from orders.record.models import Order, OrderLine
from tests.aftersales.factories import agent_of, own_shop, package_of, refund_of, shipped_order
from tests.aftersales.test_returns import (
    black_shirts,
    inspect,
    refunded_on_the_bench,
    returned,
    stopped_case,
    waiting_return,
)
from tests.logistics.factories import make_package, running
from tests.merchant.factories import make_shop, make_user, photo_upload

pytestmark = pytest.mark.django_db


def scan(client, waybill, **more):
    return client.post(reverse("warehouse_scan"), {"waybill": waybill, **more}, follow=True)


def bands(answer):
    return [(band.kind, band.title) for band in answer.context["bands"]]


def look(client, waybill):
    return client.get(reverse("warehouse"), {"waybill": waybill})


def page_of(inspection):
    return reverse("inspection_detail", args=[inspection.shop_id, inspection.number])


def at_home(platform, courier):
    """(shop, warehouse person, inspection) of a stopped parcel that was just received."""
    case = stopped_case(platform, courier)
    packer = agent_of(case.shop, "warehouse")
    parcel = returns.receive_parcel(package_of(case), by=packer)
    return case.shop, packer, parcel.inspection


# --- the field --------------------------------------------------------------------------------------------------------


@pytest.mark.req("R0.10")
def test_a_scan_receives_an_expected_parcel_and_the_next_scan_says_who_did(platform, courier, sign_in):
    case = stopped_case(platform, courier)
    packer = agent_of(case.shop, "warehouse")
    client, waybill = sign_in(packer), package_of(case).waybill
    assert bands(look(client, waybill)) == [("go", "Expected: stopped on the road")]
    assert ReturnParcel.objects.count() == 0

    first, again = scan(client, f" {waybill}\n"), scan(client, waybill)

    assert bands(first) == [("ok", "Received: stopped on the road")]
    assert "测试商品 1" in first.content.decode()
    assert bands(again) == [("wait", "Received before")]
    assert (str(packer) in again.content.decode(), ReturnParcel.objects.count()) == (True, 1)
    assert Interception.objects.get().state == "returned"


@pytest.mark.parametrize(
    ("state", "band"),
    [
        (PackageState.OUT_FOR_DELIVERY, ("bad", "Not expected here")),
        (PackageState.LABELLED, ("bad", "Still to be sent")),
        (PackageState.SIGNED, ("wait", "Not announced")),
        (PackageState.REFUSED, ("ok", "Received: refused at the door")),
    ],
)
def test_each_scan_has_a_band_of_its_own(platform, sign_in, state, band):
    shop = own_shop()
    package = make_package(order=shipped_order(platform, shop), state=state)

    answer = scan(sign_in(agent_of(shop, "warehouse")), package.waybill)

    assert bands(answer) == [band]
    assert ReturnParcel.objects.count() == (1 if band[0] == "ok" else 0)


def test_a_voided_label_and_another_shop_s_parcel_change_nothing(platform, sign_in):
    from logistics.shipping.services import void_package

    shop = own_shop()
    voided = make_package(order=shipped_order(platform, shop), state=PackageState.LABELLED)
    void_package(voided, by=None)
    theirs = make_package(state=PackageState.RETURNING)
    client = sign_in(agent_of(shop, "warehouse"))

    assert bands(scan(client, voided.waybill)) == [("bad", "The label is void")]
    assert bands(scan(client, theirs.waybill)) == [("bad", "Unknown number")]
    theirs.refresh_from_db()
    assert (ReturnParcel.objects.count(), theirs.state) == (0, "returning")


def test_one_of_several_parcels_and_a_shared_parcel_say_so(platform, courier, sign_in):
    shop = own_shop()
    order = shipped_order(platform, shop)
    first = make_package(order=order, state=PackageState.REFUSED)
    make_package(order=order, state=PackageState.SIGNED)
    from logistics.shipping.services import register_package

    register_package(shipped_order(platform, shop), courier=first.courier, waybill=first.waybill)

    text = scan(sign_in(agent_of(shop, "warehouse")), first.waybill).content.decode()

    assert "This order went out in 2 parcels; this is one of them." in text
    assert "It carries goods of 2 orders." in text


def test_without_the_right_the_page_is_for_reading_and_a_scan_is_refused(platform, courier, sign_in):
    case = stopped_case(platform, courier)
    client = sign_in(agent_of(case.shop))

    answer = scan(client, package_of(case).waybill)

    assert ("data-scan" in answer.content.decode(), "[RIGHT]" in answer.content.decode()) == (False, True)
    assert (ReturnParcel.objects.count(), Interception.objects.get().state) == (0, "succeeded")


def test_the_same_number_of_two_couriers_is_asked_about(platform, sign_in):
    shop = own_shop()
    for courier in ("zto", "yto"):
        make_package(courier, order=shipped_order(platform, shop), state=PackageState.REFUSED, waybill="7310000000777")
    client = sign_in(agent_of(shop, "warehouse"))

    answer = scan(client, "7310000000777")
    assert [kind for kind, _title in bands(answer)] == ["go", "go"]
    assert ReturnParcel.objects.count() == 0

    scan(client, "7310000000777", package=answer.context["bands"][1].package.pk)
    assert ReturnParcel.objects.get().package == answer.context["bands"][1].package


# --- nobody announced it ----------------------------------------------------------------------------------------------


def test_an_unknown_parcel_is_kept_with_photo_and_found_by_the_end_of_the_phone(platform, sign_in):
    case = waiting_return(platform)
    shop = case.shop
    packer, agent = sign_in(agent_of(shop, "warehouse")), sign_in(agent_of(shop))
    assert bands(scan(packer, "SF1000000000009")) == [("bad", "Unknown number")]

    told = {"waybill": "SF1000000000009", "courier": "sf", "note": "没写订单号", "photos": [photo_upload()]}
    kept = packer.post(reverse("warehouse_keep"), told, follow=True)

    parcel = ReturnParcel.objects.get()
    assert bands(kept) == [("wait", "Whose is it?")]
    assert (parcel.courier, parcel.note, len(files_of(parcel))) == ("sf", "没写订单号", 1)
    assert parcel.waybill in packer.get(reverse("warehouse"), {"list": "whose"}).content.decode()

    address = reverse("return_parcel", args=[shop.pk, parcel.number])
    found = agent.get(address, {"find": "1234"})
    assert [order.number for order in found.context["found"]] == [case.order.number]
    agent.post(reverse("return_match", args=[shop.pk, parcel.number]), {"order": case.order.number})

    case.refresh_from_db()
    parcel.refresh_from_db()
    assert (case.state, parcel.order) == ("inspecting", case.order)


def test_an_order_that_is_not_there_matches_nothing(platform, sign_in):
    shop = own_shop()
    theirs = shipped_order(platform, own_shop())
    parcel = returns.keep_unknown_parcel(shop, waybill="SF1", courier="", note="", by=None)

    answer = sign_in(agent_of(shop)).post(
        reverse("return_match", args=[shop.pk, parcel.number]), {"order": theirs.number}, follow=True
    )

    parcel.refresh_from_db()
    assert ("[ORDER]" in answer.content.decode(), parcel.order) == (True, None)


def test_a_parcel_on_the_road_is_taken_in_only_when_somebody_insists(platform, sign_in):
    shop = own_shop()
    package = make_package(order=shipped_order(platform, shop), state=PackageState.IN_TRANSIT)
    client = sign_in(agent_of(shop, "warehouse"))
    scan(client, package.waybill)
    assert ReturnParcel.objects.count() == 0

    client.post(reverse("warehouse_keep"), {"waybill": package.waybill, "note": "快递员放在门口"})

    package.refresh_from_db()
    assert (ReturnParcel.objects.get().note, package.state) == ("快递员放在门口", "returned")


# --- inspecting -------------------------------------------------------------------------------------------------------


@pytest.mark.req("R0.10", "R1.21")
def test_all_fine_puts_the_goods_on_the_shelf_and_names_the_paper(platform, courier, sign_in):
    shop, packer, inspection = at_home(platform, courier)
    client = sign_in(packer)

    answer = client.post(page_of(inspection), {"outcome": "fine"}, follow=True)

    inspection.refresh_from_db()
    row = Stock.objects.get()
    assert (inspection.result, row.on_hand, row.grade) == ("fine", 1, "sellable")
    assert "The goods are on the shelf again." in answer.content.decode()
    shelf = client.get(reverse("stock")).content.decode()
    assert inspection.number in shelf
    moves = client.get(reverse("sku_detail", args=[shop.pk, row.sku_id])).content.decode()
    assert page_of(inspection) in moves


def test_a_refused_form_keeps_counts_note_and_photos(platform, courier, sign_in):
    _shop, packer, inspection = at_home(platform, courier)
    line = OrderLine.objects.get()
    client = sign_in(packer)
    typed = {
        "outcome": "differs",
        f"sellable-{line.pk}": "1",
        f"defective-{line.pk}": "1",
        f"missing-{line.pk}": "",
        "what-0": "白色小夜灯",
        "other-0": "1",
        "note": "外箱完好",
        "photos": [photo_upload("a.jpg"), photo_upload("b.jpg", colour="blue")],
    }

    answer = client.post(page_of(inspection), typed)

    text = answer.content.decode()
    assert (answer.status_code, "[COUNT]" in text, 'aria-invalid="true"' in text) == (422, True, True)
    assert all(kept in text for kept in ("白色小夜灯", "外箱完好", "2 kept"))
    inspection.refresh_from_db()
    assert (inspection.result, StockMove.objects.count(), Claim.objects.count()) == ("", 0, 0)
    assert len(files_of(inspection)) == 2

    # The photos are not sent again.
    del typed["photos"]
    client.post(page_of(inspection), typed | {f"sellable-{line.pk}": "0"})

    inspection.refresh_from_db()
    assert (inspection.result, Claim.objects.get().cause) == ("differs", "damaged")


def test_damage_wants_photos_and_says_so_beside_what_was_typed(platform, courier, sign_in):
    _shop, packer, inspection = at_home(platform, courier)
    line = OrderLine.objects.get()

    answer = sign_in(packer).post(
        page_of(inspection), {"outcome": "damaged", f"defective-{line.pk}": "1", f"sellable-{line.pk}": "0"}
    )

    assert (answer.status_code, "[PHOTOS]" in answer.content.decode()) == (422, True)
    inspection.refresh_from_db()
    assert (inspection.result, Interception.objects.get().state) == ("", "returned")


@pytest.mark.parametrize("count", ["-1", "一", "1e3", "99999999999999999999", "0.5"])
def test_what_is_no_count_is_refused_with_its_field(platform, courier, sign_in, count):
    _shop, packer, inspection = at_home(platform, courier)
    line = OrderLine.objects.get()

    answer = sign_in(packer).post(page_of(inspection), {"outcome": "differs", f"sellable-{line.pk}": count})

    assert (answer.status_code, "[COUNT]" in answer.content.decode()) == (422, True)
    assert Inspection.objects.get().result == ""


def test_a_finished_inspection_shows_what_was_found_and_takes_no_second_form(platform, courier, sign_in):
    _shop, packer, inspection = at_home(platform, courier)
    client = sign_in(packer)
    client.post(page_of(inspection), {"outcome": "fine"})

    answer = client.post(page_of(inspection), {"outcome": "fine"})

    assert (answer.status_code, "[INSPECTED]" in answer.content.decode()) == (422, True)
    assert (Stock.objects.get().on_hand, StockMove.objects.count()) == (1, 1)


# --- S9 on the pages --------------------------------------------------------------------------------------------------


@pytest.mark.req("R0.10")
def test_the_agent_sees_the_photos_and_settles_one_unit_for_5100(platform, sign_in):
    case, parcel = returned(platform)
    inspect(parcel, (1, 0, 1), by=agent_of(case.shop, "warehouse"), with_photos=2)
    case.refresh_from_db()
    agent = sign_in(case.assignee or agent_of(case.shop))
    line = OrderLine.objects.get()

    queue = agent.get(reverse("desk")).content.decode()
    page = agent.get(reverse("case_detail", args=[case.shop_id, case.number])).content.decode()
    assert (f"task-c{case.pk}" in queue, page.count("/thumb/")) == (True, 2)

    agent.post(
        reverse("desk_verb", args=[case.shop_id, case.number, "settle-return"]),
        {"version": case.version, f"units-{line.pk}": "1"},
    )

    case.refresh_from_db()
    assert (case.state, refund_of(case).amount_fen) == ("refunding", 5100)


@pytest.mark.parametrize(("typed", "code"), [({"amount": "abc"}, "AMOUNT"), ({}, "AMOUNT"), ({"units": "x"}, "UNITS")])
def test_a_settlement_nobody_can_read_pays_nothing(platform, sign_in, typed, code):
    case, parcel = returned(platform)
    inspect(parcel, (1, 0, 1), by=agent_of(case.shop, "warehouse"), with_photos=2)
    case.refresh_from_db()
    if "units" in typed:
        typed = {f"units-{OrderLine.objects.get().pk}": typed["units"]}

    answer = sign_in(agent_of(case.shop)).post(
        reverse("desk_verb", args=[case.shop_id, case.number, "settle-return"]),
        {"version": case.version, **typed},
        follow=True,
    )

    case.refresh_from_db()
    assert (f"[{code}]" in answer.content.decode(), case.state) == (True, "refused_after_return")
    assert Refund.objects.count() == 0


def test_the_agent_writes_down_the_waybill_of_the_return(platform, sign_in):
    case = waiting_return(platform)

    sign_in(agent_of(case.shop)).post(
        reverse("desk_verb", args=[case.shop_id, case.number, "ship-back"]),
        {"version": case.version, "courier": "zto", "waybill": "73100000000099"},
    )

    case.refresh_from_db()
    text = sign_in(agent_of(case.shop, "warehouse")).get(reverse("warehouse"), {"list": "coming"}).content.decode()
    assert (case.state, "73100000000099" in text) == ("wait_seller_receive", True)


# --- the other queues -------------------------------------------------------------------------------------------------


def test_a_refunded_parcel_on_the_bench_is_a_red_band_and_leaves_the_queue(platform, sign_in):
    package = refunded_on_the_bench(platform)
    client = sign_in(agent_of(package.shop, "warehouse"))
    assert package.waybill in client.get(reverse("warehouse")).content.decode()

    answer = scan(client, package.waybill)

    assert bands(answer) == [("stop", "Refunded, do not ship")]
    assert (Stock.objects.get().on_hand, Order.objects.get().state) == (1, "closed")
    assert bands(look(client, package.waybill)) == [("stop", "Refunded, do not ship")]
    assert client.get(reverse("warehouse"), {"list": "bench"}).context["rows"] == []


def test_a_parcel_to_fetch_stands_with_its_site_until_it_is_scanned(platform, sign_in):
    shop = own_shop()
    package = make_package(order=shipped_order(platform, shop))
    interceptions.succeed_interception(running(package, kind=Kind.RETURN_TO_SITE), by=None)
    client = sign_in(agent_of(shop, "warehouse"))

    [row] = client.get(reverse("warehouse"), {"list": "fetch"}).context["rows"]
    assert (row.waybill, row.site, row.due_at is not None) == (package.waybill, "上海闵行", True)
    assert client.get(reverse("warehouse"), {"list": "coming"}).context["rows"] == []

    scan(client, package.waybill)

    assert client.get(reverse("warehouse"), {"list": "fetch"}).context["rows"] == []
    assert Interception.objects.get().state == "returned"


def test_the_interception_page_receives_by_the_same_door(platform, courier, sign_in):
    case = stopped_case(platform, courier)
    row = Interception.objects.get()
    client = sign_in(agent_of(case.shop, "warehouse"))

    client.post(reverse("interception_verb", args=[row.shop_id, row.number, "receive"]))

    inspection = Inspection.objects.get()
    text = client.get(reverse("interception_detail", args=[row.shop_id, row.number])).content.decode()
    assert (inspection.parcel.kind, page_of(inspection) in text) == ("stopped", True)


@pytest.mark.parametrize("queue", ["coming", "inspect", "fetch", "bench", "whose"])
def test_the_page_asks_as_often_for_three_rows_as_for_one(
    platform, courier, sign_in, queue, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    shop = own_shop()
    client = sign_in(agent_of(shop, "warehouse"))

    def more():
        order = shipped_order(platform, shop)
        package = make_package(order=order)
        kind = Kind.RETURN_TO_SITE if queue == "fetch" else Kind.RETURN_TO_SENDER
        interceptions.succeed_interception(running(package, kind=kind), by=None)
        if queue == "inspect":
            returns.receive_parcel(package, by=None)
        if queue == "whose":
            returns.keep_unknown_parcel(shop, waybill=f"SF{order.pk}", courier="sf", note="", by=None)

    def asked():
        with CaptureQueriesContext(connection) as ran:
            client.get(reverse("warehouse"), {"list": queue})
        return len(ran)

    more()
    asked()
    one = asked()
    more()
    more()

    assert asked() == one


# --- stock ------------------------------------------------------------------------------------------------------------


def test_finance_enters_a_cost_price_and_the_warehouse_does_not(platform, courier, sign_in):
    shop, packer, inspection = at_home(platform, courier)
    client = sign_in(packer)
    client.post(page_of(inspection), {"outcome": "fine"})
    sku = Sku.objects.get()
    address = reverse("sku_verb", args=[shop.pk, sku.pk, "cost"])
    assert "not known: enter it" in client.get(reverse("stock"), {"list": "cost"}).content.decode()

    refused = client.post(address, {"cost": "45.00"}, follow=True)
    sku.refresh_from_db()
    assert ("[RIGHT]" in refused.content.decode(), sku.cost_fen) == (True, None)

    finance = sign_in(agent_of(shop, "finance"))
    wrong = finance.post(address, {"cost": "很贵"}, follow=True)
    sku.refresh_from_db()
    assert ("[AMOUNT]" in wrong.content.decode(), sku.cost_fen) == (True, None)
    finance.post(address, {"cost": "45.00"})
    sku.refresh_from_db()
    assert sku.cost_fen == 4500


def test_stock_is_found_by_code_and_title_and_never_another_shop_s(platform, courier, sign_in):
    shop, packer, inspection = at_home(platform, courier)
    sign_in(packer).post(page_of(inspection), {"outcome": "fine"})
    mine, stranger = sign_in(packer), sign_in(make_user("owner", make_shop()))

    def found(client, term):
        return [row["sku"].code for row in client.get(reverse("stock"), {"find": term}).context["rows"]]

    assert (found(mine, "sku-"), found(mine, "商品"), found(mine, "没有")) == (["sku-1"], ["sku-1"], [])
    assert (found(stranger, "sku-"), stranger.get(reverse("sku_detail", args=[shop.pk, 1])).status_code) == ([], 404)


def test_keyset_pages_of_stock_show_each_product_once(sign_in):
    from merchant.catalog.services import ensure_sku

    shop = make_shop()
    for number in range(60):
        ensure_sku(shop.pk, code=f"C{number}", title="杯")
    client = sign_in(make_user("warehouse", shop))

    first = client.get(reverse("stock"))
    second = client.get(reverse("stock"), {"after": first.context["next_key"]})

    codes = [row["sku"].code for answer in (first, second) for row in answer.context["rows"]]
    assert codes == [f"C{number}" for number in range(59, -1, -1)]


def test_what_a_case_of_two_units_is_worth(platform):
    order = black_shirts(platform, own_shop())
    line = order.lines.get()
    case = cases.apply_case(order, kind="return_refund", amount_fen=10_200, by=None)
    from aftersales.decisions.returning import value_of_units

    assert [value_of_units(Case.objects.get(pk=case.pk), {line.pk: n}) for n in (0, 1, 2)] == [
        {},
        {line.pk: 5100},
        {line.pk: 10_200},
    ]
