"""The page about courier accounts: asked or not and by whose word, how late, what failed, what was pushed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from cs_workbench.ops.couriers import BAR, charts
from logistics.watch import circuit_breaker
from logistics.watch.circuit_breaker import Tally, note_tally
from logistics.watch.models import HealthSlice, Watch
from merchant.clock import now
from merchant.inbox import registry
from merchant.inbox import services as inbox
from merchant.inbox.models import InboxTask
from merchant.shops.models import CourierAccount
from tests.logistics.factories import account_of, make_package, running
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db


def read(client):
    answer = client.get(reverse("couriers"))
    return answer.context["rows"], answer.content.decode()


def slice_of(account, start, asked, errors=0):
    HealthSlice.objects.create(
        shop=account.shop, account=account, start_at=start, asked_count=asked, error_count=errors
    )


def pushed(account, verdict="verified"):
    return inbox.receive(
        "courier:zto", shop=account.shop, account_id=account.pk, headers={}, body=b"{}", verdict=verdict
    )


def test_an_account_shows_its_lag_backlog_and_what_was_asked_and_pushed_in_a_day(sign_in):
    shop = make_shop()
    package = make_package(shop=shop)
    make_package(shop=shop)
    Watch.objects.update(next_at=now() + timedelta(hours=1))
    Watch.objects.filter(package=package).update(next_at=now() - timedelta(minutes=7))
    account = account_of(shop, "zto")
    note_tally(account, Tally(answered=9, failed=1, tail=1, last_error="throttled: S206 限流"))
    pushed(account), pushed(account), pushed(account, "forged")

    rows, page = read(sign_in(make_user("supervisor", shop)))

    (row,) = rows
    assert (row["due"], row["watched"], row["is_late"], row["kind"]) == (1, 2, True, "late")
    assert (row["chart"].asked, row["chart"].errors, row["chart"].error_rate) == (10, 1, "10.0%")
    assert (row["pushes"]["received"], row["pushes"]["refused"]) == (2, 1)
    assert "It wants to be asked less often: lower the requests per second." in page
    assert "throttled: S206 限流" in page


def test_the_drawing_has_a_bar_every_half_hour_with_its_value_in_words():
    account = account_of(make_shop(), "zto")
    at = now().replace(hour=4, minute=10, second=0, microsecond=0)
    slice_of(account, at - timedelta(minutes=10), 60, 6)
    slice_of(account, at - timedelta(minutes=5), 60)
    slice_of(account, at - timedelta(hours=3), 30)
    slice_of(account, at - timedelta(hours=25), 999)

    with translation.override("en"):
        chart = charts([account.pk], at)[account.pk]

    assert [(mark.height, mark.error_height, mark.words) for mark in chart.marks] == [
        (12, 0, "09:00 to 09:30: 30 questions, 0 errors, 1.0 a minute"),
        (48, 2, "12:00 to 12:30: 120 questions, 6 errors, 4.0 a minute"),
    ]
    assert chart.words == "The last 1 d 0 h: 150 questions, 6 errors; at most 4.0 a minute."
    assert (chart.first, chart.marks[-1].x, BAR) == ("12:30", chart.width - 8, timedelta(minutes=30))


def test_questions_are_counted_in_five_minutes_and_forgotten_after_two_weeks():
    account = account_of(make_shop(), "zto")
    note_tally(account, Tally(answered=3, failed=0, tail=0))
    note_tally(account, Tally(answered=1, failed=2, tail=2, last_error="transient: 502"))
    slice_of(account, now() - timedelta(days=15), 5)

    assert circuit_breaker.purge_health_slices() == 1

    row = HealthSlice.objects.get()
    assert (row.asked_count, row.error_count, row.shop_id) == (6, 2, account.shop_id)
    assert (row.start_at.minute % 5, row.start_at.second) == (0, 0)


def test_the_page_says_whether_a_person_or_the_circuit_breaker_paused(sign_in):
    shop = make_shop()
    by_hand, broken = account_of(shop, "zto"), account_of(shop, "yto")
    chief = make_user("supervisor", shop, name="林主管")
    client = sign_in(chief)
    client.post(reverse("account_verb", args=[by_hand.pk, "pause"]), {"minutes": "60", "back": "couriers"})
    note_tally(broken, Tally(answered=0, failed=20, tail=20, last_error="transient: 502 HTTP 502"))

    rows, page = read(client)

    paused = {row["account"].courier: row["paused_by"] for row in rows}
    assert (paused["zto"].by, paused["yto"]) == (chief, None)
    assert "Paused by 林主管 until" in page
    assert "circuit breaker open" in page and "20 × transient: 502 HTTP 502" in page


@pytest.mark.req("R1.5")
def test_pause_resume_poll_now_and_retry_work_from_the_page(sign_in, monkeypatch):
    package = running(make_package()).package
    account = package.account
    message = pushed(account)
    InboxTask.objects.filter(pk=message.pk).update(is_parked=True, attempts=5)
    handled = []
    monkeypatch.setitem(registry._handlers, "courier:zto", lambda one: handled.append(one.pk))
    client = sign_in(make_user("supervisor", account.shop))

    def act(verb, **told):
        url = reverse("account_verb", args=[account.pk, verb])
        return client.post(url, {"back": "couriers", **told}, follow=True)

    assert act("pause", minutes="60").redirect_chain == [(reverse("couriers"), 302)]
    assert CourierAccount.objects.get(pk=account.pk).paused_until > now()
    act("resume")
    assert CourierAccount.objects.get(pk=account.pk).paused_until is None
    Watch.objects.update(next_at=now() + timedelta(hours=1))
    assert "1 parcels are asked about now." in act("poll").content.decode()
    assert Watch.objects.get().next_at <= now()
    assert "1 messages are read again now." in act("retry").content.decode()
    task = InboxTask.objects.get(pk=message.pk)
    assert (task.is_parked, task.attempts) == (False, 0)


def test_somebody_who_may_only_look_retries_nothing(sign_in):
    account = account_of(make_shop(), "zto")
    message = pushed(account)
    InboxTask.objects.filter(pk=message.pk).update(is_parked=True, attempts=5)
    client = sign_in(make_user("finance", account.shop))

    _rows, page = read(client)
    refused = client.post(reverse("account_verb", args=[account.pk, "retry"]), follow=True).content.decode()

    assert "looking only" in page
    assert "Your role does not include this: retry, pause and poll now." in refused
    assert InboxTask.objects.get(pk=message.pk).is_parked


def test_another_shops_accounts_are_not_seen(sign_in):
    account_of(make_shop(), "zto")
    shop = make_shop()

    assert read(sign_in(make_user("owner", shop)))[0] == []
    assert sign_in(make_user("agent", shop)).get(reverse("couriers")).status_code == 404


def test_the_page_costs_the_same_for_one_account_and_for_three(sign_in):
    shop = make_shop()
    client = sign_in(make_user("supervisor", shop))
    counted = []
    for couriers in (("zto",), ("yto", "sto")):
        for courier in couriers:
            make_package("zto" if courier == "zto" else "yto", shop=shop)
            note_tally(account_of(shop, courier), Tally(1, 1, 1, "transient: 1"))
            pushed(account_of(shop, courier))
        client.get(reverse("couriers"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("couriers"))
        counted.append(len(queries))

    assert counted[0] == counted[1]


def test_neither_page_counts_the_watch_list(sign_in):
    shop = make_shop()
    make_package(shop=shop)
    client = sign_in(make_user("supervisor", shop))

    for name in ("ops", "couriers"):
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(name))
        counting = [query["sql"] for query in queries if "logistics_watch" in query["sql"]]
        assert counting and all("LIMIT 1000) capped" in sql for sql in counting)
