"""A courier that takes nothing back, in a real browser: said before the press, and at the closed button after it."""

import pytest
from playwright.sync_api import expect

from aftersales.cases.enums import CaseState
from aftersales.refunds.models import Refund

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NO_UNDO = "该快递不支持撤销拦截。"


@pytest.mark.req("R0.14")
@pytest.mark.parametrize(("code", "can_withdraw"), [("jt", False), ("sto", True)])
def test_what_a_courier_cannot_do_is_said_before_and_after_the_press(
    scene, page, enter, live_server, code, can_withdraw
):
    case = scene.case(code=code)
    enter(page, scene.people["agent"])
    page.goto(f"{live_server.url}/desk/")

    page.keyboard.press("i")
    dialog = page.locator("#dialog-intercept")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_text(NO_UNDO)).to_have_count(0 if can_withdraw else 1)
    page.keyboard.press("Enter")

    expect(page.locator("#progress")).to_be_visible()
    button = page.locator("#open-withdraw")
    if can_withdraw:
        expect(button).not_to_have_attribute("aria-disabled", "true")
    else:
        expect(button).to_have_attribute("aria-disabled", "true")
        expect(page.locator("#no-withdraw")).to_have_text(NO_UNDO)

    scene.courier_does(case, "stop")
    scene.money_arrives()

    expect(page.locator("#progress .is-done")).to_have_count(5, timeout=60_000)
    case.refresh_from_db()
    assert (case.state, Refund.objects.get().amount_fen) == (CaseState.SUCCESS, 8800)
    assert scene.courier.control(f"/parcels?q={case.interception.waybill}")["parcels"][0]["calls"]["create"] == 1
