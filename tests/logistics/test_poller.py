"""The poller against the courier sandbox: both real processes, speaking the real wire over real HTTP."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import connection

from logistics.interception import services as interceptions
from logistics.interception.enums import InterceptionState as S
from logistics.interception.models import Interception
from logistics.parcels.enums import PackageState as P
from logistics.parcels.models import Package
from logistics.sandbox.accounts import YTO_SECRETS, ZTO_SECRETS
from logistics.watch import batch
from logistics.watch import services as watching
from logistics.watch.models import AccountPulse, Priority, Watch
from logistics.watch.poller import Poller
from merchant.clock import now
from merchant.jobs.models import ProcessBeat
from merchant.shops.models import CourierAccount
from tests.logistics.factories import make_package
from tests.merchant.factories import make_shop
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

    return asyncio.run(run())


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
    pulse = AccountPulse.objects.get()
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
    assert account.pause_reason.startswith(("20 × transient", "21 × transient", "24 × transient"))
    assert AccountPulse.objects.get().error_count < 30
    # What was not asked any more is due, and waits for the account.
    assert Watch.objects.filter(next_at__lte=now()).count() == 30 - AccountPulse.objects.get().error_count


def test_garbage_is_one_rows_trouble(courier):
    package = at_courier(courier, make_package())
    before = Package.objects.get(pk=package.pk).state
    courier.control("/control/faults", {"garbage": 1.0})

    poll_once()

    assert Package.objects.get(pk=package.pk).state == before
    assert AccountPulse.objects.get().error_count == 1
    assert Watch.objects.get().misses == 1


def test_a_parcel_the_courier_does_not_know_is_no_fault_of_the_account(courier):
    package = make_package()
    CourierAccount.objects.update(secrets=ZTO_SECRETS)

    poll_once()

    assert (AccountPulse.objects.get().error_count, Watch.objects.get().misses) == (0, 1)
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


def test_the_rate_limit_of_an_account_is_kept(courier):
    shop = make_shop()
    for _ in range(6):
        at_courier(courier, make_package(shop=shop))
    CourierAccount.objects.update(rate_per_second=10)

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


def wait_for(condition, seconds=20):
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
        code = process.wait(20)

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
        assert wait_for(lambda: AccountPulse.objects.filter(error_count__gt=0).exists()), log.read_text()
        courier.start()
        assert courier.port == port
        advance(courier, package, "stop")
        assert wait_for(lambda: interception_of(package).is_stopped), log.read_text()
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(20)

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
