"""The poller: a process of its own that asks couriers about what is due, with many questions in flight.

One event loop talks to the couriers; one thread talks to the database. While the answers of one batch are written,
the next batch is already being asked. It needs no Redis: what it learns it weighs itself.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import aiohttp
from django.db import close_old_connections, connections

from logistics.couriers.base import CourierError, ErrorClass
from logistics.watch import batch
from logistics.watch import services as watching
from logistics.watch.batch import Reply, Streak, Work
from logistics.watch.services import Due
from merchant.jobs import services as jobs

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

IN_FLIGHT = 200
# How often the list of accounts is read and idle ones are looked at, and how often the process says that it lives.
TICK_S = 0.5
BEAT_S = 5.0
BEAT_NAME = "poller"


class RateLimit:
    """At most `per_second` starts a second, evenly spaced; 0 is no limit."""

    def __init__(self, per_second: int) -> None:
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


class Poller:
    """`run()` until `stop()`; with `once` until nothing is due."""

    def __init__(self, *, in_flight: int = IN_FLIGHT, once: bool = False) -> None:
        self.in_flight = in_flight
        self.once = once
        self.asked = 0
        self._stopping = asyncio.Event()
        self._slots = asyncio.Semaphore(in_flight)
        self._limits: dict[int, RateLimit] = {}
        self._serving: dict[int, asyncio.Task[None]] = {}
        # One thread: Django's connection belongs to it, and batches are written one after the other.
        self._database = ThreadPoolExecutor(1, thread_name_prefix="poller-db")
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
            await self._in_database(connections.close_all)  # of that thread; `connection.close` would be ours
            self._database.shutdown()

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
        """Batch after batch until nothing of this account is due. Asking and writing overlap."""
        writing: asyncio.Task[Any] | None = None
        # The batch before, which may not have been written yet when the present one was claimed.
        subscribed: set[int] = set()
        work = await self._take(account_id)
        while work is not None:
            following = asyncio.create_task(self._take(account_id))
            replies = await self._ask_all(work, subscribed)
            subscribed = {reply.due.package_id for reply in replies if reply.is_subscribed}
            if writing is not None:
                await writing
            writing = asyncio.create_task(self._finish(work, replies))
            work = await following
            if work is None:
                # Nothing else was due; what the push side made due meanwhile is asked once this batch is written.
                await writing
                writing, work = None, await self._take(account_id)
            if work is not None and self._stopping.is_set():
                await self._in_database(watching.release, work.rows)
                work = None
        if writing is not None:
            await writing

    async def _take(self, account_id: int) -> Work | None:
        if self._stopping.is_set():
            return None
        return await self._try("nothing could be claimed", batch.take, account_id)

    async def _finish(self, work: Work, replies: list[Reply]) -> None:
        # Rows that could not be written come due again when their lease ends.
        await self._try("a batch could not be written", batch.finish, work, replies)

    # --- questions ------------------------------------------------------------------------------------------------

    async def _ask_all(self, work: Work, subscribed: set[int]) -> list[Reply]:
        """One reply a row; `subscribed` are parcels whose row may not say yet that they are."""
        limit = self._limits.setdefault(work.account.pk, RateLimit(work.account.rate_per_second))
        limit.per_second = work.account.rate_per_second
        streak = Streak()
        rows = [replace(row, is_subscribed=row.is_subscribed or row.package_id in subscribed) for row in work.rows]
        await asyncio.gather(*(self._ask_in_turn(work, due, limit, streak) for due in rows))
        return streak.replies

    async def _ask_in_turn(self, work: Work, due: Due, limit: RateLimit, streak: Streak) -> None:
        async with self._slots:
            if not (streak.is_broken or self._stopping.is_set()):
                await limit.take()
            if streak.is_broken or self._stopping.is_set():
                streak.note(Reply(due, is_skipped=True))
                return
            self.asked += 1
            reply = Reply(due)
            if work.may_subscribe and streak.may_subscribe and not due.is_subscribed:
                await self._subscribe(work, reply)
                streak.note_subscription(reply.unsubscribed)
                await limit.take()
            await self._ask(work, reply)
            streak.note(reply)

    async def _subscribe(self, work: Work, reply: Reply) -> None:
        """Before the track is read: a scan between the two calls is then pushed, or read."""
        session, due = self._session, reply.due
        assert session is not None
        asking = work.courier.asubscribe(session, work.account, due.waybill, work.phone_last4)
        error = await self._question(work, due, asking)
        if error is None or (isinstance(error, CourierError) and error.error_class is ErrorClass.DUPLICATE):
            reply.is_subscribed = True
        else:
            reply.unsubscribed = error

    async def _ask(self, work: Work, reply: Reply) -> None:
        session, courier, due = self._session, work.courier, reply.due
        assert session is not None
        if due.package_id in work.asked_status:
            # The result before the track: a signature between the two questions is then seen beside it.
            result = await self._question(work, due, courier.aquery_intercept(session, work.account, due.waybill))
            if isinstance(result, Exception):
                reply.error = result
            else:
                reply.status = result
        track = await self._question(work, due, courier.atrack(session, work.account, due.waybill, work.phone_last4))
        if isinstance(track, Exception):
            reply.error = track
        else:
            reply.events = track

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

    async def _in_database(self, work: Callable[..., Result], *args: Any) -> Result:
        def clean() -> Result:
            close_old_connections()
            return work(*args)

        return await asyncio.get_running_loop().run_in_executor(self._database, clean)

    async def _try(self, trouble: str, work: Callable[..., Result], *args: Any) -> Result | None:
        """In the database thread; a database that is away is logged and tried again on the next turn."""
        try:
            return await self._in_database(work, *args)
        except Exception:
            logger.exception(trouble)
            await self._pause(TICK_S)
            return None


def _say_alive() -> None:
    backlog = sum(watching.lag_of(account)[1] for account in watching.active_accounts())
    jobs.beat(BEAT_NAME, backlog)


async def run_until_told(poller: Poller) -> None:
    """Run until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, poller.stop)
    await poller.run()
