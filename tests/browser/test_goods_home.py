"""Goods come home under real hands: S1 from the press to the shelf, S9 from the wrong colour to 51.00, the red band, and
the pages as they are seen."""

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.refunds.models import Refund
from aftersales.returns import inspecting
from aftersales.returns import services as returns
from aftersales.returns.inspecting import Count, Other
from aftersales.returns.models import Inspection, ReturnParcel
from logistics.couriers.base import Kind
from logistics.interception import services as interceptions
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from merchant.attachments.models import Purpose
from merchant.attachments.services import attach, read_files
from merchant.ledger.models import LedgerEntry
from merchant.policy import services as policy
from merchant.stock.models import Stock, StockMove
from orders.record.models import Order, OrderLine
from tests.browser.test_pages import walk
from tests.merchant.factories import photo_upload

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLOW = 60_000


def photo(name: str, colour: str = "red") -> dict[str, Any]:
    """A picture as the camera hands it to the form."""
    upload = photo_upload(name, colour=colour, size=(320, 240))
    return {"name": name, "mimeType": "image/jpeg", "buffer": upload.read()}


def shirts(scene) -> Order:
    """Two black shirts for 102.00 together."""
    order = scene.order(nets=(10_200,))
    OrderLine.objects.filter(order=order).update(quantity=2)
    return order


def returned(scene, waybill: str = "73100000007701") -> tuple[Case, Any]:
    """The buyer's return on its way to us: agreed and its waybill written down."""
    order = shirts(scene)
    case = cases.apply_case(order, kind="return_refund", amount_fen=10_200, reason="不合适", by=None)
    case = cases.agree_case(case, by=scene.people["agent"])
    return case, returns.ship_back(case, courier="zto", waybill=waybill, by=scene.people["agent"])


@pytest.mark.req("R0.1", "R0.6", "R0.10", "R1.21")
def test_s1_from_the_press_to_the_shelf(scene, page, enter, live_server):
    """S1: stopped, refunded, home, inspected with keys; one more on the shelf, 3.00 and 4.50 are the shop's cost."""
    case = scene.case()
    enter(page, scene.people["agent"])
    page.goto(f"{live_server.url}/desk/")
    page.keyboard.press("i")
    page.keyboard.press("Enter")
    expect(page.locator("#progress")).to_be_visible(timeout=SLOW)
    scene.courier_does(case, "stop")
    scene.money_arrives()
    expect(page.locator("#progress .is-done")).to_have_count(5, timeout=SLOW)
    waybill = Package.objects.get().waybill

    page.context.clear_cookies()
    enter(page, scene.people["warehouse"])
    page.goto(live_server.url + reverse("warehouse"))
    expect(page.locator("#scan")).to_be_focused()
    page.keyboard.type(waybill)
    page.keyboard.press("Enter")
    expect(page.locator(".band.is-ok")).to_contain_text(waybill)
    expect(page.locator("#scan")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-inspect]")).to_be_visible()
    page.keyboard.press("1")
    expect(page.locator("[data-send]")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator(".notice.is-ok")).to_be_visible(timeout=SLOW)
    case.refresh_from_db()
    inspection, refund = Inspection.objects.get(), Refund.objects.get()
    assert (case.state, refund.state, refund.amount_fen) == ("success", "success", 8800)
    assert (Interception.objects.get().state, inspection.result) == ("closed_ok", "fine")
    row = Stock.objects.get()
    assert (row.on_hand, row.grade, StockMove.objects.get().document) == (1, "sellable", inspection.number)
    costs = LedgerEntry.objects.filter(debit="courier_cost").values_list("amount_fen", flat=True)
    assert sorted(costs) == [300, 450]
    assert len(scene.platform.wechat.refunds) == 1


@pytest.mark.req("R0.10")
def test_s9_a_white_shirt_freezes_the_refund_and_one_unit_is_settled_for_51(scene, page, enter, live_server):
    policy.change(scene.shop, by=None, reason="test", release_manual_refunds="at_once")
    case, expected = returned(scene)
    enter(page, scene.people["warehouse"])
    page.goto(live_server.url + reverse("warehouse"))
    page.keyboard.type(expected.waybill)
    page.keyboard.press("Enter")
    expect(page.locator(".band.is-ok")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("[data-inspect]")).to_be_visible()

    page.keyboard.press("3")
    line = OrderLine.objects.get()
    page.fill(f"#sellable-{line.pk}", "1")
    page.fill(f"#missing-{line.pk}", "0")
    page.fill("#what-0", "白色 T 恤")
    page.fill("#other-0", "1")
    page.set_input_files("#inspect-photos", [photo("a.jpg"), photo("b.jpg", "blue")])
    page.locator("[data-send]").click()
    expect(page.locator(".notice.is-bad")).to_contain_text("[COUNT]")
    expect(page.locator("#what-0")).to_have_value("白色 T 恤")
    expect(page.locator(".photos img")).to_have_count(2)
    assert Case.objects.get().state == "inspecting"

    page.fill(f"#missing-{line.pk}", "1")
    page.locator("[data-send]").click()
    expect(page.locator(".notice.is-ok")).to_be_visible(timeout=SLOW)
    case.refresh_from_db()
    assert (case.state, case.tag, Refund.objects.count()) == ("refused_after_return", "goods_differ", 0)

    page.context.clear_cookies()
    enter(page, scene.people["agent"])
    page.goto(f"{live_server.url}/desk/")
    expect(page.locator(f"#task-c{case.pk}")).to_be_visible()
    page.goto(live_server.url + reverse("case_detail", args=[case.shop_id, case.number]))
    expect(page.locator(".photos img")).to_have_count(2)
    expect(page.locator(f"#units-{line.pk}")).to_have_value("1")
    page.get_by_role("button", name=re.compile("按商定的退款|Pay what was agreed")).click()
    page.wait_for_url(re.compile("/desk/case/"))
    scene.money_arrives()

    case.refresh_from_db()
    order = Order.objects.get()
    refund = Refund.objects.get()
    assert (refund.amount_fen, refund.state, case.state) == (5100, "success", "success")
    assert (order.refunded_fen, order.refundable_fen) == (5100, 5100)
    assert len(scene.platform.wechat.refunds) == 1


def on_the_bench(scene) -> Package:
    order = scene.order(state="packed")
    package = scene.parcel(order, start="labelled")
    case = cases.apply_case(order, kind="refund_only_unshipped", amount_fen=8800, reason="", by=None)
    cases.agree_case(case, by=scene.people["agent"])
    return package


@pytest.mark.req("R0.10")
def test_a_refunded_parcel_on_the_bench_is_stopped_by_a_red_band(scene, page, enter, live_server):
    package = on_the_bench(scene)
    enter(page, scene.people["warehouse"])
    page.goto(live_server.url + reverse("warehouse"))

    page.keyboard.type(package.waybill)
    page.keyboard.press("Enter")

    expect(page.locator(".band.is-stop .big")).to_have_text(re.compile("已退款，别发|Refunded, do not ship"))
    package.refresh_from_db()
    assert (package.state, Stock.objects.get().on_hand) == ("voided", 1)


def test_the_field_takes_the_scanner_wherever_the_focus_went(scene, page, enter, live_server):
    enter(page, scene.people["warehouse"])
    page.goto(live_server.url + reverse("warehouse"))
    page.evaluate("document.activeElement.blur()")

    page.keyboard.type("SF1234567890")
    page.keyboard.press("Enter")

    expect(page.locator(".band.is-bad")).to_contain_text("SF1234567890")
    expect(page.locator("#scan")).to_be_focused()
    assert ReturnParcel.objects.count() == 0


def full_house(scene) -> dict[str, str]:
    """(name: address) of every page of the warehouse with something on it."""
    shop, packer = scene.shop, scene.people["warehouse"]
    stopped = scene.case()
    cases.intercept_case(stopped, by=scene.people["agent"])
    scene.courier_does(stopped, "stop")
    case, expected = returned(scene)
    parcel = returns.receive_parcel(expected.package, by=packer)
    files = read_files([photo_upload("a.jpg", size=(320, 240)), photo_upload("b.jpg", colour="blue")])
    attach(parcel.inspection, files, by=packer, purpose=Purpose.PHOTO)
    line = case.order.lines.get()
    inspecting.finish_inspection(
        parcel.inspection, counts={line.pk: Count(1, 0, 1)}, others=[Other("白色 T 恤", 1)], note="少一件", by=packer
    )
    refused = scene.parcel(scene.order(), start="in_transit")
    interceptions.succeed_interception(_running(refused), by=None)
    waiting = returns.keep_unknown_parcel(shop, waybill="SF7788990011", courier="sf", note="没写订单号", by=packer)
    bench = on_the_bench(scene)
    open_one, to_open = returned(scene, "73100000007702")
    fresh = returns.receive_parcel(to_open.package, by=packer)
    warehouse = reverse("warehouse")
    return {
        "warehouse": warehouse,
        "warehouse-coming": f"{warehouse}?list=coming&waybill={Package.objects.get(order=stopped.order).waybill}",
        "warehouse-fetch": f"{warehouse}?list=fetch&waybill={refused.waybill}",
        "warehouse-bench": f"{warehouse}?list=bench&waybill={bench.waybill}",
        "warehouse-whose": f"{warehouse}?list=whose&waybill=SF7788990011",
        "warehouse-unknown": f"{warehouse}?waybill=SF1234567890",
        "warehouse-received": f"{warehouse}?waybill={fresh.waybill}&just={fresh.number}",
        "inspection": reverse("inspection_detail", args=[shop.pk, fresh.inspection.number]),
        "inspection-done": reverse("inspection_detail", args=[shop.pk, parcel.inspection.number]),
        "return-parcel": reverse("return_parcel", args=[shop.pk, waiting.number]) + "?find=1234",
        "stock": reverse("stock"),
        "sku": reverse("sku_detail", args=[shop.pk, Stock.objects.first().sku_id]),
        "case-differs": reverse("case_detail", args=[shop.pk, case.number]),
        "case-ship-back": reverse("desk_case", args=[shop.pk, open_one.number]),
    }


def _running(package: Package) -> Interception:
    row = interceptions.submit_interception(package, by=None, kind=Kind.RETURN_TO_SITE)
    row.refresh_from_db()
    return row if row.state == "running" else interceptions.accept_interception(row, external_ref="WO-2")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_pages_of_the_warehouse_are_fit_to_be_seen(scene, chromium_browser, enter, language):
    pages = [
        (name, "agent" if name.startswith("case") else "warehouse", address)
        for name, address in full_house(scene).items()
    ]

    assert walk(chromium_browser, enter, scene, language, pages) == []
