"""Where people meet what a courier can and cannot do: before they ask, while it runs, and where accounts are set up."""

import re

import pytest
from django.urls import reverse

from logistics.interception.models import Interception
from tests.aftersales.factories import agent_of, case_of, intercepting, own_shop
from tests.logistics.factories import make_package, running
from tests.markup import one_line
from tests.merchant.factories import make_courier_account, make_shop, make_user

pytestmark = pytest.mark.django_db
NO_UNDO = "This courier cannot withdraw an interception."
READ = "This courier does not tell the result; it is read from the track."
ONE_WAY = "It does not tell the collecting site from the sender: expect the parcel at either."


def text_of(answer):
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode().replace("&#x27;", "'"))


@pytest.mark.req("R0.14")
def test_the_desk_says_before_asking_that_there_is_no_way_back(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop, courier="jt")

    page = text_of(sign_in(agent_of(shop)).get(reverse("desk_case", args=[shop.pk, case.number])))

    dialog = one_line(page[page.index('id="dialog-intercept"') :])
    assert f"<dt>Undo</dt> <dd>{NO_UNDO}</dd>" in dialog[: dialog.index("</dialog>")]
    assert READ in page


@pytest.mark.req("R0.14")
@pytest.mark.parametrize(("code", "can_withdraw"), [("jt", False), ("sto", True)])
def test_the_withdraw_button_is_closed_with_the_sentence_where_the_courier_has_no_such_call(
    platform, courier, sign_in, code, can_withdraw
):
    shop = own_shop()
    agent = agent_of(shop)
    case = case_of(platform, shop, courier=code)
    interception = intercepting(case, by=agent)
    Interception.objects.filter(pk=interception.pk).update(attempts=1)

    page = text_of(sign_in(agent).get(reverse("desk_case", args=[shop.pk, case.number])))

    button = re.search(r'<button[^>]*id="open-withdraw"[^>]*>', page)
    assert (button is not None and "aria-disabled" not in button[0]) is can_withdraw
    assert (f'id="no-withdraw">{NO_UNDO}<' in page) is not can_withdraw


@pytest.mark.req("R0.14")
def test_the_interception_page_says_all_of_it_and_closes_the_same_button(sign_in):
    shop = make_shop()
    row = running(make_package("jt", shop=shop))
    Interception.objects.filter(pk=row.pk).update(attempts=1)

    page = text_of(sign_in(make_user("agent", shop)).get(reverse("interception_detail", args=[shop.pk, row.number])))

    assert [sentence for sentence in (NO_UNDO, READ, ONE_WAY) if sentence not in page] == []
    assert f'<span id="no-withdraw">{NO_UNDO}</span>' in page


@pytest.mark.req("R0.14")
def test_the_account_pages_say_it_where_couriers_are_set_up(sign_in):
    shop = make_shop()
    account = make_courier_account(shop, "sto", rate_card={"intercept_fee_fen": 320, "back_freight_fen": 460})
    client = sign_in(make_user("owner", shop))

    one = text_of(client.get(reverse("courier_account_edit", args=[shop.pk, account.pk])))
    every = text_of(client.get(reverse("courier_account_add", args=[shop.pk])))
    listed = text_of(client.get(reverse("accounts", args=[shop.pk])))

    assert [sentence for sentence in (READ, ONE_WAY) if sentence not in one] == []
    assert (NO_UNDO in one, NO_UNDO in every) == (False, True)
    assert ("¥3.20" in listed, "¥4.60" in listed, "STO" in listed) == (True, True, True)
