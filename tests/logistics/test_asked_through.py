"""A courier asked through somebody else: whose parcel it stays, how often it is asked, what its word is worth."""

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.utils import translation

from logistics.couriers import registry
from logistics.couriers.kuaidi100 import _sign
from logistics.couriers.models import CourierCall
from logistics.interception import policies, services
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from logistics.parcels.tracking_models import TrackingEvent
from logistics.shipping.services import account_for
from logistics.tracking.services import handle_push, record_events, refresh_track
from logistics.watch import services as watching
from logistics.watch.models import Priority, Watch
from merchant.clock import SHANGHAI, now
from merchant.inbox import services as inbox
from merchant.inbox.models import InboxMessage
from merchant.ledger.models import LedgerEntry
from merchant.policy import services as policy
from merchant.refusals import Refused
from tests.logistics.factories import SECRETS, make_package, running, scan
from tests.logistics.wire import QUERY
from tests.merchant.factories import make_courier_account, make_shop

pytestmark = pytest.mark.django_db
HALF_AN_HOUR = timedelta(minutes=30)
LONG_AGO = timedelta(hours=3)


@pytest.fixture(autouse=True)
def public_address(settings):
    settings.SITE_URL = "https://huicang.example"


def read_at(package, at):
    Package.objects.filter(pk=package.pk).update(track_checked_at=at)
    package.refresh_from_db()
    return package


def row(package):
    return Watch.objects.get(package=package)


def a_moment(at):
    return abs((at - now()).total_seconds()) < 5


# --- whose parcel ------------------------------------------------------------------------------------------------------


def test_the_parcel_stays_its_courier_s_and_whom_to_ask_is_the_account_s():
    package = make_package("kuaidi100")

    assert package.courier == "zto"
    assert policies.courier_for(package) is registry.get("kuaidi100")
    assert policies.courier_for(make_package("zto")) is registry.get("zto")
    assert policies.courier_for(Package(courier="zto")) is registry.get("zto")


def test_a_shop_with_both_asks_the_courier_itself():
    shop = make_shop()
    make_courier_account(shop, "zto", via="kuaidi100")
    direct = make_courier_account(shop, "zto")

    assert account_for(shop.pk, "zto") == direct


def test_what_can_be_done_is_what_can_be_done_this_way(settings):
    with translation.override("en"):
        direct, through = ([str(s) for s in policies.facts_about(make_package(c)).brief] for c in ("zto", "kuaidi100"))

    assert direct[:2] == ["This courier can be asked for the result.", "An interception can be withdrawn."]
    assert through[:3] == [
        "Asked through Kuaidi100.",
        "This courier does not tell the result; it is read from the track.",
        "This courier cannot withdraw an interception.",
    ]


def test_nothing_is_stopped_through_kuaidi100_until_it_can_call_back(settings):
    settings.SITE_URL = "http://127.0.0.1:8000"
    # Its own servers, from where an address of this machine is not reached.
    settings.COURIER_SANDBOX_URL = ""
    package = make_package("kuaidi100")

    with pytest.raises(Refused) as refusal, translation.override("en"):
        services.submit_interception(package, by=None)

    with translation.override("en"):
        assert (refusal.value.code, str(refusal.value.message)) == (
            "ACCOUNT",
            "Kuaidi100 answers only by calling us back, and this house has no public address yet (HUICANG_SITE_URL).",
        )
    assert not Interception.objects.exists()


@pytest.mark.req("R0.14")
def test_the_request_goes_to_kuaidi100_and_a_return_scan_pays_by_its_own_switch(
    wire, django_capture_on_commit_callbacks
):
    wire.on("label/order", {"code": 200, "message": "ok", "data": "K7"})
    package = make_package("kuaidi100")
    with django_capture_on_commit_callbacks(execute=True):
        interception = services.submit_interception(package, by=None)
    interception.refresh_from_db()
    assert (interception.courier, interception.state, interception.external_ref) == ("zto", "running", "K7")
    assert (wire.count("label/order"), wire.count(QUERY)) == (1, 0)

    with django_capture_on_commit_callbacks(execute=True):
        record_events({package.pk: [scan("returning", now() + timedelta(seconds=2))]})

    interception.refresh_from_db()
    assert (interception.state, interception.evidence, interception.may_pay_by_itself) == (
        "returning",
        "return_scan",
        True,
    )


def test_switched_off_the_same_scan_asks_a_person(django_capture_on_commit_callbacks):
    package = make_package("kuaidi100")
    policy.change(package.shop, by=None, reason="先看看", evidence={"kuaidi100_return_scan": False})
    interception = running(package)

    with django_capture_on_commit_callbacks(execute=True):
        record_events({package.pk: [scan("returning", now() + timedelta(seconds=2))]})

    interception.refresh_from_db()
    assert (interception.state, interception.question) == ("running", "switched_off")


@pytest.mark.parametrize(("kind", "question"), [("return_to_sender", "not_listed"), ("change_address", "not_a_return")])
def test_at_sf_a_return_scan_asks_a_person_whatever_is_switched_on(django_capture_on_commit_callbacks, kind, question):
    package = make_package("sf")
    policy.change(package.shop, by=None, reason="顺丰也拦", intercept_couriers=["sf"])
    interception = running(package, kind=kind)

    with django_capture_on_commit_callbacks(execute=True):
        record_events({package.pk: [scan("returning", now() + timedelta(seconds=2))]})

    interception.refresh_from_db()
    assert (interception.state, interception.question, interception.may_pay_by_itself) == ("running", question, False)
    said = services.succeed_interception(interception, by=None)
    assert (said.state, said.evidence, said.may_pay_by_itself) == ("succeeded", "person", False)


def test_sf_s_scan_proves_no_more_when_kuaidi100_tells_it(django_capture_on_commit_callbacks):
    shop = make_shop()
    policy.change(shop, by=None, reason="顺丰也拦", intercept_couriers=["sf"])
    account = make_courier_account(shop, "sf", via="kuaidi100", secrets=SECRETS["kuaidi100"])
    package = make_package("sf", shop=shop)
    Package.objects.update(account=account)
    package.refresh_from_db()
    interception = running(package)

    with django_capture_on_commit_callbacks(execute=True):
        record_events({package.pk: [scan("returning", now() + timedelta(seconds=2))]})

    interception.refresh_from_db()
    assert (interception.state, interception.question) == ("running", "not_listed")


def test_the_fee_sf_names_stands_against_the_rate_card(wire, django_capture_on_commit_callbacks):
    inner = {"success": True, "errorCode": "S0000", "msgData": {"cusId": "CUS7", "amount": 12.5}}
    wire.on("std/service", {"apiResultCode": "A1000", "apiResultData": json.dumps(inner)})
    package = make_package("sf")
    policy.change(package.shop, by=None, reason="顺丰也拦", intercept_couriers=["sf"])
    with django_capture_on_commit_callbacks(execute=True):
        interception = services.submit_interception(package, by=None)
    services.succeed_interception(interception, by=None)
    services.bring_home(package, by=None)

    interception.refresh_from_db()
    booked = LedgerEntry.objects.filter(document=interception.number).order_by("leg")
    assert (interception.external_ref, interception.fee_fen, interception.freight_fen) == ("CUS7", 1250, 450)
    assert [(one.amount_fen, one.is_estimated) for one in booked] == [(1250, False), (450, True)]


# --- how often ---------------------------------------------------------------------------------------------------------


def test_a_stop_does_not_make_the_poller_ask_again_at_once():
    package = read_at(make_package("kuaidi100"), now())
    Watch.objects.filter(package=package).update(next_at=now() + timedelta(hours=4))

    watching.watch(package, priority=Priority.OPEN_INTERCEPTION)

    assert row(package).priority == Priority.OPEN_INTERCEPTION
    assert row(package).next_at == package.track_checked_at + HALF_AN_HOUR


def test_news_pulls_a_parcel_forward_as_far_as_it_may_be():
    soon, late, direct = make_package("kuaidi100"), make_package("kuaidi100"), make_package("zto")
    read_at(soon, now() - LONG_AGO)
    read_at(late, now() - timedelta(minutes=10))
    Watch.objects.update(next_at=now() + timedelta(hours=4))

    watching.pull_forward([soon.pk, late.pk, direct.pk])

    late.refresh_from_db()
    assert [a_moment(row(one).next_at) for one in (soon, late, direct)] == [True, False, True]
    assert row(late).next_at == late.track_checked_at + HALF_AN_HOUR


def test_a_failed_question_waits_half_an_hour_too(settings):
    package = make_package("kuaidi100")
    due = watching.Due(package.pk, now(), 1, 0, now(), package.waybill, package.state, False)

    patient = watching.after_error(due, courier=registry.get("kuaidi100"), at=now())
    eager = watching.after_error(due, courier=registry.get("zto"), at=now())

    assert patient.interval_s == 1800
    assert eager.interval_s < 60


def test_asking_now_is_a_read_out_of_turn_and_counted_as_one():
    package = make_package("kuaidi100")
    policy.change(package.shop, by=None, reason="少查", forced_reads_per_day=1)
    watching.watch(package, priority=Priority.OPEN_INTERCEPTION)

    def ask():
        Watch.objects.update(next_at=now() + timedelta(hours=4))
        return watching.poll_now(package.account, by=None)

    assert ask() == 1
    assert a_moment(row(package).next_at)
    with pytest.raises(Refused) as refusal:
        ask()
    call = CourierCall.objects.get(operation="track")
    again = (call.started_at + timedelta(days=1)).astimezone(SHANGHAI).strftime("%m-%d %H:%M")
    assert (refusal.value.code, again in str(refusal.value.message)) == ("E12", True)
    assert not a_moment(row(package).next_at)


def test_what_was_read_long_ago_is_said_to_be_so():
    package = read_at(make_package("kuaidi100"), now() - timedelta(minutes=20))

    check = policies.fresh_track(package, policy.current(package.shop_id))

    assert (check.passed, check.value) == (False, 1200)


# --- pushes ------------------------------------------------------------------------------------------------------------


def pushed(package, param):
    text = json.dumps(param, ensure_ascii=False)
    body = urlencode({"param": text, "sign": _sign(text, SECRETS["kuaidi100"]["salt"])}).encode()
    return received(package, body, "courier:kuaidi100")


def received(package, body, source):
    message = inbox.receive(
        source, shop=package.shop, account_id=package.account_id, headers={}, body=body, verdict="verified"
    )
    return InboxMessage.objects.get(pk=message.pk)


def track_of(package, *rows, status="polling"):
    data = [{"ftime": at, "context": context, "statusCode": code} for at, context, code in rows]
    result = {"nu": package.waybill, "com": "zhongtong", "status": "200", "state": "0", "data": data}
    return {"status": status, "lastResult": result}


def test_a_pushed_track_moves_the_parcel():
    package = make_package("kuaidi100")
    at = now().astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")

    handle_push(pushed(package, track_of(package, (at, "派件中", "5"))))

    package.refresh_from_db()
    assert package.state == "out_for_delivery"


def test_the_word_about_an_interception_is_kept_and_only_makes_us_ask(client):
    package = make_package("kuaidi100")
    interception = running(package)
    read_at(package, now() - LONG_AGO)
    Watch.objects.update(next_at=now() + timedelta(hours=4))
    events = TrackingEvent.objects.count()
    text = json.dumps({"kuaidinum": package.waybill, "status": "INTERCEPT_SUCCESS", "message": "拦截成功"})
    body = urlencode({"param": text, "sign": _sign(text, SECRETS["kuaidi100"]["salt"])})

    answer = client.post(
        f"/push/courier/{package.account.push_token}/", body, content_type="application/x-www-form-urlencoded"
    )
    message = InboxMessage.objects.get()
    handle_push(message)

    interception.refresh_from_db()
    assert (answer.status_code, answer.content.decode()) == (
        200,
        '{"result":true,"returnCode":"200","message":"成功"}',
    )
    assert (message.verdict, message.source) == ("verified", "courier:kuaidi100")
    assert (interception.state, TrackingEvent.objects.count()) == ("running", events)
    assert a_moment(row(package).next_at)


def test_an_unsigned_word_about_an_interception_is_kept_and_does_nothing(client):
    package = read_at(make_package("kuaidi100"), now() - LONG_AGO)
    Watch.objects.update(next_at=now() + timedelta(hours=4))

    answer = client.post(
        f"/push/courier/{package.account.push_token}/",
        json.dumps({"kuaidinum": package.waybill, "status": "success"}),
        content_type="application/json",
    )

    assert (answer.status_code, InboxMessage.objects.get().verdict) == (403, "forged")
    assert not a_moment(row(package).next_at)


def test_pushes_that_ended_too_early_are_ordered_again_after_half_an_hour_three_times():
    package = make_package("kuaidi100")

    def abort():
        Watch.objects.update(subscribed_at=now(), next_at=now() + timedelta(hours=8))
        handle_push(pushed(package, track_of(package, status="abort")))
        found = row(package)
        return found.subscribed_at, round((found.next_at - now()) / timedelta(minutes=1))

    assert [abort() for _ in range(3)] == [(None, 30)] * 3
    subscribed_at, minutes = abort()
    assert (subscribed_at is not None, minutes) == (True, 480)


def test_only_the_account_s_own_parcels_are_woken():
    package = read_at(make_package("sf"), now() - LONG_AGO)
    foreign = make_package("sf")
    Watch.objects.update(next_at=now() + timedelta(hours=4))
    body = {"Body": {"WaybillRoute": [{"mailno": one.waybill, "opCode": "80"} for one in (package, foreign)]}}

    handle_push(received(package, json.dumps(body).encode(), "courier:sf"))

    assert [a_moment(row(one).next_at) for one in (package, foreign)] == [True, False]
    assert package.state == "in_transit"


def test_a_phone_that_is_not_the_parcel_s_lets_nothing_be_stopped(wire):
    inner = {"success": True, "errorCode": "S0000", "msgData": {"routeResps": [{"mailNo": "SF1", "routes": []}]}}
    wire.on("std/service", {"apiResultCode": "A1000", "apiResultData": json.dumps(inner)})
    package = read_at(make_package("sf"), now() - LONG_AGO)

    with pytest.raises(Refused) as refusal:
        refresh_track(package, by=None)

    package.refresh_from_db()
    assert (refusal.value.code, policies.fresh_track(package, policy.current(package.shop_id)).passed) == ("E12", False)
