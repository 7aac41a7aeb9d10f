"""Waking a worker from a door: one message for many, none lost, and a Redis that is away costs a courier nothing."""

import json
import socket
import threading
import time
from functools import lru_cache

import pytest
import redis
from django.conf import settings
from django.db import transaction

from merchant import wakeups
from merchant.celery import app
from merchant.tasks import sweep_courier_pushes

QUEUE = "push"
SWEEP = "merchant.sweep_courier_pushes"


@pytest.fixture(autouse=True)
def nobody_was_silent(monkeypatch):
    monkeypatch.setattr(wakeups, "_silent_until", 0.0)


@pytest.fixture
def broker(monkeypatch):
    """The real Redis with an empty queue, and tasks that are sent instead of run."""
    monkeypatch.setattr(app.conf, "task_always_eager", False)
    client = redis.Redis.from_url(settings.REDIS_URL)
    flag = wakeups._flag(SWEEP)
    client.delete(QUEUE, flag)
    yield client
    client.delete(QUEUE, flag)


@pytest.fixture
def redis_at(monkeypatch):
    """Says where Redis is, for a client made anew."""

    def at(url):
        monkeypatch.setattr(settings, "REDIS_URL", url)
        monkeypatch.setattr(wakeups, "_client", lru_cache(wakeups._client.__wrapped__))

    return at


def without_ids(message):
    told = json.loads(message)
    for name in ("id", "root_id"):
        told["headers"].pop(name)
    for name in ("correlation_id", "delivery_tag"):
        told["properties"].pop(name)
    return told


def test_the_message_is_word_for_word_celery_s_own(broker):
    sweep_courier_pushes.delay()
    theirs = broker.rpop(QUEUE)

    wakeups._send_once(SWEEP)

    ours = broker.rpop(QUEUE)
    assert without_ids(ours) == without_ids(theirs)
    told = json.loads(ours)
    assert len({told["headers"]["id"], told["headers"]["root_id"], told["properties"]["correlation_id"]}) == 1


def test_no_two_messages_have_the_same_tag(broker):
    for _ in range(2):
        wakeups.about_to_look(SWEEP)
        wakeups._send_once(SWEEP)

    tags = {json.loads(message)["properties"]["delivery_tag"] for message in broker.lrange(QUEUE, 0, -1)}
    assert len(tags) == 2


def test_many_calls_are_one_message_until_the_worker_looks(broker):
    for _ in range(5):
        wakeups._send_once(SWEEP)
    before = broker.llen(QUEUE)
    wakeups.about_to_look(SWEEP)
    for _ in range(5):
        wakeups._send_once(SWEEP)

    assert (before, broker.llen(QUEUE)) == (1, 2)


def test_a_wake_up_that_got_lost_keeps_others_back_for_five_seconds_at_most(broker):
    wakeups._send_once(SWEEP)

    assert 0 < broker.pttl(wakeups._flag(SWEEP)) <= 5000


@pytest.mark.django_db(transaction=True)
def test_it_goes_out_after_the_commit_and_not_after_a_rollback(broker):
    with transaction.atomic():
        wakeups.wake_sweep(SWEEP)
        inside = broker.llen(QUEUE)
    after = broker.llen(QUEUE)
    wakeups.about_to_look(SWEEP)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        wakeups.wake_sweep(SWEEP)
        1 / 0  # noqa: B018

    assert (inside, after, broker.llen(QUEUE)) == (0, 1, 1)


def test_a_counter_counts_and_is_forgotten(broker):
    key = "huicang:test:counter"
    broker.delete(key)

    assert [wakeups.count(key, 120) for _ in range(3)] == [1, 2, 3]
    assert 0 < broker.ttl(key) <= 120
    broker.delete(key)


def test_a_redis_that_is_away_is_nobody_s_fault(redis_at, broker, caplog):
    redis_at("redis://127.0.0.1:1/0")

    assert wakeups.count("huicang:test:counter", 120) == 0
    wakeups._send_once(SWEEP)
    wakeups.about_to_look(SWEEP)

    # Said once: within the second nobody asks again.
    assert [message.split(":")[0] for message in caplog.messages] == ["Redis is asked nothing for 1 s"]


def test_a_redis_that_says_nothing_costs_half_a_second_once(redis_at, broker):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kept = []
        threading.Thread(target=lambda: kept.append(silent.accept()), daemon=True).start()
        redis_at(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        for _ in range(20):
            wakeups.count("huicang:test:counter", 120)
            wakeups._send_once(SWEEP)

        # Forty times half a second otherwise.
        assert time.monotonic() - began < 10


def test_after_a_second_redis_is_asked_again(broker, monkeypatch):
    with monkeypatch.context() as away:
        away.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
        away.setattr(wakeups, "_client", lru_cache(wakeups._client.__wrapped__))
        wakeups._send_once(SWEEP)
    monkeypatch.setattr(wakeups, "_silent_until", time.monotonic() - 0.001)

    wakeups._send_once(SWEEP)

    assert broker.llen(QUEUE) == 1


# --- ids that are gathered --------------------------------------------------------------------------------------------

SEND = "aftersales.send_refund"


@pytest.fixture
def gathering(broker):
    keys = ("money", wakeups._flag(SEND), wakeups.waiting_ids(SEND))
    broker.delete(*keys)
    yield broker
    broker.delete(*keys)


def test_one_message_stands_for_all_ids_that_wait(gathering):
    for number in (7, 8, 9):
        wakeups.wake_now(SEND, refund_id=number)
    before = gathering.llen("money")

    assert (before, list(wakeups.gathered(SEND, None))) == (1, [7, 8, 9])
    assert json.loads(gathering.rpop("money"))["headers"]["task"] == SEND


def test_who_leaves_some_has_one_more_come_to_help(gathering):
    for number in (7, 8, 9):
        wakeups.wake_now(SEND, refund_id=number)
    gathering.delete("money")

    helped = [(number, gathering.llen("money")) for number in wakeups.gathered(SEND, None)]

    # Nobody looked meanwhile: one message waits already, and is enough.
    assert helped == [(7, 1), (8, 1), (9, 1)]


def test_an_id_that_comes_while_somebody_works_wakes_another(gathering):
    wakeups.wake_now(SEND, refund_id=7)
    gathering.delete("money")
    work = wakeups.gathered(SEND, None)
    next(work)

    wakeups.wake_now(SEND, refund_id=8)

    assert gathering.llen("money") == 1


def test_a_run_leaves_the_rest_to_the_next_message(gathering):
    for number in range(60):
        wakeups.wake_now(SEND, refund_id=number)

    assert list(wakeups.gathered(SEND, None)) == list(range(50))
    assert gathering.llen(wakeups.waiting_ids(SEND)) == 10
    assert list(wakeups.gathered(SEND, None)) == list(range(50, 60))


def test_what_is_kept_here_is_no_message(gathering):
    with wakeups.kept_here(SEND) as kept:
        wakeups.wake_now(SEND, refund_id=7)
    wakeups.wake_now(SEND, refund_id=8)

    assert (kept, list(wakeups.gathered(SEND, None))) == ([{"refund_id": 7}], [8])


def test_an_id_that_is_given_is_the_only_one(gathering):
    wakeups.wake_now(SEND, refund_id=8)

    assert list(wakeups.gathered(SEND, 7)) == [7]
    assert gathering.llen(wakeups.waiting_ids(SEND)) == 1


def test_whoever_wakes_first_while_the_tasks_are_read_waits_for_them(monkeypatch):
    class Celery:
        """Reads its tasks once; who comes meanwhile goes on at once, as with Celery's own promise."""

        tasks, loader, is_read = {}, None, False

        def import_default_modules(self):
            if not self.is_read:
                self.is_read = True
                time.sleep(0.2)
                self.tasks[SWEEP] = "the task"

    celery = Celery()
    celery.loader = celery
    monkeypatch.setattr(wakeups, "current_app", celery)
    found = []
    threads = [threading.Thread(target=lambda: found.append(wakeups._task(SWEEP))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["the task"] * 3
