from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.products import views
from merchant.catalog.services import ensure_sku
from merchant.clock import now
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.stock.services import Change, move_stock
from orders.intake.normal import NormalLine
from orders.record.listing_models import Listing
from tests.aftersales.factories import agent_of, case_of, intercepting, own_shop
from tests.markup import one_line
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db


def product_page(client, listing, **query):
    return client.get(reverse("product_detail", args=[listing.shop_id, listing.pk]), query)


def lamp(**more):
    fields = {"title": "小夜灯", "spec": "暖光", "item_id": "S77", "product_id": "P9/1", "sku_code": "LAMP"} | more
    return NormalLine(net_fen=8_800, goods_fen=8_800, **fields)


@pytest.mark.req("R0.34")
def test_the_name_of_the_goods_leads_to_what_is_known_of_them(platform, sign_in):
    shop = own_shop()
    policy.change(shop, by=None, reason="test", product_url="https://shop.example/item/{item}?from=huicang")
    case = case_of(platform, shop)
    Listing.objects.filter(pk=case.order.lines.get().listing_id).update(
        product_id="P9/1", sku_code="LAMP", category_class="fresh", spec="暖光"
    )
    intercepting(case)
    sku = ensure_sku(shop.pk, code="LAMP", title="小夜灯")
    move_stock(shop.pk, [Change(sku, 4)], kind="returned", document="QC1", by=None)
    listing = case.order.lines.get().listing
    client = sign_in(agent_of(shop))
    address = reverse("product_detail", args=[shop.pk, listing.pk])

    from_order = client.get(reverse("order_detail", args=[shop.pk, case.order.number])).content.decode()
    from_card = client.get(reverse("desk_case", args=[shop.pk, case.number])).content.decode()
    page = product_page(client, listing)

    text = page.content.decode()
    assert f'href="{address}"' in from_order and f'href="{address}"' in from_card
    assert 'href="https://shop.example/item/P9%2F1?from=huicang" rel="noopener noreferrer" target="_blank"' in text
    assert 'data-copy="P9/1"' in text and "LAMP" in text and "暖光" in text
    assert "Parcels with it are not intercepted" in text and "#E06" in text
    assert "<b>4</b> sellable" in one_line(text)
    assert reverse("order_detail", args=[shop.pk, case.order.number]) in text
    assert {name: page.context["figures"][name] for name in ("orders", "cases", "interceptions")} == {
        "orders": 1,
        "cases": 1,
        "interceptions": 1,
    }


def test_without_an_address_of_the_shop_there_is_no_way_out(sign_in):
    shop = own_shop()
    listing = make_order(shop).lines.get().listing

    text = product_page(sign_in(agent_of(shop)), listing).content.decode()

    assert 'target="_blank"' not in text
    assert "Not linked to a product of ours yet" in text and "Its parcels may be intercepted" in text


@pytest.mark.parametrize(
    "address",
    [
        "http://shop.example/{item}",
        "javascript:alert(1)//{item}",
        "//shop.example/{item}",
        "https://shop.example/",
        "https://{item}/x",
        "https://shop.example/{item}/{item}",
        "https://shop.example/{item}/{other}",
        "https://me:secret@shop.example/{item}",
        "https://shop.example/ {item}",
        'https://shop.example/{item}"onclick=',
        "https:///{item}",
        "https://[/{item}",
    ],
)
def test_only_an_https_address_with_one_place_for_the_item_is_taken(address):
    shop = own_shop()

    with pytest.raises(Refused) as refused:
        policy.change(shop, by=None, reason="test", product_url=address)

    assert (refused.value.code, refused.value.detail["field"], policy.current(shop).version) == (
        "POLICY",
        "product_url",
        0,
    )


def test_the_newest_orders_page_without_losing_or_repeating_one(sign_in, monkeypatch):
    monkeypatch.setattr(views, "SIZE", 2)
    shop = own_shop()
    numbers = [make_order(shop, lines=[lamp()], placed_at=now() - timedelta(hours=hours)).number for hours in range(5)]
    make_order(shop, lines=[lamp(item_id="S78")])
    listing = Listing.objects.get(external_id="S77")
    client = sign_in(agent_of(shop))

    seen, key = [], ""
    for _ in range(4):
        page = product_page(client, listing, after=key)
        seen += [line.order.number for line in page.context["lines"]]
        key = page.context["next_key"]
        if not key:
            break

    assert seen == numbers


def test_the_figures_count_thirty_days_and_stop_at_their_cap(sign_in, monkeypatch):
    shop = own_shop()
    for days in (1, 2, 29, 31):
        make_order(shop, lines=[lamp()], placed_at=now() - timedelta(days=days))
    listing = Listing.objects.get(external_id="S77")
    client = sign_in(agent_of(shop))

    counted = product_page(client, listing).context["figures"]["orders"]
    monkeypatch.setattr(views, "CAP", 2)
    capped = product_page(client, listing)

    assert counted == 3
    assert (capped.context["figures"]["orders"], capped.context["figures"]["is_capped"]) == (2, True)
    assert "2+" in capped.content.decode()


def test_a_products_page_costs_the_same_for_one_order_and_for_three(sign_in):
    shop = own_shop()
    make_order(shop, lines=[lamp()])
    listing = Listing.objects.get(external_id="S77")
    client = sign_in(agent_of(shop))
    product_page(client, listing)

    with CaptureQueriesContext(connection) as one:
        product_page(client, listing)
    for _ in range(2):
        make_order(shop, lines=[lamp()])
    with CaptureQueriesContext(connection) as three:
        product_page(client, listing)

    assert len(three) == len(one)


def test_another_shops_product_is_not_there(sign_in):
    mine, theirs = own_shop(), own_shop()
    listing = make_order(theirs).lines.get().listing
    client = sign_in(agent_of(mine))

    assert product_page(client, listing).status_code == 404
    assert client.get(reverse("product_detail", args=[mine.pk, listing.pk])).status_code == 404
