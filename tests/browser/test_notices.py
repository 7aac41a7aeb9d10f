"""What happened to one's work comes to the page one is on: a toast, the bell, the tab's title."""

import re

import pytest
from playwright.sync_api import expect

from aftersales.decisions import services as cases
from merchant.notices.models import Notice

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLOW = 60_000


@pytest.mark.req("R1.16")
def test_a_stop_that_is_paid_rings_the_bell_of_whoever_asked_for_it(scene, page, enter, live_server):
    case, other = scene.case(), scene.case()
    agent = scene.people["agent"]
    cases.intercept_case(case, by=agent)
    case.refresh_from_db()
    enter(page, agent)
    page.goto(f"{live_server.url}/desk/case/{other.shop_id}/{other.number}/")
    bell = page.locator("#bell a")
    expect(bell).to_have_attribute("aria-label", "通知，0 条未读")

    scene.courier_does(case, "stop")
    scene.money_arrives()

    sentence = f"{case.interception.waybill} 已拦下，¥88.00 已退"
    expect(page.locator("#toasts .toast")).to_have_text(sentence, timeout=SLOW)
    expect(bell).to_have_attribute("aria-label", "通知，1 条未读")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    bell.click()
    page.get_by_role("button", name=sentence).click()
    expect(page).to_have_url(re.compile(f"/desk/case/{case.shop_id}/{case.number}/"))
    expect(bell).to_have_attribute("aria-label", "通知，0 条未读")
    assert Notice.objects.get().read_at is not None
