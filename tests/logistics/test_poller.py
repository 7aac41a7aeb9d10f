"""The poller against the courier sandbox: both real processes, speaking the real wire over real HTTP."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import psutil
import pytest
from django.db import connection
from django.urls import reverse

from logistics.couriers import registry
from logistics.interception import services as interceptions
from logistics.interception.enums import InterceptionState as S
from logistics.interception.models import Interception
from logistics.parcels.enums import PackageState as P
from logistics.parcels.models import Package
from logistics.polling import batch
from logistics.polling.poller import Poller
from logistics.sandbox.accounts import YTO_SECRETS, ZTO_SECRETS
from logistics.watch import services as watching
from logistics.watch.models import AccountHealth, Priority, Watch
from merchant.clock import now
from merchant.jobs.models import ProcessBeat
from merchant.shops.models import CourierAccount
from tests import aio
from tests.logistics.factories import make_package
from tests.merchant.factories import make_shop, make_user
from tests.sandboxes import PROJECT, start_courier_sandbox

pytestmark = pytest.mark.django_db(transaction=True)
SECRETS = {"zto": ZTO_SECRETS, "yto": YTO_SECRETS}
DEAD_REDIS = "redis://127.0.0.1:1/0"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    process = start_courier_sandbox(tmp_path_factory.mktemp("courier"), scale=100)
    yield process
    process.stop()


@pytest.fixture
def courier(sandbox, settings):
    """The sandbox, healthy and empty."""
    sandbox.control("/control/reset", {})
    sandbox.control("/control/faults", {"rate_5xx": 0, "garbage": 0})
    settings.COURIER_HOSTS = {"zto": sandbox.url, "yto": sandbox.url}
    return sandbox


def at_courier(courier, package, start="in_transit", script="delivered", **told):
    """The parcel as the courier knows it; it stays where it is until the test says otherwise."""
    CourierAccount.objects.filter(pk=package.account_id).update(secrets=SECRETS[package.courier])
    courier.control(
        "/control/parcels",
        {
            "courier": package.courier,
            "waybill": package.waybill,
            "start": start,
            "script": script,
            "hold": True,
            "sender_city": "上海市",
            "receiver_city": "杭州市",
            **told,
        },
    )
    return Package.objects.get(pk=package.pk)


def advance(courier, package, verb):
    courier.control(f"/control/parcels/{package.waybill}/advance", {"to": verb})


def poll_once(**how) -> Poller:
    async def run():
        poller = Poller(once=True, **how)
        await poller.run()
        return poller

    return aio.run(run())


def make_due():
    Watch.objects.update(next_at=now() - timedelta(seconds=1))


def interception_of(package):
    return Interception.objects.get(package=package)


def ask_to_stop(package):
    interception = interceptions.submit_interception(package, by=None)
    interceptions.send_interception(interception.pk)
    return interception_of(package)


# --- in this process ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["zto", "yto"])
def test_the_poller_reads_tracks_and_sets_the_next_question(courier, name):
    package = at_courier(courier, make_package(name), start="out_for_delivery")

    poller = poll_once()

    row = Package.objects.get(pk=package.pk)
    assert (poller.asked, row.state) == (1, P.OUT_FOR_DELIVERY)
    assert (now() - row.track_checked_at).total_seconds() < 10
    assert Watch.objects.get().next_at > now() + timedelta(minutes=30)
    pulse = AccountHealth.objects.get()
    assert (pulse.polled_count, pulse.error_count, pulse.streak) == (1, 0, 0)


@pytest.mark.parametrize(
    ("name", "evidence", "state"), [("zto", "status", S.RETURNING), ("yto", "return_scan", S.RETURNING)]
)
def test_a_stop_is_seen_by_the_poller_and_settles_the_interception(courier, name, evidence, state):
    package = at_courier(courier, make_package(name))
    assert ask_to_stop(package).state == S.RUNNING

    advance(courier, package, "stop")
    poll_once()

    row = interception_of(package)
    assert (row.state, row.evidence, row.may_pay_by_itself) == (state, evidence, True)


@pytest.mark.parametrize("name", ["zto", "yto"])
def test_a_delivery_fails_the_interception(courier, name):
    package = at_courier(courier, make_package(name))
    assert ask_to_stop(package).state == S.RUNNING

    advance(courier, package, "out_for_delivery")
    advance(courier, package, "signed")
    poll_once()

    assert (interception_of(package).state, interception_of(package).reason) == (S.FAILED, "signed")


def test_a_courier_that_answers_nothing_but_errors_opens_the_breaker(courier):
    shop = make_shop()
    packages = [make_package(shop=shop) for _ in range(30)]
    for package in packages:
        at_courier(courier, package)
    courier.control("/control/faults", {"rate_5xx": 1.0})

    poll_once(in_flight=5)

    account = CourierAccount.objects.get()
    assert account.paused_until > now()
    # Twenty open it; what was under way by then, five at most, still counts.
    streak, _times, error = account.pause_reason.partition(" × ")
    assert (20 <= int(streak) <= 25, error.partition(":")[0]) == (True, "transient")
    assert AccountHealth.objects.get().error_count < 30
    # What was not asked any more is due, and waits for the account.
    assert Watch.objects.filter(next_at__lte=now()).count() == 30 - AccountHealth.objects.get().error_count


def test_garbage_is_one_rows_trouble(courier):
    package = at_courier(courier, make_package())
    before = Package.objects.get(pk=package.pk).state
    courier.control("/control/faults", {"garbage": 1.0})

    poll_once()

    assert Package.objects.get(pk=package.pk).state == before
    assert AccountHealth.objects.get().error_count == 1
    assert Watch.objects.get().misses == 1


def test_a_parcel_the_courier_does_not_know_is_no_fault_of_the_account(courier):
    package = make_package()
    CourierAccount.objects.update(secrets=ZTO_SECRETS)

    poll_once()

    assert (AccountHealth.objects.get().error_count, Watch.objects.get().misses) == (0, 1)
    assert Package.objects.get(pk=package.pk).state == P.IN_TRANSIT


def test_a_push_that_pulled_the_row_forward_meanwhile_wins(courier, monkeypatch):
    package = at_courier(courier, make_package())
    real = batch.finish

    def finish(work, replies):
        watching.pull_forward([package.pk])
        monkeypatch.setattr(batch, "finish", real)
        real(work, replies)

    monkeypatch.setattr(batch, "finish", finish)

    poller = poll_once()

    assert poller.asked == 2


@pytest.mark.parametrize(("pollers", "rate"), [(1, 10), (2, 20)])
def test_the_rate_limit_of_an_account_is_kept_by_all_pollers_together(courier, settings, pollers, rate):
    settings.POLLERS = pollers
    shop = make_shop()
    for _ in range(6):
        at_courier(courier, make_package(shop=shop))
    CourierAccount.objects.update(rate_per_second=rate)

    start = time.monotonic()
    poller = poll_once()

    assert poller.asked == 6
    assert time.monotonic() - start > 0.5


# --- as a process of its own ----------------------------------------------------------------------------------------


def start_poller(courier, log, **more):
    """`manage.py poller` on the tests' database, with a Redis that is dead and a clock a hundred times faster."""
    url = connection.settings_dict
    database = (
        f"postgres://{url['USER']}:{url['PASSWORD']}@{url['HOST'] or '127.0.0.1'}:{url['PORT'] or 5432}/{url['NAME']}"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "merchant.settings",
        "DATABASE_URL": database,
        "REDIS_URL": DEAD_REDIS,
        "HUICANG_CLOCK_SCALE": "0.005",
        "HUICANG_ZTO_HOST": courier.url,
        "HUICANG_YTO_HOST": courier.url,
        **more,
    }
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "manage.py", "poller"], cwd=PROJECT, env=environment, stdout=out, stderr=out
        )


def is_at_work(process):
    """Connected to the database, so past its start and listening for SIGTERM."""
    port = int(connection.settings_dict["PORT"] or 5432)
    return any(link.raddr and link.raddr.port == port for link in psutil.Process(process.pid).net_connections())


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.req("R0.6")
def test_the_process_sees_a_stop_without_redis_and_ends_cleanly_on_sigterm(courier, tmp_path):
    package = at_courier(courier, make_package("yto"))
    ask_to_stop(package)
    log = tmp_path / "poller.log"
    process = start_poller(courier, log)
    try:
        assert wait_for(lambda: ProcessBeat.objects.filter(name="poller").exists()), log.read_text()
        advance(courier, package, "stop")
        Watch.objects.update(next_at=now())
        assert wait_for(lambda: interception_of(package).state == S.RETURNING), log.read_text()
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)

    assert (code, interception_of(package).may_pay_by_itself) == (0, True)


def test_the_process_survives_a_courier_that_is_down_and_comes_back(courier, tmp_path):
    package = at_courier(courier, make_package("zto"))
    ask_to_stop(package)
    port = courier.port
    courier.kill()
    log = tmp_path / "poller.log"
    process = start_poller(courier, log)
    try:
        Watch.objects.update(next_at=now())
        assert wait_for(lambda: AccountHealth.objects.filter(error_count__gt=0).exists()), log.read_text()
        courier.start()
        assert courier.port == port
        advance(courier, package, "stop")
        assert wait_for(lambda: interception_of(package).is_stopped), log.read_text()
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)

    assert code == 0


def test_a_killed_pollers_rows_come_due_again(courier):
    package = at_courier(courier, make_package())
    claimed = watching.claim_due(package.account, 10)
    assert [row.package_id for row in claimed] == [package.pk]
    assert poll_once().asked == 0

    Watch.objects.update(next_at=now() - timedelta(milliseconds=1))
    assert poll_once().asked == 1


def test_an_open_interception_is_asked_about_again_within_minutes(courier):
    ask_to_stop(at_courier(courier, make_package()))

    poll_once()

    row = Watch.objects.get()
    assert (row.priority, 270 <= row.interval_s <= 330) == (Priority.OPEN_INTERCEPTION, True)


# --- at scale -------------------------------------------------------------------------------------------------------


def stop_all(*processes):
    for process in processes:
        process.send_signal(signal.SIGTERM)
    return [process.wait(60) for process in processes]


def parcels_at(courier, count, **where):
    shop = make_shop()
    return [at_courier(courier, make_package(shop=shop), **where) for _ in range(count)]


def test_the_same_answer_is_not_read_again_but_counts_as_a_reading(courier, monkeypatch):
    package = at_courier(courier, make_package(), start="out_for_delivery")
    read = []
    zto = registry.get("zto")
    monkeypatch.setattr(zto, "parse_track", lambda *told: read.append(told[1]) or type(zto).parse_track(zto, *told))
    poll_once()
    first = Package.objects.get(pk=package.pk).track_checked_at

    make_due()
    poll_once()

    row = Watch.objects.get()
    assert (read, row.misses, row.answer_hash is not None) == ([package.waybill], 1, True)
    assert Package.objects.get(pk=package.pk).track_checked_at > first

    advance(courier, package, "signed")
    make_due()
    poll_once()
    assert (len(read), Package.objects.get(pk=package.pk).state) == (2, P.SIGNED)


def test_one_slow_answer_holds_up_no_other_batch(courier, monkeypatch):
    """The first batch waits for one slow answer; the second is asked and written meanwhile."""
    parcels_at(courier, 6)
    monkeypatch.setattr(batch, "BATCH", 3)
    written, real = [], batch.finish
    slow = CourierAccount.objects.get()

    async def dawdle(self, session, account, waybill, phone="", *, known=None):
        if waybill == first_waybill:
            await asyncio.sleep(2)
        return await real_ask(session, account, waybill, phone, known=known)

    first_waybill = Package.objects.order_by("pk").first().waybill
    Watch.objects.filter(package__waybill=first_waybill).update(next_at=now() - timedelta(hours=1))
    real_ask = registry.get("zto").atrack_unless
    monkeypatch.setattr(type(registry.get("zto")), "atrack_unless", dawdle)
    monkeypatch.setattr(batch, "finish", lambda work, replies: (written.append(set_of(work)), real(work, replies)))

    poll_once()

    assert [first_waybill in waybills for waybills in written] == [False, True]
    assert AccountHealth.objects.get(account=slow).polled_count == 6


def set_of(work):
    return {row.waybill for row in work.rows}


def test_an_account_that_waits_for_its_rate_keeps_no_other_account_waiting(courier):
    slow, quick = parcels_at(courier, 8), parcels_at(courier, 8)
    CourierAccount.objects.filter(pk=slow[0].account_id).update(rate_per_second=4)
    done = []

    async def run():
        poller = Poller(once=True, in_flight=2)
        task = asyncio.create_task(poller.run())
        started = time.monotonic()
        while not task.done():
            await asyncio.sleep(0.05)
            counts = await asyncio.to_thread(lambda: dict(AccountHealth.objects.values_list("account", "polled_count")))
            if counts.get(quick[0].account_id) == 8 and not done:
                done.append(time.monotonic() - started)
        await task
        return time.monotonic() - started

    took = aio.run(run())

    assert took > 1.5
    assert done[0] < took / 2


def test_two_pollers_never_ask_about_the_same_parcel(courier, tmp_path):
    parcels_at(courier, 80)
    courier.control("/control/faults", {"slow_s": 0.05})
    processes = [start_poller(courier, tmp_path / f"{n}.log", HUICANG_CLOCK_SCALE="1") for n in range(2)]
    try:
        assert wait_for(lambda: AccountHealth.objects.filter(polled_count__gte=80).exists())
        # The one that started later may have nothing to ask, but must be there to be told to end.
        assert wait_for(lambda: all(is_at_work(process) for process in processes))
    finally:
        codes = stop_all(*processes)

    assert (codes, AccountHealth.objects.get().polled_count) == ([0, 0], 80)
    assert set(Watch.objects.values_list("misses", flat=True)) <= {0, 1}


def test_the_rows_of_a_poller_that_was_killed_are_asked_by_the_next_one(courier, tmp_path):
    parcels_at(courier, 10, start="out_for_delivery")
    courier.control("/control/faults", {"slow_s": 5})
    lease = {"HUICANG_COURIER_TIMEOUT_S": "1", "HUICANG_CLOCK_SCALE": "0.01"}
    killed = start_poller(courier, tmp_path / "killed.log", **lease)
    try:
        assert wait_for(lambda: not Watch.objects.filter(next_at__lte=now()).exists())
    finally:
        killed.kill()
        killed.wait(60)
    assert not AccountHealth.objects.exists()

    courier.control("/control/faults", {"slow_s": 0})
    heir = start_poller(courier, tmp_path / "heir.log", **lease)
    try:
        assert wait_for(lambda: AccountHealth.objects.filter(polled_count__gte=10, error_count=0).exists())
    finally:
        stop_all(heir)

    assert set(Package.objects.values_list("state", flat=True)) == {P.OUT_FOR_DELIVERY}


def test_the_breaker_probes_and_closes_when_the_courier_is_back(courier, tmp_path):
    parcels_at(courier, 30)
    courier.control("/control/faults", {"rate_5xx": 1.0})
    # Thirty seconds of pause are three on this clock.
    process = start_poller(courier, tmp_path / "poller.log", HUICANG_CLOCK_SCALE="0.1")
    try:
        assert wait_for(lambda: AccountHealth.objects.filter(trips__gt=0).exists())
        assert " × transient: 50" in CourierAccount.objects.get().pause_reason
        failed = AccountHealth.objects.get().error_count
        courier.control("/control/faults", {"rate_5xx": 0})
        assert wait_for(lambda: AccountHealth.objects.filter(trips=0, streak=0).exists())
        assert wait_for(
            lambda: AccountHealth.objects.get().polled_count - AccountHealth.objects.get().error_count >= 30
        )
    finally:
        stop_all(process)

    assert failed >= 20
    assert CourierAccount.objects.get().paused_until < now()


@pytest.mark.req("R1.34", "R3.49")
def test_a_parcel_whose_pushes_are_lost_is_brought_up_to_date_and_the_pages_show_it(courier, tmp_path, client):
    package = at_courier(courier, make_package())
    client.force_login(make_user("agent", package.shop), backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["django_language"] = "en"
    courier.control("/control/faults", {"push_loss": 1})
    where = [package.shop_id, package.courier, package.waybill]
    pages = [
        reverse("parcel_detail", args=where),
        reverse("order_detail", args=[package.shop_id, package.order.number]),
    ]
    assert all("In transit" in client.get(page).content.decode() for page in pages)

    # An hour between two questions is a few seconds.
    process = start_poller(courier, tmp_path / "poller.log", HUICANG_CLOCK_SCALE="0.001")
    try:
        advance(courier, package, "out_for_delivery")
        assert wait_for(lambda: Package.objects.get(pk=package.pk).state == P.OUT_FOR_DELIVERY)
        shown = [client.get(page).content.decode() for page in pages]
        advance(courier, package, "signed")
        assert wait_for(lambda: Package.objects.get(pk=package.pk).state == P.SIGNED)
        signed = [client.get(page).content.decode() for page in pages]
    finally:
        stop_all(process)

    assert all("Out for delivery" in page for page in shown)
    assert all("Signed for" in page for page in signed)
