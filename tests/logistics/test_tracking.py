"""Scans into the database: stored once, projected in one go, read at the courier when a person asks."""

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from logistics.couriers.models import CourierCall
from logistics.couriers.signing import md5_base64
from logistics.parcels import store
from logistics.parcels.enums import OwnScan
from logistics.parcels.enums import PackageState as P
from logistics.parcels.models import Package
from logistics.parcels.tracking_models import TrackingEvent
from logistics.tracking import services
from logistics.tracking.signals import tracks_changed
from logistics.watch.models import Watch
from merchant.clock import SHANGHAI, now
from merchant.inbox import services as inbox
from merchant.inbox.models import InboxTask
from merchant.policy import services as policy
from merchant.refusals import Refused
from tests.logistics.factories import make_package, running, scan
from tests.logistics.wire import QUERY, TRACK, down, zto_refusal
from tests.merchant.factories import make_courier_account, make_shop

pytestmark = pytest.mark.django_db()


def fresh(package: Package) -> Package:
    return Package.objects.get(pk=package.pk)


def forget_reading(package: Package) -> None:
    Package.objects.filter(pk=package.pk).update(track_checked_at=now() - timedelta(minutes=10))


# --- storing ------------------------------------------------------------------------------------------------------


def test_record_events_stores_each_scan_once_and_projects_the_state():
    package = make_package(state=P.PICKED_UP)
    delivery = scan(P.OUT_FOR_DELIVERY, city="杭州市", text="派件中")

    first = services.record_events({package.pk: [delivery]})
    second = services.record_events({package.pk: [delivery, delivery]})

    row = fresh(package)
    assert (first, second) == ({package.pk}, set())
    assert (row.state, row.last_text, row.last_event_at) == (
        P.OUT_FOR_DELIVERY,
        "派件中",
        delivery.event_at.replace(microsecond=0),
    )
    assert TrackingEvent.objects.filter(package=package).count() == 3


def test_scans_that_arrive_backwards_give_the_same_state():
    events = [
        scan(P.SIGNED, now() - timedelta(minutes=1)),
        scan(P.OUT_FOR_DELIVERY, now() - timedelta(minutes=50)),
        scan(P.IN_TRANSIT, now() - timedelta(minutes=90)),
    ]
    one, other = make_package(state=P.PICKED_UP), make_package(state=P.PICKED_UP)

    services.record_events({one.pk: events})
    for event in events:
        services.record_events({other.pk: [event]})

    assert (fresh(one).state, fresh(other).state) == (P.SIGNED, P.SIGNED)
    assert fresh(one).signed_at == fresh(other).signed_at == events[0].event_at.replace(microsecond=0)


def test_the_number_of_statements_does_not_grow_with_the_batch():
    shop = make_shop()
    packages = [make_package(shop=shop) for _ in range(12)]

    def statements(some):
        with CaptureQueriesContext(connection) as captured:
            services.record_events({p.pk: [scan(P.OUT_FOR_DELIVERY)] for p in some}, checked_at=now())
        return len(captured)

    assert statements(packages[:2]) == statements(packages[2:])


def test_a_couriers_word_never_passes_for_the_warehouses_scan():
    package = make_package()

    services.record_events({package.pk: [scan(P.RETURNED, code=OwnScan.RECEIVED)]})

    assert store.projection_of(package, now()).received_at is None


def test_news_of_tracks_is_told_once_after_the_commit_and_a_known_scan_is_none(django_capture_on_commit_callbacks):
    package, told = make_package(state=P.PICKED_UP), []
    new = scan(P.IN_TRANSIT, now() - timedelta(minutes=5))

    def listen(sender, package_ids, **_):
        told.append(package_ids)

    tracks_changed.connect(listen)
    with django_capture_on_commit_callbacks(execute=True):
        services.record_events({package.pk: [new]})
        before = list(told)
    with django_capture_on_commit_callbacks(execute=True):
        services.record_events({package.pk: [new]})

    assert (before, told) == ([], [[package.pk]])


def test_a_future_scan_counts_once_its_time_has_come(monkeypatch):
    package = make_package(state=P.PICKED_UP)
    coming = scan(P.OUT_FOR_DELIVERY, now() + timedelta(minutes=20))

    services.record_events({package.pk: [coming]})
    assert fresh(package).state == P.PICKED_UP

    later = now() + timedelta(minutes=15)
    monkeypatch.setattr(services, "now", lambda: later)
    services.record_events({package.pk: [coming]})
    assert fresh(package).state == P.OUT_FOR_DELIVERY


def test_a_parcel_whose_life_ended_leaves_the_watch_list(django_capture_on_commit_callbacks):
    package = make_package()
    assert Watch.objects.filter(package=package).exists()

    with django_capture_on_commit_callbacks(execute=True):
        services.record_events({package.pk: [scan(P.SIGNED)]})

    assert not Watch.objects.filter(package=package).exists()


# --- forced read (E12) --------------------------------------------------------------------------------------------


def zto_track(*rows):
    return {"status": True, "statusCode": "SYS000", "message": "ok", "result": [dict(row) for row in rows]}


def test_refresh_track_reads_at_the_courier_and_says_when(wire):
    package = make_package()
    forget_reading(package)
    at = now() - timedelta(minutes=2)
    wire.on(
        TRACK,
        zto_track(
            {
                "billCode": package.waybill,
                "scanType": "派件",
                "scanDate": int(at.timestamp() * 1000),
                "scanSite": {"name": "杭州余杭", "city": "杭州市", "isCenter": "F"},
                "desc": "派件中",
            }
        ),
    )

    row = services.refresh_track(package, by=None)

    assert row.state == P.OUT_FOR_DELIVERY
    assert (now() - row.track_checked_at).total_seconds() < 2
    assert list(CourierCall.objects.values_list("operation", "attempt", "outcome")) == [("track", 1, "ok")]


def test_a_track_read_within_a_minute_is_not_read_again(wire):
    package = make_package()

    assert services.refresh_track(package, by=None).state == P.IN_TRANSIT
    assert wire.calls == []


def test_a_courier_that_cannot_be_reached_refuses_e12_and_nothing_changes(wire):
    package = make_package()
    forget_reading(package)
    before = fresh(package).track_checked_at
    wire.on(TRACK, down())

    with pytest.raises(Refused) as refusal:
        services.refresh_track(package, by=None)

    assert (refusal.value.code, refusal.value.detail) == ("E12", {"why": "transient"})
    assert fresh(package).track_checked_at == before


def test_a_label_the_courier_has_not_seen_was_read_all_the_same(wire):
    package = make_package(state=P.LABELLED, is_checked=False)
    wire.on(TRACK, zto_refusal("E416", "非中通单号"))

    row = services.refresh_track(package, by=None)

    assert (row.state, row.track_checked_at is not None) == (P.LABELLED, True)


def test_a_parcel_on_the_road_that_the_courier_does_not_know_refuses_e12(wire):
    package = make_package()
    forget_reading(package)
    wire.on(TRACK, zto_refusal("E416", "非中通单号"))

    with pytest.raises(Refused) as refusal:
        services.refresh_track(package, by=None)

    assert refusal.value.code == "E12"


def test_a_courier_with_an_interval_may_be_asked_out_of_turn_a_few_times_a_day(wire):
    package = make_package("kuaidi100")
    policy.change(package.shop, by=None, reason="少查", forced_reads_per_day=2)
    wire.on("query.do", {"status": "200", "nu": package.waybill, "data": []})
    before = now()
    for _ in range(2):
        forget_reading(package)
        services.refresh_track(package, by=None)
    forget_reading(package)

    with pytest.raises(Refused) as refusal, translation.override("en"):
        services.refresh_track(package, by=None)

    first = CourierCall.objects.filter(operation="track").order_by("started_at").first()
    assert (refusal.value.code, wire.count("query.do")) == ("E12", 2)
    assert refusal.value.detail == {"again_at": (first.started_at + timedelta(days=1)).isoformat()}
    at = (first.started_at + timedelta(days=1)).astimezone(SHANGHAI).strftime("%m-%d %H:%M")
    assert str(refusal.value.message).endswith(f"out of turn 2 times a day; the next time is {at}.")
    assert fresh(package).track_checked_at < before

    CourierCall.objects.filter(pk=first.pk).update(started_at=now() - timedelta(days=1))
    services.refresh_track(package, by=None)
    assert wire.count("query.do") == 3


def test_another_shop_s_reads_of_the_same_number_are_not_ours(wire):
    package = make_package("kuaidi100")
    twin = make_package("kuaidi100", waybill=package.waybill)
    policy.change(package.shop, by=None, reason="少查", forced_reads_per_day=1)
    wire.on("query.do", {"status": "200", "nu": package.waybill, "data": []})
    for one in (twin, package):
        forget_reading(one)
        services.refresh_track(one, by=None)

    assert wire.count("query.do") == 2


def test_a_courier_without_an_interval_is_asked_whenever_somebody_waits(wire):
    package = make_package()
    wire.on(TRACK, zto_track())
    for _ in range(8):
        forget_reading(package)
        services.refresh_track(package, by=None)

    assert wire.count(TRACK) == 8


# --- pushes -------------------------------------------------------------------------------------------------------


def zto_push(package: Package, action: str, **more) -> bytes:
    at = now().astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    data = json.dumps({"billCode": package.waybill, "action": action, "actionTime": at, **more})
    digest = md5_base64(data, "demo-secret")
    return urlencode({"data": data, "data_digest": digest, "company_id": "demo-app", "msg_type": "Traces"}).encode()


def receive(package: Package, body: bytes, account=None):
    account = account or package.account
    return inbox.receive(
        "courier:zto",
        shop=account.shop,
        account_id=account.pk,
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=body,
    )


def test_a_push_becomes_a_scan_and_remembers_its_message():
    package = make_package(state=P.PICKED_UP)

    message = receive(package, zto_push(package, "DISPATCH", facilityName="杭州余杭", city="杭州市"))
    assert inbox.handle(message.pk) is True

    assert fresh(package).state == P.OUT_FOR_DELIVERY
    assert TrackingEvent.objects.get(package=package, status=P.OUT_FOR_DELIVERY).inbox_id == message.pk
    assert not InboxTask.objects.exists()


def test_a_push_pulls_the_next_question_forward_where_the_courier_can_be_asked(wire):
    interception = running()
    Watch.objects.update(next_at=now() + timedelta(hours=2))

    inbox.handle(receive(interception.package, zto_push(interception.package, "RETURN_SCAN")).pk)

    assert Watch.objects.get(package=interception.package).next_at <= now()
    assert wire.count(QUERY) == 0


def test_a_push_touches_only_its_own_accounts_parcels():
    package = make_package(state=P.PICKED_UP)
    other = make_courier_account(make_shop(), "zto")

    message = receive(package, zto_push(package, "SIGNED"), account=other)
    assert inbox.handle(message.pk) is False

    assert fresh(package).state == P.PICKED_UP
    assert InboxTask.objects.get().error == f"UnknownParcel: zto {package.waybill}"
    assert InboxTask.objects.get().is_parked is False
