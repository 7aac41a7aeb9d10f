"""Order numbers, waybills and couriers as their sources write them, slashes, dots and all: every list and page holds."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import resolve, reverse

from aftersales.cases.models import Case
from logistics.parcels.models import Package
from merchant.ui.identifiers import from_path, to_path
from merchant.ui.reverse_cache import url
from orders.record.models import Order
from tests.aftersales.factories import case_of, own_shop
from tests.merchant.factories import make_user

pytestmark = pytest.mark.django_db
ODD = [
    "A/B", "../../admin", "..", ".", "a%2Fb", "%", "100%", "a?b=c", "#1", " a b ", "😀订单", "a\\b", "a&b=c", "~2f", "~~", "~",
    "a~b", "//evil.example", "a;b", "a+b", "'\"<b>", "a\tb", "javascript:1", "-", "A/B/note", "%E4%B8%AD",
]  # fmt: skip
PAGES = ("desk", "orders", "interceptions", "refunds", "board", "claims", "warehouse", "messages")


@pytest.mark.parametrize("odd", [*ODD, ""])
def test_an_identifier_in_an_address_is_read_back_the_same(odd):
    for found in (reverse("order_detail", args=[7, odd]), url("order_detail", 7, odd)):
        match = resolve(_as_a_server_reads(found))

        assert (match.url_name, match.kwargs) == ("order_detail", {"shop_id": 7, "number": odd})
        assert found.count("/") == 4 and ".." not in found.split("/")
    assert from_path(to_path(odd)) == odd


def _as_a_server_reads(path):
    from urllib.parse import unquote

    return unquote(path)


def test_an_address_that_nobody_escaped_still_leads_there():
    assert resolve("/orders/7/2611~16/").kwargs == {"shop_id": 7, "number": "2611~16"}


@pytest.mark.parametrize("odd", ODD)
def test_no_list_and_no_page_breaks_on_an_outside_number(platform, sign_in, odd):
    shop = own_shop()
    case = case_of(platform, shop)
    # As a platform would have numbered them.
    Order.objects.filter(pk=case.order_id).update(number=odd)
    Case.objects.filter(pk=case.pk).update(number=odd[:40])
    Package.objects.filter(shop=shop).update(waybill=odd[:40], courier=odd[:16])
    client = sign_in(make_user("owner", shop))

    pages = {name: client.get(reverse(name)) for name in PAGES}
    pages |= {
        "order_detail": client.get(reverse("order_detail", args=[shop.pk, odd])),
        "case_detail": client.get(reverse("case_detail", args=[shop.pk, odd])),
        "parcel_detail": client.get(reverse("parcel_detail", args=[shop.pk, odd[:16], odd])),
        "desk_case": client.get(reverse("desk_case", args=[shop.pk, odd]), headers={"HX-Request": "true"}),
    }
    assert {name: page.status_code for name, page in pages.items() if page.status_code != 200} == {}

    links = {
        unescape(link)
        for page in pages.values()
        for link in re.findall(r'(?:href|hx-get)="(/(?:orders|cases|parcels|desk)/[^"]+)"', page.content.decode())
    }
    assert any("orders" in link for link in links)
    # No test client takes a fragment or a query for the path; a browser would.
    assert {link: client.get(link).status_code for link in links if client.get(link).status_code >= 400} == {}
    assert isinstance(client, Client)
