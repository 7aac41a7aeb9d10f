"""The main job in a real browser: one press, the courier answers, the refund pays itself, the page follows."""

import re

import pytest
from playwright.sync_api import expect

from aftersales.cases.enums import CaseState
from aftersales.refunds.enums import RefundState
from aftersales.refunds.models import Refund

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.req("R0.1", "R0.2", "R0.6", "R0.7", "R0.9")
def test_an_agent_stops_a_parcel_and_watches_the_refund_pay_itself(scene, page, enter, live_server):
    case = scene.case()
    enter(page, scene.people["agent"])
    page.goto(f"{live_server.url}/desk/")
    page.evaluate("window.stillHere = true")

    page.keyboard.press("i")
    dialog = page.locator("#dialog-intercept")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name=re.compile("¥88.00"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#progress")).to_be_visible()
    case.refresh_from_db()
    assert case.state == CaseState.INTERCEPTING
    assert not Refund.objects.exists()

    scene.courier_does(case, "stop")

    expect(page.locator("#progress .is-done")).to_have_count(4, timeout=60_000)
    scene.money_arrives()
    expect(page.locator("#progress .is-done")).to_have_count(5, timeout=60_000)
    assert page.evaluate("window.stillHere") is True
    case.refresh_from_db()
    refund = Refund.objects.get()
    assert (case.state, refund.state, refund.amount_fen) == (CaseState.SUCCESS, RefundState.SUCCESS, 8800)
    assert len(scene.platform.wechat.refunds) == 1
