"""Promises to the buyer, late orders and a product as they are seen: by key, by touch, by day and by night."""

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from merchant.clock import now
from merchant.policy import services as policy
from orders.record.models import Order
from tests.browser.conftest import SHOTS, Scene
from tests.browser.test_pages import walk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WORDS = (
    "买贵必赔、主播实在宝、晚发立赔、7天价保、退款不退货、坏了包退、破损包退、过敏包退、退货补运费、假一赔九、七天无理由、极速退款"
).split("、")


def late_order(scene: Scene) -> Order:
    """All twelve promises and one we do not know, thirty-one minutes behind the promise to ship."""
    return scene.order(
        nets=(9_900,),
        state="to_fulfil",
        benefits=(*WORDS, "运费险"),
        host_name="小满的直播间",
        placed_at=now() - timedelta(hours=49),
        ship_by_at=now() - timedelta(minutes=31),
    )


@pytest.mark.req("R0.29", "R0.30", "R0.31", "R0.34", "R0.40")
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_promises_late_orders_and_products_are_fit_to_be_seen(scene, chromium_browser, enter, live_server, language):
    policy.change(scene.shop, by=None, reason="test", product_url="https://shop.example/item/{item}")
    late = late_order(scene)
    case = scene.case(hours_left=3.7)
    Order.objects.filter(pk=case.order_id).update(
        benefits=["late_ship", "host_guarantee", "return_freight", "instant_refund"], host_name="小满的直播间"
    )
    scene.order(state="to_fulfil", placed_at=now() - timedelta(hours=45), ship_by_at=now() + timedelta(hours=3))
    listing = case.order.lines.get().listing_id
    shop = scene.shop.pk
    pages = [
        ("benefits-desk", "agent", reverse("desk_case", args=[shop, case.number])),
        ("benefits-order", "agent", reverse("order_detail", args=[shop, late.number])),
        ("orders-late", "agent", reverse("orders") + "?tab=overdue"),
        ("product", "agent", reverse("product_detail", args=[shop, listing])),
    ]

    assert walk(chromium_browser, enter, scene, language, pages) == []


@pytest.mark.req("R0.29", "R0.31")
def test_by_keyboard_a_tag_says_why_and_opens_its_rule(scene, page, enter, live_server):
    case = scene.case(hours_left=3.7)
    Order.objects.filter(pk=case.order_id).update(benefits=["instant_refund"])
    enter(page, scene.people["agent"])
    page.goto(live_server.url + reverse("desk_case", args=[scene.shop.pk, case.number]))

    chip = page.locator(".order a.benefit", has_text="极速退款")
    chip.focus()
    why = page.locator(".order .benefits .pop-card", has_text="仅限未发货时")
    expect(why).to_be_visible()
    page.screenshot(path=SHOTS / "benefits-why-1440-light.png")
    page.keyboard.press("Escape")
    expect(why).to_be_hidden()
    chip.press("Enter")
    page.wait_for_url("**/rules/**")

    assert page.url.endswith(f"/rules/?shop={scene.shop.pk}#BEN-INSTANT-REFUND")
    assert page.locator("#BEN-INSTANT-REFUND").is_visible()


def test_on_a_phone_the_sentence_of_a_tag_stays_on_the_screen(scene, chromium_browser, enter, live_server):
    case = scene.case(hours_left=3.7)
    Order.objects.filter(pk=case.order_id).update(benefits=["instant_refund", "late_ship", "counterfeit"])
    context = chromium_browser.new_context(
        locale="zh-CN", viewport={"width": 390, "height": 844}, reduced_motion="reduce", has_touch=True
    )
    page = context.new_page()
    enter(page, scene.people["agent"])
    page.goto(live_server.url + reverse("desk_case", args=[scene.shop.pk, case.number]))
    page.locator(".pane-tabs a").nth(1).click()

    outside = []
    for chip in page.locator(".order a.benefit").all():
        chip.focus()
        card = page.locator(".order .benefits .pop:focus-within > .pop-card")
        expect(card).to_be_visible()
        box = card.bounding_box()
        if box is None or box["x"] < 0 or box["x"] + box["width"] > 390:
            outside.append(chip.inner_text())
    page.screenshot(path=SHOTS / "benefits-why-390-light.png")
    context.close()

    assert outside == []
