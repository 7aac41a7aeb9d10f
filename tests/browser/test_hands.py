"""After a decision the desk goes on, the palette goes anywhere, and paying asks first, under real hands."""

import re

import pytest
from playwright.sync_api import expect

from aftersales.cases.enums import CaseState
from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.refunds.models import Refund

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLOW = 60_000


def here(page):
    return page.locator("#queue .task[aria-current]")


def test_after_a_decision_the_next_task_opens_with_a_toast_of_what_happened(scene, page, enter, live_server):
    first, second = scene.case(hours_left=2), scene.case(hours_left=5)
    enter(page, scene.people["agent"])
    page.goto(f"{live_server.url}/desk/")
    expect(here(page)).to_have_attribute("id", f"task-c{first.pk}")

    page.keyboard.press("i")
    page.keyboard.press("Enter")

    expect(here(page)).to_have_attribute("id", f"task-c{second.pk}", timeout=SLOW)
    expect(page.locator(".toast")).to_contain_text("晚风_77 ¥88.00")
    expect(page.locator(".toast")).to_contain_text("已提交给快递")
    expect(page).to_have_url(re.compile(second.number))
    expect(page.locator(f"#task-c{first.pk}")).to_have_count(0)
    assert Case.objects.get(pk=first.pk).state == CaseState.INTERCEPTING


def test_whoever_switched_it_off_stays_on_the_case_they_decided(scene, page, enter, live_server):
    first, _second = scene.case(hours_left=2), scene.case(hours_left=5)
    enter(page, scene.people["agent"])
    page.goto(f"{live_server.url}/desk/")

    page.locator("details.menu summary.me").click()
    page.get_by_role("button", name="处理后打开下一单").click()
    expect(page.locator('button[name="goes_on"][aria-pressed="false"]')).to_be_attached(timeout=SLOW)
    page.keyboard.press("i")
    page.keyboard.press("Enter")

    expect(page.locator("#progress")).to_be_visible(timeout=SLOW)
    expect(here(page)).to_have_attribute("id", f"task-c{first.pk}")


def test_the_palette_goes_to_a_page_by_its_name_and_finds_an_order(scene, page, enter, live_server):
    case = scene.case()
    enter(page, scene.people["agent"])
    page.goto(f"{live_server.url}/orders/")

    page.keyboard.press("Control+k")
    expect(page.locator("#palette-q")).to_be_focused()
    expect(page.locator("#palette a[href='/refunds/']")).to_have_count(0)
    page.keyboard.type(case.order.number)
    page.keyboard.press("Enter")
    expect(page.locator("#palette-found .go").first).to_contain_text(case.order.number, timeout=SLOW)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/desk/order/.*{case.order.number}"), timeout=SLOW)

    page.keyboard.press("Control+k")
    page.keyboard.type("帮助")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="各页面的用途")).to_be_visible(timeout=SLOW)


def test_money_is_asked_about_before_it_leaves(scene, page, enter, live_server):
    case = cases.agree_case(scene.case(), by=scene.people["agent"])
    refund = Refund.objects.get(case=case)
    enter(page, scene.people["finance"])
    page.goto(f"{live_server.url}/refunds/?tab=release")

    page.get_by_role("button", name=re.compile("放款")).first.click()
    dialog = page.locator(f"#dialog-release-{refund.pk}")
    expect(dialog).to_be_visible()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    refund.refresh_from_db()
    assert refund.waits_for_finance

    page.get_by_role("button", name=re.compile("放款")).first.click()
    dialog.get_by_role("button", name=re.compile("放款")).click()
    expect(page.locator(".notice.is-ok")).to_be_visible(timeout=SLOW)
    refund.refresh_from_db()
    assert not refund.waits_for_finance
