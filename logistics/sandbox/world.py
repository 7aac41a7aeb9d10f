"""Everything the sandbox has in hand: parcels, faults, the clock that drives the parcels' lives."""

import asyncio
import heapq
import logging
import random
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from logistics.sandbox.faults import Faults
from logistics.sandbox.lives import HOME
from logistics.sandbox.parcels import Parcel
from logistics.sandbox.store import PendingPush, Store

log = logging.getLogger(__name__)

# Pushes held back to arrive out of order come this many nominal seconds late at most.
DISORDER_S = 300
# Ordered at the courier's console, for a whole account.
PUSHED_UNASKED = ("sf",)
# Steps lived in one go before calls get their turn.
STEPS_AT_ONCE = 200


@dataclass(frozen=True)
class Asked:
    """One call as it came in: the variable pieces of its path, its headers (lower case), its exact bytes."""

    path: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes


class Spoiled(Exception):
    """The work was done, but the answer shall not arrive as it should. `kind` is 5xx, garbage or slow."""

    def __init__(self, kind: str, content: Any) -> None:
        self.kind, self.content, self.body = kind, content, ""
        super().__init__(kind)


class World:
    """`scale` turns nominal seconds into real ones; 0.01 makes a day pass in a quarter of an hour."""

    def __init__(self, store: Store, *, scale: float = 1.0) -> None:
        self.store, self.scale = store, scale
        self.faults = Faults()
        self.faults.change(store.setting("faults"))
        # Where an account wants pushes about the parcels it subscribed to: "courier:account" → address.
        self.push_urls: dict[str, str] = store.setting("push_urls")
        # New pushes, for the pusher to take; the event tells it.
        self.pushes: deque[PendingPush] = deque()
        self.has_pushes = asyncio.Event()
        # Sent and not answered yet.
        self.pushes_under_way = 0
        self.counts: dict[str, int] = {}
        self._due: list[tuple[float, str]] = []
        self._woken = asyncio.Event()
        self._calls: dict[str, deque[float]] = {}
        for parcel in store.parcels.values():
            self._plan(parcel)

    def now(self) -> float:
        return time.time()

    # --- parcels -----------------------------------------------------------------------------------------------

    def parcel(self, courier: str, waybill: str) -> Parcel | None:
        parcel = self.store.parcels.get(waybill)
        return parcel if parcel is not None and parcel.courier == courier else None

    def create(self, told: list[dict[str, Any]]) -> list[Parcel]:
        """New parcels; a known waybill stays as it is unless `replace` is said. Raises Refusal, then none is made."""
        made = []
        for one in told:
            existing = self.store.parcels.get(str(one.get("waybill") or ""))
            if existing is not None and not one.get("replace"):
                continue
            made.append(Parcel.create(one, now=self.now(), scale=self.scale))
        self.store.save(*made)
        for parcel in made:
            self._plan(parcel)
        return [self.store.parcels[str(one["waybill"]).strip()] for one in told]

    def keep(self, *parcels: Parcel) -> None:
        """Write changed parcels down and see to the rest of their lives."""
        self.store.save(*parcels)
        for parcel in parcels:
            self._plan(parcel)

    def act(self, parcel: Parcel, verb: str) -> None:
        """A person makes something happen now; what was planned is off, a stopped parcel travels home by itself."""
        scan = parcel.act(verb, now=self.now())
        parcel.follow(list(HOME) if verb == "stop" else [], now=self.now(), scale=self.scale)
        self._announce([(parcel, scan)])

    def set_faults(self, told: dict[str, Any]) -> None:
        self.faults.change(told)
        self.store.keep_setting("faults", self.faults.as_dict())

    def set_push_url(self, courier: str, account: str, url: str) -> None:
        """What a merchant enters at the courier's console; "" takes it away."""
        self.push_urls[f"{courier}:{account}"] = url
        self.store.keep_setting("push_urls", self.push_urls)

    def subscribe(self, parcel: Parcel) -> None:
        """The merchant asks for pushes. Raises Spoiled, with nothing done, while the parcel's life wants that."""
        parcel.count("subscribe")
        fails = parcel.use("subscribe_5xx")
        parcel.is_subscribed = parcel.is_subscribed or not fails
        self.keep(parcel)
        if fails:
            raise Spoiled("5xx", None)

    def push_url_of(self, parcel: Parcel) -> str:
        """The parcel's own address, which needs no subscription; else its account's, once it was subscribed, or where
        the courier pushes every parcel of an account that gave one."""
        if parcel.push_url or not (parcel.is_subscribed or parcel.courier in PUSHED_UNASKED):
            return parcel.push_url
        return self.push_urls.get(f"{parcel.courier}:{parcel.account}", "")

    # --- lives -------------------------------------------------------------------------------------------------

    def _plan(self, parcel: Parcel) -> None:
        if parcel.next_at is not None:
            heapq.heappush(self._due, (parcel.next_at, parcel.waybill))
            self._woken.set()

    async def live(self) -> None:
        """Live every parcel's next step when it is due, for ever."""
        while True:
            self._woken.clear()
            wait = self._due[0][0] - self.now() if self._due else 60.0
            if wait > 0:
                try:
                    await asyncio.wait_for(self._woken.wait(), min(wait, 60.0))
                except TimeoutError:
                    pass
                continue
            self._live_due()
            await asyncio.sleep(0)

    def _live_due(self) -> None:
        changed: list[tuple[Parcel, dict[str, Any] | None]] = []
        while self._due and self._due[0][0] <= self.now() and len(changed) < STEPS_AT_ONCE:
            at, waybill = heapq.heappop(self._due)
            parcel = self.store.parcels.get(waybill)
            # An older plan's entry: the parcel has been given another life meanwhile.
            if parcel is None or parcel.next_at != at:
                continue
            changed.append((parcel, parcel.step(now=self.now(), scale=self.scale)))
        self._announce(changed)

    def _announce(self, changed: list[tuple[Parcel, dict[str, Any] | None]]) -> None:
        """Keep the parcels, and send their new scans to whoever wants to know."""
        pushes = []
        for parcel, scan in changed:
            url = self.push_url_of(parcel)
            if result := parcel.untold_result():
                pushes.append((parcel.waybill, result, parcel.callback_url, self.now()))
            if scan is None or not url or parcel.wire.get("no_push"):
                continue
            times = 2 if parcel.wire.get("duplicate_push") or self.faults.happens(self.faults.duplicate) else 1
            for _ in range(times):
                is_late = parcel.wire.get("disorder_push") or self.faults.happens(self.faults.disorder)
                late = random.uniform(0, DISORDER_S) * self.scale if is_late else 0.0
                pushes.append((parcel.waybill, scan, url, self.now() + late))
        self._send(self.store.save(*{p.waybill: p for p, _ in changed}.values(), pushes=pushes))
        for parcel, _ in changed:
            self._plan(parcel)

    def push_again(self, parcel: Parcel, times: int) -> int:
        """Repeat the parcel's last scan as pushes; returns how many were sent off."""
        url = self.push_url_of(parcel)
        if not parcel.scans or not url:
            return 0
        again = [(parcel.waybill, parcel.scans[-1], url, self.now())] * times
        self._send(self.store.save(parcel, pushes=again))
        return times

    def _send(self, pushes: list[PendingPush]) -> None:
        self.pushes.extend(pushes)
        self.has_pushes.set()

    # --- calls -------------------------------------------------------------------------------------------------

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def is_throttled(self, courier: str) -> bool:
        """Count one call of this second; true when it is one too many."""
        if not self.faults.qps:
            return False
        calls, now = self._calls.setdefault(courier, deque()), time.monotonic()
        while calls and calls[0] < now - 1:
            calls.popleft()
        if len(calls) >= self.faults.qps:
            return True
        calls.append(now)
        return False

    def spoil(self, parcel: Parcel, content: Any) -> Any:
        """The answer, or Spoiled when this parcel's life says that the next answers go wrong."""
        for kind in ("5xx", "garbage", "slow"):
            if parcel.use(kind):
                self.store.save(parcel)
                raise Spoiled(kind, content)
        return content
