"""The poller against a bare aiohttp loop: 200 in flight, the same signed queries, bodies thrown away.

A few processes and PostgreSQL share the machine: the courier (`fake_courier`, six scans an answer), and by turns the
floor (this process: the very same queries, signed beforehand) and the product (`manage.py poller`, as a shop runs it:
HUICANG_POLLERS of them, one a core, with 200 questions in flight together as the floor has).
The poller's time runs from its first question until the last answer is committed. No rate limit, and no subscriptions:
those would be a second call that the floor does not make. How busy the courier was is printed: far below one core, it
is not what is measured.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import aiohttp
import psutil
from django.conf import settings
from django.db import connection
from django.test import override_settings

from tests.bench.figures import figure, note

# HUICANG_BENCH_WATCHED=200000 makes a smaller run: the same figures, over fewer parcels that are not due.
DUE, WATCHED = 20_000, int(os.environ.get("HUICANG_BENCH_WATCHED", "2000000"))
IN_FLIGHT = 200
POLLERS = int(os.environ.get("HUICANG_POLLERS", min(2, os.cpu_count() or 1)))
ROUNDS = 3
PATIENCE_S = 120
NEWS_BAR, ALL_NEW_BAR, FLAT_BAR, MEMORY_BAR = 50.0, 20.0, 1.1, 1.1


def run() -> None:
    from tests.bench.material import watched_parcels

    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",), "a figure is taken on a server that commits as a shop's does"
    account, waybills = watched_parcels(DUE)
    with a_courier() as courier, override_settings(COURIER_HOSTS={**settings.COURIER_HOSTS, "zto": courier.url}):
        calls = signed(account, waybills)
        with a_poller(courier) as poller:
            ask = lambda: timed(lambda: asyncio.run(ask_all(calls)))  # noqa: E731
            for news in ("/all/6", "/news/3"):  # every parcel is known, every plan is made, both kinds were seen once
                courier.tell(news)
                poller.poll_all()
            ask()
            rss = [poller.memory()]
            some, bare_some = by_turns(poller.poll_all, ask, before=lambda: courier.tell("/news/3"))
            rss.append(poller.memory())
            everything, bare_everything = by_turns(poller.poll_all, ask, before=lambda: courier.tell("/all/6"))
            rss.append(poller.memory())
            note(
                f"bare loop {DUE / bare_some:,.0f}/s; poller {DUE / some:,.0f}/s with one new scan for 30 %, "
                f"{DUE / everything:,.0f}/s with six new for all"
            )
            note(f"the courier was busy {courier.share_of_a_core(ask):.0%} of the bare loop's time")
            in_percent("poller, one new scan for 30 % / bare loop", bare_some / some, NEWS_BAR)
            in_percent("poller, six new scans for all / bare loop", bare_everything / everything, ALL_NEW_BAR)

            few, bare_few = by_turns(poller.poll_all, ask, before=lambda: courier.tell("/news/3"))
            filling = timed(lambda: watched_parcels(WATCHED - DUE, account=account, start=DUE, is_due=False))
            note(f"{WATCHED:,} watched now, filled in {filling:.0f} s")
            poller.poll_all()
            many, bare_many = by_turns(poller.poll_all, ask, before=lambda: courier.tell("/news/3"))
            rss.append(poller.memory())
            note(f"{DUE / few:,.0f}/s of {DUE:,} watched, {DUE / many:,.0f}/s of {WATCHED:,}")
            note("the poller's memory: " + ", ".join(f"{size / 1e6:.0f} MB" for size in rss))
    # Each beside the floor of its own minutes: the machine may be busier in one than in the other.
    figure(f"cost of a due parcel, {WATCHED:,} / {DUE:,} watched", (many / bare_many) / (few / bare_few), FLAT_BAR)
    figure("memory of the poller, last round / first", rss[-1] / rss[0], MEMORY_BAR)


def in_percent(name: str, share: float, bar: float) -> None:
    figure(f"{name}, % of its speed", share * 100, bar, ">=")


def by_turns(
    poll: Callable[[], float], floor: Callable[[], float], *, before: Callable[[], None]
) -> tuple[float, float]:
    """Median seconds of the poller and of the floor."""
    took: list[float] = []
    bare: list[float] = []
    for _ in range(ROUNDS):
        before()
        bare.append(floor())
        took.append(poll())
    return statistics.median(took), statistics.median(bare)


def timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


# --- the product ------------------------------------------------------------------------------------------------------


class ThePoller:
    """`manage.py poller`, POLLERS of them, left running."""

    def __init__(self, processes: "list[subprocess.Popen[bytes]]", courier: "FakeCourier") -> None:
        self.processes, self.courier = [psutil.Process(process.pid) for process in processes], courier

    def poll_all(self) -> float:
        """Make the parcels due and wait until the poller has asked about each and written the answer down."""
        before, first = polled(), 0.0
        self.courier.tell("/first")
        make_due()
        while (done := polled() - before) < DUE:
            time.sleep(0.02)
            first = first or self.courier.ask("/first")
            assert not first or time.monotonic() - first < PATIENCE_S, f"{done} of {DUE} answers were written"
        seconds = time.monotonic() - first
        assert done == DUE, (done, "a parcel was asked about twice")
        return seconds

    def memory(self) -> int:
        return sum(int(process.memory_info().rss) for process in self.processes)


@contextmanager
def a_poller(courier: "FakeCourier") -> Iterator[ThePoller]:
    to = connection.settings_dict
    address = f"postgres://{to['USER']}:{to['PASSWORD']}@{to['HOST'] or '127.0.0.1'}:{to['PORT'] or 5432}/{to['NAME']}"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "merchant.settings",
        "DATABASE_URL": address,
        "HUICANG_ZTO_HOST": courier.url,
        "HUICANG_LOG_LEVEL": "WARNING",
        "HUICANG_POLLERS": str(POLLERS),
    }
    command = [sys.executable, "manage.py", "poller", "--in-flight", str(IN_FLIGHT)]
    processes = [subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment) for _ in range(POLLERS)]
    try:
        yield ThePoller(processes, courier)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)


def make_due() -> None:
    """The same parcels again, long due; what was written before is not vacuumed inside the clock."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE logistics_watch")
        cursor.execute(
            "UPDATE logistics_watch SET next_at = now() - interval '1 minute' WHERE package_id IN"
            " (SELECT id FROM logistics_package ORDER BY id LIMIT %s)",
            [DUE],
        )


def polled() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(polled_count), 0)::int FROM logistics_accounthealth")
        return int(cursor.fetchone()[0])


# --- the floor --------------------------------------------------------------------------------------------------------


def signed(account, waybills: list[str]) -> list[tuple[str, bytes, dict[str, str]]]:
    from logistics.couriers import registry

    zto = registry.get("zto")
    calls = [zto.build_track(account, waybill) for waybill in waybills]
    return [(call.url, call.body, dict(call.headers)) for call in calls]


async def ask_all(calls: list[tuple[str, bytes, dict[str, str]]]) -> None:
    waiting = iter(calls)

    async def one_after_the_other(session: aiohttp.ClientSession) -> None:
        for url, body, headers in waiting:
            async with session.post(url, data=body, headers=headers) as response:
                await response.read()

    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        await asyncio.gather(*(one_after_the_other(session) for _ in range(IN_FLIGHT)))


# --- the courier ------------------------------------------------------------------------------------------------------


class FakeCourier:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.process = psutil.Process(process.pid)
        self.url = f"http://127.0.0.1:{int(process.stdout.readline())}"

    def tell(self, path: str) -> None:
        urllib.request.urlopen(urllib.request.Request(self.url + path, data=b""), timeout=5).close()

    def ask(self, path: str) -> float:
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            return float(json.load(answer))

    def share_of_a_core(self, work: Callable[[], float]) -> float:
        """How much of the time of `work` this process computed."""
        before = sum(self.process.cpu_times()[:2])
        seconds = work()
        return float(sum(self.process.cpu_times()[:2]) - before) / seconds


@contextmanager
def a_courier() -> Iterator[FakeCourier]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.fake_courier"], stdout=subprocess.PIPE, text=True, cwd=settings.BASE_DIR
    )
    try:
        yield FakeCourier(process)
    finally:
        process.terminate()
        process.wait(10)
