"""Broken pushes at the couriers' doors and broken answers to the poller: never a fault, never a row that others lose."""

import json
from datetime import timedelta
from urllib.parse import urlencode
from xml.sax.saxutils import quoteattr

import pytest
from django.core.cache import cache
from django.db import transaction

from logistics.couriers import push_endpoint, registry, signing
from logistics.couriers.base import Answer, CourierError, Event
from logistics.couriers.kuaidi100 import _sign
from logistics.parcels.models import Package
from logistics.parcels.tracking_models import TrackingEvent
from logistics.polling import batch
from logistics.polling.batch import Reply, Work
from logistics.sandbox.accounts import secrets_of
from logistics.tracking import services as tracking
from logistics.watch import services as watching
from logistics.watch.models import AccountHealth, Watch
from merchant.clock import now
from merchant.inbox import samples
from merchant.inbox import services as inbox
from merchant.inbox.models import InboxMessage, InboxTask
from tests.fuzz.broken import as_xml, broken, bruised, stream, written
from tests.logistics.couriers.contract import EXAMPLES
from tests.logistics.factories import make_package

pytestmark = pytest.mark.django_db
PUSHES, ANSWERS = 300, 400
AT = "2026-11-30 09:00:00"


@pytest.fixture(autouse=True)
def no_counting(monkeypatch):
    cache.clear()
    monkeypatch.setattr(push_endpoint, "PUSHES_PER_MINUTE", 10**9)
    monkeypatch.setattr(samples, "PER_MINUTE", 10**9)
    monkeypatch.setattr(samples, "PER_DAY", 10**9)


def told_by(code, waybill):
    """A whole push as this courier tells it, before it is written down and signed."""
    scan = {"zto": "ARRIVAL", "yto": "ARRIVAL", "sto": "到件", "jt": "到件扫描"}.get(code, "在途")
    return {
        "zto": {"billCode": waybill, "action": scan, "actionTime": AT, "facilityName": "杭州", "city": "杭州市", "desc": "到"},
        "yto": {"mailNo": waybill, "txLogisticID": "TX1", "infoContent": scan, "acceptTime": AT, "remark": "到", "orgName": "杭"},
        "sto": {
            "waybillNo": waybill,
            "trace": {"scanType": scan, "opTime": AT, "opOrgName": "杭州", "opOrgCityName": "杭州市", "memo": "到", "outBizCode": "1"},
        },
        "jt": {"billCode": waybill, "details": [{"scanType": scan, "scanTime": AT, "scanNetworkName": "杭州", "desc": "到"}]},
        "sf": {"Body": {"WaybillRoute": [{"mailno": waybill, "acceptTime": AT, "remark": "到", "opCode": "50"}]}},
        "kuaidi100": {
            "status": "polling",
            "lastResult": {"nu": waybill, "state": "0", "data": [{"time": AT, "ftime": AT, "context": "到", "statusCode": "0"}]},
        },
    }[code]  # fmt: skip


def signed(code, document, chance, secrets):
    """(body, headers), signed by the account over exactly these broken words."""
    text = as_xml(document, "UpdateInfo") if code == "yto" else written(document, chance)
    raw = text.encode(errors="surrogatepass")
    if chance.random() < 0.15:
        raw = bruised(raw, chance)
    if code == "sf":
        if chance.random() < 0.5:
            return raw, {"content-type": "application/json"}
        xml = f"<Request><Body><WaybillRoute mailno={quoteattr(text[:300])}/></Body></Request>".encode(errors="replace")
        return urlencode({"content": xml}).encode(), {}
    field, key, secret = {
        "zto": ("data", "data_digest", "app_secret"),
        "sto": ("content", "data_digest", "secret_key"),
        "jt": ("bizContent", "", "private_key"),
        "yto": ("logistics_interface", "data_digest", ""),
        "kuaidi100": ("param", "sign", "salt"),
    }[code]
    word = secrets["push"]["secret"] if code == "yto" else secrets[secret]
    digest = _sign(raw, word) if code == "kuaidi100" else signing.md5_base64(raw, word)
    body = urlencode({field: raw, **({key: digest} if key else {})}).encode()
    if chance.random() < 0.1:
        body = bruised(body, chance)
    return body, {} if key else {"digest": digest}


@pytest.mark.parametrize("code", list(EXAMPLES))
def test_no_push_finds_a_fault_at_a_courier_s_door_or_behind_it(client, code, caplog):
    package = make_package(code)
    package.account.secrets = secrets_of(code)
    package.account.save()
    door, seen = f"/push/courier/{package.account.push_token}/", {}

    for chance in stream(PUSHES, code):
        body, headers = signed(code, broken(told_by(code, package.waybill), chance), chance, package.account.secrets)
        kind = headers.pop("content-type", "application/x-www-form-urlencoded")
        answer = client.post(door, body, content_type=kind, headers=headers)
        seen[answer.status_code] = seen.get(answer.status_code, 0) + 1

    assert set(seen) <= {200, 400, 403, 404, 413}
    # Otherwise nothing was tried: some are read, some are not.
    assert seen[200] > 20 and sum(seen.values()) == PUSHES
    inbox.sweep()
    parked = InboxTask.objects.exclude(error="").values_list("error", flat=True)
    assert [error for error in parked if "DataError" in error or "ValueError" in error] == []


def answers_of(code, waybill):
    """A whole answer about a track."""
    return {
        "zto": {
            "status": True,
            "result": [
                {"billCode": waybill, "scanType": "到件", "scanDate": 1763870400000, "desc": "到", "scanSite": {"name": "杭州"}}
            ],
        },
        "yto": [{"waybill_No": waybill, "upload_Time": AT, "infoContent": "ARRIVAL", "processInfo": "【杭州】到"}],
        "sto": {"success": "true", "data": {waybill: [{"waybillNo": waybill, "scanType": "到件", "opTime": AT, "memo": "到"}]}},
        "jt": {"code": "1", "data": [{"billCode": waybill, "details": [{"scanType": "到件扫描", "scanTime": AT, "desc": "到"}]}]},
        "sf": {
            "success": True, "errorCode": "S0000",
            "msgData": {"routeResps": [{"mailNo": waybill, "routes": [{"acceptTime": AT, "remark": "到", "opCode": "50"}]}]},
        },
        "kuaidi100": {"status": "200", "nu": waybill, "state": "0", "data": [{"ftime": AT, "context": "到", "statusCode": "0"}]},
    }[code]  # fmt: skip


@pytest.mark.parametrize("code", list(EXAMPLES))
def test_an_answer_is_scans_that_can_be_stored_or_a_courier_s_error(code):
    package = make_package(code)
    courier, kept = registry.of(package.account), 0

    for chance in stream(ANSWERS, f"answer {code}"):
        text = written(broken(answers_of(code, package.waybill), chance), chance)
        if code == "sf":
            # The answer of the service stands as text in the gateway's.
            text = json.dumps({"apiResultCode": "A1000", "apiResultData": text})
        try:
            events = courier.parse_track(Answer(text), package.waybill)
        except CourierError:
            continue
        kept += len(events)
        with transaction.atomic():
            tracking.record_events({package.pk: events})

    assert kept > 50
    assert TrackingEvent.objects.filter(package=package).count() > 1


def test_what_the_database_refuses_costs_its_own_parcel_a_miss_and_is_kept():
    account = make_package("zto").account
    for _n in range(3):
        make_package("zto", shop=account.shop)
    Watch.objects.update(next_at=now() - timedelta(seconds=1))
    due = watching.claim_due(account, 10)
    at = now().replace(microsecond=0)
    replies = [Reply(one, [Event(at, "out_for_delivery", "x", site="杭州")], answer_hash=1) for one in due]
    bad = replies[2]
    bad.events = [Event(at, "out_for_delivery", "x", text="13900001234 a\0b")]
    assert len(due) == 4

    batch.finish(Work(account, registry.of(account), due, frozenset(), "", False), replies)

    states = dict(Package.objects.values_list("pk", "state"))
    assert states.pop(bad.due.package_id) == "in_transit"
    assert set(states.values()) == {"out_for_delivery"}
    assert sorted(Watch.objects.values_list("misses", flat=True)) == [0, 0, 0, 1]
    # The courier answered: nothing that pauses the account.
    assert set(AccountHealth.objects.values_list("error_count", flat=True)) == {0}
    kept = InboxMessage.objects.get()
    assert (kept.verdict, kept.source, kept.account_id) == ("unfit", "courier:zto", account.pk)
    assert bad.due.waybill.encode() in bytes(kept.body) and "NUL" in kept.headers["reason"]


def test_the_same_unfit_answer_is_kept_once():
    package = make_package("zto")
    for _turn in range(3):
        inbox.keep_unfit(
            "courier:zto", shop=package.shop, account_id=1, said={"a": "\ud83d"}, why=ValueError("13900001234 no")
        )

    assert InboxMessage.objects.get().headers == {"reason": "139****1234 no"}
