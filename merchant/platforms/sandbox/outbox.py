"""The sandbox's message push: in each platform's envelope, repeated by a timetable, paused while nobody is there.

The timetable is Kuaishou's; Douyin's is not public.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import Coroutine
from typing import Any

import aiohttp

from merchant.platforms.sandbox import envelopes
from merchant.platforms.sandbox.accounts import APPS
from merchant.platforms.sandbox.journal import Change, Row
from merchant.platforms.sandbox.world import World, now_ms

# Minutes after each failure; then a person has to ask for it again.
RETRY_MINUTES = (5, 10, 20, 30, 60)
# The platform waits three real seconds for {"result": 1}.
ANSWER_TIMEOUT_S = 3.0
HEARTBEAT_S = 30.0
PAUSE_AFTER_FAILURES = 10
IN_FLIGHT = 24
WAITING, DELIVERED, GIVEN_UP, LOST = "waiting", "delivered", "given_up", "lost"


class Outbox:
    """Messages to the merchants' doors. A row stays after delivery, so that the page can show what was sent."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._count = len(self.pushes)
        self._flying: set[str] = set()
        self._jobs: set[asyncio.Task[None]] = set()
        self._waiting = {key for key, row in self.pushes.items() if row["state"] == WAITING}
        world.tell = self.note

    @property
    def pushes(self) -> dict[str, Row]:
        return self.world.journal.of("push")

    @property
    def targets(self) -> dict[str, Row]:
        """Where each app wants its messages, by app key."""
        return self.world.journal.of("target")

    def set_target(self, app_key: str, url: str) -> None:
        self.world.journal.write(
            [("target", app_key, {"url": url, "failures": 0, "isPaused": False, "heartbeatAt": 0})]
        )

    def forget_target(self, app_key: str) -> None:
        self.world.journal.write([("target", app_key, None)])

    def note(self, app_key: str, event: str, biz_id: str, info: Row) -> list[Change]:
        """The change that puts one message into the outbox; written together with the change it tells of."""
        if app_key not in self.targets:
            return []
        faults = self.world.faults
        self._count += 1
        at = now_ms()
        key = f"{self._count:010d}"
        late = faults.strikes("disorder")
        row: Row = {
            "eventId": f"{self._count}_{APPS[app_key].seller_id}_{at}",
            "appKey": app_key,
            "event": event,
            "bizId": int(biz_id),
            "info": json.dumps(info, separators=(",", ":")),
            "createTime": at,
            "attempts": 0,
            "nextAt": self.world.later(random.uniform(0, faults.late_s)) if late else at,
            "repeats": int(faults.strikes("duplicate")),
            "state": LOST if faults.strikes("lose_push") else WAITING,
            "error": "",
        }
        if row["state"] == WAITING:
            self._waiting.add(key)
        return [("push", key, row)]

    def send_again(self, key: str) -> Row:
        """A person at the platform's console pushes this message once more."""
        row = {**self.pushes[key], "state": WAITING, "nextAt": now_ms()}
        self._save(key, row)
        return row

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Send what is due, for ever."""
        while True:
            for key in self._due():
                self._flying.add(key)
                self._start(self._deliver(session, key))
            for app_key, target in list(self.targets.items()):
                if target["isPaused"] and target["heartbeatAt"] <= now_ms():
                    self._save_target(app_key, {**target, "heartbeatAt": self.world.later(HEARTBEAT_S)})
                    self._start(self._heartbeat(session, app_key))
            await asyncio.sleep(0.05)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        job = asyncio.create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    def plain(self, row: Row) -> str:
        """The text of a message."""
        return envelopes.of(APPS[row["appKey"]]).plain(APPS[row["appKey"]], row)

    def _due(self) -> list[str]:
        at, room = now_ms(), IN_FLIGHT - len(self._flying)
        found: list[str] = []
        for key in sorted(self._waiting):
            if len(found) >= room:
                break
            row = self.pushes[key]
            if key in self._flying or row["nextAt"] > at:
                continue
            target = self.targets.get(row["appKey"])
            if target is None or target["isPaused"]:
                continue
            found.append(key)
        return found

    async def _deliver(self, session: aiohttp.ClientSession, key: str) -> None:
        row = self.pushes[key]
        app_key = row["appKey"]
        try:
            error = await self._post(session, app_key, self.plain(row))
        finally:
            self._flying.discard(key)
        if key not in self.pushes:
            return
        row = {**self.pushes[key], "attempts": row["attempts"] + 1, "error": error}
        if error:
            self._plan_retry(row)
        elif row["repeats"]:
            row |= {"repeats": row["repeats"] - 1, "nextAt": self.world.later(random.uniform(0.1, 2.0))}
        else:
            row["state"] = DELIVERED
        self._save(key, row)
        self._count_failure(app_key, failed=bool(error))

    def _plan_retry(self, row: Row) -> None:
        if row["attempts"] > len(RETRY_MINUTES):
            row["state"] = GIVEN_UP
        else:
            row["nextAt"] = self.world.later(RETRY_MINUTES[row["attempts"] - 1] * 60)

    async def _heartbeat(self, session: aiohttp.ClientSession, app_key: str) -> None:
        """While a door is shut nothing is sent to it but this, until it answers."""
        error = await self._post(session, app_key, envelopes.of(APPS[app_key]).heartbeat)
        if not error and app_key in self.targets:
            self._save_target(app_key, {**self.targets[app_key], "isPaused": False, "failures": 0})

    async def _post(self, session: aiohttp.ClientSession, app_key: str, plain: str) -> str:
        """The reason why it was not acknowledged; empty when it was."""
        envelope = envelopes.of(APPS[app_key])
        body, headers = envelope.sealed(APPS[app_key], plain)
        target = self.targets.get(app_key)
        if target is None:
            return "no door"
        try:
            async with session.post(
                target["url"],
                data=body.encode(),
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S),
            ) as response:
                text = await response.text()
                if response.status != 200:
                    return f"HTTP {response.status}"
        except TimeoutError:
            return "no answer within 3 s"
        except (aiohttp.ClientError, ConnectionError, ValueError) as error:
            return f"{type(error).__name__}: {error}"[:200]
        with contextlib.suppress(ValueError, AttributeError):
            if envelope.is_taken(json.loads(text)):
                return ""
        return "not acknowledged"

    def _count_failure(self, app_key: str, *, failed: bool) -> None:
        target = self.targets.get(app_key)
        if target is None or (not failed and not target["failures"]):
            return
        failures = target["failures"] + 1 if failed else 0
        self._save_target(app_key, {**target, "failures": failures, "isPaused": failures >= PAUSE_AFTER_FAILURES})

    def _save(self, key: str, row: Row) -> None:
        self.world.journal.write([("push", key, row)])
        if row["state"] == WAITING:
            self._waiting.add(key)
        else:
            self._waiting.discard(key)

    def _save_target(self, app_key: str, row: Any) -> None:
        self.world.journal.write([("target", app_key, row)])
