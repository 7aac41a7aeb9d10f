"""Bulk actions under real hands: ticks, keys, all of a buyer, a run that is watched, an undo; on a desk and a phone."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from aftersales.cases.enums import CaseState
from aftersales.cases.models import Case
from merchant.clock import now
from merchant.jobs.models import Job, JobState
from orders.intake.services import upsert_orders
from orders.record.enums import Flag, OrderState
from orders.record.models import Order
from orders.remarks.models import Note
from tests.browser.conftest import SHOTS
from tests.browser.test_pages import NARROW, WIDE, look
from tests.orders.factories import order_row

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLOW = 60_000


def desk(page, live_server, case):
    page.goto(f"{live_server.url}/desk/case/{case.shop_id}/{case.number}/")


def more_orders(case, count):
    """The same buyer's orders that are not sent yet."""
    buyer = case.order.buyer
    rows = [
        order_row(
            state=OrderState.TO_FULFIL,
            buyer_id=buyer.external_id,
            buyer_nickname=buyer.nickname,
            placed_at=now() - timedelta(days=3, minutes=place),
        )
        for place in range(count)
    ]
    upsert_orders(case.shop, rows)
    return [Order.objects.get(shop=case.shop, number=row.number) for row in rows]


@pytest.mark.req("R0.43", "R0.44")
@pytest.mark.parametrize("width", [1440, 390])
def test_two_ticked_orders_are_flagged_and_the_flag_is_taken_back(scene, page, enter, live_server, width):
    case = scene.case()
    first, second, third = more_orders(case, 3)
    enter(page, scene.people["agent"])
    page.set_viewport_size({"width": width, "height": 900 if width > 800 else 844})
    desk(page, live_server, case)
    if width < 800:
        page.locator(".pane-tabs a").nth(1).click()
    bar = page.locator("#bulk")
    expect(bar).to_be_hidden()

    page.locator(f'[data-tick][value="{first.number}"]').check()
    page.locator(f'[data-tick][value="{second.number}"]').check()
    expect(bar).to_be_visible()
    expect(page.locator("[data-bulk-count]")).to_have_text("已选 2 单")
    page.screenshot(path=SHOTS / f"bulk-bar-{width}.png", caret="initial")
    bar.get_by_role("button", name="插旗备注").click()

    expect(page.locator("#bulk-start")).to_have_text("插旗备注 2 单")
    page.locator('#bulk-preview .flags label:has(input[value="1"])').click()
    page.locator("#bulk-text").fill("客户要求加急")
    page.locator("#bulk-start").click()
    expect(page.locator("#bulk-figures")).to_contain_text("2 / 2", timeout=SLOW)
    flags = dict(Order.objects.values_list("number", "flag"))
    assert [flags[order.number] for order in (first, second, third)] == [Flag.RED, Flag.RED, None]

    page.locator("#bulk-progress").get_by_role("button", name="撤回旗标").click()
    expect(page.locator("#run-head")).to_contain_text("撤回旗标", timeout=SLOW)
    expect(page.locator("#bulk-figures")).to_contain_text("2 / 2")
    page.get_by_role("link", name="回到订单").click()
    expect(page.locator("dialog[open]")).to_have_count(0, timeout=SLOW)
    expect(page.locator("#bulk")).to_be_hidden()
    assert page.url.endswith(f"/desk/case/{case.shop_id}/{case.number}/")
    assert set(Order.objects.values_list("flag", flat=True)) == {None}
    assert sum(note.text == "客户要求加急" for note in Note.objects.all()) == 2


@pytest.mark.req("R0.44")
@pytest.mark.parametrize("width", [1440, 390])
def test_all_of_a_buyer_takes_those_that_are_not_loaded(scene, page, enter, live_server, width):
    case = scene.case()
    more_orders(case, 30)
    enter(page, scene.people["supervisor"])
    page.set_viewport_size({"width": width, "height": 900 if width > 800 else 844})
    desk(page, live_server, case)
    if width < 800:
        page.locator(".pane-tabs a").nth(1).click()
        page.locator("[data-tick]").first.check()
        page.locator("[data-tick-all]").check()
    else:
        page.keyboard.press("Shift+A")
    expect(page.locator("[data-bulk-count]")).to_have_text("全部 31 单")
    expect(page.locator("[data-tick]:checked")).to_have_count(page.locator("[data-tick]").count())

    page.locator("#bulk").get_by_role("button", name="改地址").click()
    expect(page.locator("#bulk-start")).to_have_text("修改地址 30 单")
    page.locator("#id_province").fill("江苏")
    page.locator("#id_city").fill("苏州")
    page.locator("#id_district").fill("姑苏区")
    page.locator("#id_detail").fill("平江路 100 号 3 幢")
    page.locator("#bulk-start").click()
    expect(page.locator(".field-city .error")).to_have_text("江苏省没有这个城市。")
    expect(page.locator("#id_detail")).to_have_value("平江路 100 号 3 幢")
    page.screenshot(path=SHOTS / f"bulk-address-{width}.png", caret="initial")
    page.locator("#id_city").fill("苏州市")
    page.locator("#bulk-start").click()

    expect(page.locator("#bulk-figures")).to_contain_text("31 / 31", timeout=SLOW)
    job = Job.objects.get()
    assert (job.state, job.figures) == (JobState.DONE, {"done": 30, "refused": 1})
    page.screenshot(path=SHOTS / f"bulk-outcome-{width}.png", caret="initial")
    page.get_by_role("link", name="回到订单").click()
    expect(page.locator("dialog[open]")).to_have_count(0, timeout=SLOW)
    expect(page.locator("[data-tick]:checked")).to_have_count(1)
    expect(page.locator("[data-tick]:checked")).to_have_value(case.order.number)


@pytest.mark.req("R0.44")
def test_keys_tick_and_the_ticks_outlive_a_living_page(scene, page, enter, live_server):
    case = scene.case()
    first, *_rest = more_orders(case, 2)
    enter(page, scene.people["agent"])
    desk(page, live_server, case)

    page.locator(f"#order-{first.pk}").hover()
    page.keyboard.press("x")
    expect(page.locator("[data-bulk-count]")).to_have_text("已选 1 单")
    Case.objects.filter(pk=case.pk).update(version=case.version + 1)
    expect(page.locator("#action-body")).to_have_attribute(
        "data-stamp", re.compile(f"^{case.version + 1}-"), timeout=SLOW
    )

    expect(page.locator(f'[data-tick][value="{first.number}"]')).to_be_checked()
    expect(page.locator("[data-bulk-count]")).to_have_text("已选 1 单")
    page.locator("[data-untick]").click()
    expect(page.locator("#bulk")).to_be_hidden()
    # Shift+A ticks; it never agrees to a refund.
    page.keyboard.press("Shift+A")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert Case.objects.get(pk=case.pk).state == CaseState.APPLIED


@pytest.mark.req("R0.44")
def test_the_verdict_stands_beside_each_case_before_any_courier_is_asked(scene, page, enter, live_server):
    case = scene.case()
    more_orders(case, 1)
    enter(page, scene.people["agent"])
    desk(page, live_server, case)
    page.keyboard.press("Shift+A")
    page.locator("#bulk").get_by_role("button", name="拦截").click()
    expect(page.locator("#bulk-start")).to_have_text("拦截快递 1 单")
    expect(page.locator("tbody")).to_contain_text("[E04]")
    page.screenshot(path=SHOTS / "bulk-intercept-1440.png", caret="initial")

    page.locator("#bulk-start").click()

    expect(page.locator("#bulk-figures")).to_contain_text("2 / 2", timeout=SLOW)
    case.refresh_from_db()
    assert (case.state, Job.objects.get().figures) == (CaseState.INTERCEPTING, {"done": 1, "refused": 1})


@pytest.mark.req("R0.42")
@pytest.mark.parametrize("width", [1440, 390])
def test_the_address_of_one_order_changes_in_its_dialog(scene, page, enter, live_server, width):
    [order] = more_orders(scene.case(), 1)
    enter(page, scene.people["agent"])
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(live_server.url + reverse("order_detail", args=[order.shop_id, order.number]))
    page.locator(f"#open-address-{order.pk}").click()
    dialog = page.locator(f"#dialog-address-{order.pk}")
    expect(dialog).to_be_visible()
    expect(dialog.locator('[name="name"]')).to_have_attribute("placeholder", "林**")

    dialog.locator('[name="phone"]').fill("1370000")
    dialog.get_by_role("button", name="修改地址").click()
    expect(dialog.locator(".field-phone .error")).to_be_visible()
    page.screenshot(path=SHOTS / f"address-dialog-{width}.png", caret="initial")
    expect(dialog.locator('[name="phone"]')).to_have_value("1370000")
    dialog.locator('[name="phone"]').fill("13700005678")
    dialog.get_by_role("button", name="修改地址").click()

    expect(dialog).to_be_hidden(timeout=SLOW)
    expect(page.locator(f"#pii-{order.pk}-phone")).to_contain_text("*******5678")
    order.refresh_from_db()
    assert (order.recipient.phone_mask, order.recipient.name_mask) == ("*******5678", "林**")


def test_every_bulk_page_is_fit_to_be_seen(scene, chromium_browser, enter, live_server):
    case = scene.case()
    orders = more_orders(case, 3)
    shop, agent = case.shop, scene.people["agent"]
    page_of = lambda verb: reverse("bulk_preview", args=[shop.pk, verb])  # noqa: E731
    numbers = "&".join(f"order={order.number}" for order in [case.order, *orders])
    found: list[str] = []
    SHOTS.mkdir(exist_ok=True)
    for size in (WIDE, NARROW):
        context = chromium_browser.new_context(
            locale="zh-CN",
            viewport={"width": size[0], "height": size[1]},
            reduced_motion="reduce",
            has_touch=size == NARROW,
        )
        page = context.new_page()
        enter(page, agent)
        for verb in ("flag", "address", "intercept"):
            page.goto(f"{live_server.url}{page_of(verb)}?{numbers}")
            look(page, f"bulk-look-{verb}", size, found)
            if verb == "flag":
                page.locator('#bulk-preview .flags label:has(input[value="4"])').click()
                page.locator("#bulk-start").click()
                expect(page.locator("#bulk-figures")).to_contain_text("4 / 4", timeout=SLOW)
                look(page, "bulk-run", size, found)
        for name, address in (
            ("bulk-list", reverse("bulk_list")),
            ("order-address", reverse("order_address", args=[shop.pk, orders[0].number])),
            ("order-to-fulfil", reverse("order_detail", args=[shop.pk, orders[0].number])),
        ):
            page.goto(live_server.url + address)
            look(page, name, size, found)
        for name, address in (
            ("orders-ticked", reverse("orders")),
            ("desk-ticked", f"/desk/case/{shop.pk}/{case.number}/"),
        ):
            page.goto(live_server.url + address)
            if name == "desk-ticked" and size == NARROW:
                page.locator(".pane-tabs a").nth(1).click()
            page.locator("[data-tick]").first.check()
            look(page, name, size, found)
        page.locator("#bulk").get_by_role("button", name="改地址").click()
        expect(page.locator("#bulk-dialog")).to_be_visible(timeout=SLOW)
        look(page, "desk-bulk-dialog", size, found)
        context.close()

    assert found == []


def test_ticks_go_without_any_script(scene, chromium_browser, enter, live_server):
    case = scene.case()
    [order] = more_orders(case, 1)
    context = chromium_browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    enter(page, scene.people["agent"])
    desk(page, live_server, case)

    page.locator(f'[data-tick][value="{order.number}"]').check()
    page.locator("#bulk").get_by_role("button", name="改地址").click()

    expect(page.locator("#bulk-start")).to_have_text("修改地址 1 单")
    context.close()
