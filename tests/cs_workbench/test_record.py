from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.decisions import services as cases
from logistics.parcels.tracking_models import TrackingEvent
from merchant.clock import now
from merchant.policy import services as policy
from merchant.vault.models import PiiReveal
from orders.record.models import Order
from orders.remarks.services import add_note
from tests.aftersales.factories import agent_of, case_of, intercepting, own_shop, package_of, stop
from tests.logistics.factories import make_package
from tests.logistics.wire import TRACK, silence
from tests.merchant.factories import make_user
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db


def order_page(client, order, **query):
    return client.get(reverse("order_detail", args=[order.shop_id, order.number]), query)


@pytest.mark.req("R2.1", "R2.23", "R3.47")
def test_the_order_page_tells_everything_that_happened_newest_first(platform, courier, commits, sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    case = case_of(platform, shop)
    add_note(case.order, text="买家想改地址", flag=1, by=agent)
    intercepting(case, by=agent)
    with commits():
        stop(case)

    page = order_page(sign_in(agent), case.order)

    entries = page.context["entries"]
    words = [entry.what for entry in entries]
    assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)
    for word in ("Ordered", "Paid, ¥88.00", "Sent", "Note", "Interception submitted", "Stopped", "Refund made out"):
        assert word in words
    assert "Refund only, shipped asked for, ¥88.00" in words
    assert {entry.kind for entry in entries} == {"goods", "money", "people"}
    times = {entry.what: entry.at for entry in entries}
    assert (times["Paid, ¥88.00"], times["Sent"]) == (case.order.paid_at, case.order.shipped_at)
    scans = set(TrackingEvent.objects.values_list("event_at", flat=True))
    assert scans
    assert scans <= {entry.at for entry in entries}


def test_the_timeline_shows_one_sort_when_asked(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)

    page = order_page(sign_in(agent_of(shop)), case.order, show="money")

    assert [entry.what for entry in page.context["entries"]] == ["Paid, ¥88.00"]


def test_the_order_page_counts_money_one_can_check(sign_in):
    shop = own_shop()
    order = make_order(shop, nets=(10200, 6800), freight_fen=800, shop_discount_fen=2000, subsidy_fen=1000)

    text = order_page(sign_in(agent_of(shop)), order).content.decode()

    assert "¥178.00" in text and "¥188.00" in text and "−¥20.00" in text and "−¥10.00" in text


def test_no_page_shows_personal_data_before_somebody_asks(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)
    package = package_of(case)
    client = sign_in(agent_of(shop))

    pages = [
        order_page(client, case.order),
        client.get(reverse("desk_case", args=[shop.pk, case.number])),
        client.get(reverse("case_detail", args=[shop.pk, case.number])),
        client.get(reverse("parcel_detail", args=[shop.pk, package.courier, package.waybill])),
        client.get(reverse("orders")),
    ]

    for page in pages:
        text = page.content.decode()
        assert page.status_code == 200
        assert "林小满" not in text and "13900001234" not in text and "文一西路" not in text


def test_a_look_during_an_after_sale_costs_nothing_and_is_on_record(platform, sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    case = case_of(platform, shop)

    answer = sign_in(agent, **{"HX-Request": "true"}).post(
        reverse("reveal", args=[shop.pk, case.order.number, "phone"])
    )

    look = PiiReveal.objects.get()
    assert "13900001234" in answer.content.decode()
    assert (look.user, look.field, look.cost, look.verdict, look.reason) == (
        agent,
        "phone",
        0,
        "shown",
        f"case {case.number}",
    )


def test_an_empty_quota_is_said_beside_the_mask(sign_in):
    shop = own_shop()
    policy.change(shop, by=None, reason="test", pii_quota_per_day=1)
    first, second = make_order(shop), make_order(shop)
    client = sign_in(agent_of(shop), **{"HX-Request": "true"})
    client.post(reverse("reveal", args=[shop.pk, first.number, "name"]))

    text = client.post(reverse("reveal", args=[shop.pk, second.number, "name"])).content.decode()

    assert "Today&#x27;s quota is used up" in text and "林**" in text and "林小满" not in text
    assert list(PiiReveal.objects.order_by("pk").values_list("verdict", "cost")) == [("shown", 1), ("quota_empty", 0)]


def test_a_settled_order_of_two_weeks_shows_no_eye(sign_in):
    shop = own_shop()
    order = make_order(shop)
    Order.objects.filter(pk=order.pk).update(completed_at=now() - timedelta(days=15))
    client = sign_in(agent_of(shop), **{"HX-Request": "true"})

    page = order_page(client, order).content.decode()
    answer = client.post(reverse("reveal", args=[shop.pk, order.number, "phone"])).content.decode()

    assert "settled 14 days ago, can no longer be opened" in page
    assert reverse("reveal", args=[shop.pk, order.number, "phone"]) not in page
    assert "13900001234" not in answer


def test_the_warehouse_may_not_look(sign_in):
    shop = own_shop()
    order = make_order(shop)

    answer = sign_in(make_user("warehouse", shop)).post(reverse("reveal", args=[shop.pk, order.number, "phone"]))

    assert "Your role does not include this" in answer.content.decode()
    assert "13900001234" not in answer.content.decode()
    assert not PiiReveal.objects.filter(verdict="shown").exists()


@pytest.mark.parametrize(
    ("term", "how"),
    [
        ("261116999901", "number"),
        ("73109999", "nothing"),
        ("13900001234", "phone"),
        ("1234", "phone"),
        ("999901", "tail"),
    ],
)
def test_an_order_is_found_by_what_one_has_in_hand(sign_in, term, how):
    shop = own_shop()
    make_order(shop, number="261116999901")

    page = sign_in(agent_of(shop)).get(reverse("orders"), {"q": term})

    if how == "number":
        assert page.url == reverse("order_detail", args=[shop.pk, "261116999901"])
    else:
        assert page.context["found"].how == how
        assert [row["order"].number for row in page.context["rows"]] == ([] if how == "nothing" else ["261116999901"])


def test_a_waybill_opens_its_order(sign_in):
    shop = own_shop()
    package = make_package("zto", shop=shop)

    page = sign_in(agent_of(shop)).get(reverse("orders"), {"q": package.waybill})

    assert page.url == reverse("order_detail", args=[shop.pk, package.order.number])


def test_another_shops_order_parcel_and_search_find_nothing(sign_in):
    mine, theirs = own_shop(), own_shop()
    package = make_package("zto", shop=theirs)
    client = sign_in(agent_of(mine))

    assert order_page(client, package.order).status_code == 404
    assert client.get(reverse("parcel_detail", args=[theirs.pk, "zto", package.waybill])).status_code == 404
    assert client.post(reverse("reveal", args=[theirs.pk, package.order.number, "phone"])).status_code == 404
    assert client.get(reverse("orders"), {"q": package.order.number}).context["rows"] == []


def test_the_list_pages_by_key_without_repeating_or_losing_an_order(sign_in, monkeypatch):
    monkeypatch.setattr("cs_workbench.orders.search.SIZE", 2)
    shop = own_shop()
    numbers = [make_order(shop, placed_at=now() - timedelta(hours=hours)).number for hours in range(5)]
    client = sign_in(agent_of(shop))

    seen, key = [], ""
    for _ in range(4):
        page = client.get(reverse("orders"), {"after": key})
        seen += [row["order"].number for row in page.context["rows"]]
        key = page.context["found"].next_key
        if not key:
            break

    assert seen == numbers


@pytest.mark.parametrize("kind", ["orders", "order", "case"])
def test_a_page_costs_the_same_for_one_row_and_for_three(platform, sign_in, kind):
    shop = own_shop()
    agent = agent_of(shop)
    client = sign_in(agent)
    case = case_of(platform, shop)
    add_note(case.order, text="等物流", flag=None, by=agent)
    address = {
        "orders": reverse("orders"),
        "order": reverse("order_detail", args=[shop.pk, case.order.number]),
        "case": reverse("case_detail", args=[shop.pk, case.number]),
    }[kind]
    client.get(address)

    with CaptureQueriesContext(connection) as one:
        client.get(address)
    for _ in range(2):
        case_of(platform, shop)
        add_note(case.order, text="再等等", flag=None, by=agent)
    with CaptureQueriesContext(connection) as three:
        client.get(address)

    assert len(three) == len(one)


def test_a_courier_that_does_not_answer_is_said_in_a_sentence(platform, courier, commits, sign_in):
    shop = own_shop()
    package = make_package("zto", shop=shop, is_checked=False)
    courier.on(TRACK, silence())

    client = sign_in(agent_of(shop))

    with commits():
        asked = client.post(reverse("parcel_refresh", args=[shop.pk, "zto", package.waybill]), follow=True)
    page = " ".join(
        client.get(reverse("parcel_detail", args=[shop.pk, "zto", package.waybill])).content.decode().split()
    )

    assert "Asked; the answer appears here by itself." in asked.content.decode()
    assert "The courier could not be asked where the parcel is; try again in a moment." in page
    assert courier.count(TRACK) == 1


def test_the_case_page_lists_the_decisions_with_what_follows(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)
    cases.refuse_case(case_of(platform, shop), by=None, reason="other")

    text = sign_in(agent_of(shop)).get(reverse("case_detail", args=[shop.pk, case.number])).content.decode()

    assert "Intercept the parcel; refund when it is stopped" in text
    assert "Agree, refund ¥88.00" in text
    assert "Your limit: ¥200.00 a case; ¥200.00 left today. Above it a second person approves." in text
