"""The poller asks the courier once for pushes about every parcel it looks after, and never at the cost of polling."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from logistics.couriers import registry
from logistics.couriers.base import CourierError, ErrorClass
from logistics.parcels.models import Package
from logistics.polling import batch
from logistics.watch import services as watching
from logistics.watch.models import AccountHealth, Watch
from merchant.clock import now
from merchant.shops.models import CourierAccount
from tests.logistics.factories import make_package
from tests.logistics.test_poller import ask_to_stop, at_courier, interception_of, make_due, poll_once
from tests.merchant.factories import make_shop
from tests.sandboxes import start_courier_sandbox

pytestmark = pytest.mark.django_db(transaction=True)
both = pytest.mark.parametrize("name", ["zto", "yto"])
HOUR = 3600


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    process = start_courier_sandbox(tmp_path_factory.mktemp("courier"), scale=100)
    yield process
    process.stop()


@pytest.fixture
def courier(sandbox, settings):
    """The sandbox, healthy and empty."""
    sandbox.control("/control/reset", {})
    settings.COURIER_HOSTS = {"zto": sandbox.url, "yto": sandbox.url}
    return sandbox


def parcels(courier, count, name="zto", **told):
    shop = make_shop()
    return [at_courier(courier, make_package(name, shop=shop), **told) for _ in range(count)]


def calls(courier, package):
    """(how often its subscription was asked for, how often its track)"""
    made = courier.control(f"/parcels/{package.waybill}")["calls"]
    return made.get("subscribe", 0), made.get("track", 0)


def is_subscribed(courier, package):
    """(what the courier knows, what we know)"""
    row = Watch.objects.get(package=package)
    return courier.control(f"/parcels/{package.waybill}")["is_subscribed"], row.subscribed_at is not None


@both
def test_every_parcel_is_subscribed_exactly_once(courier, name):
    three = parcels(courier, 3, name)

    poll_once()
    first = set(Watch.objects.values_list("subscribed_at", flat=True))
    for _ in range(2):
        make_due()
        poll_once()

    assert [calls(courier, package) for package in three] == [(1, 3)] * 3
    assert [is_subscribed(courier, package) for package in three] == [(True, True)] * 3
    # One instant for the whole batch, and it stays.
    assert len(first) == 1
    assert set(Watch.objects.values_list("subscribed_at", flat=True)) == first


@both
def test_a_subscription_that_failed_is_tried_again_at_the_next_look_and_the_track_is_read_all_the_same(courier, name):
    package = at_courier(courier, make_package(name, is_checked=False), wire={"subscribe_5xx": 1})

    poll_once()

    row = Watch.objects.get()
    assert (calls(courier, package), is_subscribed(courier, package)) == ((1, 1), (False, False))
    assert Package.objects.get().track_checked_at is not None
    # Not subscribed, so asked about as often as ever; and no fault of the account.
    assert (row.misses, 0.9 * 4 * HOUR <= row.interval_s <= 1.1 * 4 * HOUR) == (0, True)
    assert (AccountHealth.objects.get().polled_count, AccountHealth.objects.get().error_count) == (1, 0)

    make_due()
    poll_once()

    row = Watch.objects.get()
    assert (calls(courier, package), is_subscribed(courier, package)) == ((2, 2), (True, True))
    # The second answer without news waits 6 h; the pushes double that.
    assert (row.misses, 0.9 * 12 * HOUR <= row.interval_s <= 1.1 * 12 * HOUR) == (1, True)


@both
def test_a_courier_that_cannot_push_is_never_asked_to(courier, name, monkeypatch):
    adapter = registry.get(name)
    monkeypatch.setattr(adapter, "capabilities", replace(adapter.capabilities, can_subscribe=False))
    package = at_courier(courier, make_package(name))

    poll_once()

    assert (calls(courier, package), is_subscribed(courier, package)) == ((0, 1), (False, False))
    with pytest.raises(CourierError) as refused:
        adapter.subscribe(CourierAccount.objects.get(), package.waybill)
    assert refused.value.error_class is ErrorClass.NOT_SUPPORTED


def test_an_open_interception_is_subscribed_too_and_looked_at_as_closely_as_before(courier):
    package = at_courier(courier, make_package())
    ask_to_stop(package)

    poll_once()

    assert (calls(courier, package), is_subscribed(courier, package)) == ((1, 1), (True, True))
    assert (interception_of(package).state, 270 <= Watch.objects.get().interval_s <= 330) == ("running", True)


def test_a_courier_that_says_it_was_asked_already_counts_as_subscribed(courier, monkeypatch):
    package = at_courier(courier, make_package())

    async def again(*_args):
        raise CourierError(ErrorClass.DUPLICATE, "E1", "重复订阅")

    monkeypatch.setattr(registry.get("zto"), "asubscribe", again)
    poll_once()

    assert (calls(courier, package), is_subscribed(courier, package)) == ((0, 1), (False, True))


def test_garbage_from_the_subscription_costs_nothing_but_the_subscription(courier, monkeypatch):
    package = at_courier(courier, make_package())

    async def nonsense(*_args):
        raise RuntimeError("nobody expected this")

    monkeypatch.setattr(registry.get("zto"), "asubscribe", nonsense)
    poll_once()

    assert (calls(courier, package), is_subscribed(courier, package)) == ((0, 1), (False, False))
    assert AccountHealth.objects.get().error_count == 0


# --- the rate limit and the breaker -----------------------------------------------------------------------------------


def test_a_subscription_takes_its_own_turn_in_the_accounts_rate_limit(courier):
    four = parcels(courier, 4)
    CourierAccount.objects.update(rate_per_second=10)

    start = time.monotonic()
    poll_once()

    assert [calls(courier, package) for package in four] == [(1, 1)] * 4
    # Eight calls, a tenth of a second apart.
    assert time.monotonic() - start >= 0.7


def test_subscriptions_that_keep_failing_are_left_for_later_and_open_no_breaker(courier):
    eight = parcels(courier, 8, wire={"subscribe_5xx": 1})

    poll_once(in_flight=1)

    made = [calls(courier, package) for package in eight]
    assert (sum(asked for asked, _ in made), [tracks for _, tracks in made]) == (batch.SUBSCRIBING_STREAK, [1] * 8)
    assert CourierAccount.objects.get().paused_until is None
    assert (AccountHealth.objects.get().polled_count, AccountHealth.objects.get().error_count) == (8, 0)


def test_while_the_breaker_only_probes_nothing_is_subscribed(courier):
    package = at_courier(courier, make_package())
    AccountHealth.objects.create(account=package.account, streak=20, trips=1)

    poll_once()
    probed = calls(courier, package)
    make_due()
    poll_once()

    assert (probed, calls(courier, package)) == ((0, 1), (1, 2))
    assert is_subscribed(courier, package) == (True, True)


def test_a_paused_account_subscribes_to_nothing(courier):
    package = at_courier(courier, make_package())
    CourierAccount.objects.update(paused_until=now() + timedelta(hours=1))

    poll_once()

    assert (calls(courier, package), is_subscribed(courier, package)) == ((0, 0), (False, False))


# --- pushes in between --------------------------------------------------------------------------------------------------


def test_a_push_before_the_batch_is_written_does_not_lose_the_subscription(courier, monkeypatch):
    package = at_courier(courier, make_package())
    real = batch.finish

    def finish(work, replies):
        watching.pull_forward([package.pk])
        monkeypatch.setattr(batch, "finish", real)
        real(work, replies)

    monkeypatch.setattr(batch, "finish", finish)

    assert poll_once().asked == 2
    assert (calls(courier, package), is_subscribed(courier, package)) == ((1, 2), (True, True))


def test_a_row_claimed_again_while_it_is_being_asked_about_is_not_subscribed_twice(courier, monkeypatch):
    """A push makes the row due between its claim and its answers: the next batch holds it as it was before."""
    package = at_courier(courier, make_package())
    real, taken = batch.take, []

    def take(account_id):
        if len(taken) == 1:
            watching.pull_forward([package.pk])
        taken.append(real(account_id))
        return taken[-1]

    monkeypatch.setattr(batch, "take", take)

    assert poll_once().asked == 2
    assert [due.is_subscribed for work in taken if work for due in work.rows] == [False, False]
    assert (calls(courier, package), is_subscribed(courier, package)) == ((1, 2), (True, True))


# --- the database -------------------------------------------------------------------------------------------------------


def test_a_claim_is_one_statement_and_so_is_writing_down_who_was_subscribed(django_assert_num_queries):
    shop = make_shop()
    packages = [make_package(shop=shop) for _ in range(3)]
    account, at, later = packages[0].account, now(), now() + timedelta(hours=1)

    with django_assert_num_queries(1) as queries:
        rows = watching.claim_due(account, 10)
    assert queries.captured_queries[0]["sql"].count("UPDATE logistics_watch") == 1
    assert [row.is_subscribed for row in rows] == [False, False, False]

    with django_assert_num_queries(1):
        assert watching.mark_subscribed([row.package_id for row in rows[:2]], at=at) == 2
    # Nothing to say is no statement, and the first time stays.
    with django_assert_num_queries(0):
        assert watching.mark_subscribed([], at=later) == 0
    assert watching.mark_subscribed([row.package_id for row in rows], at=later) == 1

    found = Watch.objects.order_by("package_id").values_list("package_id", "subscribed_at")
    assert dict(found) == {rows[0].package_id: at, rows[1].package_id: at, rows[2].package_id: later}
    watching.release(rows)
    assert [row.is_subscribed for row in watching.claim_due(account, 10)] == [True, True, True]
