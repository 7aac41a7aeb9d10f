"""The watch list: who is due, who has claimed it, how long until the next question, and when the breaker opens."""

import random
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from logistics.couriers import registry
from logistics.parcels.enums import PackageState as P
from logistics.polling.batch import Reply
from logistics.watch import circuit_breaker, intervals, services
from logistics.watch.circuit_breaker import Tally
from logistics.watch.models import AccountHealth, Priority, Watch
from logistics.watch.services import PollOutcome
from merchant.clock import now
from merchant.refusals import Refused
from merchant.shops.models import CourierAccount
from tests.logistics.factories import make_package, running, scan
from tests.merchant.factories import make_shop, make_user

MINUTE, HOUR = 60, 3600


# --- intervals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("watched_for", "state", "seconds"),
    [
        (timedelta(0), P.IN_TRANSIT, 5 * MINUTE),
        (timedelta(minutes=59), P.IN_TRANSIT, 5 * MINUTE),
        (timedelta(hours=1), P.IN_TRANSIT, 30 * MINUTE),
        (timedelta(hours=23, minutes=59), P.IN_TRANSIT, 30 * MINUTE),
        (timedelta(hours=24), P.IN_TRANSIT, 2 * HOUR),
        (timedelta(0), P.OUT_FOR_DELIVERY, 150),
        (timedelta(hours=2), P.ARRIVED_DESTINATION, 15 * MINUTE),
    ],
)
def test_an_open_interception_is_watched_closely_then_less(watched_for, state, seconds):
    found = intervals.base_interval(priority=Priority.OPEN_INTERCEPTION, watched_for=watched_for, state=state, misses=7)

    assert found == seconds


@pytest.mark.parametrize(
    ("state", "misses", "seconds"),
    [
        (P.IN_TRANSIT, 0, 4 * HOUR),
        (P.OUT_FOR_DELIVERY, 0, 1 * HOUR),
        (P.LABELLED, 1, 3 * HOUR),
        (P.IN_TRANSIT, 20, 12 * HOUR),
    ],
)
def test_an_ordinary_parcel_is_asked_about_rarely(state, misses, seconds):
    found = intervals.base_interval(priority=Priority.ORDINARY, watched_for=timedelta(0), state=state, misses=misses)

    assert found == seconds


@pytest.mark.parametrize(
    ("priority", "state", "misses", "alone", "subscribed"),
    [
        (Priority.ORDINARY, P.IN_TRANSIT, 0, 4 * HOUR, 8 * HOUR),
        (Priority.ORDINARY, P.OUT_FOR_DELIVERY, 0, 1 * HOUR, 2 * HOUR),
        (Priority.ORDINARY, P.IN_TRANSIT, 20, 12 * HOUR, 24 * HOUR),
        (Priority.OPEN_INTERCEPTION, P.IN_TRANSIT, 0, 5 * MINUTE, 5 * MINUTE),
        (Priority.OPEN_INTERCEPTION, P.OUT_FOR_DELIVERY, 0, 150, 150),
    ],
)
def test_only_an_ordinary_parcel_that_is_subscribed_is_asked_about_half_as_often(
    priority, state, misses, alone, subscribed
):
    how = {"priority": priority, "watched_for": timedelta(0), "state": state, "misses": misses}

    assert intervals.base_interval(**how, is_subscribed=False) == alone
    assert intervals.base_interval(**how, is_subscribed=True) == subscribed


def test_jitter_stays_within_ten_percent_and_above_the_couriers_minimum():
    rng = random.Random(7)
    found = [intervals.spread(300, scale=1, rng=rng) for _ in range(500)]

    assert 270 <= min(found) < 280
    assert 320 < max(found) <= 330
    assert intervals.spread(300, scale=1, floor_s=1800, rng=rng) == 1800


def test_the_clock_scale_shortens_every_interval():
    assert intervals.spread(300, scale=0.01, rng=random.Random(1)) == pytest.approx(3, rel=0.11)
    assert intervals.spread(300, scale=0.0001) == 1.0


def test_failed_questions_wait_longer_each_time_up_to_half_an_hour():
    assert [intervals.error_interval(n) for n in (0, 1, 2, 5, 6, 40)] == [30, 60, 120, 960, 1800, 1800]


# --- claims -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_claiming_pushes_the_due_time_forward_so_nobody_else_gets_the_row():
    package = make_package()

    first = services.claim_due(package.account, 10)
    second = services.claim_due(package.account, 10)

    assert [(due.package_id, due.waybill, due.state) for due in first] == [(package.pk, package.waybill, P.IN_TRANSIT)]
    assert second == []
    assert Watch.objects.get().next_at == first[0].claimed_until


@pytest.mark.django_db
def test_results_are_written_only_while_the_claim_stands():
    package = make_package()
    claimed = services.claim_due(package.account, 10)[0]
    services.pull_forward([package.pk])
    pulled = Watch.objects.get().next_at

    services.write_back([PollOutcome(claimed, now() + timedelta(hours=4), 14400.0, 3)])

    assert (Watch.objects.get().next_at, Watch.objects.get().misses) == (pulled, 0)


@pytest.mark.django_db
def test_an_answer_sets_the_next_question_and_counts_answers_without_news():
    package = make_package()
    claimed = services.claim_due(package.account, 10)[0]
    at = now()
    zto = registry.get("zto")

    services.write_back([services.after_answer(claimed, has_news=False, courier=zto, at=at)])

    row = Watch.objects.get()
    assert row.misses == 1
    assert 0.9 * 6 * HOUR <= (row.next_at - at).total_seconds() <= 1.1 * 6 * HOUR


@pytest.mark.django_db
def test_an_answers_hash_is_kept_with_the_due_time_and_lost_with_the_claim():
    package, other = (make_package(shop=shop) for shop in [make_shop()] * 2)
    claimed = {due.package_id: due for due in services.claim_due(package.account, 10)}
    services.pull_forward([other.pk])

    services.write_back([PollOutcome(due, now() + timedelta(hours=4), 14400.0, 1, 77) for due in claimed.values()])
    assert dict(Watch.objects.values_list("package_id", "answer_hash")) == {package.pk: 77, other.pk: None}

    Watch.objects.filter(package=package).update(next_at=now())
    again = next(due for due in services.claim_due(package.account, 10) if due.package_id == package.pk)
    services.write_back([services.after_error(again, courier=registry.get("zto"), at=now())])
    assert (again.answer_hash, Watch.objects.get(package=package).answer_hash) == (77, 77)


@pytest.mark.parametrize(
    ("events", "kept"),
    [
        ([], 5),
        ([scan(P.IN_TRANSIT)], 5),
        ([scan(P.IN_TRANSIT), scan("", code="新词")], None),
        # Seen from the moment of the test: the list is made when the file is read, long before in a long run.
        (lambda: [scan(P.SIGNED, now() + timedelta(minutes=30))], None),
        (None, None),
    ],
)
def test_only_an_answer_that_was_understood_and_lies_in_the_past_is_remembered(events, kept):
    due = services.Due(1, now(), 0, 0, now(), "7310", "in_transit", True)

    events = events() if callable(events) else events
    assert Reply(due, events=events, answer_hash=5).remembered(now()) == kept


@pytest.mark.django_db
def test_released_rows_are_due_again_at_once():
    package = make_package()

    services.release(services.claim_due(package.account, 10))

    assert [due.package_id for due in services.claim_due(package.account, 10)] == [package.pk]


@pytest.mark.django_db(transaction=True)
def test_many_workers_claim_every_row_exactly_once():
    shop = make_shop()
    packages = [make_package(shop=shop) for _ in range(40)]
    account = packages[0].account
    claimed, lock = [], threading.Lock()
    start = threading.Barrier(8)

    def work():
        start.wait()
        try:
            while rows := services.claim_due(account, 3):
                with lock:
                    claimed.extend(row.package_id for row in rows)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]

    assert sorted(claimed) == sorted(package.pk for package in packages)


@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_being_changed_is_skipped_not_waited_for():
    busy, free = (make_package(shop=shop) for shop in [make_shop()] * 2)

    with transaction.atomic():
        Watch.objects.select_for_update().get(package=busy)
        found = []

        def work():
            found.extend(row.package_id for row in services.claim_due(free.account, 10))
            connection.close()

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(60)

    assert found == [free.pk]


# --- priorities ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_interception_makes_its_parcel_due_at_once():
    package = make_package()
    Watch.objects.update(next_at=now() + timedelta(hours=4))

    running(package)

    row = Watch.objects.get()
    assert (row.priority, row.next_at <= now()) == (Priority.OPEN_INTERCEPTION, True)


@pytest.mark.django_db
def test_unwatch_keeps_a_parcel_whose_interception_is_under_way():
    stopped, plain = running().package, make_package()

    assert services.unwatch([stopped.pk, plain.pk]) == 1
    assert list(Watch.objects.values_list("package_id", flat=True)) == [stopped.pk]


# --- people and the breaker -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_paused_account_is_not_asked_until_a_person_resumes_it():
    account = make_package().account
    chief = make_user("supervisor", account.shop)

    services.pause_account(account, by=chief, reason="快递接口维护")
    assert services.active_accounts() == []
    with pytest.raises(Refused) as refusal:
        services.poll_now(CourierAccount.objects.get(), by=chief)
    assert refusal.value.code == "PAUSED"

    services.resume_account(account, by=chief)
    assert [row.pk for row in services.active_accounts()] == [account.pk]


@pytest.mark.django_db
def test_an_agent_may_not_pause_an_account():
    account = make_package().account

    with pytest.raises(Refused) as refusal:
        services.pause_account(account, by=make_user("agent", account.shop))

    assert (refusal.value.code, CourierAccount.objects.get().paused_until) == ("RIGHT", None)


@pytest.mark.django_db
def test_poll_now_makes_open_interceptions_due():
    running()
    make_package()
    account = CourierAccount.objects.order_by("pk").first()
    Watch.objects.update(next_at=now() + timedelta(hours=2))

    assert services.poll_now(account, by=None) == 1
    assert len(services.claim_due(account, 10)) == 1


@pytest.mark.django_db
def test_twenty_failures_in_a_row_open_the_breaker_and_one_answer_closes_it():
    account = make_package().account
    bad = Tally(answered=0, failed=10, tail=10, last_error="transient: 502")

    assert circuit_breaker.note_tally(account, bad) is None
    assert circuit_breaker.note_tally(account, bad) == timedelta(seconds=30)

    row = CourierAccount.objects.get()
    assert (row.pause_reason, services.active_accounts()) == ("20 × transient: 502", [])
    assert timedelta(seconds=28) < row.paused_until - now() <= timedelta(seconds=30)
    row = AccountHealth.objects.get()
    assert (row.polled_count, row.error_count, row.trips, row.last_error) == (20, 20, 1, "transient: 502")

    CourierAccount.objects.update(paused_until=now())
    assert circuit_breaker.note_tally(account, Tally(0, 3, 3, "transient: 502")) == timedelta(seconds=60)
    CourierAccount.objects.update(paused_until=now())
    assert circuit_breaker.note_tally(account, Tally(3, 0, 0)) is None
    assert (AccountHealth.objects.get().streak, AccountHealth.objects.get().trips) == (0, 0)


@pytest.mark.django_db
def test_a_persons_pause_is_not_shortened_by_the_breaker():
    account = make_package().account
    services.pause_account(account, by=None, reason="人工暂停")

    circuit_breaker.note_tally(account, Tally(0, 25, 25, "transient"))

    assert CourierAccount.objects.get().pause_reason == "人工暂停"


@pytest.mark.django_db
def test_lag_and_backlog_of_an_account():
    account = make_package().account
    Watch.objects.update(next_at=now() - timedelta(minutes=3))

    lag = circuit_breaker.lags_of([account.pk])[account.pk]

    assert (round(lag.length.total_seconds() / 60), lag.due, lag.watched) == (3, 1, 1)
