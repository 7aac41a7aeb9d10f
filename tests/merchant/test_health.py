"""`/health/`: what is broken, in words that give nothing away."""

from datetime import timedelta

import pytest
from django.conf import settings as conf

from merchant import health, wakeups
from merchant.clock import now
from merchant.jobs import processes
from merchant.jobs.models import ProcessBeat
from merchant.jobs.services import beat

pytestmark = pytest.mark.django_db


@pytest.fixture
def well():
    """Every process has just given a sign of life."""
    for name in processes.NAMES:
        beat(name, backlog=7)


def ask(client, query: str = ""):
    answer = client.get(f"/health/{query}")
    return answer.status_code, answer.json()


def test_everything_in_order_is_one_word_a_part_and_no_figure(client, well):
    status, told = ask(client, "?all")

    assert (status, told) == (
        200,
        {
            "status": "ok",
            "database": "ok",
            "disk": "ok",
            "redis": "ok",
            "queue": "ok",
            **dict.fromkeys(processes.NAMES, "ok"),
        },
    )


def test_each_process_that_is_silent_or_never_ran_is_named(client, well):
    ProcessBeat.objects.filter(name="poller").update(last_ok_at=now() - timedelta(minutes=3))
    ProcessBeat.objects.filter(name="worker-push").delete()

    assert ask(client)[0] == 200  # pages are served
    status, told = ask(client, "?all")

    wrong = {name: word for name, word in told.items() if word != "ok"}
    assert (status, wrong) == (503, {"status": "broken", "poller": "silent", "worker-push": "never seen"})


def test_a_silent_redis_is_told_and_takes_nothing_down(client, well, monkeypatch):
    monkeypatch.setattr(wakeups, "ask", lambda question, otherwise: otherwise)

    status, told = ask(client)

    assert (status, told["status"], told["redis"], told["queue"]) == (200, "broken", "unreachable", "unknown")


def test_a_queue_nobody_takes_from_is_behind(client, well, monkeypatch):
    monkeypatch.setattr(wakeups, "ask", lambda question, otherwise: [0, health.QUEUE_MAX + 1])

    assert ask(client)[1]["queue"] == "behind"


def test_a_disk_nearly_full_is_told(client, well, monkeypatch):
    monkeypatch.setattr(health, "FREE_SHARE", 1.1)
    monkeypatch.setattr(health, "FREE_BYTES", 2**80)

    assert ask(client)[1]["disk"] == "nearly full"


def test_without_the_database_the_answer_is_503_and_no_fault(client, monkeypatch):
    monkeypatch.setattr(health, "_database", lambda: "unreachable")

    status, told = ask(client)

    assert (status, told["database"], "poller" in told) == (503, "unreachable", False)


def test_each_worker_gives_its_sign_of_life_through_its_own_queue():
    signs = {
        entry["kwargs"]["name"]: entry["options"]["queue"]
        for entry in conf.CELERY_BEAT_SCHEDULE.values()
        if entry["task"] == "merchant.beat"
    }

    assert signs == {
        "worker-money": "money",
        "worker-intercept": "intercept",
        "worker-push": "push",
        "worker-background": "bulk",
    }
    assert set(signs) | {"poller", "beat"} == set(processes.NAMES)
