"""Tells merchants about scans: signed, repeated until the right acknowledgement comes, given up after sixteen times."""

import asyncio
import contextlib
import heapq
import logging
import random

import aiohttp

from logistics.sandbox.parcels import Parcel
from logistics.sandbox.store import PendingPush
from logistics.sandbox.wires import wire_of
from logistics.sandbox.world import World

log = logging.getLogger(__name__)

AT_ONCE = 24
TIMEOUT_S = 10
MAX_ATTEMPTS = 16
# Nominal seconds before the next try; the last one is used for all that follow.
RETRY_AFTER_S = (5, 15, 30, 60, 120, 300, 600, 1200)
# However fast the clock runs, a merchant that is down is not hammered.
MIN_RETRY_S = 0.3


class Pusher:
    """Open pushes wait in a heap by due time; a handful are under way at once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._due: list[tuple[float, int, PendingPush]] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """For ever; starts with what an earlier process had not delivered."""
        for push in self.world.store.open_pushes():
            self._add(push)
        connector = aiohttp.TCPConnector(limit=AT_ONCE)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            while True:
                await self._collect()
                while self._due and self._due[0][0] <= self.world.now() and len(self._under_way) < AT_ONCE:
                    task = asyncio.create_task(self._deliver(session, heapq.heappop(self._due)[2]))
                    self._under_way.add(task)
                    self.world.pushes_under_way = len(self._under_way)
                    task.add_done_callback(self._has_ended)

    def _has_ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self.world.pushes_under_way = len(self._under_way)

    def _add(self, push: PendingPush) -> None:
        heapq.heappush(self._due, (push.due_at, push.id, push))

    async def _collect(self) -> None:
        """Wait for a new push, for the next due time, or for a free place; then take in what is new."""
        if len(self._under_way) >= AT_ONCE:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        else:
            wait = min(max(self._due[0][0] - self.world.now(), 0.0), 1.0) if self._due else 1.0
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.world.has_pushes.wait(), wait)
        self.world.has_pushes.clear()
        while self.world.pushes:
            self._add(self.world.pushes.popleft())

    async def _deliver(self, session: aiohttp.ClientSession, push: PendingPush) -> None:
        parcel = self.world.store.parcels.get(push.waybill)
        if parcel is None:
            self.world.store.push_tried(push, "given_up")
            return
        push.attempts += 1
        self.world.count("push_sent")
        if self.world.faults.happens(self.world.faults.push_loss):
            is_acknowledged = False
        else:
            is_acknowledged = await self._post(session, push, parcel)
        if is_acknowledged:
            self.world.store.push_tried(push, "done")
            return
        self.world.count("push_refused")
        # Some say after how long and how often; the others repeat for as long as the most patient of them.
        waits = getattr(wire_of(parcel), "RETRY_AFTER_S", None)
        if push.attempts >= (len(waits) + 1 if waits else MAX_ATTEMPTS):
            self.world.store.push_tried(push, "given_up")
            return
        waits = waits or RETRY_AFTER_S
        nominal = waits[min(push.attempts - 1, len(waits) - 1)]
        push.due_at = self.world.now() + max(MIN_RETRY_S, nominal * self.world.scale) * random.uniform(0.8, 1.2)
        self.world.store.push_tried(push, "")
        self._add(push)

    async def _post(self, session: aiohttp.ClientSession, push: PendingPush, parcel: Parcel) -> bool:
        wire = wire_of(parcel)
        # A repetition is the same bytes, whatever changes from one scan to the next.
        body, headers = wire.push(parcel, push.scan, turn=push.id)
        try:
            async with session.post(push.url, data=body, headers=headers) as response:
                answer = (await response.content.read(64 * 1024)).decode(errors="replace")
        except (aiohttp.ClientError, TimeoutError, ConnectionError, ValueError) as error:
            log.info("push of %s to the merchant failed: %s", push.waybill, error)
            return False
        if response.status != 200:
            return False
        return wire.is_acknowledged(answer)
