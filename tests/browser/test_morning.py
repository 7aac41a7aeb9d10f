"""A whole morning at the workbench: a mixed queue, two people at once, everything done without leaving the page."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from aftersales.cases.enums import CaseState
from aftersales.cases.models import Case
from logistics.interception.models import Interception
from merchant.clock import now
from merchant.people.models import User
from orders.record.models import Order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLOW = 60_000


def desk(page, live_server, path=""):
    page.goto(f"{live_server.url}/desk/{path}")


def task(page, key):
    return page.locator(f"#task-{key}")


def open_task(page, key):
    task(page, key).click()
    expect(task(page, key)).to_have_attribute("aria-current", "true", timeout=SLOW)
    # Until the case is here, no key acts on it.
    expect(page.locator(".desk [inert]")).to_have_count(0, timeout=SLOW)


def window(chromium_browser, **more):
    return chromium_browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900}, **more).new_page()


@pytest.mark.req("R0.18", "R0.14", "R0.19")
def test_the_panel_names_every_failing_check_at_once(scene, page, enter, live_server):
    """S2: 49999 passes; 50000 fails E10; an SF parcel E08; two parcels E07; 50000 by SF fails both."""
    fine = scene.case(nets=(49_999,), hours_left=5)
    dear = scene.case(nets=(50_000,), hours_left=6)
    both = scene.case(nets=(50_000,), hours_left=7)
    twice = scene.case(nets=(8_800,), hours_left=8)
    both.order.packages.update(courier="sf")
    scene.parcel(twice.order, code="yto")
    enter(page, scene.people["agent"])

    found = {}
    for name, case in {"fine": fine, "dear": dear, "both": both, "twice": twice}.items():
        desk(page, live_server, f"case/{case.shop_id}/{case.number}/")
        expect(page.locator("#checks")).to_be_visible()
        found[name] = [line.get_attribute("title") for line in page.locator("#checks .no .name").all()]

    # Its e-waybill follows the courier: an SF parcel fails E09 beside E08.
    assert {name: [code for code in codes if code != "E09"] for name, codes in found.items()} == {
        "fine": [],
        "dear": ["E10"],
        "both": ["E08", "E10"],
        "twice": ["E07"],
    }


@pytest.mark.req("R0.22", "R0.23", "R0.28", "R0.32", "R0.33", "R0.38", "R0.41")
def test_the_card_says_everything_about_an_order(scene, page, enter, live_server):
    case = scene.case(hours_left=5)
    scene.parcel(case.order, code="yto", waybill="YT7420019386999")
    enter(page, scene.people["agent"])
    desk(page, live_server, f"case/{case.shop_id}/{case.number}/")
    card = page.locator(f"#order-{case.order_id}")

    expect(card.locator(".order-head")).to_contain_text("已发货")
    expect(card.locator(".order-head")).to_contain_text("待商家处理")
    expect(card).to_contain_text("微信支付")
    expect(card.locator(".parcel")).to_have_count(2)
    expect(card).to_contain_text("包裹 2/2")
    card.locator(".pop.pay button").focus()
    expect(card.locator(".pop.pay .pop-card")).to_contain_text("店铺优惠")
    expect(card.locator(".pop.pay .pop-card")).to_contain_text("¥15.00")
    card.locator(".sums .pop").nth(1).locator("button").focus()
    expect(card.locator(".sums .pop").nth(1).locator(".pop-card")).to_contain_text("平台补贴")


@pytest.mark.req("R2.39", "R3.56", "R3.14", "R3.16")
def test_two_people_work_through_a_mixed_queue(scene, page, enter, live_server, chromium_browser):
    User.objects.update(goes_on=False)
    agent, supervisor = scene.people["agent"], scene.people["supervisor"]
    stop = scene.case(hours_left=1.2, nets=(8_800,))
    refuse = scene.case(hours_left=3, nets=(19_900,))
    hard = scene.case(hours_left=5, nets=(12_600,))
    late = scene.order(state="to_fulfil", buyer_id="buyer-late", buyer_nickname="慢慢来")
    Order.objects.filter(pk=late.pk).update(ship_by_at=now() - timedelta(hours=1))
    enter(page, agent)
    desk(page, live_server)
    # The most overdue first, whatever kind of work it is.
    expect(page.locator("#queue .task").first).to_have_attribute("id", f"task-o{late.pk}")
    expect(page.locator(f"#order-{late.pk}")).to_contain_text("已逾期")

    # The late order: a flag, undone and set again, and a remark, all by keys.
    page.keyboard.press("f")
    page.keyboard.press("1")
    expect(page.locator("#toasts")).to_contain_text("红", timeout=SLOW)
    page.keyboard.press("z")
    expect(page.locator(f"#order-{late.pk} summary .flag")).to_have_class("flag f-none", timeout=SLOW)
    page.keyboard.press("n")
    page.keyboard.type("催仓库今天发")
    page.keyboard.press("Control+Enter")
    expect(page.locator(f"#order-{late.pk} .remark").first).to_contain_text("催仓库今天发", timeout=SLOW)

    # Stop a parcel: i, Enter.
    open_task(page, f"c{stop.pk}")
    page.keyboard.press("i")
    expect(page.locator("#dialog-intercept")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#progress")).to_be_visible(timeout=SLOW)
    assert Interception.objects.get().submitted_by == agent

    # Refuse with proof.
    open_task(page, f"c{refuse.pk}")
    page.keyboard.press("r")
    page.locator("#refuse-reason").select_option("used")
    page.locator("#refuse-evidence").fill("买家自拍照里有使用痕迹")
    page.locator("#dialog-refuse button.btn-danger").click()
    expect(page.locator("#action")).to_contain_text("商家已拒绝", timeout=SLOW)

    # Too hard: escalate with a reason; it leaves the agent's queue and stands in the supervisor's.
    open_task(page, f"c{hard.pk}")
    page.keyboard.press("e")
    page.locator("#up-reason").fill("买家说是质量问题，金额大")
    page.locator("#dialog-up button.btn-primary").click()
    expect(page.locator("#desk-people")).to_contain_text("已升级", timeout=SLOW)
    other = window(chromium_browser)
    enter(other, supervisor)
    desk(other, live_server, "?kind=escalated")
    expect(other.locator("#queue .task")).to_have_count(1)
    expect(other.locator("#queue .task").first).to_have_attribute("id", f"task-c{hard.pk}")

    # The supervisor takes it; the agent, who still has it open, sees both at once.
    desk(page, live_server, f"case/{hard.shop_id}/{hard.number}/")
    other.keyboard.press("t")
    expect(other.locator("#desk-people")).to_contain_text("阿禾", timeout=SLOW)
    expect(page.locator("#presence")).to_contain_text("阿禾 也在看这单", timeout=SLOW)
    other.keyboard.press("a")
    other.locator("#dialog-agree button.btn-primary").click()
    expect(other.locator("#action")).to_contain_text("退款", timeout=SLOW)
    expect(page.locator(f"#order-{hard.order_id} .order-head")).to_contain_text("退款中", timeout=SLOW)
    other.context.close()

    states = dict(Case.objects.values_list("pk", "state"))
    assert states == {
        stop.pk: CaseState.INTERCEPTING,
        refuse.pk: CaseState.REFUSED,
        hard.pk: CaseState.REFUNDING,
    }


def test_a_chat_tool_s_link_leads_through_the_sign_in_to_the_buyer(scene, page, live_server):
    case = scene.case(hours_left=5)
    buyer = case.order.buyer

    desk(page, live_server, f"?shop={case.shop_id}&buyer={buyer.external_id}")
    page.locator("#id_username").fill(scene.people["agent"].username)
    page.locator("#id_password").fill("huicang-test-1")
    page.locator("form.stack button").click()

    expect(page).to_have_url(re.compile(f"/desk/case/{case.shop_id}/{case.number}/"), timeout=SLOW)
    expect(page.locator("#buyer-name")).to_contain_text(buyer.nickname)


@pytest.mark.req("R3.48")
def test_a_search_stays_on_the_desk_and_older_orders_load_on(scene, page, enter, live_server):
    at = now() - timedelta(days=3)
    orders = [
        scene.order(buyer_id="many", buyer_nickname="囤货的人", placed_at=at - timedelta(hours=n)) for n in range(20)
    ]
    enter(page, scene.people["agent"])
    desk(page, live_server)

    page.keyboard.press("/")
    page.keyboard.type(orders[0].number)
    page.keyboard.press("Enter")
    expect(page.locator(f"#order-{orders[0].pk}")).to_be_visible(timeout=SLOW)
    shown = page.locator("#buyer .order")
    expect(shown).to_have_count(4)
    while (before := shown.count()) < 20:
        shown.last.scroll_into_view_if_needed()
        page.locator("#buyer").evaluate("pane => pane.scrollTo(0, pane.scrollHeight)")
        expect(shown).not_to_have_count(before, timeout=SLOW)

    expect(shown).to_have_count(20)
