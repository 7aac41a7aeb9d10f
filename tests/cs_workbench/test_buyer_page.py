"""The buyer's page: a signed link, states and sums, nobody's name."""

from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.core.cache import cache
from django.test import Client

from aftersales.decisions import services as cases
from cs_workbench.orders import buyer_links
from cs_workbench.refunds import buyer_page
from merchant.clock import now
from tests.aftersales.factories import agent_of, case_of, own_shop, package_of
from tests.aftersales.test_refunds import abnormal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_looked():
    cache.clear()


def path_of(order):
    return "/s/" + buyer_links.link_of(order).rsplit("/s/", 1)[1]


@pytest.mark.req("R1.34", "R3.23", "R3.45")
def test_the_buyer_sees_states_and_sums_and_nobody_s_data(platform):
    case = case_of(platform, own_shop())
    cases.agree_case(case, by=agent_of(case.shop))

    page = Client().get(path_of(case.order), {"lang": "en"})

    text = page.content.decode()
    assert (page.status_code, page["X-Robots-Tag"], page["Referrer-Policy"]) == (
        200,
        "noindex, nofollow",
        "no-referrer",
    )
    assert "no-store" in page["Cache-Control"]
    assert "On its way; the shop follows it." in text
    assert "¥88.00" in text
    whole = ("13900001234", case.order.number, package_of(case).waybill, str(case.order.buyer))
    assert [word for word in whole if word in text] == []


@pytest.mark.req("R3.24")
def test_a_buyer_whose_card_is_void_is_told_what_to_do(platform, commits):
    case, _refund = abnormal(platform, commits)

    text = Client().get(path_of(case.order), {"lang": "en"}).content.decode()

    assert "Please tell the shop where else it may go" in text


def test_a_tampered_foreign_or_old_link_is_nothing(platform):
    case = case_of(platform, own_shop())
    good = path_of(case.order)
    other = signing.dumps([case.shop_id + 1, case.order_id], salt=buyer_links.SALT)
    unsalted = signing.dumps([case.shop_id, case.order_id])

    seen = [Client().get(one).status_code for one in (good, good[:-3] + "x/", f"/s/{other}/", f"/s/{unsalted}/")]
    with time_machine.travel(now() + timedelta(days=31), tick=False):
        seen.append(Client().get(good).status_code)

    assert seen == [200, 404, 404, 404, 404]
    assert Client().post(good).status_code == 405


def test_too_many_looks_from_one_address_are_put_off(platform, monkeypatch):
    monkeypatch.setattr(buyer_page, "LOOKS_PER_MINUTE", 2)
    case = case_of(platform, own_shop())

    seen = [Client().get(path_of(case.order)).status_code for _turn in range(3)]

    assert seen == [200, 200, 429]
