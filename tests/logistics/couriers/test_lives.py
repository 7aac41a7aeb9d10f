"""Every courier walks every scripted life: asked by the real services, answered by its sandbox, seen by the real door
and the real poller, ended by the real warehouse and the real clocks. A new courier is walked as soon as the sandbox
speaks its wire; what is expected follows from its capabilities and never from its name.

The lives are led step by step, all couriers side by side, so that nothing here waits for a clock.
"""

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import override_settings
from django.utils import translation
from pytest_django.live_server_helper import LiveServer

from logistics.couriers import registry
from logistics.couriers.models import CourierCall
from logistics.interception import services as interceptions
from logistics.interception import sweeps
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from logistics.parcels.tracking_models import TrackingEvent
from logistics.polling.poller import Poller
from logistics.sandbox.lives import LIVES
from logistics.sandbox.words import COURIERS
from logistics.shipping import services as parcels
from logistics.watch import services as watching
from merchant.clock import now
from merchant.inbox.models import InboxMessage, InboxTask
from merchant.policy import services as policy
from merchant.refusals import Refused
from tests import aio
from tests.databases import empty_tables
from tests.logistics.couriers.contract import EXAMPLES
from tests.logistics.factories import make_package
from tests.merchant.factories import make_shop
from tests.sandboxes import SandboxProcess, start_courier_sandbox

# For its databases; the walk itself happens before the first test opens its transaction.
pytestmark = pytest.mark.django_db
CODES = list(EXAMPLES)
START, WITHDRAWN = 3, "withdrawn_by_us"
T_INT_RESULT_S = 24 * 3600
# The worker gives up before a slow courier answers; with the others it has the patience that a slow machine needs.
TIMEOUT_S, SLOW_S, PATIENCE_S = 1.0, 5.0, 60.0


def waiting_for(life: str) -> override_settings:
    return override_settings(COURIER_TIMEOUT_S=TIMEOUT_S if life == "slow" else PATIENCE_S)


@dataclass
class Walk:
    """One parcel's life, and what was seen of it at the end."""

    code: str
    life: str
    package: Package
    interception: Interception
    steps: list[tuple[float, str]]
    said: str = ""
    seen: dict[str, Any] = field(default_factory=dict)


class Walker:
    """Leads all lives of all couriers through the same shop, side by side."""

    def __init__(self, courier: SandboxProcess, door: str) -> None:
        self.courier, self.shop = courier, make_shop()
        # The list is the shop's: this one wants every courier stopped.
        policy.change(self.shop, by=None, reason="all", intercept_couriers=list(COURIERS))
        self.walks = [self._begin(code, life, door) for code in CODES for life in (*LIVES, WITHDRAWN)]

    def _begin(self, code: str, life: str, door: str) -> Walk:
        script = "silent" if life == WITHDRAWN else life
        package = make_package(code, shop=self.shop, receiver_city="杭州市", is_checked=False)
        account = package.account
        account.secrets = EXAMPLES[code].account.secrets
        account.save()
        told = {
            "courier": package.courier,
            "via": account.via,
            "waybill": package.waybill,
            "script": script,
            "hold": True,
            "wire": {"by_hand": 1},
        }
        where = {"city": "杭州市", "sender_city": "上海市", "age_s": 7200}
        self.courier.control(
            "/parcels", {**told, **where, "push_url": f"{door}/push/courier/{account.push_token}/"}
        )  # fmt: skip
        Package.objects.filter(pk=package.pk).update(track_checked_at=now())
        with waiting_for(life):
            interception = interceptions.submit_interception(package, by=None, checks=[])
        plan = LIVES[script].on_intercept
        if plan is None:
            # Nothing comes of the request: the parcel goes on, unless the courier did not take it.
            plan = [] if LIVES[script].refuses else LIVES[script].road[START:]
        return Walk(code, life, package, interception, list(plan))

    def lead(self) -> None:
        self._withdraw()
        self._look()
        for step in range(max(len(walk.steps) for walk in self.walks)):
            for walk in self.walks:
                if step < len(walk.steps):
                    seconds, verb = walk.steps[step]
                    if seconds > T_INT_RESULT_S:
                        self._let_time_pass([walk])
                    self.courier.control(f"/parcels/{walk.package.waybill}/advance", {"to": verb})
            self._look()
        self._bring_home()
        self._let_time_pass(self.walks)
        for walk in self.walks:
            walk.seen = self._seen(walk)

    def settle_requests(self) -> None:
        """Ask again, as the sweep does, until every request has its answer."""
        for _turn in range(6):
            open_ones = Interception.objects.filter(state="submitted")
            open_ones.update(next_attempt_at=now())
            waiting = set(open_ones.values_list("pk", flat=True))
            for walk in self.walks:
                if walk.interception.pk in waiting:
                    with waiting_for(walk.life):
                        interceptions.send_interception(walk.interception.pk)

    def _withdraw(self) -> None:
        for walk in self.walks:
            if walk.life == WITHDRAWN:
                try:
                    interceptions.withdraw_interception(walk.interception, by=None)
                except Refused as refused:
                    with translation.override("en"):
                        walk.said = f"{refused.code}: {refused.message}"

    def _look(self) -> None:
        """Let the pushes arrive, then read every track."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if not self.courier.control("/stats")["pushes"].get("open") and not InboxTask.objects.exists():
                break
            time.sleep(0.02)
        for _turn in range(2):
            # As long ago as the most patient of them wants between two questions.
            Package.objects.update(track_checked_at=now() - timedelta(hours=1))
            watching.pull_forward([walk.package.pk for walk in self.walks])
            aio.run(Poller(once=True).run())

    def _bring_home(self) -> None:
        for walk in self.walks:
            walk.package.refresh_from_db()
            if walk.package.state == "returned":
                parcels.receive_package(walk.package, by=None)

    def _let_time_pass(self, walks: list[Walk]) -> None:
        """T-INT-RESULT or T-RETURN-HOME, once, for those who still wait for something."""
        rows = Interception.objects.filter(pk__in=[walk.interception.pk for walk in walks], question="")
        rows.filter(due_at__isnull=False).update(due_at=now() - timedelta(seconds=1))
        sweeps.sweep_interceptions()

    def _seen(self, walk: Walk) -> dict[str, Any]:
        interception = Interception.objects.get(pk=walk.interception.pk)
        at_courier = self.courier.control(f"/parcels/{walk.package.waybill}")
        events = TrackingEvent.objects.filter(package=walk.package).exclude(raw_code__startswith="own:")
        return {
            "state": interception.state,
            "why": interception.reason or interception.question or interception.evidence,
            "parcel": Package.objects.get(pk=walk.package.pk).state,
            "asked": at_courier["calls"].get("create", 0),
            "taken": len(at_courier["intercepts"]),
            "withdrawn": at_courier["calls"].get("cancel", 0),
            "subscribed": at_courier["calls"].get("subscribe", 0),
            "queried": bool(at_courier["calls"].get("query")),
            # The two scans of the factory apart, each of the courier's scans is stored once.
            "scans": (events.count() - 2, [scan["scan"] for scan in at_courier["scans"]]),
            "pushes": InboxMessage.objects.filter(account_id=walk.package.account_id).count(),
            "unsettled": CourierCall.objects.filter(key=interception.number, outcome="calling").count(),
        }


@pytest.fixture(scope="module")
def walks(tmp_path_factory, django_db_setup, django_db_blocker):
    """(courier, life) → its walk. The database is emptied before and after: these rows are really committed."""
    courier = start_courier_sandbox(tmp_path_factory.mktemp("lives"), scale=0.001, slow_call_s=SLOW_S)
    hosts = dict.fromkeys([*CODES, "kuaidi100_api"], courier.url)
    with django_db_blocker.unblock(), override_settings(COURIER_HOSTS=hosts):
        assert connection.settings_dict["NAME"].startswith("test_")
        empty_tables()
        cache.clear()
        server = LiveServer("127.0.0.1")
        try:
            with override_settings(SITE_URL=server.url, COURIER_TIMEOUT_S=PATIENCE_S):
                walker = Walker(courier, server.url)
                walker.settle_requests()
                walker.lead()
        finally:
            courier.stop()
            server.stop()
            empty_tables()
    return {(walk.code, walk.life): walk for walk in walker.walks}


# How each life ends: interception, why, parcel. A courier that can be asked says some of it itself; of one that cannot,
# a return scan after acceptance is the proof, and silence goes to a person when T-INT-RESULT has passed.
HOME = ("returned", "returned")
NO_RESULT = ("running", "no_result")
BY_TRACK: dict[str, tuple[str, str, str]] = {
    "delivered": ("failed", "signed", "signed"),
    "too_late": ("failed", "signed", "signed"),
    "refused_by_courier": ("failed", "courier_refused", "in_transit"),
    "others": ("failed", "others_interception", "in_transit"),
    "lost": (*NO_RESULT, "exception"),
    "silent": (*NO_RESULT, "in_transit"),
    "delivered_anyway": ("delivered_anyway", "return_scan", "signed"),
    "stopped_then_lost": ("lost_suspect", "return_scan", "returning"),
    "discontinued": (*NO_RESULT, "in_transit"),
    "cancelled_by_courier": (*NO_RESULT, "in_transit"),
    "address_change": (*NO_RESULT, "redirected"),
}
BY_STATUS: dict[str, tuple[str, str, str]] = {
    **BY_TRACK,
    "too_late": ("failed", "in_delivery", "signed"),
    # A refused parcel comes home by itself; only the warehouse can say that it is stopped.
    "refused": ("returned", "warehouse", "returned"),
    "delivered_anyway": ("delivered_anyway", "status", "signed"),
    "stopped_then_lost": ("lost_suspect", "status", "returning"),
    "discontinued": ("running", "ended", "in_transit"),
    "cancelled_by_courier": ("withdrawn", "", "in_transit"),
    "address_change": ("running", "status_unclear", "redirected"),
}
# Where a return scan proves nothing, a person is asked, and in the end the warehouse knows.
BY_PERSON: dict[str, tuple[str, str, str]] = {
    **BY_TRACK,
    "delivered_anyway": ("failed", "signed", "signed"),
    "stopped_then_lost": ("running", "not_listed", "returning"),
}
ENDS = {"status": BY_STATUS, "return_scan": BY_TRACK, "person": BY_PERSON}
# How often it is asked to stop: more than once only where its answer did not come, or was "not now".
NO_ANSWER = ("slow", "5xx", "garbage")
REFUSED_LIVES = ("refused_by_courier", "others")


def expected(code: str, life: str) -> tuple[str, str, str]:
    can = registry.get(code).capabilities
    proof = "warehouse" if can.evidence == "person" else can.evidence
    return ENDS[can.evidence].get(life, ("returned", proof, "returned"))


@pytest.mark.req("R0.14")
@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("code", CODES)
def test_each_life_ends_as_it_must(walks, code, life):
    seen, can = walks[code, life].seen, registry.get(code).capabilities
    state, why, parcel = expected(code, life)
    if life == "address_change":
        parcel = EXAMPLES[code].after_address_change
    # A courier that can be asked is asked after a lost answer; any other is told once more.
    asked = 2 if life in NO_ANSWER and not can.can_query_state else 3 if life == "throttled" else 1

    assert (seen["state"], seen["why"], seen["parcel"]) == (state, why, parcel)
    assert (seen["asked"], seen["taken"]) == (asked, 0 if life in REFUSED_LIVES else 1)
    assert (seen["withdrawn"], seen["unsettled"]) == (0, 0)
    assert seen["subscribed"] == int(can.can_subscribe)
    assert seen["queried"] is (can.can_query_state and life not in REFUSED_LIVES)


@pytest.mark.req("R0.14")
@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("code", CODES)
def test_a_scan_pushed_twice_late_or_never_and_read_as_well_is_stored_once(walks, code, life):
    stored, made = walks[code, life].seen["scans"]
    is_pushed = not LIVES[life].wire.get("no_push")
    told_twice = [scan for scan in made if is_pushed and scan in EXAMPLES[code].says_more_in_a_push]

    assert stored == len(made) + len(told_twice)


@pytest.mark.req("R0.14")
@pytest.mark.parametrize("code", CODES)
def test_a_request_is_withdrawn_where_the_courier_allows_it_and_refused_in_words_where_not(walks, code):
    walk = walks[code, WITHDRAWN]
    told = (walk.seen["state"], walk.seen["withdrawn"], walk.said)

    if registry.get(code).capabilities.can_cancel:
        assert told == ("withdrawn", 1, "")
    else:
        assert told == ("running", 0, "INT-CANCEL: This courier cannot withdraw an interception.")
    assert (walk.seen["asked"], walk.seen["taken"], walk.seen["parcel"]) == (1, 1, "in_transit")
