"""From a courier's word that a parcel is stopped to the refund at the platform: the shop's own processes, both worlds as
sandboxes on the wire.

YTO pushes a signed return scan; it proves the stop by itself. The clock runs from the moment the push leaves the courier
to the moment the platform is told to pay, by the platform's own record. First one at a time (unloaded), then ten a second
for a minute, then 500 at once; then the highest rate that holds is searched for, up or down from ten. At the end the
platform's books say that every parcel's refund was paid, and paid once.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from django.db import connection
from django.test import override_settings

from tests.bench.figures import figure, highest_rate, note

UNLOADED, RATE, SECONDS, BURST = 30, 10, 60, 500
# A rate is tried for so long, from FIRST a second up to MOST at best, with so many parcels kept for the search.
FIRST, MOST, STAGE_S, PROBES = 10, 80, 10, 3000
# p99 in unloaded medians: at RATE, and what a rate that holds may take at most.
BAR = 5
SATURATION_BAR = 25
DRAIN_S = 300


@dataclass
class Stopped:
    """A parcel whose case waits for it, the push that says it is stopped, and what came of it (epoch seconds)."""

    waybill: str
    refund_id: str
    pushed_at: float = 0.0
    told_at: float = 0.0

    @property
    def took_s(self) -> float:
        return self.told_at - self.pushed_at


def run() -> None:
    with tempfile.TemporaryDirectory(prefix="huicang-bench-") as folder:
        road = Road(Path(folder))
        try:
            road.measure()
        finally:
            road.stop()


class Road:
    def __init__(self, folder: Path) -> None:
        from merchant.platforms.sandbox import accounts as platform
        from tests.chaos.crew import Crew
        from tests.merchant.factories import make_courier_account, make_platform_account, make_shop
        from tests.merchant.test_processes import address_of_test_database

        self.crew = Crew(folder, address_of_test_database(), clock_scale=1.0, sandbox_scale=1.0)
        self.shop = make_shop(external_id=platform.KUAISHOU_SELLER_ID)
        from logistics.sandbox.accounts import YTO_SECRETS

        self.courier = make_courier_account(self.shop, "yto", secrets=YTO_SECRETS, rate_per_second=0)
        self.platform = make_platform_account(
            self.shop, app_key=platform.KUAISHOU_APP_KEY, secrets=platform.KUAISHOU_SECRETS
        )
        self.made = 0

    def stop(self) -> None:
        self.crew.stop()

    def measure(self) -> None:
        waiting = self.intercepted(UNLOADED + RATE * SECONDS + BURST + PROBES)
        self.crew.start()
        # What the platform does with a refund it tells us, as it does every shop.
        door = f"{self.crew.url}/push/platform/{self.platform.push_token}/"
        self.crew.control("platform", "/control/push_targets", {"push_url": door})
        time.sleep(5)  # the workers say that they are ready a moment after the pages do
        take = iter(waiting)

        def some(count: int) -> list[Stopped]:
            return [next(take) for _ in range(count)]

        self.push(some(5), per_second=1)  # every process has loaded what it needs
        alone = [self.push([one], per_second=1)[0] for one in some(UNLOADED - 5)]
        median = statistics.median(one.took_s for one in alone)
        note(f"unloaded: median {median * 1000:.0f} ms, worst {max(one.took_s for one in alone) * 1000:.0f} ms")

        steady = self.push(some(RATE * SECONDS), per_second=RATE)
        note(f"{RATE}/s for {SECONDS} s: {spread(steady)}")
        figure(f"push to refund sent, p99 at {RATE}/s / unloaded median", quantile(steady, 99) / median, BAR)

        before = self.cpu()
        burst = self.push(some(BURST), per_second=0)
        lasted = max(one.told_at for one in burst) - min(one.pushed_at for one in burst)
        note(f"a burst of {BURST}: drained in {lasted:.1f} s, {BURST / lasted:.0f}/s")
        spent = {name: (seconds - before[name]) / BURST * 1000 for name, seconds in self.cpu().items()}
        note("processor time a refund: " + ", ".join(f"{name} {ms:.0f} ms" for name, ms in spent.items()))

        held, failed = self.saturation(some, limit_s=BAR * median)
        note(f"saturation: {held}/s held, {f'{failed}/s not' if failed else 'the fastest tried'}")
        figure("refunds a second that hold, on this machine", held, SATURATION_BAR, ">=")
        self.check_books([one for one in waiting if one.pushed_at])

    def saturation(self, some: Any, *, limit_s: float) -> tuple[int, int | None]:
        """(the highest rate that holds, the lowest that does not): each is tried and judged, none is assumed."""

        def holds(rate: int) -> bool:
            stage = self.push(some(rate * STAGE_S), per_second=rate)
            left = max(one.pushed_at for one in stage)
            behind = sum(one.told_at > left for one in stage)
            # As many wait at the end as come in while one is under way, at the limit; more means that they pile up.
            is_held = quantile(stage, 99) <= limit_s and behind <= max(rate * limit_s, 1)
            verdict = "holds" if is_held else "falls behind"
            note(f"{rate}/s for {STAGE_S} s: {spread(stage)}, {behind} waited when the last came: {verdict}")
            return is_held

        return highest_rate(holds, FIRST, most=MOST)

    def cpu(self) -> dict[str, float]:
        """Seconds of processor time each process and its children have taken."""
        spent = {}
        pids = {name: process.pid for name, process in self.crew.processes.items()}
        for name in ("courier", "platform"):
            sandbox = getattr(self.crew, name).process
            pids[f"{name} sandbox"] = sandbox.pid if sandbox else 0
        for name, pid in pids.items():
            family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
            spent[name] = sum(sum(one.cpu_times()[:2]) for one in family)
        # Where the database runs on this machine too.
        name = connection.settings_dict["NAME"]
        backends = [p for p in psutil.process_iter(["name", "cmdline"]) if name in " ".join(p.info["cmdline"] or ())]
        spent["database"] = sum(sum(p.cpu_times()[:2]) for p in backends if p.info["name"] == "postgres")
        return spent

    def check_books(self, pushed: Sequence[Stopped]) -> None:
        deadline = time.monotonic() + DRAIN_S
        while (books := self.crew.control("platform", "/control/ledger"))["totals"]["payments"] < len(pushed):
            if time.monotonic() > deadline:
                break
            time.sleep(1)
        lost = [one.refund_id for one in pushed if books["refunds"].get(one.refund_id, {}).get("times", 0) < 1]
        figure(f"refunds lost of {len(pushed)}", len(lost), 0)
        figure(f"refunds paid twice of {len(pushed)}", len(books["totals"]["paid_twice"]), 0)

    # --- cases that wait for their parcels --------------------------------------------------------------------------

    def intercepted(self, count: int) -> list[Stopped]:
        """Parcels on the road, asked to stop and accepted by the courier; each has a case at the platform and here."""
        from aftersales.decisions import services as cases
        from aftersales.platforms import intake
        from tests.bench.copies import copy_case
        from tests.merchant.factories import make_user

        began = time.monotonic()
        rows = [(str(26_11_23_000_000 + n), f"YT{900_000_000 + n:010d}", str(17_000_000_000 + n)) for n in range(count)]
        told = {"courier": "yto", "script": "silent", "start": "in_transit", "hold": True}
        self.crew.control("courier", "/control/parcels", [{**told, "waybill": waybill} for _oid, waybill, _id in rows])
        orders = [{"oid": oid, "total_fee": 8800, "courier": "yto", "waybill": waybill} for oid, waybill, _id in rows]
        refunds = [{"oid": oid, "refund_id": refund_id, "push": False} for oid, _waybill, refund_id in rows]
        self.crew.control("platform", "/control/bulk", {"orders": orders, "refunds": refunds})
        supervisor = make_user("supervisor", self.shop)
        hosts = {
            "COURIER_HOSTS": {"yto": self.crew.courier.url},
            "PLATFORM_HOSTS": {"kuaishou": self.crew.platform.url},
        }
        with override_settings(**hosts):
            case = intake.re_read(self.platform, rows[0][2])
            cases.intercept_case(case, by=supervisor)
        case.refresh_from_db()
        copy_case(case, rows[1:])
        with override_settings(**hosts):
            self.pull()
        with connection.cursor() as cursor:
            cursor.execute("SELECT state, count(*) FROM logistics_interception GROUP BY state")
            found = dict(cursor.fetchall())
            assert found == {"running": count}, found
            # Watched for a while already: not all of them come due in the first second.
            cursor.execute("UPDATE logistics_watch SET next_at = now() + interval '10 minutes' * (1 + random())")
            cursor.execute("VACUUM ANALYZE")
        note(f"{count} parcels asked to stop in {time.monotonic() - began:.0f} s")
        return [Stopped(waybill, refund_id) for _oid, waybill, refund_id in rows]

    def pull(self) -> None:
        """As every shop does each minute: what the platform has of these cases and orders is known when the clock runs.
        Else the first pull reads all of them while refunds are timed."""
        from aftersales.models import Case
        from aftersales.platforms import intake
        from orders.intake import sync

        # Their rows there are younger than the one that was copied; nothing is told of them meanwhile.
        Case.objects.update(external_version=str(int(time.time() * 1000)))
        assert intake.pull_platform_cases() == Case.objects.count()
        sync.pull_platform_orders()

    # --- the courier ------------------------------------------------------------------------------------------------

    def push(self, parcels: list[Stopped], *, per_second: float) -> list[Stopped]:
        """The courier's word about each of them, at this rate (0: at once); returns when the platform was told of all."""
        asyncio.run(self._push(parcels, per_second))
        self._wait_for(parcels)
        return parcels

    async def _push(self, parcels: list[Stopped], per_second: float) -> None:
        url = f"{self.crew.url}/push/courier/{self.courier.push_token}/"
        connector = aiohttp.TCPConnector(limit=50)
        async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
            began = time.monotonic()
            posts = []
            for number, one in enumerate(parcels):
                if per_second:
                    await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
                posts.append(asyncio.create_task(self._post(session, url, one)))
            await asyncio.gather(*posts)

    async def _post(self, session: aiohttp.ClientSession, url: str, one: Stopped) -> None:
        body, headers = return_scan(one.waybill)
        one.pushed_at = time.time()
        async with session.post(url, data=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()

    def _wait_for(self, parcels: Sequence[Stopped]) -> None:
        """Until the platform has been told to pay each; when that was, it has written down itself."""
        deadline = time.monotonic() + DRAIN_S
        waiting = list(parcels)
        while waiting:
            for one in list(waiting):
                theirs = self.crew.control("platform", f"/control/refunds/{one.refund_id}")
                if theirs["status"] not in (50, 60):
                    break
                one.told_at = theirs["negotiateUpdateTime"] / 1000
                waiting.remove(one)
            else:
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(waiting)} refunds never reached the platform\n{self.logs()}")
            time.sleep(0.1)

    def logs(self) -> str:
        return "\n".join(f"--- {name}\n{self.crew.log_of(name)[-1500:]}" for name in self.crew.processes)


def return_scan(waybill: str) -> tuple[bytes, dict[str, str]]:
    """YTO's signed push: the parcel goes back to its sender."""
    from logistics.sandbox.parcels import Parcel
    from logistics.sandbox.wires import wire_of

    parcel = Parcel(courier="yto", waybill=waybill, account="demo", receiver_city="杭州市")
    scan = parcel.act("return", now=time.time())
    return wire_of(parcel).push(parcel, scan)


def quantile(parcels: Sequence[Stopped], percent: int) -> float:
    return statistics.quantiles([one.took_s for one in parcels], n=100, method="inclusive")[percent - 1]


def spread(parcels: Sequence[Stopped]) -> str:
    return f"p50 {quantile(parcels, 50) * 1000:.0f} ms, p99 {quantile(parcels, 99) * 1000:.0f} ms"
