"""Nothing lost, nothing doubled: interceptions on real processes that die, against a world that lies.

Every case must end in the one state its parcel's life and its buyer call for; no refund is paid twice, none is forgotten.
The clock runs a thousand times as fast: the courier's thirty hours take 108 seconds.
"""

import http.cookiejar
import itertools
import os
import re
import time
import urllib.parse
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection
from django.db.models import Q, Sum
from django.urls import reverse

from aftersales.cases.enums import CaseState, CaseTag
from aftersales.cases.models import Case
from aftersales.refunds.enums import RefundState
from aftersales.refunds.models import Refund
from logistics.interception.enums import InterceptionState, Reason
from logistics.interception.models import Interception
from logistics.sandbox.accounts import YTO_SECRETS, ZTO_SECRETS
from merchant.inbox.models import InboxTask
from merchant.ledger.services import balances
from merchant.platforms.sandbox import accounts as sandbox
from merchant.policy import services as policy
from merchant.trail.models import Activity
from tests.chaos.crew import Crew
from tests.merchant.factories import make_courier_account, make_platform_account, make_shop, make_user
from tests.merchant.test_processes import address_of_test_database

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

COUNT = int(os.environ.get("CHAOS_N", "150"))
CLOCK_SCALE = 0.001
PRESSERS = 6
PATIENCE_S = 60
SETTLE_S = 150 + COUNT * 0.25
PASSWORD = "chaos-password"


@dataclass(frozen=True)
class Life:
    """One of the lives that are dealt out in turn, and what must have come of it."""

    script: str
    couriers: tuple[str, ...] = ("zto", "yto")
    plan: str = ""


LIVES = (
    *[Life("stopped")] * 9,
    Life("changing", ("zto",)),
    Life("too_late"),
    Life("refused_by_courier"),
    Life("others"),
    Life("silent"),
    Life("late_stop"),
    Life("delivered_anyway"),
    Life("no_push"),
    Life("stopped", plan="withdraw"),
    Life("stopped", plan="edit"),
    Life("stopped", plan="platform_pay"),
)


@dataclass
class Dealt:
    oid: str
    waybill: str
    courier: str
    life: Life
    paid_fen: int


@pytest.fixture
def crew(tmp_path):
    crew = Crew(tmp_path, address_of_test_database(), clock_scale=CLOCK_SCALE, sandbox_scale=CLOCK_SCALE)
    try:
        crew.start()
        yield crew
    finally:
        crew.stop()


@pytest.fixture
def shop():
    shop = make_shop(external_id=sandbox.KUAISHOU_SELLER_ID)
    make_courier_account(shop, "zto", secrets=ZTO_SECRETS, rate_per_second=120)
    make_courier_account(shop, "yto", secrets=YTO_SECRETS, rate_per_second=120)
    make_platform_account(shop, app_key=sandbox.KUAISHOU_APP_KEY, secrets=sandbox.KUAISHOU_SECRETS)
    # Real seconds do not shrink with the clock: a reading may be 1.8 s old, an answer take 14 s.
    policy.change(shop, by=None, reason="the clock of this test", t_track_fresh=1800, t_int_ack=14_400)
    return shop


def deal(crew: Crew, shop, count: int) -> list[Dealt]:
    """Parcels at the courier, orders and refund requests at the platform, told to us by its pushes alone."""
    accounts = {account.courier: account for account in shop.courier_accounts.all()}
    dealt, lives = [], itertools.cycle(LIVES)
    for number in range(count):
        life = next(lives)
        courier = life.couriers[number % len(life.couriers)]
        waybill = f"{'78' if courier == 'zto' else 'YT'}{900_000_000 + number:010d}"
        dealt.append(Dealt(str(26_11_23_000_000 + number), waybill, courier, life, 1_000 + number * 10))
    crew.control(
        "courier",
        "/control/parcels",
        [
            {
                "courier": one.courier,
                "waybill": one.waybill,
                "script": one.life.script,
                "start": "in_transit",
                # The road goes on by itself only when the life says so; else a parcel would be signed for in seconds.
                "hold": True,
                "push_url": f"{crew.url}/push/courier/{accounts[one.courier].push_token}/",
            }
            for one in dealt
        ],
    )
    plans = {
        "withdraw": {"verb": "withdraw"},
        "platform_pay": {"verb": "platform_pay"},
        "edit": {"verb": "edit", "refund_fee": 900},
    }
    crew.control(
        "platform",
        "/control/bulk",
        {
            "push_url": f"{crew.url}/push/platform/{shop.platform_accounts.get().push_token}/",
            "orders": [
                {"oid": one.oid, "total_fee": one.paid_fen, "courier": one.courier, "waybill": one.waybill}
                for one in dealt
            ],
            "refunds": [
                {
                    "oid": one.oid,
                    "plan": [{**plans[one.life.plan], "after_s": (8 + number % 30) / CLOCK_SCALE}]
                    if one.life.plan
                    else [],
                }
                for number, one in enumerate(dealt)
            ],
        },
    )
    return dealt


def make_presser(shop, number: int):
    """A supervisor with a password as the product itself stores it; the tests' settings hash more cheaply."""
    user = make_user("supervisor", shop, name=f"presser{number}")
    user.password = PBKDF2PasswordHasher().encode(PASSWORD, f"salt-of-{number}", iterations=1000)
    user.save(update_fields=["password"])
    return user


class Agent:
    """A person at the workbench: signs in, presses 拦截 with the version the page showed."""

    def __init__(self, url: str, username: str) -> None:
        self.url = url
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        page = self.opener.open(f"{url}/accounts/login/", timeout=15).read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        self._post("/accounts/login/", username=username, password=PASSWORD, csrfmiddlewaretoken=token)
        assert any(cookie.name == "sessionid" for cookie in self.jar), "the agent could not sign in"

    def _post(self, path: str, **fields: str) -> int:
        cookie = next((cookie.value for cookie in self.jar if cookie.name == "csrftoken"), "")
        headers = {"X-CSRFToken": cookie or "", "Referer": self.url}
        request = urllib.request.Request(self.url + path, urllib.parse.urlencode(fields).encode(), headers)
        with self.opener.open(request, timeout=30) as answer:
            return answer.status

    def press(self, case: Case) -> None:
        self._try(f"/desk/case/{case.shop_id}/{case.number}/intercept/", version=str(case.version))

    def retry(self, message_id: int) -> None:
        self._try(reverse("message_retry", args=[message_id]))

    def _try(self, path: str, **fields: str) -> None:
        try:
            self._post(path, **fields)
        except OSError:
            pass  # a page that died under the press: the agent looks again and presses again


def wait_until(is_true, seconds: float, otherwise) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            pytest.fail(otherwise())
        time.sleep(0.5)


def to_press(shop) -> list[Case]:
    """Untouched, or back with people since the courier did not say where the parcel is: they press again."""
    unread = Q(tag=CaseTag.INTERCEPTION_FAILED, tag_reason=Reason.TRACK_UNREAD)
    rows = Case.objects.filter(Q(interception=None) | unread, shop=shop, state=CaseState.APPLIED)
    return list(rows.select_related("order"))


def press_until_all_are_submitted(crew: Crew, shop, dealt: list[Dealt], agents: list[Agent], kill) -> None:
    """Like people: whoever still stands at APPLIED untouched is pressed again, until none does. A slow machine takes
    its time; only PATIENCE_S without one case more arrived or pressed is a failure."""
    want = {one.oid: one for one in dealt}
    seen, moved_at = (0, 0), time.monotonic()
    with ThreadPoolExecutor(PRESSERS) as pool:
        while time.monotonic() < moved_at + PATIENCE_S:
            kill()
            open_cases = [case for case in to_press(shop) if case.amount_fen == want[case.order.number].paid_fen]
            arrived = Case.objects.filter(shop=shop).count()
            if not open_cases and arrived == len(dealt):
                return
            if (now_at := (arrived, arrived - len(open_cases))) != seen:
                seen, moved_at = now_at, time.monotonic()
            jobs = [pool.submit(agents[n % len(agents)].press, case) for n, case in enumerate(open_cases)]
            for job in jobs:
                job.result()
            connection.close_if_unusable_or_obsolete()
    pytest.fail(
        f"{len(open_cases)} cases could not be pressed, {arrived} of {len(dealt)} arrived, nothing moved for {PATIENCE_S} s"
    )


def verdict_of(crew: Crew, one: Dealt, case: Case, theirs: dict, paid_times: int) -> str:
    """What is wrong about this case; empty when nothing is. `theirs` is the platform's own row."""
    interception = Interception.objects.filter(courier=one.courier, waybill=one.waybill).order_by("-pk").first()
    paid_refunds = list(case.refunds.filter(state=RefundState.SUCCESS))
    state, kind = case.state, one.life.script
    if paid_times > 1:
        return f"paid {paid_times} times"
    if len(paid_refunds) != paid_times:
        return f"{len(paid_refunds)} refunds booked, {paid_times} paid"
    if theirs["status"] == 60:
        wrong = state != CaseState.SUCCESS or paid_refunds[0].amount_fen != theirs["refundFee"]
        return "the platform paid, the case says otherwise" if wrong else ""
    if theirs["status"] == 70:
        return "" if state in (CaseState.CANCELLED, CaseState.CLOSED) else "the buyer withdrew, the case says otherwise"
    if theirs["status"] == 50:
        return "still being paid"
    if one.life.plan == "edit" and theirs["refundFee"] == 900:
        right = state == CaseState.APPLIED and case.amount_fen == 900
        return "" if right else "the buyer asks for 900 now, people must decide"
    if interception is None:
        return "never submitted"
    expected = {
        "too_late": (CaseState.APPLIED, {CaseTag.INTERCEPTION_FAILED}, {InterceptionState.FAILED}),
        "refused_by_courier": (CaseState.APPLIED, {CaseTag.INTERCEPTION_FAILED}, {InterceptionState.FAILED}),
        "others": (CaseState.APPLIED, {CaseTag.INTERCEPTION_FAILED}, {InterceptionState.FAILED}),
        "silent": (CaseState.APPLIED, {CaseTag.RESULT_UNKNOWN}, {InterceptionState.RUNNING}),
        # Signed for before the refund was sent: law 1 keeps the money and asks a person.
        "delivered_anyway": (CaseState.APPLIED, {CaseTag.DELIVERED_ANYWAY}, {InterceptionState.DELIVERED_ANYWAY}),
        "late_stop": (CaseState.APPLIED, {CaseTag.STOPPED}, {InterceptionState.SUCCEEDED, InterceptionState.RETURNING}),
    }.get(kind)
    is_late = Activity.objects.about(interception).filter(verb="interception.mark_unknown").exists()
    if expected is None and is_late and case.tag == CaseTag.STOPPED:
        # A person was asked while the courier was still changing the parcel's way: the stop, known later, asks again.
        return "" if state == CaseState.APPLIED and not paid_refunds else "asked and not left to a person"
    if expected is None:
        # Three requests without an answer count as not stopped. When the courier heard one of them all the same, the
        # parcel turns round and late evidence asks a person (state table, FAILED); when it heard none, nothing turns.
        gave_up = interception.attempts >= 3 and Activity.objects.about(interception).filter(verb="interception.fail")
        was_heard = crew.control("courier", f"/control/parcels/{one.waybill}")["intercept"] is not None
        tag = CaseTag.STOPPED if was_heard else CaseTag.INTERCEPTION_FAILED
        asks = state == CaseState.APPLIED and case.tag == tag
        return "" if asks and gave_up and gave_up.exists() else "stopped and not paid"
    right = state == expected[0] and case.tag in expected[1] and interception.state in expected[2]
    return "" if right else f"expected {expected}"


def describe(case: Case, one: Dealt) -> str:
    interception = Interception.objects.filter(waybill=one.waybill).order_by("-pk").first()
    refunds = [(refund.state, refund.error) for refund in case.refunds.all()]
    found = interception and (
        interception.state,
        interception.reason,
        interception.question,
        interception.is_unknown,
        interception.attempts,
    )
    return f"{one.life.script}{'+' + one.life.plan if one.life.plan else ''} {one.courier} {one.waybill}: case {case.state} [{case.tag}/{case.tag_reason}] interception {found} refunds {refunds}"


def wrong_ones(crew: Crew, shop, dealt: list[Dealt]) -> list[str]:
    ledger = crew.control("platform", "/control/ledger")["refunds"]
    cases = {case.order.number: case for case in Case.objects.filter(shop=shop).select_related("order")}
    wrong = []
    for one in dealt:
        case = cases.get(one.oid)
        if case is None:
            wrong.append(f"{one.oid}: the case never arrived")
            continue
        theirs = crew.control("platform", f"/control/refunds/{case.number}")
        said = verdict_of(crew, one, case, theirs, ledger.get(case.number, {}).get("times", 0))
        if said:
            wrong.append(f"{said}: {describe(case, one)}, theirs {theirs['status']} {theirs['refundFee']}")
    return wrong


@pytest.mark.req("R0.1", "R0.2", "R0.6", "R0.7", "R1.3")
def test_every_case_ends_in_its_one_right_state(crew, shop):
    agents = [Agent(crew.url, make_presser(shop, number).username) for number in range(PRESSERS)]
    crew.control(
        "courier",
        "/control/faults",
        {
            "rate_5xx": 0.08,
            "garbage": 0.05,
            "drop": 0.03,
            "slow_s": 1.5,
            "slow_rate": 0.05,
            "duplicate": 0.3,
            "disorder": 0.3,
            "push_loss": 0.1,
        },
    )
    crew.control(
        "platform",
        "/control/faults",
        {
            "rate_5xx": 0.08,
            "lost": 0.05,
            "garbage": 0.05,
            "slow": 0.05,
            "slow_s": 1.5,
            "duplicate": 0.3,
            "disorder": 0.3,
            "lose_push": 0.1,
            "throttle": 0.02,
        },
    )
    victims = itertools.cycle(
        (
            "worker",
            "worker-background",
            "redis",
            "poller",
            "worker-push",
            "worker-intercept",
            "worker",
            "courier",
            "worker-background",
            "platform",
            "web",
            "beat",
        )
    )
    last_kill = [time.monotonic()]

    def kill() -> None:
        if time.monotonic() - last_kill[0] > 4:
            crew.kill(next(victims))
            last_kill[0] = time.monotonic()

    began = time.monotonic()
    dealt = deal(crew, shop, COUNT)
    press_until_all_are_submitted(crew, shop, dealt, agents, kill)
    pressed_s = time.monotonic() - began
    while time.monotonic() - began < max(40, pressed_s + 8):
        kill()
        time.sleep(0.5)
    crew.control(
        "courier",
        "/control/faults",
        dict.fromkeys(("rate_5xx", "garbage", "drop", "slow_s", "duplicate", "disorder", "push_loss"), 0),
    )
    crew.control(
        "platform",
        "/control/faults",
        dict.fromkeys(("rate_5xx", "lost", "garbage", "slow", "duplicate", "disorder", "lose_push", "throttle"), 0),
    )

    def is_settled() -> bool:
        for case in to_press(shop):
            if case.interception_id is not None:
                agents[0].press(case)
        return not wrong_ones(crew, shop, dealt)

    wait_until(is_settled, SETTLE_S, lambda: "\n".join(wrong_ones(crew, shop, dealt)))

    totals = crew.control("platform", "/control/ledger")["totals"]
    paid = Refund.objects.filter(shop=shop, state=RefundState.SUCCESS)
    assert totals["paid_twice"] == []
    assert totals["over_paid_orders"] == []
    assert paid.count() == totals["payments"]
    assert paid.aggregate(total=Sum("amount_fen"))["total"] == totals["amount_fen"]
    assert balances(shop).get("refunds_payable", 0) == 0
    # Refunded and delivered all the same is booked on as a loss; together they are what left the shop.
    assert balances(shop)["refunds_paid"] + balances(shop).get("loss", 0) == totals["amount_fen"]
    assert sum(balances(shop).values()) == 0

    def is_drained() -> bool:
        """The five retries are over in three seconds of this clock: what was put aside meanwhile, a person tries again."""
        for message_id in InboxTask.objects.filter(is_parked=True).values_list("pk", flat=True):
            agents[0].retry(message_id)
        return not InboxTask.objects.exists()

    wait_until(
        is_drained,
        60,
        lambda: f"{InboxTask.objects.count()} messages left: {InboxTask.objects.values_list('error', flat=True)[:5]}",
    )
    states = Counter(Case.objects.filter(shop=shop).values_list("state", flat=True))
    print(
        f"\n{COUNT} interceptions in {time.monotonic() - began:.0f} s, killed {crew.kills}, ended by themselves {crew.ended}, cases {dict(states)}, {totals['payments']} paid once each"
    )
