"""ZTO's codes, words and oddities, read into ours."""

import json
from datetime import UTC, datetime

import pytest

from logistics.couriers import registry, signing
from logistics.couriers.base import Address, Answer, CourierError, ErrorClass, InterceptState, Kind, event_key
from logistics.sandbox.accounts import ZTO_SECRETS

zto = registry.get("zto")


class Account:
    courier, customer_code, secrets = "zto", "C1", ZTO_SECRETS


def told(call):
    return json.loads(call.body)


def answer(content, *, is_write=False):
    return Answer(content if isinstance(content, str) else json.dumps(content), is_write)


def refused(code, message="", **more):
    with pytest.raises(CourierError) as caught:
        zto.parse_create(answer({"status": False, "statusCode": code, "message": message, "data": None}, **more))
    return caught.value


def row(scan_type, **more):
    site = {"name": "杭州转运中心", "code": "57100", "prov": "浙江", "city": "杭州", "isCenter": "T"}
    return {"billCode": "7310", "scanType": scan_type, "scanDate": 1735689600000, "scanSite": site, **more}


def queried(*rows):
    return zto.parse_track(answer({"status": True, "statusCode": "SYS000", "result": list(rows)}), "7310")


def pushed(**trace):
    content = {"billCode": "7310", "actionTime": "2025-01-01 08:00:00", **trace}
    body = json.dumps({"data": json.dumps(content)}).encode()
    return zto.parse_push(Account, {}, body).events[0]


def test_a_return_is_asked_for_with_our_numbers():
    call = zto.build_create(
        Account, "7310", request_id="IC1-1", biz_no="IC1", kind=Kind.RETURN_TO_SENDER, reason="refund"
    )

    assert told(call) == {"billCode": "7310", "requestId": "IC1-1", "thirdBizNo": "IC1", "destinationType": 2}
    assert call.url.endswith("/thirdcenter.createIntercept")
    assert call.is_write is True


@pytest.mark.parametrize(
    ("kind", "destination"),
    [("return_to_site", 1), ("return_to_sender", 2), ("change_address", 3), ("return_to_address", 4)],
)
def test_each_kind_is_a_destination(kind, destination):
    address = Address("收件", "13800000000", "浙江省", "杭州市", "西湖区", "文一路1号")

    call = zto.build_create(
        Account, "7310", request_id="r", biz_no="b", kind=Kind(kind), reason="", new_address=address
    )

    assert told(call)["destinationType"] == destination
    assert told(call)["receiveAddress"] == "文一路1号"


def test_a_new_address_is_needed_where_the_kind_says_so():
    with pytest.raises(CourierError) as caught:
        zto.create_intercept(Account, "7310", request_id="r", biz_no="b", kind="change_address", reason="")

    assert caught.value.error_class is ErrorClass.BAD_REQUEST


def test_a_created_intercept_carries_ztos_work_order():
    content = {"status": True, "statusCode": "0000", "message": "", "data": {"centerBizNo": "WO-1"}}

    created = zto.parse_create(answer(content))

    assert created.external_ref == "WO-1"
    assert json.loads(created.raw) == content


@pytest.mark.parametrize(
    ("code", "error_class", "reason", "retry"),
    [
        ("S211", "auth", "other", False),
        ("S210", "auth", "other", False),
        ("S212", "auth", "other", False),
        ("S214", "auth", "other", False),
        ("E404", "auth", "other", False),
        ("E418", "auth", "other", False),
        ("S206", "throttled", "other", True),
        ("S221", "throttled", "other", True),
        ("E23111", "not_supported", "courier_refused", False),
        ("E23118", "not_supported", "courier_refused", False),
        ("E23136", "not_supported", "courier_refused", False),
        ("E23138", "not_supported", "courier_refused", False),
        ("E23146", "not_supported", "courier_refused", False),
        ("E23123", "not_supported", "others_interception", False),
        ("E23160", "not_supported", "others_interception", False),
        ("E416", "unknown_waybill", "not_found", False),
        ("E23102", "unknown_waybill", "not_found", False),
        ("E23119", "not_yet_trackable", "other", True),
        ("E23101", "already_signed", "signed", False),
        ("E23112", "too_late", "in_delivery", False),
        ("E23120", "too_late", "in_delivery", False),
        ("E23137", "too_late", "in_delivery", False),
        ("E23121", "duplicate", "others_interception", False),
        ("E23127", "duplicate", "others_interception", False),
        ("E23151", "duplicate", "others_interception", False),
        ("E23157", "duplicate", "others_interception", False),
        ("S207", "bad_request", "other", False),
        ("S208", "bad_request", "other", False),
        ("E23108", "bad_request", "other", False),
        ("S200", "transient", "other", True),
        ("S202", "transient", "other", True),
        ("S203", "transient", "other", True),
        ("X999", "bad_request", "other", False),
    ],
)
def test_every_known_code_has_its_class(code, error_class, reason, retry):
    error = refused(code, "某种说法")

    assert (error.error_class.value, error.reason, error.retry) == (error_class, reason, retry)
    assert (error.code, error.message) == (code, "某种说法")
    assert json.loads(error.raw)["statusCode"] == code


@pytest.mark.parametrize(
    ("message", "error_class", "reason"),
    [
        ("快件已签收", "already_signed", "signed"),
        ("快件派件中", "too_late", "in_delivery"),
        ("其他平台已发起拦截", "not_supported", "others_interception"),
        ("运单不存在", "unknown_waybill", "not_found"),
        ("该产品不支持拦截", "not_supported", "courier_refused"),
        ("未知原因", "bad_request", "other"),
    ],
)
def test_an_unknown_code_is_read_by_its_words(message, error_class, reason):
    error = refused("E99999", message)

    assert (error.error_class.value, error.reason) == (error_class, reason)


def test_a_code_hidden_in_the_message_counts():
    assert refused("500", "业务异常[E23120]存在派件").error_class is ErrorClass.TOO_LATE


@pytest.mark.parametrize(("code", "is_unknown"), [("S200", True), ("S202", True), ("S203", False), ("E23101", False)])
def test_only_a_gateway_that_gave_up_leaves_the_outcome_open(code, is_unknown):
    assert refused(code, is_write=True).is_unknown_outcome is is_unknown
    assert refused(code, is_write=False).is_unknown_outcome is False


@pytest.mark.parametrize("text", ["", "<html>", "[]", "null", '"ok"', "{}", "[" * 5000])
def test_garbage_leaves_the_outcome_of_a_write_open(text):
    with pytest.raises(CourierError) as caught:
        zto.parse_create(answer(text, is_write=True))

    assert (caught.value.error_class, caught.value.is_unknown_outcome) == (ErrorClass.TRANSIENT, True)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("INTERCEPTING", InterceptState.RUNNING),
        ("INTERCEPT_SUCCESS", InterceptState.SUCCEEDED),
        ("PACKAGE_DELIVERYING", InterceptState.UNCLEAR),
        ("INTERCEPT_DISCONTINUE", InterceptState.ENDED),
        ("INTERCEPT_FAIL", InterceptState.FAILED),
        ("INTERCEPT_CANCEL", InterceptState.WITHDRAWN),
        ("SOMETHING_NEW", InterceptState.RUNNING),
    ],
)
def test_the_answer_to_how_it_stands(status, state):
    found = zto.parse_query(answer({"status": True, "data": {"billCode": "7310", "status": status}}), "7310")

    assert (found.state, found.code) == (state, status)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("拦截失败：已签收", "signed"), ("拦截失败：已派件", "in_delivery"), ("拦截失败", "courier_refused")],
)
def test_a_failure_says_why_as_far_as_it_can(name, reason):
    content = {"status": True, "data": {"status": "INTERCEPT_FAIL", "statusName": name}}

    assert zto.parse_query(answer(content), "7310").reason == reason


def test_no_interception_there_is_an_answer_not_an_error():
    assert zto.parse_query(answer({"status": True, "data": None}), "7310").state is InterceptState.UNKNOWN
    unknown = answer({"status": False, "statusCode": "E23102", "message": "拦截单不存在"})
    assert zto.parse_query(unknown, "7310").state is InterceptState.UNKNOWN


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("收件", "picked_up"),
        ("1", "picked_up"),
        ("发件", "in_transit"),
        ("2", "in_transit"),
        ("到件", "in_transit"),
        ("3", "in_transit"),
        ("派件", "out_for_delivery"),
        ("4", "out_for_delivery"),
        ("DELIVERY", "out_for_delivery"),
        ("ARRIVAL", "at_locker"),
        ("44", "at_locker"),
        ("签收", "signed"),
        ("5", "signed"),
        ("7", "signed"),
        ("SIGNED", "signed"),
        ("45", "at_locker"),
        ("退件", "returning"),
        ("8", "returning"),
        ("问题件", "exception"),
        ("事件", "exception"),
        ("DEPARTURE", "exception"),
        ("转单", "in_transit"),
        ("9", "in_transit"),
        ("安检", "in_transit"),
        ("没见过", ""),
    ],
)
def test_scans_of_a_query(word, status):
    event = queried(row(word))[0]

    assert (event.status, event.raw_code) == (status, word)
    assert event.event_at == datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("GOT", "picked_up"),
        ("DEPARTURE", "in_transit"),
        ("ARRIVAL", "in_transit"),
        ("DISPATCH", "out_for_delivery"),
        ("INBOUND", "at_locker"),
        ("SIGNED", "signed"),
        ("DEPARTURE_SIGNED", "signed"),
        ("HANDOVERSCAN_SIGNED", "at_locker"),
        ("RETURN_SCAN", "returning"),
        ("RETURN_SIGNED", "returned"),
        ("PROBLEM", "exception"),
        ("NEWS", ""),
    ],
)
def test_scans_of_a_push(action, status):
    event = pushed(action=action, facilityName="杭州西湖一部", city="杭州")

    assert (event.status, event.raw_code) == (status, action)
    assert event.event_at == datetime(2025, 1, 1, 0, 0, tzinfo=UTC)


def test_arrival_is_a_locker_when_asked_and_a_site_when_told():
    assert queried(row("ARRIVAL"))[0].status == "at_locker"
    assert pushed(action="ARRIVAL", facilityName="杭州西湖一部").status == "in_transit"


def test_the_sender_signing_for_a_return_is_said_by_the_courier():
    assert pushed(action="RETURN_SIGNED").returned_by_sender_side is True
    assert pushed(action="SIGNED").returned_by_sender_side is None


@pytest.mark.parametrize("where", ["returnUpdateType", "returnType", "desc"])
def test_a_return_scan_may_be_an_address_change(where):
    event = pushed(action="RETURN_SCAN", **{where: "改地址"})

    assert (event.status, event.is_address_change) == ("redirected", True)
    assert pushed(action="RETURN_SCAN", desc="快件已退回").is_address_change is False


def test_trouble_that_says_refused_is_a_refusal():
    assert pushed(action="PROBLEM", desc="客户拒收").status == "refused"
    assert pushed(action="PROBLEM", desc="地址不详").status == "exception"


@pytest.mark.parametrize(
    ("name", "is_center", "is_delivering_site"),
    [
        ("杭州转运中心", "T", False),
        ("杭州西湖一部", "F", True),
        ("杭州转运中心", "F", False),
        ("杭州西湖一部", "T", False),
    ],
)
def test_only_an_arrival_at_an_ordinary_site_may_be_the_delivering_one(name, is_center, is_delivering_site):
    site = {"name": name, "city": "杭州", "isCenter": is_center}

    assert queried(row("到件", scanSite=site))[0].is_delivering_site is is_delivering_site
    assert queried(row("发件", scanSite=site))[0].is_delivering_site is None


def test_a_track_is_sorted_whatever_the_courier_does():
    events = queried(row("签收", scanDate=1735689800000), row("收件", scanDate=1735689600000))

    assert [event.status for event in events] == ["picked_up", "signed"]


def test_the_same_scan_has_one_key_in_a_query_and_in_a_push():
    told_by_query = queried(row("收件", scanSite={"name": "义乌江东五部", "city": "义乌"}))[0]
    told_by_push = pushed(action="GOT", facilityName="义乌江东五部", city="义乌市")

    assert event_key(told_by_query) == event_key(told_by_push)


def test_unreadable_scans_are_left_out(caplog):
    events = queried(row("收件"), row("派件", scanDate=None))

    assert [event.status for event in events] == ["picked_up"]
    assert "left out one unreadable scan" in caplog.text


def test_a_track_in_which_nothing_can_be_read_is_garbage():
    with pytest.raises(CourierError) as caught:
        queried(row("收件", scanDate="soon"))

    assert caught.value.error_class is ErrorClass.TRANSIENT


def test_no_scans_yet_is_an_empty_track():
    assert zto.parse_track(answer({"status": True, "result": None}), "7310") == []
    assert zto.parse_track(answer({"status": True, "result": []}), "7310") == []


def test_phones_in_the_courier_s_sentence_are_masked():
    assert pushed(action="DISPATCH", desc="派件员 13812345678 派送").text == "派件员 138****5678 派送"


def test_the_acknowledgement_says_status_true():
    assert zto.ack(True) == (
        '{"status":true,"message":"","result":null,"statusCode":""}',
        "application/json; charset=UTF-8",
        200,
    )
    assert json.loads(zto.ack(False)[0])["status"] is False


def test_a_push_is_believed_for_its_signature_alone():
    data = json.dumps({"billCode": "7310", "action": "GOT", "actionTime": "2025-01-01 08:00:00"})
    digest = signing.md5_base64(data, ZTO_SECRETS["app_secret"])
    body = json.dumps({"data": data, "data_digest": digest, "company_id": "x", "msg_type": "Traces"}).encode()

    assert zto.verify_push(Account, {}, body, "application/json") is True
    assert zto.verify_push(Account, {}, body.replace(b"GOT", b"SIGNED"), "application/json") is False


def test_missing_credentials_are_named_before_anything_is_sent():
    account = type("Empty", (), {"courier": "zto", "customer_code": "", "secrets": {}})()

    with pytest.raises(CourierError) as caught:
        zto.track(account, "7310")

    assert (caught.value.error_class, caught.value.code) == (ErrorClass.AUTH, "credentials")
