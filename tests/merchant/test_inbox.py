from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from merchant.inbox import housekeeping, registry, services
from merchant.inbox.models import InboxMessage, InboxTask, InboxVerdict
from merchant.jobs.models import ProcessBeat
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.trail.models import Activity
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SOURCE = "courier:test"


@pytest.fixture
def handled(monkeypatch):
    """The bodies a handler of SOURCE has read; put an exception into `.fails` to make it fail."""

    class Handled(list):
        fails = None

    bodies = Handled()

    def handle(message):
        if bodies.fails:
            raise bodies.fails
        bodies.append(bytes(message.body))

    monkeypatch.setitem(registry._handlers, SOURCE, handle)
    return bodies


def receive(shop, body=b'{"waybill": "1"}', **more):
    return services.receive(
        SOURCE, shop=shop, account_id=7, headers={"Content-Type": "application/json"}, body=body, **more
    )


def test_a_verified_push_is_stored_raw_and_worked_on_after_the_commit(handled, django_capture_on_commit_callbacks):
    shop = make_shop()

    with django_capture_on_commit_callbacks(execute=True):
        message = receive(shop)
        before = list(handled)

    assert (before, list(handled)) == ([], [b'{"waybill": "1"}'])
    message.refresh_from_db()
    assert (message.source, message.shop, message.account_id, message.verdict, message.size) == (
        SOURCE,
        shop,
        7,
        "verified",
        16,
    )
    assert InboxTask.objects.count() == 0


def test_the_body_is_sealed_in_the_database():
    message = receive(make_shop(), b"name=\xe7\x8e\x8b\xe5\xb0\x8f\xe6\x98\x8e")

    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM merchant_inboxmessage WHERE id = %s", [message.pk])
        stored = bytes(cursor.fetchone()[0])
    assert "王小明".encode() not in stored
    assert bytes(InboxMessage.objects.get(pk=message.pk).body) == "name=王小明".encode()


@pytest.mark.parametrize("verdict", [verdict for verdict in InboxVerdict if verdict != InboxVerdict.VERIFIED])
def test_anything_but_a_verified_push_is_on_record_and_changes_nothing(
    handled, django_capture_on_commit_callbacks, verdict
):
    shop = make_shop()

    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        message = receive(shop, b"x" * 10_000, verdict=verdict)

    message.refresh_from_db()
    kept = 10_000 if verdict == InboxVerdict.STRAY else 4096
    assert (message.verdict, message.size, len(message.body)) == (verdict, 10_000, kept)
    assert (InboxTask.objects.count(), callbacks, list(handled)) == (0, [], [])
    assert services.handle(message.pk) is False


def test_of_the_headers_only_harmless_ones_are_kept():
    message = services.receive(
        SOURCE,
        shop=make_shop(),
        account_id=None,
        headers={"Content-Type": "text/xml", "Authorization": "Bearer 1", "Cookie": "a", "User-Agent": "u" * 300},
        body=b"",
    )

    assert message.headers == {"Content-Type": "text/xml", "User-Agent": "u" * 200}


def test_the_same_push_twice_is_stored_twice():
    shop = make_shop()
    receive(shop)
    receive(shop)

    assert InboxMessage.objects.filter(shop=shop).count() == 2


def test_a_lost_wake_up_is_found_by_the_sweep(handled):
    receive(make_shop())

    assert (services.sweep(), services.sweep(), list(handled)) == (1, 0, [b'{"waybill": "1"}'])


def test_a_new_message_is_due_whatever_the_clocks_of_two_machines_say(handled):
    with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
        receive(make_shop())
    with time_machine.travel(NOON, tick=False):
        done = services.sweep()

    assert (done, list(handled)) == (1, [b'{"waybill": "1"}'])


def test_a_sweep_that_leaves_work_behind_wakes_the_next(handled, monkeypatch):
    woken = []
    monkeypatch.setattr(services.wakeups, "wake_sweep", woken.append)
    shop = make_shop()
    for number in range(3):
        receive(shop, b"%d" % number)
    woken.clear()

    done = [services.sweep(limit=2), len(woken), services.sweep(limit=2), len(woken)]

    assert (done, list(handled)) == ([2, 1, 1, 1], [b"0", b"1", b"2"])


def test_what_couriers_say_has_a_sweep_of_its_own_and_the_other_takes_everything(handled, monkeypatch):
    woken = []
    monkeypatch.setattr(services.wakeups, "wake_sweep", woken.append)
    monkeypatch.setitem(registry._handlers, "platform:test", registry._handlers[SOURCE])
    shop = make_shop()
    services.receive("platform:test", shop=shop, account_id=7, headers={}, body=b"platform")
    receive(shop, b"courier")
    first = services.sweep(couriers_only=True), list(handled)
    receive(shop, b"courier again")

    assert first == (1, [b"courier"])
    assert (services.sweep(), list(handled)) == (2, [b"courier", b"platform", b"courier again"])
    assert woken == ["merchant.sweep_inbox", *["merchant.sweep_courier_pushes"] * 2]


def test_what_is_stored_while_a_sweep_runs_is_seen_by_it_or_wakes_another(monkeypatch):
    """The sweep says that it looks before it reads: the other order would leave a push asleep."""
    order = []
    monkeypatch.setattr(services.wakeups, "about_to_look", lambda name: order.append("says"))
    monkeypatch.setattr(services, "_claim", lambda *args, **how: order.append("reads"))

    services.sweep()

    assert order == ["says", "reads"]


def test_a_message_sent_again_under_its_key_is_replayed_and_makes_no_second_task():
    shop = make_shop()

    told = [receive(shop, event_key="e1", is_once=True).verdict for _ in range(2)]
    told.append(receive(shop, event_key="e2", is_once=True).verdict)
    told.append(receive(shop, event_key="", is_once=True).verdict)
    told.append(receive(shop, event_key="e1").verdict)

    assert told == ["verified", "replayed", "verified", "verified", "verified"]
    assert list(InboxMessage.objects.order_by("pk").values_list("verdict", flat=True)) == told
    assert InboxTask.objects.count() == 4


def test_what_was_forged_under_a_key_does_not_make_the_true_one_a_repetition():
    shop = make_shop()
    receive(shop, verdict="forged", event_key="e1", is_once=True)

    assert receive(shop, event_key="e1", is_once=True).verdict == "verified"


def test_a_push_that_is_not_ours_is_kept_as_foreign_with_a_taste_of_its_body():
    message = receive(make_shop(), b"x" * 10_000, ours_if=services.SqlCondition("1 = %s", (2,)))

    message.refresh_from_db()
    assert (message.verdict, message.size, len(message.body)) == ("foreign", 10_000, 4096)
    assert InboxTask.objects.count() == 0


def test_a_large_push_of_ours_is_kept_whole():
    message = receive(make_shop(), b"x" * 10_000, ours_if=services.SqlCondition("1 = %s", (1,)))

    message.refresh_from_db()
    assert (message.verdict, bytes(message.body)) == ("verified", b"x" * 10_000)


def test_nothing_is_stored_where_the_proviso_does_not_hold(handled):
    assert receive(make_shop(), only_if=services.SqlCondition("false")) is None
    assert (InboxMessage.objects.count(), InboxTask.objects.count()) == (0, 0)


def test_a_failure_is_shown_put_off_longer_each_time_and_then_parked(handled):
    handled.fails = ValueError("no such event")
    waits = []
    with time_machine.travel(NOON, tick=False) as clock:
        message = receive(make_shop())
        for _attempt in range(5):
            services.handle(message.pk)
            task = InboxTask.objects.get(pk=message.pk)
            waits.append(((task.next_at - datetime.now(UTC)).total_seconds(), task.attempts, task.is_parked))
            clock.move_to(task.next_at)
        parked_is_left_alone = services.sweep()

    assert waits == [(5, 1, False), (30, 2, False), (120, 3, False), (600, 4, False), (1800, 5, True)]
    assert (task.error, parked_is_left_alone) == ("ValueError: no such event", 0)


def test_a_message_in_a_workers_hands_is_left_to_it_until_its_lease_ends(handled, settings):
    settings.CLOCK_SCALE = 0.001
    with time_machine.travel(NOON, tick=False) as clock:
        message = receive(make_shop())
        InboxTask.objects.update(attempts=1, next_at=NOON + services.LEAST_LEASE)
        taken = [services.handle(message.pk), services.sweep()]
        clock.shift(timedelta(seconds=15))
        free = services.sweep()

    assert (taken, free, list(handled)) == ([False, 0], 1, [b'{"waybill": "1"}'])


def test_one_bad_message_does_not_stop_the_others(handled, monkeypatch):
    shop = make_shop()

    def handle(message):
        if bytes(message.body) == b"bad":
            raise ValueError("bad")
        handled.append(bytes(message.body))

    monkeypatch.setitem(registry._handlers, SOURCE, handle)
    with time_machine.travel(NOON, tick=False) as clock:
        for body in (b"one", b"bad", b"two"):
            receive(shop, body)
        clock.shift(timedelta(seconds=15))
        done = services.sweep()

    assert (done, sorted(handled), InboxTask.objects.get().error) == (2, [b"one", b"two"], "ValueError: bad")


def test_a_message_that_nobody_reads_is_parked_at_once():
    message = services.receive("nobody:here", shop=make_shop(), account_id=None, headers={}, body=b"")

    services.handle(message.pk)

    task = InboxTask.objects.get(pk=message.pk)
    assert (task.is_parked, task.attempts, task.error) == (True, 1, "LookupError: nobody reads nobody:here")


def test_a_message_that_kills_its_worker_each_time_is_parked_too(handled):
    """The worker dies before it can write why: attempts were counted before the work began."""
    message = receive(make_shop())
    InboxTask.objects.filter(pk=message.pk).update(attempts=len(services.RETRIES), next_at=NOON)

    services.handle(message.pk)

    task = InboxTask.objects.get(pk=message.pk)
    assert (list(handled), task.is_parked, task.error) == ([], True, "the worker died on it")


def test_a_person_tries_a_parked_message_again(handled, django_capture_on_commit_callbacks):
    shop = make_shop()
    supervisor = make_user("supervisor", shop)
    handled.fails = ValueError("mapping missing")
    message = receive(shop)
    InboxTask.objects.update(attempts=4, next_at=NOON)
    services.handle(message.pk)
    assert InboxTask.objects.get().is_parked
    handled.fails = None

    with django_capture_on_commit_callbacks(execute=True):
        services.retry(message, by=supervisor)

    assert (list(handled), InboxTask.objects.count()) == ([b'{"waybill": "1"}'], 0)
    (line,) = Activity.objects.about(message)
    assert (line.verb, line.by, line.shop) == ("message.retry", supervisor, shop)


def test_an_agent_cannot_retry(handled):
    shop = make_shop()
    message = receive(shop)
    InboxTask.objects.update(is_parked=True, attempts=5)

    with pytest.raises(Refused) as refused:
        services.retry(message, by=make_user("agent", shop))

    assert (refused.value.code, InboxTask.objects.get().is_parked, list(handled)) == ("RIGHT", True, [])


def test_a_message_of_no_shop_is_refused_in_a_sentence():
    message = receive(None)

    with pytest.raises(Refused) as refused:
        services.retry(message, by=make_user("owner", make_shop()))

    assert refused.value.code == "SHOP"


def test_raw_messages_go_after_their_shops_own_days_and_unfinished_ones_stay(handled):
    short, usual = make_shop(), make_shop()
    policy.change(short, by=None, reason="少留", keep_raw_days=30)
    with time_machine.travel(NOON - timedelta(days=91), tick=False):
        gone = {receive(shop, verdict="forged").pk for shop in (usual, None)}
    with time_machine.travel(NOON - timedelta(days=31), tick=False):
        gone.add(receive(short, verdict="forged").pk)
        kept = {receive(usual, verdict="forged").pk, receive(None, verdict="forged").pk, receive(short).pk}
    InboxMessage.objects.filter(pk__in=gone | kept).update(received_at=NOON - timedelta(days=31))
    InboxMessage.objects.filter(pk__in=sorted(gone)[:2]).update(received_at=NOON - timedelta(days=91))

    with time_machine.travel(NOON, tick=False):
        count = housekeeping.purge_raw()

    assert (count, set(InboxMessage.objects.values_list("pk", flat=True))) == (3, kept)


def test_the_worker_says_that_it_lives_and_what_waits():
    shop = make_shop()
    receive(shop)
    receive(shop)
    InboxTask.objects.filter(pk=InboxTask.objects.first().pk).update(is_parked=True)

    housekeeping.report_worker()
    housekeeping.report_worker()

    beat = ProcessBeat.objects.get()
    assert (beat.name, beat.backlog) == ("worker-background", 1)
