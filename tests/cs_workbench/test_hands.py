"""What the desk and the money pages say before a hand does something that cannot be undone."""

import re
from datetime import timedelta

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import translation

from aftersales.cases.enums import CaseState
from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.decisions.outcomes import follow_interceptions
from aftersales.refunds.models import Refund
from cs_workbench.board import money
from cs_workbench.board.asked import Asked
from cs_workbench.desk import queue
from cs_workbench.ops.processes import label_of
from cs_workbench.palette.found import find
from logistics.interception.models import Interception
from logistics.interception.services import fail_interception
from logistics.parcels.models import Package
from merchant.clock import now
from merchant.middleware import asked_for
from merchant.people.rights import ROLES
from merchant.templatetags.ui import sentence
from merchant.trail import timeline
from merchant.trail.models import Activity
from tests.aftersales.factories import agent_of, case_of, intercepting, own_shop, stop
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db


def page_of(client, case):
    return client.get(reverse("desk_case", args=[case.shop_id, case.number])).content.decode()


def test_agreeing_above_ones_limit_says_that_it_is_submitted(platform, courier, sign_in):
    shop = own_shop()
    case = case_of(platform, shop, amount_fen=25_000, nets=(25_000,))

    page = page_of(sign_in(agent_of(shop)), case)

    assert "Submit ¥250.00 for approval" in page
    assert "Agree, refund ¥250.00" not in page
    assert "Agree, refund ¥250.00" in page_of(sign_in(make_user("supervisor", shop)), case)


def test_no_reason_of_a_refusal_is_chosen_beforehand(platform, courier, sign_in):
    shop = own_shop()

    page = page_of(sign_in(agent_of(shop)), case_of(platform, shop))

    first = re.search(r'id="refuse-reason".*?<option value="([^"]*)">([^<]*)', page, re.DOTALL)
    assert first is not None
    assert (first[1], first[2].strip()) == ("", "Choose a reason")


def test_a_failed_interception_gives_the_couriers_reason_and_what_comes_next(platform, courier, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)
    row = intercepting(case)
    fail_interception(row, reason="courier_refused", words="已装车派送，无法拦截")
    follow_interceptions(row.pk)

    page = page_of(sign_in(agent_of(shop)), case)

    told = re.search(r'id="failed".*?</ul>', page, re.DOTALL)
    assert told is not None
    assert "Not stopped: the courier refused" in told[0]
    assert "已装车派送，无法拦截" in told[0]
    assert "Copy the request" in told[0]
    retry = page.index('id="open-intercept"')
    assert retry > page.index('id="open-refuse"')
    assert "btn-primary" not in page[page.rindex("<button", 0, retry) : retry]


def test_money_is_asked_about_before_it_leaves(platform, courier, sign_in):
    shop = own_shop()
    case = cases.agree_case(case_of(platform, shop), by=agent_of(shop))
    refund = Refund.objects.get(case=case)
    client = sign_in(make_user("finance", shop))

    for page in (
        client.get(reverse("refunds") + "?tab=release").content.decode(),
        client.get(reverse("refund_detail", args=[shop.pk, refund.number])).content.decode(),
    ):
        button = page.index(f'data-opens="dialog-release-{refund.pk}"')
        assert 'type="button"' in page[page.rindex("<button", 0, button) : button + 60]
        dialog = page[page.index(f'id="dialog-release-{refund.pk}"') :]
        assert "Pay ¥88.00 to" in dialog
        assert reverse("refund_verb", args=[shop.pk, refund.number, "release"]) in dialog


def test_a_refusals_code_waits_in_the_tooltip():
    assert sentence("Look again. [E16]") == '<span title="E16">Look again.</span><span class="vh"> [E16]</span>'
    assert sentence("<b> [x]") == "<b> [x]"


def test_a_state_no_reader_knows_is_left_out_of_the_timeline():
    row = Activity(verb="order.close", from_state="paid", to_state="closed", at=None, reason="refunded")

    [entry] = timeline.from_trail([row])

    assert (entry.what, entry.then) == ("订单关闭", "已全额退款")


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("pull:douyin-orders:3", "拉取抖音订单（3 号账号）"),
        ("pull:kuaishou:7", "拉取快手售后（7 号账号）"),
        ("poller", "物流查询"),
    ],
)
def test_background_work_is_named_in_words(name, label):
    with translation.override("zh-hans"):
        assert label_of(name) == label


def test_every_right_says_in_chinese_whose_it_is():
    with translation.override("zh-hans"):
        assert translation.gettext(ROLES["finance"].name) == "财务"


def test_a_preference_is_kept_and_the_other_stays_as_it_was(sign_in):
    person = make_user("agent", make_shop("own"))
    client = sign_in(person)

    client.post(reverse("preferences"), {"goes_on": "False", "back": "/orders/"})
    answer = client.post(reverse("preferences"), {"density": "compact", "back": "https://elsewhere.example/"})
    refused = client.post(reverse("preferences"), {"density": "tiny"})

    person.refresh_from_db()
    assert (person.goes_on, person.density) == (False, "compact")
    assert (answer.url, refused.status_code) == (reverse("home"), 302)
    assert 'data-density="compact"' in client.get(reverse("help")).content.decode()


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("en-GB,en;q=0.9", "en"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-hans"),
        ("fr,en;q=0.5", "en"),
        ("fr", "zh-hans"),
        ("", "zh-hans"),
    ],
)
def test_signing_in_follows_the_browsers_language(asked, language):
    assert asked_for(asked) == language


def test_only_the_sign_in_follows_it(client):
    english = {"HTTP_ACCEPT_LANGUAGE": "en"}

    assert client.get(reverse("login"), **english).wsgi_request.LANGUAGE_CODE == "en"
    assert client.get(reverse("desk"), **english).wsgi_request.LANGUAGE_CODE == "zh-hans"


def test_the_palette_finds_by_the_doors_that_exist_and_nothing_of_another_shop(platform, courier, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)
    waybill = Package.objects.get(order=case.order).waybill
    mine, stranger = agent_of(shop), make_user("agent", make_shop("own"))

    found = {term: [hit.label for hit in find(mine, term)[0]] for term in (case.number, waybill, case.order.number)}

    assert found[case.number][0] == case.number
    assert found[waybill][0].endswith(waybill)
    assert found[case.order.number] == [case.order.number]
    assert [find(stranger, term)[0] for term in found] == [[], [], []]


def test_the_board_says_what_stopping_is_worth_in_yuan(platform, courier):
    shop = own_shop()
    row = intercepting(case_of(platform, shop))
    stop(row.cases.get())
    intercepting(case_of(platform, shop))
    Interception.objects.filter(pk=row.pk).update(fee_fen=300, freight_fen=450)
    asked = Asked.read(QueryDict(""), make_user("supervisor", shop))
    assert asked is not None

    found = money.read(asked)

    [zto] = found.couriers
    assert (zto.stopped, zto.failed, zto.percent) == (1, 0, 100.0)
    assert (found.saved_fen, found.cost_fen) == (8800, 750)


def test_settled_cases_stand_by_when_they_were_settled(platform, courier):
    shop = own_shop()
    first, second = (case_of(platform, shop) for _ in range(2))
    for case, at in ((first, now()), (second, now() - timedelta(hours=1))):
        Case.objects.filter(pk=case.pk).update(state=CaseState.CANCELLED, closed_at=at, due_at=None, clock="")

    found = queue.read(agent_of(shop), queue.View("done"))

    assert [row.key for row in found.rows] == [f"c{first.pk}", f"c{second.pk}"]
    assert found.rows[0].done_at is not None


def test_a_groups_number_counts_what_the_tab_counts(platform, courier):
    shop = own_shop()
    settled, waiting = (case_of(platform, shop) for _ in range(2))
    agent = agent_of(shop)
    shown = queue.keys(agent, queue.View())
    cases.refuse_case(settled, by=agent, reason="used", evidence={"note": "照片"})

    found = queue.read(agent, queue.View(), keep=shown)

    assert [row.key for row in found.rows if not row.is_settled] == [f"c{waiting.pk}"]
    assert (found.counted["todo"], [count for _label, count, _tasks in found.headed]) == ("1", ["1"])
