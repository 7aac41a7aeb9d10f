"""Interceptions of the past weeks: led through the real services against the sandboxes, then moved back in time."""

import random
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Model

from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.paying import sending
from aftersales.platforms import intake
from aftersales.refunds.enums import WAITING_STATES
from aftersales.refunds.models import Refund, RefundCall
from cs_workbench.demo import outside
from cs_workbench.demo.goods import GOODS
from cs_workbench.demo.scenarios import Stage, Staged
from cs_workbench.demo.scenes import PAST, Scene
from logistics.couriers import registry
from logistics.couriers.models import CourierCall
from logistics.interception import services as interceptions
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from logistics.parcels.tracking_models import TrackingEvent
from logistics.shipping import services as parcels
from logistics.tracking import services as tracking
from merchant.clock import now
from merchant.ledger.models import LedgerEntry
from merchant.platforms.errors import PlatformError
from merchant.refusals import Refused
from merchant.trail.models import Activity

PAYING_S = 15.0


def make_past(stage: Stage, seed: int) -> int:
    """Settled interceptions of the last three weeks. Returns how many."""
    dice = random.Random(seed)
    scenes = [
        Scene(
            dice.randrange(14),
            0,
            courier,
            "silent" if life == "fail" else life,
            hours_ago=dice.uniform(1, 40),
            reason=dice.randrange(6),
        )
        for count, life, courier in PAST
        for _ in range(count)
    ]
    outside.platform("/control/faults", {"pay_delay_s": 0.1})
    staged = stage.set_up([_priced(scene, dice) for scene in scenes], is_told=False)
    pull(stage)
    take_cases(staged)
    for one in staged:
        press(one, stage.shops.agent)
    # "silent" above is a parcel whose courier first says yes and then fails; a person at the courier says so now.
    lives = [life for count, life, _courier in PAST for _ in range(count)]
    for one, life in zip(staged, lives, strict=True):
        settle(one, {"stopped": "stop", "fail": "fail"}.get(life, ""))
    pay_out(one.case for one in staged if one.case is not None)
    account = stage.shops.kuaishou.platform_accounts.get()
    for one, life in zip(staged, lives, strict=True):
        if life != "stopped" and one.case is not None:
            # Not stopped: the shop talked to the buyer, who took the request back.
            outside.platform(f"/control/refunds/{one.case.number}/withdraw", {})
            intake.re_read(account, one.case.number)
    outside.platform("/control/faults", {"pay_delay_s": 4.0})
    for number, one in enumerate(staged):
        assert one.case is not None
        is_stopped = lives[number] == "stopped"
        if is_stopped and number % 5 == 0:
            continue  # stopped today and still on its way home
        end_journey(one, stage.shops.people["warehouse"], is_stopped=is_stopped)
        _move_back(one.case, timedelta(days=dice.uniform(3, 20)), timedelta(minutes=dice.lognormvariate(4.6, 0.9)))
    return len(staged)


def pull(stage: Stage) -> None:
    """Read the platforms' cases now; a platform that is not there yet is a broken demo, not an empty one."""
    for shop in (stage.shops.kuaishou, stage.shops.douyin):
        intake.pull_account(shop.platform_accounts.get())


def take_cases(staged: Iterable[Staged]) -> None:
    """Find the cases the pull brought, and read the tracks of their parcels as the poller will."""
    for one in staged:
        one.case = Case.objects.get(shop=one.shop, order__number=one.order.number)
        for package in Package.objects.of_order(one.case.order_id):
            try:
                tracking.refresh_track(package, by=None)
            except Refused:
                continue  # a courier without an account of ours


def press(one: Staged, agent: Any) -> None:
    """拦截, as an agent would; what the courier refuses at once is part of the story."""
    assert one.case is not None
    one.case = cases.intercept_case(one.case, by=agent, shown_version=one.case.version)


def settle(one: Staged, verb: str) -> None:
    """Let the courier say how it ended and look."""
    waybill = one.order.packages[0].waybill
    row = Interception.objects.select_related("package").get(waybill=waybill)
    if verb:
        outside.courier(f"/control/parcels/{waybill}/advance", {"to": verb})
        # Read a minute ago; what the courier says now is what counts.
        Package.objects.filter(pk=row.package_id).update(track_checked_at=None)
        try:
            tracking.refresh_track(row.package, by=None)
        except Refused:
            pass
        interceptions.weigh_evidence(row.package_id, status=_status(row))


def end_journey(one: Staged, warehouse: Any, *, is_stopped: bool) -> None:
    """A stopped parcel is received at home, another is signed for: past parcels are asked about no more."""
    package = Package.objects.get(waybill=one.order.packages[0].waybill)
    if is_stopped:
        parcels.receive_package(package, by=warehouse)
        return
    outside.courier(f"/control/parcels/{package.waybill}/advance", {"to": "out_for_delivery"})
    outside.courier(f"/control/parcels/{package.waybill}/advance", {"to": "signed"})
    Package.objects.filter(pk=package.pk).update(track_checked_at=None)
    tracking.refresh_track(package, by=None)


def _status(row: Interception) -> Any:
    courier = registry.get(row.courier)
    if row.account is None or not courier.capabilities.can_query_state:
        return None
    return courier.query_intercept(row.account, row.waybill)


def pay_out(paying: Iterable[Case]) -> None:
    """Ask after every refund under way until the platform has paid it."""
    case_ids = [case.pk for case in paying]
    deadline = time.monotonic() + PAYING_S
    while time.monotonic() < deadline:
        waiting = list(
            Refund.objects.filter(case_id__in=case_ids, state__in=WAITING_STATES).values_list("pk", flat=True)
        )
        if not waiting:
            return
        Refund.objects.filter(pk__in=waiting).update(next_at=now())
        for pk in waiting:
            try:
                sending.poll_refund(pk)
            except PlatformError:
                continue
        time.sleep(0.2)


def _move_back(case: Case, age: timedelta, took: timedelta) -> None:
    """Everything about one settled case, `age` earlier than it happened; the courier's answer took `took`."""
    case.refresh_from_db()
    end = min(took, age)
    for model, fields in (
        (Case, ("applied_at", "closed_at", "due_at")),
        (Refund, ("created_at", "sent_at", "settled_at", "updated_at")),
    ):
        rows: Any = model._default_manager.filter(**{"pk" if model is Case else "case": case.pk})
        rows.update(
            **{name: F(name) - age + (end if name in ("closed_at", "settled_at") else timedelta()) for name in fields}
        )
    row = Interception.objects.filter(pk=case.interception_id)
    row.update(
        **{name: F(name) - age for name in ("submitted_at", "accepted_at", "created_at")},
        settled_at=F("settled_at") - age + end,
        returned_at=F("returned_at") - age + timedelta(hours=40),
    )
    subjects: list[tuple[type[Model], list[Any]]] = [
        (Case, [case.pk]),
        (Refund, list(case.refunds.values_list("pk", flat=True))),
        (Interception, [case.interception_id]),
    ]
    for model, pks in subjects:
        Activity.objects.filter(subject_kind=model._meta.model_name, subject_id__in=pks).update(at=F("at") - age)
    RefundCall.objects.filter(refund__case=case).update(at=F("at") - age, answered_at=F("answered_at") - age)
    if case.interception is not None:
        CourierCall.objects.filter(key=case.interception.number).update(
            started_at=F("started_at") - age, answered_at=F("answered_at") - age
        )
        package = case.interception.package
        # Its scans were made within the last hours: the same journey, as much earlier.
        TrackingEvent.objects.filter(package_id=package.pk).update(event_at=F("event_at") - age)
        times = ("labelled_at", "shipped_at", "picked_up_at", "last_event_at", "signed_at", "track_checked_at")
        Package.objects.filter(pk=package.pk).update(**{name: F(name) - age for name in times})
    day: datetime = now() - age
    LedgerEntry.objects.filter(shop_id=case.shop_id, order_number=case.order.number).update(book_date=day.date())
    type(case.order).objects.filter(pk=case.order_id).update(
        **{name: F(name) - age for name in ("placed_at", "paid_at", "shipped_at")}
    )


def _priced(scene: Scene, dice: random.Random) -> Scene:
    return replace(scene, paid_fen=min(49_900, GOODS[scene.good].price_fen - dice.choice((0, 300, 500))))
