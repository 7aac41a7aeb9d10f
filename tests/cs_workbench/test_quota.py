"""The quota centre and the eyes of an order, through the pages (S12, R0.35 to R0.37)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from merchant.clock import now
from merchant.policy import services as policy
from merchant.vault.models import PiiReveal, QuotaRequest
from merchant.vault.quota import apply_quota, approve_quota, ask_quota, quota_of
from orders.record.models import Order
from tests.aftersales.factories import agent_of, case_of, own_shop
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import make_order, order_row

pytestmark = pytest.mark.django_db
PHONE = "13900001234"
VIRTUAL = "17000001111-4321"


def open_field(client, order, field="phone", **headers):
    """The answer as words, as htmx gets it."""
    address = reverse("reveal", args=[order.shop_id, order.number, field])
    answer = client.post(address, headers={"HX-Request": "true", **headers})
    assert answer.status_code == 200
    return answer.content.decode()


def centre(client, shop, **query):
    return client.get(reverse("quota"), {"shop": shop.pk, **query})


def press(client, name, *args, **data):
    return client.post(reverse(name, args=args), data, follow=True)


def virtual_order(shop, **row):
    person = order_row().recipient
    return make_order(shop, recipient=type(person)(**{**vars(person), "virtual_phone": VIRTUAL}), **row)


@pytest.mark.req("R0.35", "R0.37")
def test_s12_quota_empty_asked_applied_approved_and_what_stays_free(platform, sign_in):
    shop = own_shop()
    policy.change(shop, by=None, reason="S12", pii_quota_per_day=2)
    agent, owner = sign_in(agent_of(shop)), sign_in(make_user("owner", shop))
    admin = sign_in(make_user(is_platform_admin=True))
    first, second, third = make_order(shop), make_order(shop), make_order(shop)
    in_after_sale = case_of(platform, shop).order
    old = make_order(shop)
    Order.objects.filter(pk=old.pk).update(completed_at=now() - timedelta(days=15))
    assert "1 look used, 1 left today" in open_field(agent, first)
    assert "1 look used, 0 left today" in open_field(agent, second)

    refused = open_field(agent, third)
    asked = agent.post(
        reverse("quota_ask", args=[shop.pk]), {"wanted": "50", "reason": "大促回访"}, headers={"HX-Request": "true"}
    )
    request = QuotaRequest.objects.get()
    press(owner, "quota_verb", request.pk, "apply")
    press(admin, "quota_verb", request.pk, "approve")

    assert "Today&#x27;s quota is used up; ask for more." in refused and PHONE not in refused
    assert reverse("quota_ask", args=[shop.pk]) in refused
    assert "Asked the shop&#x27;s owner for 50 more looks." in asked.content.decode()
    phone, address = open_field(agent, third), open_field(agent, third, "address")
    assert PHONE in phone and "1 look used, 49 left today" in phone
    assert "文一西路" in address and "Counted today already: costs nothing more" in address
    assert "In after-sale: costs no quota" in open_field(agent, in_after_sale)
    closed = open_field(agent, old)
    assert PHONE not in closed and "can no longer be opened" in closed
    assert (quota_of(shop).used, quota_of(shop).allowed, quota_of(shop).extra) == (3, 52, 50)
    assert list(PiiReveal.objects.order_by("pk").values_list("order_number", "field", "cost", "verdict")) == [
        (first.number, "phone", 1, "shown"),
        (second.number, "phone", 1, "shown"),
        (third.number, "phone", 0, "quota_empty"),
        (third.number, "phone", 1, "shown"),
        (third.number, "address", 0, "shown"),
        (in_after_sale.number, "phone", 0, "shown"),
        (old.number, "phone", 0, "closed_14d"),
    ]


@pytest.mark.req("R0.36")
def test_a_contact_is_masked_then_virtual_then_plain(sign_in):
    shop = own_shop()
    order = virtual_order(shop)
    client = sign_in(agent_of(shop))
    page = client.get(reverse("order_detail", args=[shop.pk, order.number])).content.decode()

    virtual = open_field(client, order, "virtual_phone")
    plain = open_field(client, order, "phone")

    doors = {field: reverse("reveal", args=[shop.pk, order.number, field]) for field in ("phone", "virtual_phone")}
    assert "*******1234" in page and doors["virtual_phone"] in page and doors["phone"] not in page
    assert VIRTUAL in virtual and PHONE not in virtual and "1 look used, 99 left today" in virtual
    assert doors["phone"] in virtual and "Plain number" in virtual
    assert PHONE in plain and VIRTUAL not in plain and "Counted today already" in plain
    assert f'id="pii-{order.pk}-phone"' in virtual and f'id="pii-{order.pk}-phone"' in plain
    assert list(PiiReveal.objects.order_by("pk").values_list("field", "cost")) == [("virtual_phone", 1), ("phone", 0)]


def test_the_strict_way_counts_the_virtual_number_and_the_plain_one(sign_in):
    shop = own_shop()
    policy.change(shop, by=None, reason="严格", pii_count="view")
    order = virtual_order(shop)
    client = sign_in(agent_of(shop))

    open_field(client, order, "virtual_phone")
    open_field(client, order, "phone")

    assert quota_of(shop).used == 2


def test_a_recipient_without_a_virtual_number_opens_the_plain_one_at_once(sign_in):
    shop = own_shop()
    order = make_order(shop)
    client = sign_in(agent_of(shop))

    page = client.get(reverse("order_detail", args=[shop.pk, order.number])).content.decode()
    wrong = open_field(client, order, "virtual_phone")

    assert reverse("reveal", args=[shop.pk, order.number, "virtual_phone"]) not in page
    assert "not held here" in wrong and quota_of(shop).used == 0


def test_without_script_a_look_is_a_page_of_its_own_that_nobody_keeps(sign_in):
    shop = own_shop()
    order = make_order(shop)

    answer = sign_in(agent_of(shop)).post(reverse("reveal", args=[shop.pk, order.number, "phone"]))

    text = answer.content.decode()
    assert PHONE in text and "1 look used, 99 left today" in text and "data-hides" not in text
    assert answer["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


def test_without_script_the_refused_look_offers_the_same_form(sign_in):
    shop = own_shop()
    policy.change(shop, by=None, reason="无", pii_quota_per_day=0)
    order = make_order(shop)
    client = sign_in(agent_of(shop))

    text = client.post(reverse("reveal", args=[shop.pk, order.number, "phone"])).content.decode()
    page = press(client, "quota_ask", shop.pk, wanted="5", reason="回访")

    assert reverse("quota_ask", args=[shop.pk]) in text
    assert page.redirect_chain == [(f"{reverse('quota')}?shop={shop.pk}", 302)]
    assert "Asked the shop&#x27;s owner for 5 more looks." in page.content.decode()


def test_who_asked_already_reads_so_instead_of_a_form(sign_in):
    shop = own_shop()
    policy.change(shop, by=None, reason="无", pii_quota_per_day=0)
    agent = agent_of(shop)
    ask_quota(shop, by=agent, wanted=5, reason="回访")

    text = open_field(sign_in(agent), make_order(shop))

    assert "You have asked already today" in text
    assert reverse("quota_ask", args=[shop.pk]) not in text


def test_a_wrong_number_in_place_is_said_in_place(sign_in):
    shop = own_shop()

    answer = sign_in(agent_of(shop)).post(
        reverse("quota_ask", args=[shop.pk]), {"wanted": "many", "reason": "回访"}, headers={"HX-Request": "true"}
    )

    assert "Ask for a whole number of looks, from 1 to 9999." in answer.content.decode()
    assert QuotaRequest.objects.count() == 0


@pytest.mark.req("R0.37")
def test_the_centre_says_what_is_used_left_and_who_looked(sign_in):
    shop = own_shop()
    agent, colleague = agent_of(shop), make_user("supervisor", shop, name="阿禾")
    first, second = make_order(shop), make_order(shop)
    open_field(sign_in(agent), first)
    open_field(sign_in(agent), first, "name")
    open_field(sign_in(colleague), second)
    open_field(sign_in(make_user("finance", shop)), second)
    client = sign_in(make_user("owner", shop))

    looks, people = centre(client, shop), centre(client, shop, tab="people")

    text = looks.content.decode()
    today = looks.context["today"]
    assert (today.used, today.allowed, today.left) == (2, 100, 98)
    assert [(row.order_number, row.field, row.cost, row.verdict) for row in looks.context["page"].rows] == [
        (second.number, "phone", 0, "right"),
        (second.number, "phone", 1, "shown"),
        (first.number, "name", 0, "shown"),
        (first.number, "phone", 1, "shown"),
    ]
    assert reverse("order_detail", args=[shop.pk, first.number]) in text
    assert PHONE not in text and "林小满" not in text
    assert [(row["user_id"], row["used"], row["looks"], row["orders"]) for row in people.context["people"][:2]] == [
        (agent.pk, 1, 2, 1),
        (colleague.pk, 1, 1, 1),
    ]
    assert [(row["used"], row["looks"], row["refused"]) for row in people.context["people"][2:]] == [(0, 0, 1)]


def test_yesterdays_looks_are_not_counted_to_anybody_today(sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    open_field(sign_in(agent), make_order(shop))
    PiiReveal.objects.update(at=now() - timedelta(days=1))

    assert centre(sign_in(agent), shop, tab="people").context["people"] == []


def test_each_sees_the_verbs_that_wait_for_them_and_the_sentence_where_none_does(sign_in):
    shop = own_shop()
    agent, owner, admin = agent_of(shop), make_user("owner", shop), make_user(is_platform_admin=True)
    row = ask_quota(shop, by=agent, wanted=20, reason="回访")

    def verbs(user):
        (one,) = centre(sign_in(user), shop).context["waiting"]
        return [(verb.name, verb.is_allowed, verb.code) for verb in one.buttons]

    asked = verbs(agent), verbs(owner), verbs(admin)
    apply_quota(row, by=owner)
    applied = verbs(agent), verbs(owner), verbs(admin)

    no = [(False, "RIGHT"), (False, "RIGHT")]
    assert [[verb[1:] for verb in one] for one in asked] == [
        no,
        [(True, ""), (True, "")],
        [(False, "RIGHT"), (False, "RIGHT")],
    ]
    assert [[verb[1:] for verb in one] for one in applied] == [no, no, [(True, ""), (True, "")]]


def test_the_owner_refuses_with_a_sentence_and_the_agent_reads_it(sign_in):
    shop = own_shop()
    agent, owner = agent_of(shop), sign_in(make_user("owner", shop))
    row = ask_quota(shop, by=agent, wanted=20, reason="回访")

    without = press(owner, "quota_verb", row.pk, "refuse", answer="")
    row.refresh_from_db()
    still = row.state
    press(owner, "quota_verb", row.pk, "refuse", answer="先打虚拟号")

    assert "Say why not, so that whoever asked knows what to do." in without.content.decode() and still == "asked"
    text = centre(sign_in(agent), shop, tab="requests").content.decode()
    assert "先打虚拟号" in text and "refused" in text


def test_an_administrator_of_the_platform_sees_every_shops_requests_without_belonging_to_one(sign_in):
    here, there = own_shop(), own_shop()
    rows = [ask_quota(shop, by=make_user("owner", shop), wanted=5, reason="大促") for shop in (here, there)]

    page = sign_in(make_user(is_platform_admin=True)).get(reverse("quota"))

    assert [one.request for one in page.context["waiting"]] == rows
    assert page.context["shop"] == here


def test_another_shops_requests_and_looks_are_not_there(sign_in):
    mine, theirs = own_shop(), make_shop()
    row = ask_quota(theirs, by=make_user("owner", theirs), wanted=5, reason="大促")
    client = sign_in(make_user("owner", mine))

    page = centre(client, theirs)

    assert (page.context["shop"], page.context["waiting"]) == (mine, [])
    assert client.post(reverse("quota_verb", args=[row.pk, "approve"])).status_code == 404
    assert client.post(reverse("quota_ask", args=[theirs.pk]), {"wanted": 1, "reason": "x"}).status_code == 404


def test_a_request_of_yesterday_has_lapsed_and_nothing_can_be_pressed(sign_in):
    shop = own_shop()
    owner = make_user("owner", shop)
    row = ask_quota(shop, by=owner, wanted=5, reason="大促")
    QuotaRequest.objects.filter(pk=row.pk).update(day=row.day - timedelta(days=1))

    page = centre(sign_in(owner), shop, tab="requests")

    assert page.context["waiting"] == []
    assert "lapsed at midnight" in page.content.decode()


def test_the_looks_page_by_key_without_repeating_or_losing_one(sign_in, monkeypatch):
    monkeypatch.setattr("merchant.vault.quota_lists.SIZE", 2)
    shop = own_shop()
    agent, order = agent_of(shop), make_order(shop)
    client = sign_in(agent)
    for _ in range(5):
        open_field(client, order)
    # The clock of one transaction: ties are told apart by id.
    PiiReveal.objects.update(at=now())

    seen, key = [], ""
    for _ in range(4):
        page = centre(client, shop, after=key).context["page"]
        seen += [row.pk for row in page.rows]
        key = page.next_key
        if not key:
            break

    assert seen == list(PiiReveal.objects.order_by("-pk").values_list("pk", flat=True))


@pytest.mark.parametrize("tab", ["looks", "people", "requests"])
def test_the_centre_costs_the_same_for_one_row_and_for_three(sign_in, tab):
    shop = own_shop()
    agent, admin = agent_of(shop), make_user(is_platform_admin=True)
    client = sign_in(make_user("owner", shop))

    def one_more(person):
        open_field(sign_in(person), make_order(shop))
        approve_quota(apply_quota(ask_quota(shop, by=person, wanted=5, reason="回访"), by=None), by=admin)
        ask_quota(shop, by=person, wanted=5, reason="回访")

    one_more(agent)
    centre(client, shop, tab=tab)
    with CaptureQueriesContext(connection) as one:
        centre(client, shop, tab=tab)
    for _ in range(2):
        one_more(make_user("agent", shop))
    with CaptureQueriesContext(connection) as three:
        centre(client, shop, tab=tab)

    assert len(three) == len(one)
