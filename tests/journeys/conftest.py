"""The whole road with both sandboxes as processes: real HTTP out, real pushes into our own doors."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from aftersales.cases.models import Case
from logistics.parcels.models import Package
from logistics.polling.poller import Poller
from logistics.sandbox.accounts import secrets_of
from logistics.watch import services as watching
from merchant.platforms.sandbox import accounts
from merchant.shops.models import Shop
from tests import aio
from tests.merchant.factories import make_courier_account, make_platform_account, make_shop, make_user
from tests.sandboxes import SandboxProcess, start_courier_sandbox, start_platform_sandbox

# The four of the notice (E08).
ROAD_COURIERS = ("zto", "yto", "sto", "jt")


@pytest.fixture(scope="session")
def courier_process(tmp_path_factory) -> Iterator[SandboxProcess]:
    process = start_courier_sandbox(tmp_path_factory.mktemp("journey_courier"), scale=0.001)
    yield process
    process.stop()


@pytest.fixture(scope="session")
def platform_process(tmp_path_factory) -> Iterator[SandboxProcess]:
    process = start_platform_sandbox(tmp_path_factory.mktemp("journey_platform"), scale=0.01)
    yield process
    process.stop()


def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What `condition` finds, once it finds something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("did not happen in time")


@dataclass
class Road:
    """A Kuaishou shop connected to both sandboxes, and the hands that play courier, platform and buyer."""

    shop: Shop
    courier: SandboxProcess
    platform: SandboxProcess
    door: str
    agent: Any
    _made: int = 0

    def person(self, role: str) -> Any:
        return make_user(role, self.shop)

    def waybill(self, code: str) -> str:
        Road._made += 1
        number = int(time.time() * 1000) % 10**9 * 100 + Road._made % 100
        return {"yto": "YT{:013d}", "sto": "77{:013d}", "jt": "JT{:013d}"}.get(code, "73{:012d}").format(number)

    def order(self, paid_fen: int, *parcels: str, status: int = 40) -> tuple[str, list[str]]:
        """An order on the platform with a parcel for each courier named (on the road); its number, their waybills."""
        waybills = [self.waybill(code) for code in parcels]
        rows = [{"courier": code, "waybill": waybill} for code, waybill in zip(parcels, waybills, strict=True)]
        made = self.platform.control("/orders", {"total_fee": paid_fen, "packages": rows, "status": status})
        for code, waybill in zip(parcels, waybills, strict=True):
            if code in ROAD_COURIERS:
                token = self.shop.courier_accounts.get(courier=code).push_token
                told = {"courier": code, "waybill": waybill, "script": "silent", "hold": True, "start": "in_transit"}
                where = {"city": "杭州市", "sender_city": "义乌市", "push_url": f"{self.door}/push/courier/{token}/"}
                self.courier.control("/parcels", {**told, **where})
        return str(made["oid"]), waybills

    def apply(self, order_number: str, amount_fen: int = 0) -> Case:
        """The buyer asks for the money on the platform; the platform pushes, and the case is here."""
        found = self.platform.control("/refunds", {"oid": order_number, "refund_fee": amount_fen})
        number = str(found["refundId"])
        case: Case = until(lambda: Case.objects.filter(shop=self.shop, number=number).first())
        self.read_tracks(case)
        return case

    def read_tracks(self, case: Case) -> None:
        """Read the parcels' tracks at the courier, as the watch list does."""
        watching.pull_forward(list(Package.objects.filter(order=case.order).values_list("pk", flat=True)))
        aio.run(Poller(once=True).run())
        case.refresh_from_db()

    def advance(self, waybill: str, *verbs: str) -> None:
        for verb in verbs:
            self.courier.control(f"/parcels/{waybill}/advance", {"to": verb})

    def asked_to_stop(self, waybill: str) -> int:
        return len(self.courier.control(f"/parcels/{waybill}")["intercepts"])

    def paid(self, order_number: str) -> tuple[int, int]:
        """(how often, how much in fen) the platform has paid the buyer for this order."""
        row = self.platform.control("/ledger")["orders"].get(order_number, {"times": 0, "amount_fen": 0})
        return row["times"], row["amount_fen"]


@pytest.fixture
def road(courier_process, platform_process, live_server, settings, transactional_db) -> Iterator[Road]:
    settings.COURIER_HOSTS = dict.fromkeys(ROAD_COURIERS, courier_process.url)
    settings.PLATFORM_HOSTS = {"kuaishou": platform_process.url, "wechat_pay": platform_process.url}
    shop = make_shop("kuaishou", external_id=accounts.KUAISHOU_SELLER_ID)
    for code in ROAD_COURIERS:
        make_courier_account(shop, code, secrets=secrets_of(code))
    account = make_platform_account(
        shop, "kuaishou", app_key=accounts.KUAISHOU_APP_KEY, secrets=accounts.KUAISHOU_SECRETS
    )
    door = live_server.url
    platform_process.control("/push_targets", {"push_url": f"{door}/push/platform/{account.push_token}/"})
    yield Road(shop, courier_process, platform_process, door, make_user("agent", shop))
    # Nothing may push into the next test's empty tables.
    platform_process.control("/push_targets", {"push_url": "http://127.0.0.1:9/"})
    courier_process.control("/control/reset", {})
    until(lambda: courier_process.control("/stats")["under_way"] == 0)
