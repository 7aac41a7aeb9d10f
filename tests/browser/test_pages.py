"""Every page as it is seen: on a desk and on a phone, by day and by night. No axe finding, no sideways scroll, and a
picture of each in an ignored folder. `HUICANG_DOCS_IMAGES=1` also renews the picture of the README."""

import os
from collections.abc import Sequence
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.paying import sending
from aftersales.refunds.models import Refund
from aftersales.refunds.services import release_refund
from aftersales.statements.models import Difference
from aftersales.statements.reading import file_statement, read_statement
from aftersales.statements.services import file_write_off
from cs_workbench.orders.buyer_links import link_of
from logistics.claims.models import Claim
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from merchant.clock import SHANGHAI, now
from merchant.inbox import services as inbox
from merchant.inbox.models import InboxTask
from merchant.jobs.services import beat
from merchant.platforms.sandbox.wechat_wire import BILL_HEADER
from merchant.policy import services as policy
from merchant.vault.services import Person
from orders.assignment.models import AssignmentRule
from tests.browser.axe import breaches, unreadable
from tests.browser.conftest import SHOTS, Scene
from tests.cs_workbench.homecoming import inspected
from tests.logistics.factories import make_package

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
STANDARDS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # Asked apart, by day and by night.
    "rules": {"color-contrast": {"enabled": False}},
}
WIDE, NARROW = (1440, 900), (390, 844)
BOTH = ("light", "dark")
DOCS = SHOTS.parent / "docs" / "img"


def morning(scene: Scene) -> dict[str, Any]:
    """A mixed queue: cases to answer, one being stopped, one stopped and paid, one failed, one agreed by hand."""
    agent = scene.people["agent"]
    answer = scene.case(hours_left=3.7, nets=(8800,))
    scene.note(answer.order, "客户说拍错颜色，想重拍", flag=None)
    scene.note(answer.order, "买家说拍错颜色，想重拍原木色，问能不能拦回来", flag=2)
    same_buyer = scene.order(nets=(5990,), buyer_id="buyer-0", buyer_nickname="晚风_77")
    scene.parcel(same_buyer, code="yto", start="out_for_delivery")
    refused = scene.case(hours_left=0.7, nets=(50000,), start="out_for_delivery")
    scene.case(hours_left=9, nets=(19900,), reason="不想要了")
    for hours, verb in ((20, None), (26, "stop"), (30, "fail")):
        case = scene.case(hours_left=hours, nets=(12600,))
        cases.intercept_case(case, by=agent)
        if verb:
            scene.courier_does(case, verb)
    scene.money_arrives()
    card = failed_refund(scene)
    by_hand = scene.case(hours_left=40, nets=(4350,))
    cases.agree_case(by_hand, by=agent, reason="老客")
    above = scene.case(hours_left=44, nets=(45000,))
    cases.agree_case(above, by=agent)
    # Refused at the door and home broken: an inspection, a claim, a line in the damage rate.
    home = make_package(order=scene.order(nets=(12800,)), state="refused")
    inspected(home, defective=1, by=scene.people["warehouse"])
    account = scene.account("zto")
    stuck = inbox.receive(
        "courier:zto",
        shop=scene.shop,
        account_id=account.pk,
        headers={},
        body=b'{"mobile": "13900001234", "billCode": "7831"}',
    )
    InboxTask.objects.filter(pk=stuck.pk).update(is_parked=True, attempts=5, error="KeyError: 'scanType'")
    inbox.receive("courier:zto", shop=scene.shop, account_id=account.pk, headers={}, body=b"{}", verdict="forged")
    for name in ("worker", "poller", "beat"):
        beat(name)
    statements_of(scene)
    before_the_warehouse(scene)
    return {"answer": answer, "refused": refused, "stuck": stuck, "card": card}


def before_the_warehouse(scene: Scene) -> None:
    """One order that review stopped, one that nobody is fit for, one to be confirmed."""
    policy.change(scene.shop, by=None, reason="自发货", fulfil_here=True, confirm_orders=True)
    no_door = Person(name="林小满", phone="13900001234", address="浙江余杭3幢", province="浙江省", city="杭州市")
    AssignmentRule.objects.create(shop=scene.shop, position=1, name="大额订单", least_fen=100_000, skill="大客户")
    scene.order(state="to_fulfil", recipient=no_door)
    scene.order(state="to_fulfil", nets=(120_000,), buyer_id="buyer-large")
    scene.order(state="to_fulfil", buyer_id="buyer-small")


def failed_refund(scene: Scene) -> Refund:
    """Told to the channel, which cannot pay into the buyer's card."""
    order = scene.order(nets=(6800,))
    scene.platform.wechat.trades[order.number]["ends"] = "abnormal"
    case = cases.agree_case(scene.case(order=order, hours_left=50), by=scene.people["agent"])
    refund = Refund.objects.get(case=case)
    release_refund(refund, by=scene.people["finance"])
    sending.sweep_refunds()
    scene.platform.let_money_arrive()
    Refund.objects.filter(pk=refund.pk).update(next_at=now())
    sending.sweep_refunds()
    refund.refresh_from_db()
    assert refund.state == "abnormal"
    return refund


def statements_of(scene: Scene) -> None:
    """One statement with a payment nobody knows and one of another amount, and one file that is none."""
    day = now().astimezone(SHANGHAI).strftime("%Y-%m-%d 12:00:00")
    paid = Refund.objects.filter(state="success").exclude(channel_number="").order_by("pk").first()
    told = [("5030", "128.00"), *([(paid.channel_number, "1.00")] if paid else [])]
    rows = [f"`{day},`{number},`F{n},`退款,`退款,`支出,`{yuan},`0,`system,`,`" for n, (number, yuan) in enumerate(told)]
    for name, text in (("fundflow.csv", "\n".join([BILL_HEADER, *rows])), ("通讯录.csv", "姓名,电话\n甲,1\n")):
        file = file_statement(scene.shop, name, text.encode(), by=scene.people["finance"])
        read_statement(file.pk)
    file_write_off(Difference.objects.order_by("pk")[0], by=scene.people["finance"], note="手工打款重复")


def pages_of(scene: Scene, made: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(name, who looks, address) of every page."""
    shop = scene.shop.pk
    answer: Case = made["answer"]
    running, stopped, failed = Interception.objects.order_by("pk")
    refund = Refund.objects.order_by("-pk").first()
    parcel = Package.objects.get(order=answer.order)
    assert refund is not None
    claim = Claim.objects.get()
    card: Refund = made["card"]
    paid = Refund.objects.filter(state="success").earliest("pk")
    at = lambda name, *args: reverse(name, args=args)  # noqa: E731
    return [
        ("login", "", at("login")),
        ("workbench", "agent", at("desk_case", shop, answer.number)),
        ("workbench-refused", "agent", at("desk_case", shop, made["refused"].number)),
        ("workbench-running", "agent", at("desk_case", shop, running.cases.get().number)),
        ("workbench-settled", "agent", at("desk_case", shop, stopped.cases.get().number)),
        ("case", "agent", at("case_detail", shop, made["refused"].number)),
        ("orders", "agent", at("orders")),
        ("search-nothing", "agent", at("orders") + "?q=78310042"),
        ("order", "agent", at("order_detail", shop, answer.order.number)),
        ("parcel", "agent", at("parcel_detail", shop, parcel.courier, parcel.waybill)),
        ("interceptions", "agent", at("interceptions")),
        ("review", "supervisor", at("review_list")),
        ("review-report", "supervisor", at("review_report")),
        ("assignment", "supervisor", at("assign_list")),
        ("assignment-rules", "owner", at("assignment_rules", shop)),
        ("confirmation", "agent", at("confirm_list")),
        ("interceptions-effect", "agent", at("interceptions_effect")),
        ("board", "supervisor", at("board")),
        ("board-cases", "supervisor", at("board_cases") + "?open=1"),
        ("board-orders", "owner", at("board_orders") + "?what=due"),
        ("team", "supervisor", at("team")),
        ("interception-running", "agent", at("interception_detail", shop, running.number)),
        ("interception-stopped", "agent", at("interception_detail", shop, stopped.number)),
        ("interception-failed", "agent", at("interception_detail", shop, failed.number)),
        ("interception-queues", "agent", at("interception_queues")),
        ("claims", "agent", at("claims")),
        ("claim", "agent", at("claim_detail", shop, claim.number)),
        ("claim-of-finance", "finance", at("claim_detail", shop, claim.number)),
        ("damage-rate", "owner", at("damage_rate") + "?kind=returned"),
        ("refunds", "finance", at("refunds")),
        ("statements", "finance", at("statements")),
        ("statement-days", "finance", at("statements") + "?tab=days"),
        ("statement-files", "finance", at("statements") + "?tab=files"),
        ("refund", "finance", at("refund_detail", shop, refund.number)),
        ("refund-failed", "finance", at("refund_detail", shop, card.number)),
        ("refund-paid", "finance", at("refund_detail", shop, paid.number)),
        ("case-refund-failed", "finance", at("case_detail", shop, card.case.number)),
        ("refunds-filtered", "finance", at("refunds") + "?tab=failed&channel=wechat_pay"),
        ("buyer-page", "", link_of(answer.order).removeprefix(settings.SITE_URL.rstrip("/"))),
        ("operations", "supervisor", at("ops")),
        ("couriers", "supervisor", at("couriers")),
        ("messages", "supervisor", at("messages")),
        ("message", "supervisor", at("message_detail", made["stuck"].pk)),
        ("quota", "owner", at("quota")),
        ("rules", "owner", at("rules")),
        ("help", "agent", at("help")),
        ("notices", "agent", at("notices")),
        ("go", "agent", at("go") + f"?q={answer.number}"),
        ("replies", "supervisor", at("replies")),
        ("reply-new", "agent", at("reply_add", shop)),
        ("accounts", "owner", at("accounts", shop)),
        ("courier-account", "owner", at("courier_account_edit", shop, scene.account("yto").pk)),
        ("courier-account-new", "owner", at("courier_account_add", shop)),
        ("missing", "agent", "/orders/1/none/"),
    ]


def look(page: Any, name: str, size: tuple[int, int], found: list[str], schemes: Sequence[str] = BOTH) -> None:
    """A picture and an axe run by day and by night; what is wrong goes into `found`. The page is left in daylight."""
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        where = f"{name} {size[0]} {scheme}"
        page.screenshot(path=SHOTS / f"{name}-{size[0]}-{scheme}.png")
        spill = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if spill > 0:
            found.append(f"{where}: {spill}px wider than the screen")
        for breach in [*unreadable(page), *(breaches(page, STANDARDS) if scheme == "light" else [])]:
            found.append(f"{where}: {breach['id']} at {breach['nodes'][0]['html'][:120]}")
    page.emulate_media(color_scheme="light")


def look_in(language: str, page: Any, name: str, size: tuple[int, int], found: list[str]) -> None:
    """Chinese by day and by night; English, a third longer, for what may break there: the width."""
    if language == "zh-CN":
        look(page, name, size, found)
    else:
        look(page, f"{name}-{language}", size, found, BOTH[:1])


def walk(browser: Any, enter: Any, scene: Scene, language: str, pages: list[tuple[str, str, str]]) -> list[str]:
    """What is wrong on these pages (name, who looks, address). Chinese is opened on each screen; English is there for
    its width: opened once, and the window made narrow."""
    SHOTS.mkdir(exist_ok=True)
    found: list[str] = []
    for sizes in ((WIDE,), (NARROW,)) if language == "zh-CN" else ((WIDE, NARROW),):
        context = browser.new_context(
            locale=language,
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            has_touch=NARROW in sizes,
        )
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.on("pageerror", lambda error: found.append(str(error)))
        page.on("console", lambda line: found.append(line.text) if "Content Security Policy" in line.text else None)
        person = None
        for name, role, address in pages:
            if role != person:
                # Away first: a page still polling without its cookie would reload itself to the sign-in.
                page.goto("about:blank")
                context.clear_cookies()
                if language == "en":
                    context.add_cookies([{"name": "django_language", "value": "en", "url": scene.site}])
                if role:
                    enter(page, scene.people[role])
                person = role
            resize(page, sizes[0])
            page.goto(scene.site + address)
            if (name, sizes, language) == ("workbench", (WIDE,), "zh-CN") and os.environ.get("HUICANG_DOCS_IMAGES"):
                DOCS.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=DOCS / "workbench.png")
            for size in sizes:
                resize(page, size)
                look_in(language, page, name, size, found)
        context.close()
    return found


def resize(page: Any, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_page_is_fit_to_be_seen(scene, chromium_browser, enter, language):
    pages = pages_of(scene, morning(scene))

    assert walk(chromium_browser, enter, scene, language, pages) == []


def test_the_first_page_of_a_new_shop_says_what_to_do(scene, page, enter, live_server):
    enter(page, scene.people["agent"])
    found: list[str] = []
    SHOTS.mkdir(exist_ok=True)
    for name in ("desk", "orders", "interceptions", "interceptions_effect"):
        page.goto(live_server.url + reverse(name))
        look(page, f"empty-{name}", WIDE, found, BOTH[:1])

    assert found == []
