"""The promises to the buyer where an agent meets them: on the card, on the order's page, in the list, as a rule."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from cs_workbench.orders import search
from cs_workbench.orders.cards import cards
from merchant.clock import SHANGHAI, now
from merchant.people.models import Membership
from merchant.policy import services as policy
from orders.intake.services import upsert_orders
from orders.record.models import Order
from tests.aftersales.factories import agent_of, case_of, own_shop
from tests.logistics.factories import make_package
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import make_order, order_row

pytestmark = pytest.mark.django_db
FRIDAY = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
SUNDAY = datetime(2026, 11, 22, 10, 0, tzinfo=SHANGHAI)
MINUTE = timedelta(minutes=1)


def waiting_order(shop, **row):
    """Paid on Friday at ten; the shop promises 48 hours."""
    row = {"nets": (9_900,), "state": "to_fulfil", "benefits": ("晚发立赔",)} | row
    return make_order(shop, placed_at=FRIDAY - MINUTE, paid_at=FRIDAY, **row)


def agent_of_both(first, second):
    agent = make_user("agent", first)
    Membership.objects.create(user=agent, shop=second, role=Membership.objects.get(user=agent).role)
    return agent


def order_text(client, order):
    return client.get(reverse("order_detail", args=[order.shop_id, order.number])).content.decode()


def listed(client, tab):
    page = client.get(reverse("orders"), {"tab": tab})
    return [row["order"].number for row in page.context["rows"]]


def tabs(client):
    return {one["key"]: one for one in client.get(reverse("orders")).context["tabs"]}


@pytest.mark.req("R0.29", "R0.30", "R0.40")
def test_s11_the_clock_of_a_late_order_on_its_page_and_in_the_list(sign_in):
    with time_machine.travel(FRIDAY, tick=False):
        shop = own_shop()
        agent = agent_of(shop)
        order = waiting_order(shop)
        client = sign_in(agent)
        calm = order_text(client, order)
    with time_machine.travel(SUNDAY - MINUTE, tick=False):
        client = sign_in(agent)
        nearly = (listed(client, "overdue"), listed(client, "soon"), tabs(client)["overdue"]["is_hot"])
        before = order_text(client, order)
    with time_machine.travel(SUNDAY, tick=False):
        client = sign_in(agent)
        late = (listed(client, "overdue"), listed(client, "soon"), tabs(client)["overdue"])
        row = client.get(reverse("orders")).content.decode()
        after = order_text(client, order)
    with time_machine.travel(SUNDAY + timedelta(hours=3), tick=False):
        sent = order_row(
            number=order.number, nets=(9_900,), placed_at=FRIDAY - MINUTE, paid_at=FRIDAY, shipped_at=now()
        )
        upsert_orders(shop, [sent])
        client = sign_in(agent)
        gone = listed(client, "overdue")
        shipped = order_text(client, order)

    assert order.ship_by_at == SUNDAY
    assert "Not due: promised by 11-22 10:00." in calm and "overdue" not in calm
    assert nearly == ([], [order.number], False)
    assert "Late-ship compensation·not due" in before and 'class="chip late"' not in before
    assert late == (
        [order.number],
        [],
        {"key": "overdue", "label": "Overdue", "count": 1, "is_hot": True},
    )
    assert '<span class="chip late">overdue</span>' in row and '<span class="n n-hot">1</span>' in row
    assert '<span class="chip late">overdue</span>' in after
    assert "Late-ship compensation·due ¥4.95" in after
    assert gone == []
    assert 'class="chip late"' not in shipped
    assert "Sent 11-22 13:00, promised by 11-22 10:00: ¥4.95 is due to the buyer, once." in shipped


@pytest.mark.req("R0.31")
def test_a_tag_opens_its_rule_with_the_shops_own_value(sign_in):
    shop = own_shop()
    policy.change(shop, by=None, reason="test", benefits={"late_ship": True}, late_ship_percent=8)
    order = waiting_order(shop, benefits=())
    client = sign_in(agent_of(shop))

    text = order_text(client, order)
    rules = client.get(reverse("rules"), {"shop": shop.pk})

    rows = {row["code"]: row for chapter in rules.context["chapters"] for row in chapter["rows"]}
    assert f'href="/rules/?shop={shop.pk}#BEN-LATE-SHIP"' in text
    assert 'id="BEN-LATE-SHIP"' in rules.content.decode()
    assert (rows["BEN-LATE-SHIP"]["value"], rows["BEN-LATE-SHIP"]["is_changed"]) == ("on", True)
    assert (rows["BEN-LATE-SHIP-PERCENT"]["value"], rows["BEN-LATE-SHIP-PERCENT"]["default"]) == ("8", "5")
    assert rows["BEN-NO-REASON-RETURN"]["value"] == "on"


@pytest.mark.req("R0.31")
def test_the_rule_centre_says_which_version_is_in_force_and_since_when(sign_in):
    shop = own_shop()
    client = sign_in(agent_of(shop))
    before = client.get(reverse("rules")).content.decode()
    policy.change(shop, by=None, reason="test", counterfeit_times=3)

    after = client.get(reverse("rules"))

    since = after.context["in_force_since"].astimezone(SHANGHAI)
    assert "settings as delivered" in before
    assert f"settings version 1, in force since {since:%Y-%m-%d %H:%M}" in after.content.decode()


@pytest.mark.req("R0.30")
def test_the_card_of_the_workbench_shows_what_holds_and_what_has_ended_with_why(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)
    Order.objects.filter(pk=case.order_id).update(
        benefits=["instant_refund", "host_guarantee", "运费险"], host_name="小满的直播间"
    )

    text = sign_in(agent_of(shop)).get(reverse("desk_case", args=[shop.pk, case.number])).content.decode()

    assert "Host guarantee·小满的直播间" in text
    assert "Instant refund·ended by shipping" in text
    assert "Only while nothing has been sent." in text
    assert '<span class="tag">运费险</span>' in text


def test_a_buyers_low_credit_is_read_with_the_card():
    shop = make_shop()
    order = waiting_order(shop, benefits=("极速退款",))
    order.buyer.credit_score = 60
    order.buyer.save()

    [card] = cards([Order.objects.get(pk=order.pk)])

    with override("en"):
        found = {tag.code: (tag.holds, tag.note) for tag in card.benefits}
    assert found["instant_refund"] == (False, "credit too low")


def test_the_cards_of_two_shops_cost_as_many_statements_as_one_card():
    orders = [make_order(shop) for shop in (make_shop(), make_shop()) for _ in range(3)]
    for order in orders:
        make_package("zto", order=order)

    def cost(some):
        fresh = list(Order.objects.filter(pk__in=[order.pk for order in some]))
        with CaptureQueriesContext(connection) as seen:
            for card in cards(fresh):
                assert card.benefits
        return len(seen)

    assert cost(orders) == cost(orders[:1])


def test_the_tab_of_late_orders_pages_from_the_oldest_promise_on(sign_in, monkeypatch):
    monkeypatch.setattr(search, "SIZE", 2)
    first, second = own_shop(), own_shop()
    agent = agent_of_both(first, second)
    late = [
        make_order(
            shop, state="to_fulfil", placed_at=now() - timedelta(hours=hours), ship_by_at=now() - 9 * MINUTE
        ).number
        for shop in (first, second)
        for hours in (60, 61)
    ]
    oldest = make_order(first, state="partly_shipped", ship_by_at=now() - timedelta(hours=30)).number
    make_order(first, state="shipped", ship_by_at=now() - timedelta(hours=30))
    client = sign_in(agent)

    seen, key = [], ""
    for _ in range(4):
        page = client.get(reverse("orders"), {"tab": "overdue", "after": key})
        seen += [row["order"].number for row in page.context["rows"]]
        key = page.context["found"].next_key
        if not key:
            break

    assert seen[0] == oldest
    assert sorted(seen) == sorted([oldest, *late])


def test_each_shop_warns_as_long_before_the_promise_as_it_says(sign_in):
    six, one = own_shop(), own_shop()
    policy.change(one, by=None, reason="test", t_ship_warn=3600)
    numbers = {
        (shop.pk, hours): make_order(shop, state="to_fulfil", ship_by_at=now() + timedelta(hours=hours)).number
        for shop in (six, one)
        for hours in (0.9, 5.9, 6.1)
    }
    client = sign_in(agent_of_both(six, one))

    soon = listed(client, "soon")

    assert soon == [numbers[six.pk, 0.9], numbers[one.pk, 0.9], numbers[six.pk, 5.9]]
    assert (tabs(client)["soon"]["count"], tabs(client)["soon"]["is_hot"]) == (3, False)


def test_a_count_stops_at_its_cap(sign_in, monkeypatch):
    monkeypatch.setattr(search, "CAP", 2)
    shop = own_shop()
    for _ in range(4):
        make_order(shop, state="to_fulfil", ship_by_at=now() - MINUTE)

    assert tabs(sign_in(agent_of(shop)))["overdue"]["count"] == "2+"


def test_another_shops_late_orders_are_neither_listed_nor_counted(sign_in):
    mine, theirs = own_shop(), own_shop()
    make_order(theirs, state="to_fulfil", ship_by_at=now() - MINUTE)
    client = sign_in(agent_of(mine))

    assert (listed(client, "overdue"), tabs(client)["overdue"]["count"]) == ([], 0)
