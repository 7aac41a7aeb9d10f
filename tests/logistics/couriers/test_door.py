"""The push door over HTTP: what is stored, what is answered, and that nothing else changes."""

import json
import time
from datetime import timedelta
from functools import lru_cache
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from logistics.couriers import push_endpoint, registry
from logistics.couriers.base import CourierError
from logistics.parcels.tracking_models import TrackingEvent
from logistics.sandbox.accounts import secrets_of
from logistics.sandbox.parcels import Parcel
from logistics.sandbox.wires import wire_of
from logistics.watch.models import Watch
from merchant import wakeups
from merchant.celery import app
from merchant.clock import now
from merchant.inbox import services as inbox
from merchant.inbox.models import InboxMessage, InboxTask
from merchant.shops.models import CourierAccount
from tests.logistics.couriers.contract import EXAMPLES
from tests.logistics.factories import make_package
from tests.merchant.factories import make_shop

pytestmark = pytest.mark.django_db
both = pytest.mark.parametrize("code", list(EXAMPLES))
# Elsewhere a push is a hint, signed by nobody.
signing_couriers = pytest.mark.parametrize("code", [c for c in EXAMPLES if registry.get(c).capabilities.signs_pushes])


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()
    yield
    cache.clear()


def parcel_at_the_door(code, **more):
    """(package, its account) with the sandbox's credentials."""
    package = make_package(code, **more)
    package.account.secrets = secrets_of(code)
    package.account.save()
    return package


def push_body(package, verb="out_for_delivery", *, name="demo"):
    parcel = Parcel(courier=package.courier, waybill=package.waybill, account=name, receiver_city="杭州市")
    scan = parcel.act(verb, now=package.last_event_at.timestamp() + 60)
    parcel.via = package.account.via
    return wire_of(parcel).push(parcel, scan)


def send(client, token, body, headers=None):
    headers = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
    return client.post(f"/push/courier/{token}/", body, content_type=headers.pop("content-type"), headers=headers)


def verdicts():
    return list(InboxMessage.objects.order_by("pk").values_list("verdict", flat=True))


def nothing_changed(package, events):
    state, version = package.state, package.version
    package.refresh_from_db()
    same = (package.state, package.version) == (state, version)
    return same and TrackingEvent.objects.count() == events and not InboxTask.objects.exists()


@signing_couriers
def test_a_push_is_stored_acknowledged_and_worked_on_afterwards(client, code, django_capture_on_commit_callbacks):
    package = parcel_at_the_door(code)
    body, headers = push_body(package)

    with django_capture_on_commit_callbacks() as callbacks:
        answer = send(client, package.account.push_token, body, headers)

    assert answer.status_code == 200
    message = InboxMessage.objects.get()
    assert (message.verdict, message.source, message.account_id) == ("verified", f"courier:{code}", package.account_id)
    assert bytes(message.body) == body
    assert InboxTask.objects.filter(message=message).count() == 1
    package.refresh_from_db()
    assert package.state == "in_transit"
    for callback in callbacks:
        callback()
    package.refresh_from_db()
    assert (package.state, InboxTask.objects.count()) == ("out_for_delivery", 0)


def test_zto_is_acknowledged_in_json_and_yto_in_xml_with_its_order_number(client):
    package = parcel_at_the_door("zto")
    answer = send(client, package.account.push_token, *push_body(package))
    assert json.loads(answer.content) == {"status": True, "message": "", "result": None, "statusCode": ""}

    package = parcel_at_the_door("yto")
    answer = send(client, package.account.push_token, *push_body(package))
    assert answer["content-type"] == "text/xml; charset=UTF-8"
    assert answer.content.decode() == (
        f"<Response><logisticProviderID>YTO</logisticProviderID><txLogisticID>TX{package.waybill}</txLogisticID>"
        "<success>true</success><reason></reason></Response>"
    )


def test_a_push_nobody_signed_only_makes_us_ask(client, django_capture_on_commit_callbacks):
    package = parcel_at_the_door("sf")
    other = make_package("sf", shop=package.shop)
    Watch.objects.update(next_at=now() + timedelta(hours=4))
    events = TrackingEvent.objects.count()
    routes = [{"mailno": one.waybill, "opCode": "80"} for one in (package, other)]
    body = json.dumps({"Body": {"WaybillRoute": [*routes, {"mailno": "SF-nobody-s"}]}}).encode()

    with django_capture_on_commit_callbacks(execute=True):
        answer = send(client, package.account.push_token, body, {"content-type": "application/json"})

    assert (answer.status_code, json.loads(answer.content)["return_code"]) == (200, "0000")
    assert answer["content-type"] == "application/json; charset=UTF-8"
    assert Watch.objects.filter(next_at__lte=now()).count() == 2
    assert nothing_changed(package, events)


def test_an_unreadable_push_is_no_hint(client):
    package = parcel_at_the_door("sf")
    events = TrackingEvent.objects.count()
    Watch.objects.update(next_at=now() + timedelta(hours=4))

    answer = send(client, package.account.push_token, b'{"Body": {"WaybillRoute": "all"}}')

    assert (answer.status_code, verdicts()) == (403, ["forged"])
    assert Watch.objects.filter(next_at__lte=now()).count() == 0
    assert nothing_changed(package, events)


@both
def test_the_same_body_again_is_acknowledged_on_record_and_changes_nothing(
    client, code, django_capture_on_commit_callbacks
):
    package = parcel_at_the_door(code)
    body, headers = push_body(package)
    with django_capture_on_commit_callbacks(execute=True):
        send(client, package.account.push_token, body, headers)
    package.refresh_from_db()
    events = TrackingEvent.objects.count()

    with django_capture_on_commit_callbacks(execute=True):
        answer = send(client, package.account.push_token, body, headers)

    assert answer.status_code == 200
    assert verdicts() == ["verified", "replayed"]
    assert nothing_changed(package, events)


@signing_couriers
@pytest.mark.parametrize("how", ["changed", "unsigned", "stranger", "empty"])
def test_a_forged_push_is_on_record_and_changes_nothing(client, code, how):
    package = parcel_at_the_door(code)
    events = TrackingEvent.objects.count()
    body, headers = push_body(package, name="other" if how == "stranger" else "demo")
    if how == "changed":
        body = body.replace(package.waybill.encode(), package.waybill.encode()[:-1] + b"x")
    if how == "unsigned":
        body, headers = body.replace(b"data_digest=", b"nothing="), {**headers, "digest": ""}
        body = body.replace(b"sign=", b"nothing=")
    if how == "empty":
        body = b""

    answer = send(client, package.account.push_token, body, headers)

    assert (answer.status_code, verdicts()) == (403, ["forged"])
    assert nothing_changed(package, events)
    assert b"true" not in answer.content


def test_a_signed_push_nobody_can_read_is_malformed(client):
    package = parcel_at_the_door("zto")
    events = TrackingEvent.objects.count()
    data = '{"billCode": "1", "action": "GOT", "actionTime": "soon"}'
    from logistics.couriers import signing

    body = urlencode({"data": data, "data_digest": signing.md5_base64(data, secrets_of("zto")["app_secret"])}).encode()

    answer = send(client, package.account.push_token, body)

    assert (answer.status_code, verdicts()) == (400, ["malformed"])
    assert nothing_changed(package, events)


def test_xml_that_wants_to_read_files_is_malformed(client):
    from logistics.couriers import signing

    package = parcel_at_the_door("yto")
    xml = f'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><UpdateInfo><mailNo>{package.waybill}&f;</mailNo></UpdateInfo>'
    digest = signing.md5_base64(xml, secrets_of("yto")["push"]["secret"])
    body = urlencode({"logistics_interface": xml, "data_digest": digest}).encode()

    answer = send(client, package.account.push_token, body)

    assert (answer.status_code, verdicts()) == (400, ["malformed"])


@both
def test_an_oversized_push_is_cut_off_and_changes_nothing(client, code, settings):
    settings.PUSH_MAX_BYTES = 1000
    package = parcel_at_the_door(code)
    events = TrackingEvent.objects.count()

    answer = send(client, package.account.push_token, b"x" * 5000)

    assert (answer.status_code, verdicts()) == (413, ["oversized"])
    assert InboxMessage.objects.get().size == 1001
    assert nothing_changed(package, events)


@both
def test_another_account_s_parcel_is_foreign_and_the_courier_may_ask_again(client, code):
    """The push is signed rightly, by an account that this parcel does not go through."""
    theirs = parcel_at_the_door(code)
    mine = parcel_at_the_door(code, shop=make_shop())
    events = TrackingEvent.objects.count()

    answer = send(client, mine.account.push_token, *push_body(theirs))

    assert (answer.status_code, verdicts()) == (404, ["foreign"])
    assert b"true" not in answer.content
    assert nothing_changed(theirs, events)


def test_a_parcel_imported_a_moment_later_still_gets_its_scan(client, django_capture_on_commit_callbacks):
    package = parcel_at_the_door("zto")
    waybill, package.waybill = package.waybill, "73109999999999"
    package.save(update_fields=["waybill"])
    package.waybill = waybill
    body, headers = push_body(package)
    assert send(client, package.account.push_token, body, headers).status_code == 404

    package.save(update_fields=["waybill"])
    with django_capture_on_commit_callbacks(execute=True):
        answer = send(client, package.account.push_token, body, headers)

    package.refresh_from_db()
    assert (answer.status_code, package.state) == (200, "out_for_delivery")
    assert verdicts() == ["foreign", "verified"]


def test_an_unknown_or_switched_off_address_is_not_there(client):
    package = parcel_at_the_door("zto")
    body, headers = push_body(package)

    assert send(client, "guessed", body, headers).status_code == 404
    package.account.is_active = False
    package.account.save()
    assert send(client, package.account.push_token, body, headers).status_code == 404
    assert InboxMessage.objects.count() == 0


def test_only_a_post_is_a_push(client):
    package = parcel_at_the_door("zto")

    assert client.get(f"/push/courier/{package.account.push_token}/").status_code == 405


def test_a_push_needs_no_csrf_token():
    package = parcel_at_the_door("zto")

    answer = send(Client(enforce_csrf_checks=True), package.account.push_token, *push_body(package))

    assert answer.status_code == 200


def test_a_flood_is_throttled_and_leaves_one_row_a_minute(client, monkeypatch):
    monkeypatch.setattr(push_endpoint, "PUSHES_PER_MINUTE", 2)
    package = parcel_at_the_door("zto")
    other = parcel_at_the_door("zto", shop=make_shop())

    answers = [send(client, package.account.push_token, b"junk").status_code for _ in range(5)]

    assert answers == [403, 403, 429, 429, 429]
    assert verdicts() == ["forged", "forged", "throttled"]
    assert send(client, other.account.push_token, *push_body(other)).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_dead_redis_stops_no_push_and_hangs_none(client, monkeypatch, settings):
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(wakeups, "_client", lru_cache(wakeups._client.__wrapped__))
    monkeypatch.setattr(wakeups, "_silent_until", 0.0)
    monkeypatch.setattr(app.conf, "task_always_eager", False)
    package = parcel_at_the_door("zto")
    body, headers = push_body(package)

    began = time.monotonic()
    answers = [send(client, package.account.push_token, body, headers).status_code for _ in range(2)]
    took_s = time.monotonic() - began

    assert (answers, verdicts()) == ([200, 200], ["verified", "replayed"])
    # Celery by itself tries for six seconds, each time.
    assert took_s < 6
    assert InboxTask.objects.count() == 1
    assert (inbox.sweep(), InboxTask.objects.count()) == (1, 0)
    package.refresh_from_db()
    assert package.state == "out_for_delivery"


@pytest.mark.django_db(transaction=True)
def test_an_account_that_was_switched_off_is_a_stranger_from_that_moment_on(client):
    """The process knows it from the push before: what it knows is believed only while the row is the same."""
    package = parcel_at_the_door("zto")
    body, headers = push_body(package)
    assert send(client, package.account.push_token, body, headers).status_code == 200

    CourierAccount.objects.filter(pk=package.account_id).update(is_active=False)

    answers = [send(client, package.account.push_token, told, headers).status_code for told in (body, b"junk")]
    assert (answers, verdicts()) == ([404, 404], ["verified"])
    CourierAccount.objects.filter(pk=package.account_id).update(is_active=True)
    assert send(client, package.account.push_token, body, headers).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_new_secret_holds_from_the_next_push_on_and_the_old_one_no_more(client):
    package = parcel_at_the_door("zto")
    old, headers = push_body(package)
    assert send(client, package.account.push_token, old, headers).status_code == 200
    package.account.secrets = secrets_of("zto", "other")
    package.account.save()

    answers = [send(client, package.account.push_token, old, headers).status_code]
    answers.append(send(client, package.account.push_token, *push_body(package, "signed", name="other")).status_code)

    assert (answers, verdicts()) == ([403, 200], ["verified", "forged", "verified"])


@pytest.mark.django_db(transaction=True)
def test_an_account_the_breaker_has_paused_is_read_again_and_its_push_is_taken(client):
    package = parcel_at_the_door("zto")
    assert send(client, package.account.push_token, *push_body(package)).status_code == 200
    CourierAccount.objects.filter(pk=package.account_id).update(pause_reason="breaker")

    assert send(client, package.account.push_token, *push_body(package, "signed")).status_code == 200
    assert verdicts() == ["verified", "verified"]


def test_a_push_that_could_not_be_stored_is_not_remembered(client, monkeypatch):
    package = parcel_at_the_door("zto")
    body, headers = push_body(package)
    client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("logistics.couriers.views.inbox.receive", lambda *a, **k: 1 / 0)
        assert send(client, package.account.push_token, body, headers).status_code == 500

    assert send(client, package.account.push_token, body, headers).status_code == 200
    assert verdicts() == ["verified"]


def test_the_signature_is_checked_before_anything_is_read(client, monkeypatch):
    package = parcel_at_the_door("zto")

    def read(*_):
        raise AssertionError("was read")

    monkeypatch.setattr("logistics.couriers.zto.ZTO.parse_push", read)

    assert send(client, package.account.push_token, b"data=1&data_digest=2").status_code == 403


def test_a_handful_of_queries_whatever_is_in_the_house(client):
    package = parcel_at_the_door("zto")
    for _ in range(3):
        make_package("zto", shop=package.shop)
    body, headers = push_body(package)

    send(client, package.account.push_token, *push_body(package, "signed"))

    with CaptureQueriesContext(connection) as queries:
        send(client, package.account.push_token, body, headers)

    told = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    # Known account: one. The first push of a process reads it.
    assert len(told) == 1, told


def test_the_errors_of_a_courier_read_well():
    assert str(CourierError("transient", "S200", "后端超时")) == "transient S200 后端超时"
