"""What others do appears by itself, in place: nothing that is being read moves, nothing that is in hand is lost."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from aftersales.decisions import services as cases
from merchant.clock import now

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLOW = 60_000
WATCH_SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  if (!entry.hadRecentInput) window.shifts += entry.value;
})).observe({ type: "layout-shift" });
"""


def desk(page, live_server, case):
    page.goto(f"{live_server.url}/desk/case/{case.shop_id}/{case.number}/")


@pytest.mark.req("R0.26", "R3.49")
def test_a_colleague_s_note_appears_on_the_card_and_what_was_unfolded_stays_so(scene, page, enter, live_server):
    case = scene.case()
    enter(page, scene.people["agent"])
    desk(page, live_server, case)
    card = page.locator(f"#order-{case.order_id}")
    fold = card.locator("details.more").first
    fold.locator("summary").click()
    page.locator("#buyer-name").click()

    scene.note(case.order, "刚打过电话，明天再联系", flag=1)

    expect(card.locator(".remark").first).to_contain_text("刚打过电话，明天再联系", timeout=SLOW)
    expect(fold).to_have_attribute("open", "")


def test_what_is_typed_stays_while_the_card_beside_it_changes(scene, page, enter, live_server):
    case = scene.case()
    enter(page, scene.people["agent"])
    desk(page, live_server, case)
    page.locator("#note-text").fill("写到一半")

    scene.note(case.order, "同事先写了", flag=None)

    expect(page.locator(f"#order-{case.order_id} .remark").first).to_contain_text("同事先写了", timeout=SLOW)
    expect(page.locator("#note-text")).to_have_value("写到一半")
    expect(page.locator("#note-text")).to_be_focused()


def test_new_tasks_a_colleague_and_a_changed_case_arrive_without_moving_anything(
    scene, page, enter, live_server, chromium_browser
):
    case = scene.case(hours_left=3)
    enter(page, scene.people["agent"])
    desk(page, live_server, case)
    expect(page.locator("#live")).to_be_visible()
    page.evaluate(WATCH_SHIFTS)

    scene.case(hours_left=1)
    expect(page.locator("#queue-new")).to_contain_text("1", timeout=SLOW)
    other = chromium_browser.new_context(locale="zh-CN").new_page()
    enter(other, scene.people["supervisor"])
    desk(other, live_server, case)
    expect(page.locator("#presence")).to_contain_text("阿禾 也在看这单", timeout=SLOW)
    page.locator("#note-text").fill("先别动")
    cases.propose_case(case, by=scene.people["supervisor"], amount_fen=4400)
    expect(page.locator("#case-changed")).to_be_visible(timeout=SLOW)

    assert page.evaluate("window.shifts") == 0
    other.close()
    expect(page.locator("#presence")).not_to_contain_text("阿禾", timeout=SLOW)


@pytest.mark.req("R0.39", "R0.40")
def test_the_promise_runs_out_under_the_reader_s_eyes(scene, page, enter, live_server):
    order = scene.order(state="to_fulfil")
    type(order).objects.filter(pk=order.pk).update(ship_by_at=now() + timedelta(seconds=6))
    enter(page, scene.people["agent"])
    page.goto(f"{live_server.url}/desk/order/{order.shop_id}/{order.number}/")
    card = page.locator(f"#order-{order.pk}")
    expect(card.locator(".chip.late")).to_have_count(0)

    expect(card.locator(".chip.late").first).to_contain_text("已逾期", timeout=SLOW)
