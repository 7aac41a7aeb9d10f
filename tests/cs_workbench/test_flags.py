"""Flags in one press and their undo; the remarks of an order with who wrote them and when."""

import re

import pytest
from django.urls import reverse

from merchant.refusals import Refused
from merchant.trail.models import Activity
from orders.remarks.models import Note
from orders.remarks.services import add_note, set_flag, undo_flag
from tests.aftersales.factories import agent_of, case_of, own_shop
from tests.markup import one_line
from tests.merchant.factories import make_user

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


@pytest.fixture
def order(platform):
    return case_of(platform, own_shop()).order


def flag_of(order):
    order.refresh_from_db()
    return order.flag


def test_a_flag_is_set_without_a_remark_and_taken_back(order):
    agent = agent_of(order.shop)
    set_flag(order, flag=2, by=agent)

    change = set_flag(order, flag=5, by=agent)
    assert flag_of(order) == 5
    undo_flag(order, change_id=change.pk, by=agent)

    assert (flag_of(order), Note.objects.count()) == (2, 0)
    trail = Activity.objects.about(order).filter(verb="order.flag").order_by("pk")
    assert [(row.detail["was"], row.detail["flag"]) for row in trail] == [(None, 2), (2, 5), (5, 2)]


def test_the_same_flag_again_changes_nothing(order):
    set_flag(order, flag=1, by=None)

    assert set_flag(order, flag=1, by=None) is None
    assert Activity.objects.filter(verb="order.flag").count() == 1


def test_no_flag_is_a_choice_too(order):
    set_flag(order, flag=3, by=None)

    set_flag(order, flag=None, by=None)

    assert flag_of(order) is None


@pytest.mark.parametrize("since", ["flag", "note", "platform"])
def test_a_flag_somebody_changed_since_is_not_taken_back(order, since):
    mine, colleague = agent_of(order.shop), agent_of(order.shop)
    change = set_flag(order, flag=1, by=mine)
    if since == "flag":
        set_flag(order, flag=2, by=colleague)
        set_flag(order, flag=1, by=colleague)
    elif since == "note":
        add_note(order, text="看过了", flag=1, by=colleague)
    else:
        type(order).objects.filter(pk=order.pk).update(flag=4)
    before = flag_of(order)

    with pytest.raises(Refused) as refused:
        undo_flag(order, change_id=change.pk, by=mine)

    assert (refused.value.code, flag_of(order)) == ("FLAG", before)


def test_a_remark_without_a_flag_does_not_stand_in_the_way_of_undoing(order):
    agent = agent_of(order.shop)
    change = set_flag(order, flag=1, by=agent)
    add_note(order, text="电话已打", by=agent_of(order.shop))

    undo_flag(order, change_id=change.pk, by=agent)

    assert flag_of(order) is None


def test_only_one_s_own_change_of_this_order_is_undone(order, platform):
    mine, colleague = agent_of(order.shop), agent_of(order.shop)
    other = case_of(platform, order.shop).order
    elsewhere, theirs = set_flag(other, flag=2, by=mine), set_flag(order, flag=1, by=colleague)

    for change in (elsewhere, theirs):
        with pytest.raises(Refused):
            undo_flag(order, change_id=change.pk, by=mine)

    assert (flag_of(order), flag_of(other)) == (1, 2)


def test_whoever_may_not_remark_may_not_flag(order):
    finance = agent_of(order.shop, "finance")

    with pytest.raises(Refused) as refused:
        set_flag(order, flag=1, by=finance)

    assert (refused.value.code, flag_of(order)) == ("RIGHT", None)


def test_the_page_is_told_the_flag_a_sentence_and_how_to_undo_it(order, sign_in):
    client = sign_in(agent_of(order.shop))
    address = reverse("order_flag", args=[order.shop_id, order.number])

    told = client.post(address, {"flag": "1"}, headers=JSON)
    undone = client.post(address, {"flag": "1", "undo": told.json()["undo"]}, headers=JSON)
    again = client.post(address, {"undo": told.json()["undo"]}, headers=JSON)

    change = Activity.objects.filter(verb="order.flag").earliest("pk")
    tail = order.number[-4:]
    assert told.json() == {"flag": 1, "said": f"Order ending in {tail}: red", "undo": str(change.pk)}
    assert undone.json() == {"flag": "", "said": "The flag is as it was.", "undo": ""}
    assert (again.status_code, again.json()["refused"]) == (
        409,
        "The flag has been changed since; it stays as it is. [FLAG]",
    )


@pytest.mark.parametrize("flag", ["6", "-1", "red", "٣"])
def test_a_flag_that_does_not_exist_is_refused(order, sign_in, flag):
    answer = sign_in(agent_of(order.shop)).post(
        reverse("order_flag", args=[order.shop_id, order.number]), {"flag": flag}, headers=JSON
    )

    assert (answer.status_code, answer.json()["refused"]) == (409, "There is no such flag. [NOTE]")
    assert flag_of(order) is None


def test_without_script_the_flag_comes_back_as_the_order_page(order, sign_in):
    answer = sign_in(agent_of(order.shop)).post(
        reverse("order_flag", args=[order.shop_id, order.number]), {"flag": "4"}, follow=True
    )

    assert answer.redirect_chain == [(reverse("order_detail", args=[order.shop_id, order.number]), 302)]
    assert f"Order ending in {order.number[-4:]}: blue" in answer.content.decode()
    assert "no flag → blue" in answer.content.decode()


def test_the_menu_names_six_colours_and_none_and_is_not_there_for_finance(order, sign_in):
    address = reverse("order_detail", args=[order.shop_id, order.number])
    set_flag(order, flag=1, by=None)

    agents = one_line(sign_in(agent_of(order.shop)).get(address).content.decode())
    finances = sign_in(agent_of(order.shop, "finance")).get(address).content.decode()

    assert re.findall(r'name="flag" value="(\d?)"', agents.partition("data-flags")[2].partition("</form>")[0]) == [
        *"012345",
        "",
    ]
    assert ("data-flag-menu" in finances, 'class="flag f-1"' in finances) == (False, True)


@pytest.mark.req("R0.25", "R0.26")
def test_the_card_shows_the_newest_remark_and_folds_the_older_ones_with_who_and_when(platform, sign_in):
    shop = own_shop()
    agent, other = agent_of(shop), make_user("agent", shop, name="小满")
    case = case_of(platform, shop)
    Note.objects.create(shop=shop, order=case.order, text="买家要发票")
    add_note(case.order, text="第一次", by=agent)
    add_note(case.order, text="已联系快递", flag=2, by=other)
    # A flag alone is no remark: it does not push the words out of sight.
    add_note(case.order, text="", flag=3, by=agent)

    page = sign_in(agent).get(reverse("desk_case", args=[shop.pk, case.number])).content.decode()

    remark = page.partition('<div class="remark">')[2].partition("</div>")[0]
    history = page.partition('<ul class="history">')[2].partition("</ul>")[0]
    text = re.compile(r"<[^>]+>")
    assert re.sub(r"\s+", " ", text.sub(" ", remark)).strip().startswith("yellow flag 已联系快递 小满·")
    rows = [re.sub(r"\s+", " ", text.sub(" ", row)).strip() for row in history.split("</li>")[:-1]]
    assert [row.partition("·")[0] for row in rows] == [
        f"green flag green {agent}",
        f"第一次 {agent}",
        "买家要发票 remark on the platform",
    ]
    assert [bool(re.search(r"\d\d:\d\d:\d\d$", row)) for row in rows] == [True, True, True]
