"""The keyboard, the flags and the quick replies under real hands."""

import re

import pytest
from playwright.sync_api import expect

from cs_workbench.replies.models import QuickReply
from cs_workbench.replies.services import add_reply, make_default_replies
from orders.record.models import Order
from orders.remarks.services import set_flag

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLOW = 60_000
HINT = "插旗：0 灰 1 红 2 黄 3 绿 4 蓝 5 紫，Esc 取消"


@pytest.fixture
def case(scene):
    return scene.case(hours_left=4)


@pytest.fixture
def desk(scene, page, enter, live_server, case):
    """The workbench with one case, the clipboard open to read."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server.url)
    enter(page, scene.people["agent"])
    page.goto(f"{live_server.url}/desk/")
    expect(page.locator("#buyer-name")).to_contain_text("晚风_77")
    return page


def clipboard(page):
    return page.evaluate("navigator.clipboard.readText()")


def flag_on(page, case):
    return page.locator(f"#flag-{case.order_id} summary .flag")


@pytest.mark.req("R0.24")
def test_one_press_and_one_key_copy_the_order_number(desk, case):
    desk.locator(f"#order-{case.order_id} .order-no [data-copy]").click()
    expect(desk.locator(".toast")).to_have_text(f"已复制 {case.order.number}")
    assert clipboard(desk) == case.order.number

    desk.evaluate("navigator.clipboard.writeText('')")
    desk.locator("#buyer-name").focus()
    desk.keyboard.press("c")
    expect(desk.locator(".toast")).to_have_count(2)

    assert clipboard(desk) == case.order.number


def test_f_and_a_digit_flag_the_order_and_z_takes_it_back(desk, case):
    desk.keyboard.press("f")
    expect(desk.locator("#flag-hint")).to_have_text(HINT)
    desk.keyboard.press("1")

    expect(flag_on(desk, case)).to_have_class("flag f-1")
    expect(desk.locator("#flag-hint")).to_be_hidden()
    toast = desk.locator(".toast")
    expect(toast).to_contain_text(f"尾号 {case.order.number[-4:]} 的订单，旗标：红")
    assert Order.objects.get(pk=case.order_id).flag == 1

    desk.keyboard.press("z")

    expect(flag_on(desk, case)).to_have_class("flag f-none")
    expect(toast.last).to_have_text("旗标已恢复。")
    assert Order.objects.get(pk=case.order_id).flag is None


def test_escape_and_another_letter_forget_the_flag(desk, case):
    desk.keyboard.press("f")
    desk.keyboard.press("Escape")
    desk.keyboard.press("2")
    expect(desk.locator(".toast").last).to_contain_text("已复制")
    desk.keyboard.press("f")
    desk.keyboard.press("n")

    expect(desk.locator("#note-text")).to_be_focused()
    expect(desk.locator("#flag-hint")).to_be_hidden()
    assert Order.objects.get(pk=case.order_id).flag is None


def test_the_menu_flags_with_words_and_by_keyboard_alone(desk, case):
    summary = desk.locator(f"#flag-{case.order_id} summary")
    summary.focus()
    desk.keyboard.press("Enter")
    menu = desk.locator(f"#flag-{case.order_id} .menu-card")
    expect(menu.get_by_role("button")).to_have_text(
        [re.compile(word) for word in ("灰", "红", "黄", "绿", "蓝", "紫", "无旗")]
    )
    for box in [button.bounding_box() for button in menu.get_by_role("button").all()]:
        assert min(box["width"], box["height"]) >= 24
    desk.keyboard.press("Tab")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")

    expect(flag_on(desk, case)).to_have_text("黄")
    expect(summary).to_be_focused()
    expect(desk.locator(".toast")).to_have_count(1)
    assert Order.objects.get(pk=case.order_id).flag == 2


def test_a_flag_a_colleague_changed_meanwhile_is_not_taken_back_and_the_page_says_so(desk, case, scene):
    desk.keyboard.press("f")
    desk.keyboard.press("1")
    expect(desk.locator(".toast [data-undo]")).to_be_visible()
    set_flag(Order.objects.get(pk=case.order_id), flag=4, by=scene.people["supervisor"])

    desk.keyboard.press("z")

    refusal = desk.locator(f'[data-flag-refusal="flag-{case.order_id}"]')
    expect(refusal).to_have_text("旗标之后又被改过，保持现状，没有撤销。")
    expect(flag_on(desk, case)).to_have_text("蓝")


def test_a_flag_that_does_not_reach_the_server_is_put_back_with_a_sentence(desk, case):
    desk.route("**/flag/", lambda route: route.abort())

    desk.keyboard.press("f")
    desk.keyboard.press("3")

    expect(desk.locator(f'[data-flag-refusal="flag-{case.order_id}"]')).to_have_text(
        "连不上服务器，旗标没有改动；请稍后再试。"
    )
    expect(flag_on(desk, case)).to_have_class("flag f-none")
    expect(desk.locator(".toast")).to_have_count(0)


def test_a_digit_copies_the_reply_filled_for_this_order_and_counts_it(scene, desk):
    text = "{买家昵称} 您好，{快递公司} {运单号} 在路上"
    reply = add_reply(scene.shop, owner=scene.people["agent"], title="在路上", text=text, by=scene.people["agent"])
    desk.reload()
    shown = desk.locator("#replies-list li").first.locator(".reply-text")
    expect(shown).to_contain_text("晚风_77 您好，中通快递 ")

    with desk.expect_response("**/used/"):
        desk.keyboard.press("1")

    expect(desk.locator(".toast")).to_have_text("已复制：在路上")
    assert clipboard(desk) == shown.text_content()
    assert QuickReply.objects.get(pk=reply.pk).used_count == 1


def test_a_reply_with_a_gap_says_what_is_missing_before_and_after_copying(scene, desk):
    agent = scene.people["agent"]
    add_reply(scene.shop, owner=agent, title="到账", text="预计 {预计到账} 到账", by=agent)
    desk.reload()
    row = desk.locator("#replies-list li").first
    expect(row.locator("mark")).to_have_text("{预计到账}")
    expect(row).to_contain_text("此单缺：预计到账")

    desk.keyboard.press("1")

    expect(desk.locator(".toast")).to_have_text("已复制：到账。发送前请补上：预计到账")
    assert clipboard(desk) == "预计 {预计到账} 到账"


def test_a_long_list_is_searched_and_the_keys_keep_their_replies(scene, desk):
    make_default_replies(scene.shop, by=scene.people["supervisor"])
    for title in ("发票", "尺码"):
        add_reply(scene.shop, owner=scene.people["agent"], title=title, text=f"关于{title}", by=scene.people["agent"])
    desk.reload()

    desk.locator("#replies-find").fill("尺码")
    expect(desk.locator("#replies-list li:visible")).to_have_count(1)
    expect(desk.locator("#replies-list li:visible kbd")).to_have_text("2")
    desk.keyboard.press("1")
    expect(desk.locator("#replies-find")).to_have_value("尺码1")
    expect(desk.locator(".toast")).to_have_count(0)
    desk.keyboard.press("Escape")
    desk.keyboard.press("1")

    expect(desk.locator(".toast")).to_have_text("已复制：发票")


def test_keys_rest_while_one_types_chooses_or_has_a_dialog_open(desk, case):
    desk.locator("#note-text").focus()
    desk.keyboard.type("f1iarz?2")
    expect(desk.locator("#note-text")).to_have_value("f1iarz?2")
    desk.locator("#note-text").fill("")
    desk.keyboard.press("Escape")
    desk.keyboard.press("i")
    expect(desk.locator("#dialog-intercept")).to_be_visible()
    for key in ("f", "1", "j", "r", "?"):
        desk.keyboard.press(key)
    expect(desk.locator("dialog[open]")).to_have_count(1)
    desk.keyboard.press("Escape")

    expect(desk.locator(".toast")).to_have_count(0)
    assert Order.objects.get(pk=case.order_id).flag is None


def test_an_input_method_a_modifier_and_capslock_surprise_nobody(desk):
    fire = "(init) => document.body.dispatchEvent(new KeyboardEvent('keydown', {bubbles: true, ...init}))"
    for init in ({"key": "r", "keyCode": 229}, {"key": "r", "isComposing": True}, {"key": "R", "shiftKey": True}):
        desk.evaluate(fire, init)
    desk.keyboard.press("Control+f")
    expect(desk.locator("dialog[open]")).to_have_count(0)
    expect(desk.locator("#flag-hint")).to_be_hidden()

    # CapsLock on: the letter comes as a capital without Shift.
    desk.evaluate(fire, {"key": "R"})

    expect(desk.locator("#dialog-refuse")).to_be_visible()


def test_g_offers_another_amount_and_the_off_switch_is_kept(desk):
    desk.keyboard.press("g")
    expect(desk.locator("#dialog-propose")).to_be_visible()
    expect(desk.locator("#offer-amount")).to_be_focused()
    desk.keyboard.press("Escape")
    expect(desk.locator("#open-propose")).to_be_focused()

    desk.keyboard.press("?")
    desk.locator("[data-keys-off]").check()
    desk.keyboard.press("Escape")
    desk.reload()
    desk.keyboard.press("g")
    desk.keyboard.press("1")
    expect(desk.locator("dialog[open]")).to_have_count(0)
    expect(desk.locator(".toast")).to_have_count(0)
    desk.keyboard.press("?")
    expect(desk.locator("[data-keys-off]")).to_be_checked()


def test_every_key_of_the_workbench_stands_in_the_help(desk):
    desk.keyboard.press("?")

    keys = desk.locator("#keys-help dt").all_text_contents()

    shown = " ".join(" ".join(key.split()) for key in keys)
    assert shown == "J K Enter . / Ctrl K Esc I A R G W D T H E Ctrl Enter N F 0…5 Z C 1…9 X Shift A"


def test_an_undo_waits_while_somebody_stands_on_it(desk, case):
    desk.clock.install()
    desk.keyboard.press("f")
    desk.keyboard.press("1")
    toast = desk.locator(".toast")
    expect(toast.locator("[data-undo]")).to_be_visible()

    toast.locator("[data-undo]").focus()
    desk.clock.fast_forward(30_000)
    expect(toast).to_be_visible()
    desk.locator("#buyer-name").focus()
    desk.clock.run_for(9_000)
    expect(toast).to_be_visible()
    desk.clock.run_for(2_000)

    expect(toast).to_have_count(0)
