"""Quick replies: how they are filled, who may write them, and the page where they are kept."""

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from aftersales.decisions import services as cases
from cs_workbench.cases import action
from cs_workbench.orders.cards import cards
from cs_workbench.replies import services
from cs_workbench.replies.defaults import TEXTS
from cs_workbench.replies.models import QuickReply
from cs_workbench.replies.panel import panel
from cs_workbench.replies.variables import NAMED, VARIABLES, check_text, fill, find, moment, values_of
from logistics.parcels.models import Package
from merchant.refusals import Refused
from merchant.trail.models import Activity
from tests.aftersales.factories import agent_of, case_of, intercepting, own_shop, refund_of
from tests.markup import one_line
from tests.merchant.factories import make_user

pytestmark = pytest.mark.django_db


def opened(case, user):
    case.refresh_from_db()
    return cards([case.order], current=case.order_id)[0], action.build(case, user)


def own(shop, user, title="拦截中", text="您好 {买家昵称}"):
    return services.add_reply(shop, owner=user, title=title, text=text, by=user)


def shared(shop, by, title="共用", text="您好"):
    return services.add_reply(shop, owner=None, title=title, text=text, by=by)


# --- filling ----------------------------------------------------------------------------------------------------------


def test_both_names_of_a_variable_are_filled_and_the_rest_stays_as_it_is():
    filled = fill("{买家昵称}您好，{waybill} 在路上。{ buyer }", {"buyer": "晚风", "waybill": "ZT1"})

    assert (filled.text, filled.missing) == ("晚风您好，ZT1 在路上。晚风", [])


def test_what_is_not_known_stays_visible_and_is_named_once():
    filled = fill("单号 {运单号}，{运单号}，到账 {arrival}，{不存在}", {"waybill": "", "order": "1"})

    assert filled.text == "单号 {运单号}，{运单号}，到账 {arrival}，{不存在}"
    assert filled.missing == ["运单号", "arrival", "不存在"]
    assert [part.text for part in filled.parts if part.is_missing] == ["{运单号}", "{运单号}", "{arrival}", "{不存在}"]


def test_every_variable_has_its_value_from_the_open_case(platform, courier):
    shop = own_shop(name="禾木小铺")
    agent = make_user("agent", shop, name="小苏")
    case = case_of(platform, shop, buyer_nickname="晚风_77", buyer_id="b-1")
    intercepting(case, by=agent)
    at = datetime(2026, 11, 22, 6, 31, tzinfo=UTC)
    Package.objects.update(last_text="快递员 13900001234 正在运输", last_event_at=at)
    package = Package.objects.get()

    card, act = opened(case, agent)
    with override("en"):
        values = values_of(card, act, agent=agent)

    assert values == {
        "buyer": "晚风_77",
        "order": case.order.number,
        "courier": "中通快递",
        "waybill": package.waybill,
        "parcel": "运输中",
        "scan": "快递员 139****1234 正在运输",
        "scan_time": "11月22日 14:31",
        "amount": "¥88.00",
        "paid": "¥88.00",
        "refund": "",
        "arrival": "",
        "ship_by": "",
        "shop": "禾木小铺",
        "agent": "小苏",
    }


def test_a_refund_that_has_left_says_its_state_and_when_it_arrives(platform, courier):
    shop = own_shop()
    agent = agent_of(shop)
    case = case_of(platform, shop)
    cases.agree_case(case, by=agent)
    refund = refund_of(case)
    at = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    type(refund).objects.filter(pk=refund.pk).update(state="processing", sent_at=at, next_at=at, went_to="card")

    card, act = opened(case, agent)
    values = values_of(card, act, agent=agent)

    assert (values["refund"], values["amount"]) == ("退款处理中", "¥88.00")
    assert values["arrival"] == "1–3 个工作日，预计 2026-11-26 前"


def test_an_order_without_a_parcel_or_a_nickname_leaves_no_hole(platform):
    shop = own_shop()
    agent = agent_of(shop)
    case = case_of(platform, shop, parcel=None, buyer_id="b-2", buyer_nickname="")

    card, act = opened(case, agent)
    values = values_of(card, act, agent=agent)

    assert {code for code, value in values.items() if not value} >= {"buyer", "waybill", "courier", "parcel", "scan"}
    assert fill("您好 {买家昵称}，{运单号}", values).missing == ["买家昵称", "运单号"]


def test_no_variable_speaks_of_the_recipient(platform):
    shop = own_shop()
    agent = agent_of(shop)
    case = case_of(platform, shop)

    card, act = opened(case, agent)
    said = " ".join(values_of(card, act, agent=agent).values())

    recipient = case.order.recipient
    assert [mask for mask in (recipient.name_mask, recipient.phone_mask, recipient.address_mask) if mask in said] == []
    assert [find(name) for name in ("phone", "address", "recipient", "收件人", "电话", "地址")] == [None] * 6


def test_an_instant_without_a_value_is_nothing():
    assert moment(None) == ""


# --- what may be written ----------------------------------------------------------------------------------------------


def test_a_wrong_variable_is_named_with_those_that_exist():
    with override("zh-hans"), pytest.raises(Refused) as refused:
        check_text("您好 {收件人电话}")

    exist = "{买家昵称} {订单号} {快递公司} {运单号} {包裹状态} {最新轨迹} {轨迹时间} {退款金额} {实付金额} {退款状态} {预计到账} {承诺发货时间} {店铺名} {客服昵称}"
    assert str(refused.value) == f"没有变量 {{收件人电话}}。可用的有：{exist} [VARIABLE]"


@pytest.mark.parametrize("text", ["您好 {买家昵称", "您好 买家}", "{{buyer}", "{}"])
def test_a_brace_alone_is_refused(text):
    with pytest.raises(Refused) as refused:
        check_text(text)

    assert refused.value.code == "VARIABLE"


def test_braces_of_a_chinese_keyboard_are_braces(platform):
    shop = own_shop()
    agent = agent_of(shop)

    assert own(shop, agent, text="您好｛买家昵称｝").text == "您好{买家昵称}"


@pytest.mark.parametrize(("title", "text"), [("", "a"), ("a", " "), ("a" * 41, "a"), ("a", "a" * 501), ("a", "{x}")])
def test_a_reply_that_cannot_be_is_refused_and_not_kept(title, text):
    shop = own_shop()
    agent = agent_of(shop)

    with pytest.raises(Refused):
        services.add_reply(shop, owner=agent, title=title, text=text, by=agent)

    assert QuickReply.objects.count() == 0


def test_a_list_ends_at_sixty(monkeypatch):
    shop = own_shop()
    agent = agent_of(shop)
    monkeypatch.setattr(services, "MOST", 2)
    own(shop, agent)
    own(shop, agent)

    with pytest.raises(Refused) as refused:
        own(shop, agent)

    assert (refused.value.code, QuickReply.objects.count()) == ("REPLIES", 2)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_default_set_names_only_what_exists_and_fits(language, settings):
    settings.LANGUAGE_CODE = language
    shop = own_shop()

    replies = services.unmade_defaults(shop)

    assert len(replies) == len(TEXTS) == 8
    for reply in replies:
        check_text(reply.text)
        assert (len(reply.title) <= 40, len(reply.text) <= 500) == (True, True)
        names = {each.zh if language == "zh-hans" else each.code for each in VARIABLES}
        assert {found[1] for found in NAMED.finditer(reply.text)} <= names


# --- whose ------------------------------------------------------------------------------------------------------------


def test_own_replies_stand_before_the_shops_and_a_colleagues_are_not_there(platform):
    shop = own_shop()
    mine, colleague, boss = agent_of(shop), agent_of(shop), agent_of(shop, "supervisor")
    case = case_of(platform, shop)
    own(shop, colleague, title="同事的")
    shared(shop, boss, title="新的")
    own(shop, mine, title="我的")

    card, act = opened(case, mine)
    rows = panel(mine, shop, card, act).rows

    assert [row.reply.title for row in rows][:2] == ["我的", "正在拦截"]
    assert [row.reply.title for row in rows][-1] == "新的"
    assert [row.number for row in rows] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    assert "同事的" not in {row.reply.title for row in rows}


def test_a_new_shop_has_the_default_set_without_a_row_and_keeps_it_with_its_first_own_one(platform):
    shop = own_shop()
    agent, boss = agent_of(shop), agent_of(shop, "supervisor")
    case = case_of(platform, shop)
    card, act = opened(case, agent)
    before = [row.reply.title for row in panel(agent, shop, card, act).rows]
    assert (len(before), QuickReply.objects.count()) == (8, 0)

    shared(shop, boss, title="第九条")

    assert [row.reply.title for row in panel(agent, shop, card, act).rows] == [*before, "第九条"]
    assert services.make_default_replies(shop, by=boss) == 0
    assert QuickReply.objects.count() == 9


def test_who_does_not_write_to_buyers_has_no_panel(platform):
    shop = own_shop()
    case = case_of(platform, shop)
    finance = agent_of(shop, "finance")

    card, act = opened(case, finance)

    assert panel(finance, shop, card, act) is None


def test_the_panel_costs_one_statement_however_many_replies(platform):
    shop = own_shop()
    agent = agent_of(shop)
    case = case_of(platform, shop)
    card, act = opened(case, agent)
    panel(agent, shop, card, act)
    counts = []
    for _ in range(2):
        own(shop, agent)
        with CaptureQueriesContext(connection) as ran:
            panel(agent, shop, card, act)
        # Which shops the reader sees is asked once more here; a request asks it anyway.
        counts.append(len([one for one in ran if "cs_workbench_quickreply" in one["sql"]]))

    assert counts == [1, 1]


@pytest.mark.parametrize("verb", ["edit", "move", "switch", "delete"])
def test_an_agent_changes_no_shared_reply(verb):
    shop = own_shop()
    agent, boss = agent_of(shop), agent_of(shop, "supervisor")
    reply = shared(shop, boss)
    acts = {
        "edit": lambda: services.edit_reply(reply, title="x", text="y", by=agent),
        "move": lambda: services.move_reply(reply, step=-1, by=agent),
        "switch": lambda: services.switch_reply(reply, is_active=False, by=agent),
        "delete": lambda: services.delete_reply(reply, by=agent),
    }
    before = list(QuickReply.objects.order_by("pk").values())

    with pytest.raises(Refused) as refused:
        acts[verb]()

    assert refused.value.code == "RIGHT"
    assert list(QuickReply.objects.order_by("pk").values()) == before


def test_a_colleagues_own_reply_is_refused_and_a_shared_one_is_not_deleted():
    shop = own_shop()
    agent, boss = agent_of(shop), agent_of(shop, "supervisor")
    theirs, ours = own(shop, agent), shared(shop, boss)

    with pytest.raises(Refused) as owner:
        services.delete_reply(theirs, by=boss)
    with pytest.raises(Refused) as kept:
        services.delete_reply(ours, by=boss)

    assert (owner.value.code, kept.value.code) == ("OWNER", "SHARED")
    assert QuickReply.objects.filter(pk__in=[theirs.pk, ours.pk]).count() == 2


def test_replies_move_within_their_own_list_and_stop_at_its_ends():
    shop = own_shop()
    agent, colleague = agent_of(shop), agent_of(shop)
    own(shop, colleague, title="x")
    a, b, c = (own(shop, agent, title=title) for title in "abc")

    services.move_reply(c, step=-1, by=agent)
    services.move_reply(a, step=-1, by=agent)
    services.move_reply(b, step=1, by=agent)

    mine = QuickReply.objects.filter(owner=agent).in_order()
    assert [(row.title, row.position) for row in mine] == [("a", 1), ("c", 2), ("b", 3)]
    assert QuickReply.objects.get(owner=colleague).position == 1


def test_changes_leave_a_line_in_the_trail_and_copies_only_a_count():
    shop = own_shop()
    agent = agent_of(shop)
    reply = own(shop, agent)

    services.edit_reply(reply, title="b", text="c", by=agent)
    services.switch_reply(reply, is_active=False, by=agent)
    services.switch_reply(reply, is_active=False, by=agent)
    services.count_use(reply, by=agent)
    services.count_use(reply, by=agent)

    reply.refresh_from_db()
    assert (reply.title, reply.text, reply.is_active, reply.used_count) == ("b", "c", False, 2)
    verbs = [row.verb for row in Activity.objects.about(reply).order_by("pk")]
    assert verbs == ["reply.add", "reply.edit", "reply.switch_off"]


# --- the pages --------------------------------------------------------------------------------------------------------


def test_an_agent_writes_a_reply_changes_it_and_throws_it_away(sign_in):
    shop = own_shop()
    client = sign_in(agent_of(shop))

    client.post(reverse("reply_add", args=[shop.pk]), {"title": "在路上", "text": "{waybill} 在路上"})
    reply = QuickReply.objects.get()
    client.post(reverse("reply_edit", args=[shop.pk, reply.pk]), {"title": "在途", "text": "{运单号} 在途"})
    page = client.get(reverse("replies"), {"shop": shop.pk}).content.decode()
    client.post(reverse("reply_verb", args=[shop.pk, reply.pk, "delete"]))

    assert re.findall(r"<h3>(在途)</h3>", one_line(page)) == ["在途"]
    assert '<span class="tag">{运单号}</span> 在途' in page
    assert QuickReply.objects.count() == 0


def test_the_form_names_the_wrong_variable_and_keeps_what_was_typed(sign_in):
    shop = own_shop()

    answer = sign_in(agent_of(shop)).post(
        reverse("reply_add", args=[shop.pk]), {"title": "电话", "text": "打给 {phone}"}
    )

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "There is no variable {phone}. These exist: {buyer} {order} {courier} {waybill} " in text
    assert "打给 {phone}</textarea>" in text
    assert QuickReply.objects.count() == 0


def test_a_supervisor_takes_the_default_set_over_and_switches_one_off(platform, sign_in):
    shop = own_shop()
    client, agent = sign_in(agent_of(shop, "supervisor")), agent_of(shop)
    case = case_of(platform, shop)
    assert "Take them over" in client.get(reverse("replies"), {"shop": shop.pk}).content.decode()

    client.post(reverse("reply_defaults", args=[shop.pk]))
    first = QuickReply.objects.in_order().first()
    client.post(reverse("reply_verb", args=[shop.pk, first.pk, "off"]))

    page = client.get(reverse("replies"), {"shop": shop.pk}).content.decode()
    card, act = opened(case, agent)
    assert "Take them over" not in page
    assert [row.number for row in panel(agent, shop, card, act).rows] == [1, 2, 3, 4, 5, 6, 7]
    assert first.title not in {row.reply.title for row in panel(agent, shop, card, act).rows}


def test_a_colleagues_own_reply_is_not_there_for_anybody_else(sign_in):
    shop = own_shop()
    reply = own(shop, agent_of(shop))
    client = sign_in(agent_of(shop, "owner"))

    answers = [
        client.get(reverse("reply_edit", args=[shop.pk, reply.pk])).status_code,
        client.post(reverse("reply_verb", args=[shop.pk, reply.pk, "delete"])).status_code,
        client.post(reverse("reply_verb", args=[shop.pk, reply.pk, "used"])).status_code,
    ]

    assert answers == [404, 404, 404]
    assert QuickReply.objects.count() == 1


def test_a_copy_is_counted_without_a_page_in_return(sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    reply = own(shop, agent)

    answer = sign_in(agent).post(
        reverse("reply_verb", args=[shop.pk, reply.pk, "used"]), headers={"HX-Request": "true"}
    )

    reply.refresh_from_db()
    assert (answer.status_code, answer.content, reply.used_count) == (204, b"", 1)


def test_the_desk_shows_the_filled_text_and_marks_what_is_missing(platform, sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    case = case_of(platform, shop, buyer_id="b-3", buyer_nickname="river_l")
    own(shop, agent, title="到账", text="{buyer} 您好，{arrival} 到账")

    page = sign_in(agent).get(reverse("desk_case", args=[shop.pk, case.number])).content.decode()

    assert 'river_l 您好，<mark title="not known for this order">{arrival}</mark> 到账' in page
    assert 'data-copy="river_l 您好，{arrival} 到账"' in page
    assert 'data-said="Copied: 到账. Fill in before sending: arrival"' in page
