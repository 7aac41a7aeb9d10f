"""What people of a shop are told: each fact once, to those who still work there, and what they have read of it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from merchant.clock import now
from merchant.notices import events, services
from merchant.notices.models import Notice
from merchant.people.models import Membership
from tests.merchant.api_client import program
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def event(monkeypatch):
    monkeypatch.setattr(events, "_events", dict(events._events))
    events.register("kettle", label="Kettle", text="%(what)s boils, %(price_fen)s.", variables=("what", "price_fen"))


def tell(shop, *people, key="1", **more):
    services.notify(shop.pk, "kettle", [one.pk for one in people], key=key, what="Tea", price_fen=8800, **more)


def test_a_fact_is_told_once_however_often_it_is_said_and_another_key_is_another_fact():
    shop = make_shop()
    person, colleague = make_user("agent", shop), make_user("agent", shop)

    tell(shop, person, colleague)
    tell(shop, person)
    tell(shop, person, key="2")

    assert list(Notice.objects.order_by("pk").values_list("user", "key")) == [
        (person.pk, "1"), (colleague.pk, "1"), (person.pk, "2"),
    ]  # fmt: skip
    assert Notice.objects.first().text == "Tea boils, ¥88.00."


def test_whoever_left_the_shop_is_told_nothing_and_sees_nothing_any_more(client):
    shop = make_shop()
    person = make_user("agent", shop)
    tell(shop, person)
    Membership.objects.filter(user=person).update(is_active=False)

    tell(shop, person, key="2")

    assert Notice.objects.count() == 1
    client.force_login(person)
    assert list(client.get(reverse("notices")).context["rows"]) == []


def test_an_event_nobody_registered_is_a_fault_of_ours():
    with pytest.raises(KeyError):
        services.notify(make_shop().pk, "no-such", [1], key="1")


def test_the_bell_counts_what_is_unread_up_to_ninety_nine_and_more():
    shop = make_shop()
    person = make_user("agent", shop)
    assert services.bell_of(person) == services.Bell(0, 0)

    for key in range(100):
        tell(shop, person, key=str(key))
    bell = services.bell_of(person)

    assert (bell.unread, bell.shown, bell.newest) == (100, "99+", Notice.objects.latest("pk").pk)


def test_the_list_is_one_s_own_and_opening_a_notice_reads_it(client):
    shop = make_shop()
    person, colleague = make_user("agent", shop), make_user("agent", shop)
    tell(shop, person, page="agreement")
    tell(shop, person, key="2")
    tell(shop, colleague)
    first, second, other = Notice.objects.order_by("pk")
    client.force_login(person)

    page = client.get(reverse("notices"))
    opened = client.post(reverse("notice_open", args=[second.pk]))
    refused = client.post(reverse("notice_open", args=[other.pk]))
    unread = client.get(reverse("notices"), {"show": "unread"})

    assert [row.pk for row in page.context["rows"]] == [second.pk, first.pk]
    assert ">2</span>" in page.content.decode()
    # One without a page of its own leads back to the list.
    assert (opened.status_code, opened["Location"], refused.status_code) == (302, reverse("notices"), 404)
    assert [row.pk for row in unread.context["rows"]] == [first.pk]
    assert list(Notice.objects.filter(read_at=None)) == [first, other]


def test_what_came_after_the_page_was_drawn_stays_unread_when_all_of_it_is_read(client):
    shop = make_shop()
    person = make_user("agent", shop)
    tell(shop, person)
    seen = services.bell_of(person).newest
    tell(shop, person, key="2")

    client.force_login(person)
    client.post(reverse("notices_read"), {"up_to": seen})

    assert list(Notice.objects.unread().values_list("key", flat=True)) == ["2"]


def test_a_program_reads_its_person_s_notices_of_its_shop_only():
    shop, other = make_shop(), make_shop()
    person = make_user("agent", shop)
    Membership.objects.create(user=person, shop=other, role=Membership.objects.get(user=person).role)
    tell(shop, person)
    tell(other, person)
    client = program(person, shop)

    rows = client.get("/api/v1/notices/").json()["results"]
    answer = client.tell("/api/v1/notices/read/", {"up_to": Notice.objects.latest("pk").pk})

    assert [(row["shop"], row["text"], row["path"], row["read_at"]) for row in rows] == [
        (shop.pk, "Tea boils, ¥88.00.", "", None)
    ]
    assert (answer.status_code, answer.json()) == (200, {"read": 1})
    assert Notice.objects.unread().get().shop == other


def test_notices_go_after_three_months():
    shop = make_shop()
    person = make_user("agent", shop)
    for key, days in (("old", 91), ("young", 89)):
        tell(shop, person, key=key)
        Notice.objects.filter(key=key).update(created_at=now() - timedelta(days=days))

    assert services.purge() == 1
    assert Notice.objects.get().key == "young"
