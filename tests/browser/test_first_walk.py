"""One walk: from an empty product to a stopped parcel and a paid refund, typing only what the pages ask for.

HUICANG_PICTURES=docs/img writes the pictures of the README on the way."""

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image
from playwright.sync_api import expect

from aftersales.cases.models import Case
from aftersales.paying.sending import ask_refund
from aftersales.platforms.intake import pull_platform_cases
from aftersales.refunds.models import Refund
from logistics.couriers import registry
from logistics.interception import services as interceptions
from logistics.parcels.models import Package
from logistics.sandbox.accounts import secrets_of
from logistics.tracking.services import record_events, refresh_track
from merchant.clock import now
from merchant.people.models import User
from merchant.platforms.sandbox.accounts import KUAISHOU_APP_KEY, KUAISHOU_SECRETS, KUAISHOU_SELLER_ID
from merchant.staff.first import setup_code
from tests.browser.walk import Walk

pytestmark = pytest.mark.browser
WAYBILL = "78310042196001"
KEPT = {"2-steps", "4-courier", "7-paid"}
WIDTH = 900


def picture(page: Any, name: str) -> None:
    """A small one, for the README, when somebody asked for them."""
    folder = os.environ.get("HUICANG_PICTURES")
    if not folder or name not in KEPT:
        return
    path = Path(folder) / f"first-{name}.png"
    page.screenshot(path=path, caret="initial")
    with Image.open(path) as shot:
        small = shot.resize((WIDTH, shot.height * WIDTH // shot.width), Image.Resampling.LANCZOS)
    small.quantize(64).save(path, optimize=True)


@pytest.fixture
def outside(courier: Any, platform: Any) -> None:
    """What the shop has at its platform and its courier before anybody installs anything."""
    placed = int((now() - timedelta(days=1)).timestamp() * 1000)
    order = platform.control.add_order(
        total_fee=8_800,
        packages=[{"courier": "zto", "waybill": WAYBILL}],
        item={"title": "原木床头小夜灯", "spec": "暖光"},
        create_time=placed,
        push=False,
    )
    platform.control.add_refund(oid=order["oid"], refund_fee=8_800, reason="拍错颜色", push=False)
    courier.control(
        "/parcels",
        {
            "courier": "zto",
            "waybill": WAYBILL,
            "script": "silent",
            "hold": True,
            "start": "in_transit",
            "age_s": 50_000,
            "account": "demo",
            "sender_city": "义乌市",
            "receiver_city": "杭州市",
        },
    )


def courier_stops_it(courier: Any) -> None:
    """The courier turns the parcel round and pushes it; then it is asked, as the poller would."""
    courier.control(f"/parcels/{WAYBILL}/advance", {"to": "stop"})
    deadline = time.monotonic() + 60
    while courier.control("/stats")["pushes"].get("open"):
        assert time.monotonic() < deadline, "a push was never answered"
        time.sleep(0.02)
    package = Package.objects.select_related("account").get(waybill=WAYBILL)
    adapter = registry.get("zto")
    record_events({package.pk: adapter.track(package.account, WAYBILL, "")}, checked_at=now())
    interceptions.weigh_evidence(package.pk, status=adapter.query_intercept(package.account, WAYBILL))


@pytest.mark.req("R0.16")
def test_a_stranger_walks_from_nothing_to_a_stopped_parcel_and_a_paid_refund(
    page, live_server, courier, platform, outside, settings
):
    settings.SITE_URL = live_server.url
    page.set_viewport_size({"width": 1280, "height": 800})
    walk = Walk(page, live_server.url, shoot=lambda name: picture(page, name))

    walk.make_first_account(setup_code())
    walk.open_shop("山月生活馆", "kuaishou", KUAISHOU_SELLER_ID)
    link = walk.add_colleague("xiaosu", "小苏")
    door = walk.add_courier("zto", secrets_of("zto"))
    courier.control("/push_urls", {"courier": "zto", "account": "demo", "push_url": door})
    walk.go_on()
    walk.add_platform("kuaishou", KUAISHOU_APP_KEY, KUAISHOU_SECRETS)
    walk.go_on()
    walk.sign()
    walk.fetch_orders()
    pull_platform_cases()
    # As the poller would, a few seconds later.
    refresh_track(Package.objects.get(), by=None)
    walk.wait_for_orders()
    walk.take_step()
    expect(page.locator("[data-opens=dialog-intercept]").first).to_be_enabled()
    walk.shoot("6-desk")
    page.keyboard.press("i")
    expect(page.locator("#dialog-intercept")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#progress")).to_be_visible()
    assert Case.objects.get().state == "intercepting"
    courier_stops_it(courier)
    for refund in Refund.objects.filter(state="processing"):
        ask_refund(refund, by=None)

    case, refund = Case.objects.get(), Refund.objects.get()
    assert (case.state, refund.state, refund.amount_fen) == ("success", "success", 8_800)
    page.goto(f"{live_server.url}/desk/case/{case.shop_id}/{case.number}/")
    expect(page.locator("main")).to_contain_text("88.00")
    walk.shoot("7-paid")
    # This shop goes on sending with another tool: the last step is put off, and the way is over.
    page.goto(f"{live_server.url}/start/")
    page.locator('form[action$="/fulfil/skip/"] button').click()
    page.goto(f"{live_server.url}/")
    assert page.url == f"{live_server.url}/board/"
    expect(page.locator("ol.way")).to_have_count(0)
    # The colleague gets in by the link, and starts on the desk.
    assert Client().get(link.removeprefix(live_server.url), follow=True).context["validlink"] is True
    assert User.objects.get(username="xiaosu").memberships.get().role.slug == "agent"
