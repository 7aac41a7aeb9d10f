"""The desk beyond one case: orders as work, finding a buyer, older orders, colleagues, a refund asked for by hand."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from aftersales.cases.enums import CaseKind, CaseState, OpenedBy
from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from cs_workbench.desk import panes, queue
from merchant import live_updates, wakeups
from merchant.attachments.models import Attachment
from merchant.clock import now
from orders.record.enums import OrderState
from orders.record.models import Order
from orders.remarks.services import add_note
from tests.aftersales.factories import agent_of, case_of, kuaishou_shop, own_shop, shipped_order
from tests.markup import one_line
from tests.merchant.factories import make_user, photo_upload
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def to_ship(shop, *, hours_left, **row):
    """A paid order whose promise ends in so many hours."""
    order = make_order(shop, state=OrderState.TO_FULFIL, placed_at=now() - timedelta(days=1), **row)
    Order.objects.filter(pk=order.pk).update(ship_by_at=now() + timedelta(hours=hours_left))
    order.refresh_from_db()
    return order


def keys(user, **view):
    return queue.keys(user, queue.View(**view))


# --- the queue -------------------------------------------------------------------------------------------------------


def test_an_order_near_or_past_its_promise_is_work_and_a_later_one_is_not():
    shop = own_shop()
    agent = agent_of(shop)
    late, near = to_ship(shop, hours_left=-2), to_ship(shop, hours_left=5.9)
    to_ship(shop, hours_left=6.1)

    with override("en"):
        found = queue.read(agent, queue.View())

    assert [(row.key, row.alarm, row.what) for row in found.rows] == [
        (f"o{late.pk}", "overdue to ship", ""),
        (f"o{near.pk}", "", "to ship soon"),
    ]
    assert found.counted["todo"] == "2"


def test_an_order_with_an_open_case_is_that_case_s_work_alone(platform):
    shop = own_shop()
    order = shipped_order(platform, shop, state=OrderState.TO_FULFIL)
    Order.objects.filter(pk=order.pk).update(ship_by_at=now() - timedelta(hours=1))
    case = case_of(platform, shop, order=order, parcel=None)

    assert keys(agent_of(shop)) == [f"c{case.pk}"]


def test_the_kind_of_work_filters_the_queue_and_says_how_much_there_is(platform):
    shop = own_shop()
    agent = agent_of(shop)
    case, order = case_of(platform, shop), to_ship(shop, hours_left=-1)

    found = queue.read(agent, queue.View(kind="ship"))

    assert found.shown == f"o{order.pk}"
    assert keys(agent, kind="answer") == [f"c{case.pk}"]
    assert [(kind, count) for kind, _label, count in found.kinds] == [("answer", "1"), ("ship", "1")]


def test_work_a_colleague_took_is_theirs_until_one_asks_for_everybody_s(platform):
    shop = own_shop()
    agent, colleague = agent_of(shop), agent_of(shop)
    free, theirs, mine = (case_of(platform, shop) for _ in range(3))
    Case.objects.filter(pk=theirs.pk).update(assignee=colleague)
    Case.objects.filter(pk=mine.pk).update(assignee=agent)

    assert set(keys(agent)) == {f"c{free.pk}", f"c{mine.pk}"}
    assert keys(agent, whose="mine") == [f"c{mine.pk}"]
    assert keys(agent, whose="free") == [f"c{free.pk}"]
    assert set(keys(agent, whose="all")) == {f"c{free.pk}", f"c{theirs.pk}", f"c{mine.pk}"}


def test_what_was_escalated_and_nobody_has_is_the_supervisor_s(platform):
    shop = own_shop()
    case = case_of(platform, shop)
    Case.objects.filter(pk=case.pk).update(level=1)

    assert keys(agent_of(shop)) == []
    assert keys(make_user("supervisor", shop)) == [f"c{case.pk}"]
    assert keys(make_user("supervisor", shop), kind="escalated") == [f"c{case.pk}"]


def test_a_counter_stops_at_ninety_nine(platform, monkeypatch):
    from cs_workbench.desk.sources import base, orders

    monkeypatch.setattr(base, "CAP", 2)
    monkeypatch.setattr(orders, "CAP", 2)
    monkeypatch.setattr(queue, "CAP", 2)
    shop = own_shop()
    for hours in (-3, -2, -1):
        to_ship(shop, hours_left=hours)

    assert queue.read(agent_of(shop), queue.View()).counted["todo"] == "2+"


def test_a_kind_that_was_not_reached_in_counting_is_offered_all_the_same(platform, monkeypatch):
    monkeypatch.setattr(queue, "CAP", 1)
    shop = own_shop()
    for hours in (-2, -1):
        to_ship(shop, hours_left=hours)

    with override("en"):
        offered = {kind: told for kind, _label, told in queue.read(agent_of(shop), queue.View()).kinds}

    assert (offered["ship"], offered["money"], offered["escalated"]) == ("2+", "", "")


# --- finding ---------------------------------------------------------------------------------------------------------


@pytest.mark.req("R3.48", "R3.15")
def test_one_exact_hit_opens_on_the_desk_and_several_are_listed(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)
    other = make_order(shop)
    client = sign_in(agent_of(shop))

    exact = client.get(reverse("desk"), {"q": other.number})
    waybill = client.get(reverse("desk"), {"q": case.order.packages.get().waybill})
    several = client.get(reverse("desk"), {"q": "测试商品"})

    assert exact["Location"] == reverse("desk_order", args=[shop.pk, other.number])
    assert waybill["Location"] == reverse("desk_case", args=[shop.pk, case.number])
    assert [order.pk for order, _lines in several.context["found_rows"]] == [other.pk, case.order_id]
    assert reverse("desk_order", args=[shop.pk, other.number]) in several.content.decode()


def test_a_search_on_the_desk_swaps_the_middle_pane_and_pushes_its_address(platform, sign_in):
    shop = own_shop()
    order = make_order(shop)
    client = sign_in(agent_of(shop), **HTMX)

    answer = client.get(reverse("desk"), {"q": order.number})

    assert answer["HX-Push-Url"] == reverse("desk_order", args=[shop.pk, order.number])
    assert f'id="order-{order.pk}"' in answer.content.decode()


@pytest.mark.parametrize("by", ["pk", "external_id"])
def test_a_chat_tool_opens_the_buyer_s_most_urgent_case(platform, sign_in, by):
    shop = own_shop(external_id="KS-778")
    case = case_of(platform, shop, buyer_id="open-1")
    client = sign_in(agent_of(shop))

    answer = client.get(reverse("desk"), {"shop": getattr(shop, by), "buyer": "open-1"})

    assert answer["Location"] == reverse("desk_case", args=[shop.pk, case.number])


def test_a_chat_tool_opens_the_newest_order_of_a_buyer_without_a_case(sign_in):
    shop = own_shop()
    make_order(shop, buyer_id="open-2", placed_at=now() - timedelta(days=9))
    newest = make_order(shop, buyer_id="open-2", placed_at=now() - timedelta(days=3))

    answer = sign_in(agent_of(shop)).get(reverse("desk"), {"shop": shop.pk, "buyer": "open-2"})

    assert answer["Location"] == reverse("desk_order", args=[shop.pk, newest.number])


def test_another_shop_s_buyer_is_not_known(sign_in):
    mine, theirs = own_shop(), own_shop()
    make_order(theirs, buyer_id="open-3")

    page = sign_in(agent_of(mine)).get(reverse("desk"), {"shop": theirs.pk, "buyer": "open-3"})

    assert "This shop knows no buyer with this number yet" in page.content.decode()


# --- the buyer's orders ----------------------------------------------------------------------------------------------


def test_older_orders_load_on_until_the_last_and_none_comes_twice(sign_in):
    shop = own_shop()
    at = now() - timedelta(days=1)
    orders = [make_order(shop, buyer_id="b", placed_at=at - timedelta(hours=number)) for number in range(35)]
    client = sign_in(agent_of(shop))

    # The order at issue is an old one: it stands first and does not come again where it would be due.
    page = client.get(reverse("desk_order", args=[shop.pk, orders[12].number]))
    pane = page.context["pane"]
    seen, key = [card.order.pk for card in pane.cards], pane.next_key
    while key:
        pane = client.get(
            reverse("desk_cards", args=[shop.pk, orders[0].buyer_id]), {"after": key, "open": orders[12].pk}
        ).context["pane"]
        seen += [card.order.pk for card in pane.cards]
        key = pane.next_key

    assert seen == [orders[12].pk, *[order.pk for order in orders if order != orders[12]]]


def test_the_figures_say_when_they_look_back_no_further(sign_in, monkeypatch):
    monkeypatch.setattr(panes, "FIGURES", 2)
    shop = own_shop()
    order, *_others = (make_order(shop, buyer_id="b", placed_at=now() - timedelta(days=day)) for day in (3, 2, 1))

    text = sign_in(agent_of(shop)).get(reverse("desk_order", args=[shop.pk, order.number])).content.decode()

    assert "more than <b>2</b> orders" in text
    assert "Paid, last 2 <b>¥176.00</b>" in one_line(text)


def test_the_pane_costs_the_same_for_one_order_and_for_nine(sign_in):
    shop = own_shop()
    order = make_order(shop, buyer_id="b", packages=(("zto", "780000000001"),))
    client = sign_in(agent_of(shop))
    address = reverse("desk_order", args=[shop.pk, order.number])
    client.get(address)

    with CaptureQueriesContext(connection) as one:
        client.get(address)
    for number in range(8):
        make_order(shop, buyer_id="b", packages=(("zto", f"78000000001{number}"),))
    with CaptureQueriesContext(connection) as nine:
        client.get(address)

    assert len(nine) == len(one)


# --- live ------------------------------------------------------------------------------------------------------------


def pulse_of(page, **more):
    shown, opened = page.context["queue"], page.context["opened"]
    return {
        "queue": shown.view.segment,
        "shown": shown.shown,
        "token": shown.token,
        "open": opened.key,
        "look": opened.look_key,
        "stamp": str(opened.order.version) if opened.case is None else page.context["act"].stamp,
        "cards": ",".join(f"{card.order.pk}:{card.stamp}" for card in page.context["pane"].cards),
        **more,
    }


def seen_of(answer):
    return json.loads(answer["HX-Trigger"])["desk:seen"]["seen"]


def test_while_nothing_of_the_shop_moves_a_pulse_reads_no_row_of_work(sign_in, commits):
    shop = own_shop()
    order = make_order(shop)
    client = sign_in(agent_of(shop))
    page = client.get(reverse("desk_order", args=[shop.pk, order.number]))
    seen = seen_of(client.get(reverse("desk_pulse"), pulse_of(page)))

    with CaptureQueriesContext(connection) as quiet:
        answer = client.get(reverse("desk_pulse"), pulse_of(page, seen=seen))

    assert answer.status_code == 204
    assert not [query for query in quiet.captured_queries if "aftersales_" in query["sql"] or "orders_" in query["sql"]]


def test_a_colleague_s_note_redraws_that_order_s_card_and_no_other(sign_in, commits):
    with commits():
        shop = own_shop()
        noted, other = (make_order(shop, buyer_id="b") for _ in range(2))
    client = sign_in(agent_of(shop))
    page = client.get(reverse("desk_order", args=[shop.pk, other.number]))
    seen = seen_of(client.get(reverse("desk_pulse"), pulse_of(page)))
    with commits():
        add_note(noted, text="等物流", flag=2, by=agent_of(shop))

    text = client.get(reverse("desk_pulse"), pulse_of(page, seen=seen)).content.decode()

    assert "等物流" in text
    assert f'id="order-{noted.pk}" data-stamp="{noted.pk}:' in one_line(text)
    assert f'id="order-{other.pk}"' not in text


def test_a_silent_redis_makes_every_pulse_look_anew(platform, sign_in, monkeypatch):
    shop = own_shop()
    case = case_of(platform, shop)
    agent = agent_of(shop)
    client = sign_in(agent)
    page = client.get(reverse("desk_case", args=[shop.pk, case.number]))
    seen = seen_of(client.get(reverse("desk_pulse"), pulse_of(page)))
    monkeypatch.setattr(wakeups, "ask", lambda question, otherwise: otherwise)
    cases.refuse_case(case, by=agent, reason="other")

    answer = client.get(reverse("desk_pulse"), pulse_of(page, seen=seen))

    assert seen_of(answer) == ""
    assert "Refused by the shop" in answer.content.decode()


def test_two_people_at_one_order_are_told_of_each_other_until_one_leaves(sign_in):
    shop = own_shop()
    order = make_order(shop)
    first, second = agent_of(shop), make_user("supervisor", shop, name="阿禾")
    mine, theirs = sign_in(first), sign_in(second)
    page = mine.get(reverse("desk_order", args=[shop.pk, order.number]))
    theirs.get(reverse("desk_pulse"), {"look": order.pk})

    both = mine.get(reverse("desk_pulse"), pulse_of(page)).content.decode()
    told = mine.get(reverse("desk_pulse"), pulse_of(page, others=str(second.pk))).content.decode()
    theirs.post(reverse("desk_leave"), {"look": order.pk})
    alone = mine.get(reverse("desk_pulse"), pulse_of(page, others=str(second.pk))).content.decode()

    assert "阿禾 has this open too" in both
    assert 'id="presence"' not in told
    assert 'data-others=""' in alone and "has this open too" not in alone


def test_however_much_of_a_shop_changes_in_one_transaction_it_is_bumped_once(django_capture_on_commit_callbacks):
    shop_id = 10**9  # a shop of which this transaction has told nothing yet
    before, _others = live_updates.look([shop_id])

    with django_capture_on_commit_callbacks(execute=True) as calls:
        live_updates.bump_after_commit([shop_id, None, shop_id])
        live_updates.bump_after_commit([shop_id])

    after, _others = live_updates.look([shop_id])
    assert len(calls) == 1
    assert int(after.partition("@")[0]) == int(before.partition("@")[0]) + 1


# --- a refund asked for by hand --------------------------------------------------------------------------------------


@pytest.mark.req("R3.35", "R3.36")
def test_an_agent_asks_for_a_refund_on_the_buyer_s_behalf(platform, sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    order = shipped_order(platform, shop)
    client = sign_in(agent)
    address = reverse("desk_order_verb", args=[shop.pk, order.number, "apply"])

    page = client.get(reverse("desk_order", args=[shop.pk, order.number])).content.decode()
    answer = client.post(address, {"kind": "refund_only_shipped", "amount": "88.00", "reason": "电话里说不要了"})

    case = Case.objects.get(order=order)
    assert "Ask for a refund for the buyer" in page
    assert answer["Location"] == reverse("desk_case", args=[shop.pk, case.number])
    assert (case.kind, case.amount_fen, case.opened_by, case.reason, case.state) == (
        CaseKind.REFUND_ONLY_SHIPPED,
        8800,
        OpenedBy.AGENT,
        "电话里说不要了",
        CaseState.APPLIED,
    )


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"kind": "refund_only_unshipped", "amount": "88", "reason": "x"}, "KIND"),
        ({"kind": "refund_only_shipped", "amount": "多", "reason": "x"}, "AMOUNT"),
        ({"kind": "refund_only_shipped", "amount": "88", "reason": " "}, "REASON"),
        ({"kind": "refund_only_shipped", "amount": "88.01", "reason": "x"}, "M5"),
    ],
)
def test_a_wrong_application_is_refused_by_its_field_and_opens_nothing(platform, sign_in, sent, code):
    shop = own_shop()
    order = shipped_order(platform, shop)

    page = sign_in(agent_of(shop)).post(
        reverse("desk_order_verb", args=[shop.pk, order.number, "apply"]), sent, follow=True
    )

    assert f"[{code}]" in page.content.decode()
    assert Case.objects.count() == 0


def test_on_a_platform_the_buyer_applies_there(platform, sign_in):
    shop = kuaishou_shop()
    order = shipped_order(platform, shop)
    client = sign_in(agent_of(shop))

    page = client.get(reverse("desk_order", args=[shop.pk, order.number])).content.decode()
    refused = client.post(
        reverse("desk_order_verb", args=[shop.pk, order.number, "apply"]),
        {"kind": "refund_only_shipped", "amount": "88", "reason": "x"},
        follow=True,
    ).content.decode()

    assert "The buyer applies on the platform; the case then arrives here by itself." in page
    assert "[ON_PLATFORM]" in refused
    assert Case.objects.count() == 0


def test_a_refusal_takes_pictures_as_its_proof(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)

    sign_in(agent_of(shop)).post(
        reverse("desk_verb", args=[shop.pk, case.number, "refuse"]),
        {"version": case.version, "reason": "used", "photos": photo_upload()},
    )

    case.refresh_from_db()
    photo = Attachment.objects.about(case).get()
    assert (case.state, case.refusal["evidence"], photo.purpose) == (
        CaseState.REFUSED,
        {"files": [photo.name]},
        "evidence",
    )
