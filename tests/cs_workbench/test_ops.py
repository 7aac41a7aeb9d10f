from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from logistics.watch.models import Watch
from merchant.clock import now
from merchant.inbox import registry
from merchant.inbox import services as inbox
from merchant.inbox.models import InboxTask
from merchant.jobs.models import ProcessBeat
from merchant.jobs.services import beat
from merchant.shops.models import CourierAccount
from tests.logistics.factories import account_of, make_package, running
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db


def push(shop, body=b'{"billCode": "1"}', verdict="verified", source="courier:zto"):
    return inbox.receive(
        source, shop=shop, account_id=None, headers={"X-CompanyId": "demo"}, body=body, verdict=verdict
    )


def parked(shop, error="KeyError: 'scanType'"):
    message = push(shop)
    InboxTask.objects.filter(pk=message.pk).update(is_parked=True, attempts=5, error=error)
    return message


def test_each_courier_account_shows_backlog_lag_and_last_answer(sign_in):
    shop = make_shop()
    package = make_package("zto", shop=shop)
    running(package)
    Watch.objects.filter(package=package).update(next_at=now() - timedelta(minutes=7))

    page = sign_in(make_user("supervisor", shop)).get(reverse("ops"))

    row = page.context["couriers"][0]
    assert (row["due"], row["is_late"], row["kind"]) == (1, True, "shut")
    assert 420 <= row["lag"].total_seconds() < 480


@pytest.mark.req("R1.5")
def test_pause_resume_and_poll_now_do_what_they_say(sign_in):
    shop = make_shop()
    package = make_package("zto", shop=shop)
    running(package)
    account = account_of(shop, "zto")
    client = sign_in(make_user("supervisor", shop))
    act = lambda verb, **told: client.post(reverse("account_verb", args=[account.pk, verb]), told, follow=True)  # noqa: E731
    read = lambda: CourierAccount.objects.get(pk=account.pk)  # noqa: E731

    act("pause", minutes="60")
    assert timedelta(minutes=59) < read().paused_until - now() <= timedelta(minutes=60)
    refused = act("poll").content.decode()
    assert '<span title="PAUSED">Polling through this account is paused; resume it first.' in refused

    act("resume")
    assert read().paused_until is None
    Watch.objects.update(next_at=now() + timedelta(hours=1))
    act("poll")
    assert Watch.objects.get().next_at <= now()


def test_a_parked_message_is_shown_with_its_error_and_tried_again(sign_in, monkeypatch):
    shop = make_shop()
    message = parked(shop)
    read = []
    monkeypatch.setitem(registry._handlers, "courier:zto", lambda one: read.append(one.pk))
    client = sign_in(make_user("supervisor", shop))

    page = client.get(reverse("ops")).content.decode()
    assert "KeyError: &#x27;scanType&#x27;" in page

    client.post(reverse("message_retry", args=[message.pk]), {"back": "ops"})
    task = InboxTask.objects.get(pk=message.pk)
    assert (task.is_parked, task.attempts) == (False, 0)


def test_refused_pushes_stay_on_record_and_cannot_be_retried(sign_in):
    shop = make_shop()
    forged = push(shop, verdict="forged")
    push(shop)
    client = sign_in(make_user("owner", shop))

    page = client.get(reverse("messages"), {"verdict": "refused"})

    assert [row.pk for row in page.context["rows"]] == [forged.pk]
    assert "changes nothing" in page.content.decode()
    assert "Try again" not in client.get(reverse("message_detail", args=[forged.pk])).content.decode()


def test_a_raw_body_is_shown_masked(sign_in):
    shop = make_shop()
    message = push(shop, '{"receiverName": "林小满", "mobile": "13900001234", "billCode": "7831"}'.encode())

    text = sign_in(make_user("finance", shop)).get(reverse("message_detail", args=[message.pk])).content.decode()

    assert "林小满" not in text and "13900001234" not in text
    assert "林**" in text and "139****1234" in text and "7831" in text


def test_an_agent_and_another_shop_find_no_operations_page(sign_in):
    shop, other = make_shop(), make_shop()
    message = parked(other)
    agent, owner = sign_in(make_user("agent", shop)), sign_in(make_user("owner", shop))

    assert agent.get(reverse("ops")).status_code == 404
    assert agent.get(reverse("messages")).status_code == 404
    assert owner.get(reverse("message_detail", args=[message.pk])).status_code == 404
    assert owner.post(reverse("message_retry", args=[message.pk])).status_code == 404
    assert owner.get(reverse("ops")).context["parked"] == []


def test_finance_sees_messages_but_operates_nothing(sign_in):
    shop = make_shop()
    account = account_of(shop, "zto")
    client = sign_in(make_user("finance", shop))

    page = client.get(reverse("ops")).content.decode()
    refused = client.post(reverse("account_verb", args=[account.pk, "pause"]), {"minutes": "60"}, follow=True)

    assert "looking only" in page
    assert "Your role does not include this: retry, pause and poll now." in refused.content.decode()
    assert CourierAccount.objects.get(pk=account.pk).paused_until is None


def test_a_silent_process_is_called_silent(sign_in):
    shop = make_shop()
    beat("poller")
    beat("worker-money")
    beat("pull:douyin-orders:3")

    ProcessBeat.objects.filter(name="poller").update(last_ok_at=now() - timedelta(minutes=5))

    page = sign_in(make_user("supervisor", shop)).get(reverse("ops"))

    assert [(row.name, row.is_silent, row.last_at is None) for row in page.context["processes"]] == [
        ("worker-money", False, False),
        ("worker-intercept", True, True),
        ("worker-push", True, True),
        ("worker-background", True, True),
        ("poller", True, False),
        ("beat", True, True),
        ("pull:douyin-orders:3", False, False),
    ]
    assert "Pays refunds and follows after-sale cases" in page.content.decode()


def test_the_operations_page_costs_the_same_for_one_row_and_for_three(sign_in):
    shop = make_shop()
    client = sign_in(make_user("supervisor", shop))
    running(make_package("zto", shop=shop))
    parked(shop)
    client.get(reverse("ops"))

    with CaptureQueriesContext(connection) as one:
        client.get(reverse("ops"))
    for courier in ("yto", "zto"):
        running(make_package(courier, shop=shop))
        parked(shop)
    with CaptureQueriesContext(connection) as three:
        client.get(reverse("ops"))

    assert len(three) == len(one)
