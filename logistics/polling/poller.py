"""The poller: a process of its own that asks couriers about what is due, with many questions in flight.

One event loop talks to the couriers; a few threads talk to the database. While the answers of one batch come in and are
written, the next batch is already being asked. It needs no Redis: what it learns it weighs itself.
"""

import asyncio
import gc
import logging
import signal
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
from django.conf import settings
from django.db import close_old_connections, connections

from logistics.couriers.base import CourierError, ErrorClass
from logistics.polling import batch
from logistics.polling.batch import Reply, Streak, Work
from logistics.watch import circuit_breaker
from logistics.watch import services as watching
from logistics.watch.services import Due
from merchant.jobs import services as jobs
from merchant.shops.models import CourierAccount
from merchant.table_statistics import analyze_grown

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

IN_FLIGHT = 200
# Batches of one account that may be under way or unwritten at once.
OPEN_BATCHES = 4
# Batches written at once: while one waits for the database, another is made ready.
WRITERS = 2
# How often the list of accounts is read and idle ones are looked at, and how often the process says that it lives.
TICK_S = 0.5
BEAT_S = 5.0
BEAT_NAME = "poller"


class RateLimit:
    """At most `per_second` starts a second, evenly spaced; 0 is no limit."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._free_at = 0.0

    async def take(self) -> None:
        if not self.per_second:
            return
        clock = asyncio.get_running_loop().time()
        slot = max(self._free_at, clock)
        self._free_at = slot + 1 / self.per_second
        if slot > clock:
            await asyncio.sleep(slot - clock)


@dataclass(slots=True)
class Asking:
    """A batch while it is asked about. `subscribed` is shared by the batches of an account that are under way."""

    work: Work
    limit: RateLimit
    subscribed: set[int]
    streak: Streak = field(default_factory=Streak)
    # Set when no question of the batch waits for its turn any more.
    all_started: asyncio.Event = field(default_factory=asyncio.Event)
    started: int = 0

    def note_start(self) -> None:
        self.started += 1
        if self.started == len(self.work.rows):
            self.all_started.set()


class Poller:
    """`run()` until `stop()`; with `once` until nothing is due. `in_flight` is of all POLLERS together."""

    def __init__(self, *, in_flight: int = IN_FLIGHT, once: bool = False) -> None:
        self.in_flight = max(1, in_flight // settings.POLLERS)
        self.once = once
        self.asked = 0
        self._stopping = asyncio.Event()
        self._slots = asyncio.Semaphore(self.in_flight)
        self._limits: dict[int, RateLimit] = {}
        self._serving: dict[int, asyncio.Task[None]] = {}
        # Each thread with a connection of its own. Claims do not stand in line behind the writing of a batch.
        self._claiming = ThreadPoolExecutor(1, thread_name_prefix="poller-claim")
        self._writing = ThreadPoolExecutor(WRITERS, thread_name_prefix="poller-write")
        self._session: aiohttp.ClientSession | None = None

    def stop(self) -> None:
        """Finish the questions under way, give back what was claimed and not asked, and end."""
        self._stopping.set()

    async def run(self) -> None:
        connector = aiohttp.TCPConnector(limit=self.in_flight, ttl_dns_cache=300)
        beating = asyncio.create_task(self._beat())
        try:
            async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
                self._session = session
                await self._serve_accounts()
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            await self._disconnect()

    # --- accounts -------------------------------------------------------------------------------------------------

    async def _serve_accounts(self) -> None:
        while not self._stopping.is_set():
            accounts = await self._try("the accounts could not be read", watching.active_accounts) or []
            for account in accounts:
                if account.pk not in self._serving:
                    self._serving[account.pk] = asyncio.create_task(self._serve(account.pk))
            if self.once:
                await asyncio.gather(*self._serving.values())
                return
            await self._pause(TICK_S)
            self._serving = {pk: task for pk, task in self._serving.items() if not task.done()}
        await asyncio.gather(*self._serving.values())

    async def _serve(self, account_id: int) -> None:
        """Batch after batch until nothing of this account is due. The next batch begins as soon as the last question of
        this one is under way: a slow answer holds up the writing of its own batch and nothing else."""
        open_batches: deque[asyncio.Task[None]] = deque()
        # Parcels whose row may not say yet that they are subscribed.
        subscribed: set[int] = set()
        work = await self._take(account_id)
        while work is not None:
            following = asyncio.create_task(self._take(account_id))
            asking = Asking(work, self._limit_of(work.account), subscribed)
            open_batches.append(asyncio.create_task(self._ask_and_write(asking)))
            await asking.all_started.wait()
            while len(open_batches) >= OPEN_BATCHES:
                await open_batches.popleft()
            work = await following
            if work is None or asking.streak.is_broken:
                # Nothing else was due, or the account is about to be paused: first all of it is written down. What the
                # push side made due meanwhile is asked then.
                await asyncio.gather(*open_batches)
                open_batches.clear()
                subscribed.clear()
                await self._give_back(work)
                work = await self._take(account_id)
            if self._stopping.is_set():
                await self._give_back(work)
                work = None
        await asyncio.gather(*open_batches)

    async def _ask_and_write(self, asking: "Asking") -> None:
        try:
            await self._ask_all(asking)
        finally:
            # Whatever happened to this batch, the next one may begin.
            asking.all_started.set()
        # Rows that could not be written come due again when their lease ends.
        told = asking.work, asking.streak.replies
        await self._try("a batch could not be written", batch.finish, *told, threads=self._writing)

    async def _give_back(self, work: Work | None) -> None:
        if work is not None:
            await self._try("a batch could not be given back", watching.release, work.rows)

    def _limit_of(self, account: CourierAccount) -> RateLimit:
        limit = self._limits.setdefault(account.pk, RateLimit(0))
        limit.per_second = account.rate_per_second / settings.POLLERS
        return limit

    async def _take(self, account_id: int) -> Work | None:
        if self._stopping.is_set():
            return None
        return await self._try("nothing could be claimed", batch.take, account_id)

    # --- questions ------------------------------------------------------------------------------------------------

    async def _ask_all(self, asking: "Asking") -> None:
        waiting = iter(asking.work.rows)

        async def one_after_the_other() -> None:
            for due in waiting:
                await self._ask_about(asking, due)

        hands = min(self.in_flight, len(asking.work.rows))
        await asyncio.gather(*(one_after_the_other() for _ in range(hands)))

    async def _ask_about(self, asking: "Asking", due: Due) -> None:
        """Up to three calls about one parcel, each in its turn."""
        reply, calls = Reply(due), self._calls(asking, due)
        for call in calls:
            # Waiting for the account's turn takes nobody's place among the calls in flight.
            if asking.limit.per_second and not self._is_over(asking):
                await asking.limit.take()
            if call is calls[0]:
                asking.note_start()
            async with self._slots:
                if call is calls[0]:
                    if self._is_over(asking):
                        reply.is_skipped = True
                        break
                    self.asked += 1
                await call(asking, reply)
        asking.streak.note(reply)

    def _calls(self, asking: "Asking", due: Due) -> list[Callable[["Asking", Reply], Awaitable[None]]]:
        """The subscription before the track: a scan between the two is then pushed, or read. The interception's result
        before the track too: a signature between the questions is then seen beside it."""
        calls: list[Callable[[Asking, Reply], Awaitable[None]]] = []
        is_subscribed = due.is_subscribed or due.package_id in asking.subscribed
        if asking.work.may_subscribe and asking.streak.may_subscribe and not is_subscribed:
            calls.append(self._subscribe)
        if due.package_id in asking.work.asked_status:
            calls.append(self._ask_result)
        calls.append(self._ask_track)
        return calls

    def _is_over(self, asking: "Asking") -> bool:
        return asking.streak.is_broken or self._stopping.is_set()

    async def _subscribe(self, asking: "Asking", reply: Reply) -> None:
        session, work, due = self._session, asking.work, reply.due
        assert session is not None
        call = work.courier.asubscribe(session, work.account, due.waybill, work.phone_last4)
        error = await self._question(work, due, call)
        if error is None or (isinstance(error, CourierError) and error.error_class is ErrorClass.DUPLICATE):
            reply.is_subscribed = True
            asking.subscribed.add(due.package_id)
        else:
            reply.unsubscribed = error
        asking.streak.note_subscription(reply.unsubscribed)

    async def _ask_result(self, asking: "Asking", reply: Reply) -> None:
        session, work, due = self._session, asking.work, reply.due
        assert session is not None
        result = await self._question(work, due, work.courier.aquery_intercept(session, work.account, due.waybill))
        if isinstance(result, Exception):
            reply.error = result
        else:
            reply.status = result

    async def _ask_track(self, asking: "Asking", reply: Reply) -> None:
        session, work, due = self._session, asking.work, reply.due
        assert session is not None
        call = work.courier.atrack_unless(session, work.account, due.waybill, work.phone_last4, known=due.answer_hash)
        track = await self._question(work, due, call)
        if isinstance(track, Exception):
            reply.error = track
        else:
            reply.answer_hash, reply.events = track

    async def _question(self, work: Work, due: Due, asking: Coroutine[Any, Any, Result]) -> Result | Exception:
        try:
            return await asking
        except CourierError as error:
            return error
        except Exception as error:  # noqa: BLE001 - garbage even the adapter did not expect: one row's trouble
            logger.warning("answer about %s of account %s: %r", due.package_id, work.account.pk, error)
            return error

    # --- the rest -------------------------------------------------------------------------------------------------

    async def _beat(self) -> None:
        while True:
            await self._try("the beat could not be written", _say_alive)
            await asyncio.sleep(BEAT_S)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            pass

    async def _in_database(self, threads: ThreadPoolExecutor, work: Callable[..., Result], *args: Any) -> Result:
        def clean() -> Result:
            close_old_connections()
            return work(*args)

        return await asyncio.get_running_loop().run_in_executor(threads, clean)

    async def _disconnect(self) -> None:
        """Close every thread's connection; a connection is known to its own thread only."""
        for threads, count in ((self._claiming, 1), (self._writing, WRITERS)):
            together = threading.Barrier(count)

            def close(together: threading.Barrier = together) -> None:
                # A thread that is done first must not take the other's turn too.
                connections.close_all()
                together.wait(10)

            await asyncio.gather(*(self._in_database(threads, close) for _ in range(count)))
            threads.shutdown()

    async def _try(
        self, trouble: str, work: Callable[..., Result], *args: Any, threads: ThreadPoolExecutor | None = None
    ) -> Result | None:
        """In a database thread; a database that is away is logged and tried again on the next turn."""
        try:
            return await self._in_database(threads or self._claiming, work, *args)
        except Exception:
            logger.exception(trouble)
            await self._pause(TICK_S)
            return None


def _say_alive() -> None:
    lags = circuit_breaker.lags_of(account.pk for account in watching.active_accounts())
    jobs.beat(BEAT_NAME, sum(lag.due for lag in lags.values()))
    # The first round over a shop's parcels fills an empty table of scans.
    analyze_grown()


async def run_until_told(poller: Poller) -> None:
    """Run until SIGTERM or SIGINT, as the one thing this process is for."""
    _spare_the_collector()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, poller.stop)
    await poller.run()


def _spare_the_collector() -> None:
    """Thousands of answers a second are born and die here, beside a few hundred thousand objects of Django that stay:
    unasked, the collector walks over those again and again, for a quarter of the process's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
