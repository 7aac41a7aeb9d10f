import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.returns.models import Inspection
from logistics.interception import services
from logistics.interception.enums import InterceptionState as S
from logistics.interception.models import Interception
from tests.aftersales.factories import agent_of, case_of, intercepting, own_shop, stop
from tests.logistics.factories import make_package, running
from tests.merchant.factories import make_user, photo_upload

pytestmark = pytest.mark.django_db


def test_the_figures_of_the_week_count_what_was_decided(sign_in):
    shop = own_shop()
    rows = [running(make_package("zto", shop=shop)) for _ in range(4)]
    services.succeed_interception(rows[0], by=None)
    services.succeed_interception(rows[1], by=None)
    services.fail_interception(rows[2], reason="signed")

    page = sign_in(agent_of(shop)).get(reverse("interceptions"))

    figures = page.context["figures"]
    assert (figures["submitted"], figures["stopped"], figures["failed"], figures["rate"]) == (4, 2, 1, 67)
    assert (figures["open"], figures["unknown"]) == (1, 0)
    assert figures["median"].total_seconds() >= 0


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"group": "open"}, [S.RUNNING]),
        ({"group": "failed"}, [S.FAILED]),
        ({"reason": "signed"}, [S.FAILED]),
        ({"courier": "yto"}, [S.FAILED]),
        ({"days": "1"}, [S.FAILED, S.RUNNING]),
        ({"group": "nonsense", "days": "x"}, [S.FAILED, S.RUNNING]),
    ],
)
def test_filters_leave_the_rows_that_fit(sign_in, query, wanted):
    shop = own_shop()
    running(make_package("zto", shop=shop))
    services.fail_interception(running(make_package("yto", shop=shop)), reason="signed")

    page = sign_in(agent_of(shop)).get(reverse("interceptions"), query)

    assert sorted(line["row"].state for line in page.context["rows"]) == sorted(wanted)


def test_the_list_pages_by_key(sign_in, monkeypatch):
    monkeypatch.setattr("cs_workbench.interceptions.figures.SIZE", 2)
    shop = own_shop()
    numbers = [running(make_package("zto", shop=shop)).number for _ in range(3)]
    client = sign_in(agent_of(shop))

    first = client.get(reverse("interceptions"))
    second = client.get(reverse("interceptions"), {"after": first.context["page"].next_key})

    shown = [line["row"].number for page in (first, second) for line in page.context["rows"]]
    assert shown == numbers[::-1]


def test_the_list_costs_the_same_for_one_row_and_for_three(sign_in):
    shop = own_shop()
    client = sign_in(agent_of(shop))
    running(make_package("zto", shop=shop))
    client.get(reverse("interceptions"))

    with CaptureQueriesContext(connection) as one:
        client.get(reverse("interceptions"))
    for _ in range(2):
        running(make_package("zto", shop=shop))
    with CaptureQueriesContext(connection) as three:
        client.get(reverse("interceptions"))

    assert len(three) == len(one)


def steps_of(client, row):
    page = client.get(reverse("interception_detail", args=[row.shop_id, row.number]))
    return [(step.title, step.kind) for step in page.context["steps"]]


def test_seven_steps_say_where_it_stands_and_never_that_accepted_is_stopped(platform, courier, commits, sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    client = sign_in(agent)
    case = case_of(platform, shop)
    row = intercepting(case, by=agent)

    assert steps_of(client, row) == [
        ("Submitted", "done"),
        ("Taken by the courier", "done"),
        ("Stopping it on the road", "now"),
        ("Refund agreed", "todo"),
        ("Refund", "todo"),
        ("Way home", "todo"),
        ("Home to the warehouse", "todo"),
    ]

    with commits():
        stop(case)
    assert steps_of(client, row)[2:5] == [
        ("Stopped on the road", "done"),
        ("Refund agreed", "done"),
        ("Refund under way", "now"),
    ]


def test_a_failed_one_ends_where_it_ended(sign_in):
    shop = own_shop()
    row = services.fail_interception(running(make_package("zto", shop=shop)), reason="signed", words="已签收")
    client = sign_in(agent_of(shop))

    assert steps_of(client, row)[2:] == [
        ("Not stopped", "bad"),
        ("Refund agreed", "skip"),
        ("Refund", "skip"),
        ("Way home", "skip"),
        ("Home to the warehouse", "skip"),
    ]
    text = client.get(reverse("interceptions")).content.decode()
    assert "already signed for" in text and "已签收" in text


def test_the_page_answers_204_while_nothing_changes(sign_in):
    shop = own_shop()
    row = running(make_package("zto", shop=shop))
    client = sign_in(agent_of(shop), **{"HX-Request": "true"})
    address = reverse("interception_detail", args=[shop.pk, row.number])
    known = client.get(address).context["stamp"]

    same = client.get(address, {"stamp": known})
    services.succeed_interception(row, by=None)
    fresh = client.get(address, {"stamp": known})

    assert (same.status_code, fresh.status_code) == (204, 200)
    assert "Stopped on the road" in fresh.content.decode()


def test_the_warehouse_receives_and_inspects_what_came_home(sign_in):
    shop = own_shop()
    row = services.succeed_interception(running(make_package("zto", shop=shop)), by=None)
    client = sign_in(make_user("warehouse", shop))

    client.post(reverse("interception_verb", args=[shop.pk, row.number, "receive"]))
    row = Interception.objects.get(pk=row.pk)
    assert row.state == S.RETURNED

    inspection = Inspection.objects.get()
    told = {"outcome": "damaged", "note": "外箱压坏", "photos": [photo_upload("a.jpg"), photo_upload(colour="blue")]}
    client.post(reverse("inspection_detail", args=[shop.pk, inspection.number]), told)
    assert Interception.objects.get(pk=row.pk).state == S.CLOSED_DAMAGED


def test_an_agent_s_press_on_the_warehouse_s_button_is_refused_in_words(sign_in):
    shop = own_shop()
    row = services.succeed_interception(running(make_package("zto", shop=shop)), by=None)

    page = sign_in(agent_of(shop)).post(
        reverse("interception_verb", args=[shop.pk, row.number, "receive"]), follow=True
    )

    assert "Your role does not include this: receive and inspect parcels, restock." in page.content.decode()
    assert Interception.objects.get(pk=row.pk).state == S.SUCCEEDED


def test_another_shops_interception_is_not_there(sign_in):
    mine, theirs = own_shop(), own_shop()
    row = running(make_package("zto", shop=theirs))
    client = sign_in(agent_of(mine))

    assert client.get(reverse("interception_detail", args=[theirs.pk, row.number])).status_code == 404
    assert client.post(reverse("interception_verb", args=[theirs.pk, row.number, "withdraw"])).status_code == 404
    assert client.get(reverse("interceptions")).context["rows"] == []
