"""What is told of another parcel, or by another courier, is never stored on ours: it is kept whole and shown."""

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from logistics.couriers import registry, signing
from logistics.couriers.base import Answer, CourierError, ErrorClass
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
from merchant.inbox.models import InboxMessage, InboxTask
from merchant.refusals import Refused
from tests.logistics.couriers.contract import EXAMPLES
from tests.logistics.factories import make_package
from tests.logistics.wire import TRACK
from tests.merchant.factories import make_user

AT, STAMP = "2026-11-30 09:00:00", 1_795_998_800_000
OTHER = {"zto": "73100000000009", "yto": "YT0000000000009", "sto": "777000000000009", "jt": "JT0000000000009",
         "sf": "SF0000000000009", "kuaidi100": "73100000000009"}  # fmt: skip
every = pytest.mark.parametrize("code", list(EXAMPLES))


def told(code, *waybills):
    """A courier's whole answer about these waybills, each with one scan; STO's and J&T's as their documents show."""
    zto = [{"billCode": w, "scanType": "派件", "scanDate": STAMP, "desc": "派件中"} for w in waybills]
    yto = [{"waybill_No": w, "upload_Time": AT, "infoContent": "SENT_SCAN", "processInfo": "派件"} for w in waybills]
    sto = {w: [{"waybillNo": w, "scanType": "派件", "opTime": AT, "memo": "派件"}] for w in waybills}
    jt = [{"billCode": w, "details": [{"scanType": "出仓扫描", "scanTime": AT}]} for w in waybills]
    sf = {"routeResps": [{"mailNo": w, "routes": [{"acceptTime": AT, "opCode": "44"}]} for w in waybills]}
    found = {
        "zto": {"status": True, "result": zto},
        "yto": yto,
        "sto": {"success": "true", "data": sto},
        "jt": {"code": "1", "data": jt},
        "sf": {
            "apiResultCode": "A1000",
            "apiResultData": json.dumps({"success": True, "errorCode": "S0000", "msgData": sf}),
        },
        "kuaidi100": {
            "status": "200",
            "nu": waybills[-1],
            "com": "zhongtong",
            "data": [{"ftime": AT, "status": "派件"}],
        },
    }[code]
    return Answer(json.dumps(found, ensure_ascii=False))


def refused(code, answer, *, account=None):
    with pytest.raises(CourierError) as caught:
        registry.get(code).read_track(account or EXAMPLES[code].account, answer, EXAMPLES[code].waybill)
    return caught.value


@every
def test_an_answer_about_another_waybill_is_nobody_s_scan(code):
    error = refused(code, told(code, OTHER[code]))

    assert (error.error_class, error.code, error.retry) == (ErrorClass.ANOTHER_PARCEL, OTHER[code], False)
    assert OTHER[code] in error.raw


@every
def test_an_answer_that_mixes_two_parcels_proves_nothing_of_either(code):
    error = refused(code, told(code, EXAMPLES[code].waybill, OTHER[code]))

    assert error.error_class is ErrorClass.ANOTHER_PARCEL


@every
def test_our_own_number_in_another_dress_is_ours(code):
    answer = told(code, f" {EXAMPLES[code].waybill.lower()} ")

    [event] = registry.get(code).read_track(EXAMPLES[code].account, answer, EXAMPLES[code].waybill)

    assert event.status == "out_for_delivery"


def test_ytos_filled_map_and_a_row_inside_j_and_ts_answer_are_looked_at_too():
    yto = {"code": "1001", "map": {OTHER["yto"]: [{"upload_Time": AT, "infoContent": "SIGNED"}]}, "success": "true"}
    jt = {
        "billCode": EXAMPLES["jt"].waybill,
        "details": [{"billCode": OTHER["jt"], "scanType": "签收", "scanTime": AT}],
    }

    found = [refused("yto", Answer(json.dumps(yto))), refused("jt", Answer(json.dumps({"code": "1", "data": [jt]})))]

    assert [error.error_class for error in found] == [ErrorClass.ANOTHER_PARCEL] * 2


@pytest.mark.parametrize(("company", "is_ours"), [("zhongtong", True), ("ZTO", True), ("", True), ("yuantong", False), ("zhongtongkuaiyun", False)])  # fmt: skip
def test_kuaidi100_may_have_read_the_number_as_another_courier_s(company, is_ours):
    waybill = EXAMPLES["kuaidi100"].waybill
    answer = Answer(
        json.dumps({"status": "200", "nu": waybill, "com": company, "data": [{"ftime": AT, "status": "签收"}]})
    )

    if is_ours:
        [event] = registry.get("kuaidi100").read_track(EXAMPLES["kuaidi100"].account, answer, waybill)
        assert event.status == "signed"
    else:
        assert refused("kuaidi100", answer).code == company


def test_the_word_about_an_interception_is_about_its_parcel():
    answer = Answer(json.dumps({"status": True, "data": {"billCode": OTHER["zto"], "status": "INTERCEPT_SUCCESS"}}))

    with pytest.raises(CourierError) as caught:
        registry.get("zto").parse_query(answer, EXAMPLES["zto"].waybill)

    assert caught.value.error_class is ErrorClass.ANOTHER_PARCEL


# --- at the door --------------------------------------------------------------------------------------------------


def stray_push(code, package):
    """(body, headers) of a signed push whose address and waybill are ours and whose content is not."""
    secrets, waybill = package.account.secrets, package.waybill
    if code == "kuaidi100":
        row = {"ftime": AT, "context": "已签收" * 700, "status": "签收"}
        result = {"nu": waybill, "com": "yuantong", "status": "200", "state": "3", "data": [row]}
        param = json.dumps({"status": "polling", "comNew": "yuantong", "lastResult": result}, ensure_ascii=False)
        return urlencode({"param": param, "sign": _sign(param, secrets["salt"])}), {}
    if code == "yto":
        xml = f"<UpdateInfo><logisticProviderID>STO</logisticProviderID><mailNo>{waybill}</mailNo><infoContent>SIGNED</infoContent><acceptTime>{AT}</acceptTime></UpdateInfo>"
        digest = signing.md5_base64(xml, secrets["push"]["secret"])
        return urlencode({"logistics_interface": xml, "data_digest": digest}), {}
    if code == "sto":
        trace = {"waybillNo": OTHER["sto"], "scanType": "签收", "opTime": AT}
        content = json.dumps({"waybillNo": waybill, "trace": trace}, ensure_ascii=False)
        return urlencode({"content": content, "data_digest": signing.md5_base64(content, secrets["secret_key"])}), {}
    details = [{"billCode": OTHER["jt"], "scanType": "签收", "scanTime": AT}]
    content = json.dumps({"billCode": waybill, "details": details}, ensure_ascii=False)
    return urlencode({"bizContent": content}), {"digest": signing.md5_base64(content, secrets["private_key"])}


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["kuaidi100", "yto", "sto", "jt"])
def test_a_push_of_another_parcel_or_company_is_kept_whole_and_changes_nothing(client, code):
    package = make_package(code, state="in_transit")
    package.account.secrets = secrets_of(code)
    package.account.save()
    body, headers = stray_push(code, package)
    before = TrackingEvent.objects.count()

    answer = client.post(
        f"/push/courier/{package.account.push_token}/",
        body,
        content_type="application/x-www-form-urlencoded",
        headers=headers,
    )

    kept = InboxMessage.objects.get()
    package.refresh_from_db()
    # Acknowledged: said again it would be no truer.
    assert (answer.status_code, kept.verdict, bytes(kept.body)) == (200, "stray", body.encode())
    assert (package.state, TrackingEvent.objects.count(), InboxTask.objects.count()) == ("in_transit", before, 0)


# --- in the poller and for a person who waits ---------------------------------------------------------------------


@pytest.mark.django_db
def test_the_poller_keeps_such_an_answer_once_counts_a_miss_and_pauses_nobody():
    package = make_package("zto", state="in_transit")
    courier = registry.get("zto")
    for _turn in range(2):
        Watch.objects.update(next_at=now() - timedelta(seconds=1))
        [due] = watching.claim_due(package.account, 10)
        try:
            courier.read_track(package.account, told("zto", OTHER["zto"]), package.waybill)
        except CourierError as error:
            reply = Reply(due, error=error)
        batch.finish(Work(package.account, courier, [due], frozenset(), "", False), [reply])

    kept = InboxMessage.objects.get()
    assert (kept.verdict, kept.account_id, kept.headers["reason"]) == (
        "stray", package.account_id, f"another_parcel {OTHER['zto']}",
    )  # fmt: skip
    assert package.waybill.encode() in bytes(kept.body) and OTHER["zto"].encode() in bytes(kept.body)
    assert Package.objects.get().state == "in_transit"
    assert (Watch.objects.get().misses, AccountHealth.objects.get().error_count) == (2, 0)


@pytest.mark.django_db
def test_who_waits_for_the_track_is_told_and_finds_the_answer_among_the_messages(wire, client):
    package = make_package("zto", state="in_transit")
    Package.objects.update(track_checked_at=now() - timedelta(minutes=10))
    wire.on(TRACK, told("zto", OTHER["zto"]).text)

    with pytest.raises(Refused) as refusal:
        tracking.refresh_track(package, by=None)

    assert (refusal.value.code, refusal.value.detail) == ("E12", {"told": OTHER["zto"]})
    client.force_login(make_user("owner", package.shop))
    page = client.get("/ops/messages/?verdict=stray").content.decode()
    assert "未收：说的是别的包裹" in page
