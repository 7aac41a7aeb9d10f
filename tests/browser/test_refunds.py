"""S13 in a real browser: the card is void, the buyer is asked, finance pays outside, a second person confirms."""

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import expect

from aftersales.decisions import services as cases
from aftersales.paying import sending
from aftersales.refunds import services
from aftersales.refunds.enums import RefundState
from aftersales.refunds.models import Refund, RefundWish
from cs_workbench.orders.buyer_links import link_of
from merchant.clock import now
from tests.browser.conftest import SHOTS
from tests.browser.test_pages import BOTH, NARROW, WIDE, look
from tests.merchant.factories import make_user, photo_upload

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def slip() -> dict[str, object]:
    upload: ContentFile = photo_upload()
    return {"name": "slip.jpg", "mimeType": "image/jpeg", "buffer": upload.read()}


@pytest.mark.req("R3.23", "R3.24")
def test_s13_a_void_card_is_paid_outside_the_channel_once(scene, page, enter, live_server):
    SHOTS.mkdir(exist_ok=True)
    order = scene.order(nets=(6800,))
    scene.platform.wechat.trades[order.number]["ends"] = "abnormal"
    case = cases.agree_case(scene.case(order=order), by=scene.people["agent"])
    refund = Refund.objects.get(case=case)
    services.release_refund(refund, by=scene.people["finance"])
    sending.sweep_refunds()
    scene.platform.let_money_arrive()
    address = f"{live_server.url}/refunds/{scene.shop.pk}/{refund.number}/"
    enter(page, scene.people["finance"])
    page.goto(address)

    Refund.objects.filter(pk=refund.pk).update(next_at=now())
    sending.sweep_refunds()
    # The page follows by itself, and says why in words beside the channel's own.
    expect(page.locator("#refund .notice.is-bad")).to_contain_text("ABNORMAL", timeout=60_000)

    found: list[str] = []
    for size in (NARROW, WIDE):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        look(page, "refund-failed", size, found, BOTH[:1])
    assert found == []

    page.locator("form[action$='/ask-buyer/'] button.btn:not(.btn-quiet)").click()
    page.locator("#answer-way").select_option("other_card")
    page.locator("#answer-note").fill("原卡已注销，退到另一张卡")
    page.locator("form[action$='/answer/'] button").click()
    page.locator("#payout-method").fill("银行转账")
    page.locator("#payout-reference").fill("BK-20261124-1")
    page.locator("#payout-amount").fill("68.00")
    page.locator("#payout-proofs").set_input_files(slip())
    page.locator("form[action$='/payout/'] button").click()
    expect(page.locator("form[action$='/confirm/'] button")).to_have_attribute("aria-disabled", "true")

    enter(page, make_user("finance", scene.shop, name="小方"))
    page.goto(address)
    expect(page.locator(".photos img")).to_have_count(1)
    page.locator("form[action$='/confirm/'] button").click()
    expect(page.locator("form[action$='/confirm/']")).to_have_count(0)

    page.goto(link_of(order))
    for size in (NARROW, WIDE):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        look(page, "buyer-page", size, found, BOTH[:1])
    assert found == []

    refund.refresh_from_db()
    order.refresh_from_db()
    wish = RefundWish.objects.get()
    assert (refund.state, order.refunded_fen, order.refunding_fen) == (RefundState.OFFLINE_DONE, 6800, 0)
    assert (wish.way, wish.asked_by, scene.platform.paid) == ("other_card", scene.people["finance"], [])
