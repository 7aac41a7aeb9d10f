"""YTO's codes, sentences and oddities, read into ours."""

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from logistics.couriers import registry, signing
from logistics.couriers.base import Address, Answer, CourierError, ErrorClass, Kind
from logistics.sandbox.accounts import YTO_SECRETS

yto = registry.get("yto")
NUMBER = "YT0000000000001"


class Account:
    courier, customer_code, secrets = "yto", "C1", YTO_SECRETS


def param(call):
    return json.loads(json.loads(call.body)["param"])


def answer(content, *, is_write=False):
    return Answer(content if isinstance(content, str) else json.dumps(content), is_write)


def refused(content, **more):
    with pytest.raises(CourierError) as caught:
        yto.parse_create(answer(content, **more))
    return caught.value


def row(code, **more):
    return {
        "waybill_No": NUMBER,
        "upload_Time": "2025-01-01 08:00:00",
        "infoContent": code,
        "processInfo": "【杭州西湖一部】处理",
        "city": "杭州市",
        "district": "西湖区",
        **more,
    }


def document(**told):
    content = {"mailNo": NUMBER, "acceptTime": "2025-01-01 08:00:00", "txLogisticID": "TX<1>", **told}
    from xml.sax.saxutils import escape

    return "<UpdateInfo>" + "".join(f"<{k}>{escape(v)}</{k}>" for k, v in content.items()) + "</UpdateInfo>"


def body(xml):
    digest = signing.md5_base64(xml, YTO_SECRETS["push"]["secret"])
    return urlencode({"logistics_interface": xml, "data_digest": digest, "clientId": "x", "type": "online"}).encode()


def pushed(**told):
    return yto.parse_push(Account, {}, body(document(**told))).events[0]


def test_a_return_is_asked_for_with_a_reason_that_is_never_empty():
    call = yto.build_create(Account, NUMBER, request_id="r", biz_no="IC1", kind=Kind.RETURN_TO_SENDER, reason="  ")

    assert param(call) == {"waybillNo": NUMBER, "wantedDesc": "买家申请退款，请退回寄件人 IC1"}
    assert "/open/wanted_report_adapter/v1/reportKey/demo-yto-report" in call.url
    assert call.is_write is True


def test_a_new_address_takes_another_call():
    address = Address("收件", "13800000000", "浙江省", "杭州市", "西湖区", "文一路1号")

    call = yto.build_create(
        Account, NUMBER, request_id="r", biz_no="IC1", kind=Kind.CHANGE_ADDRESS, reason="搬家", new_address=address
    )

    assert "/open/wanted_change_adapter/" in call.url
    assert param(call) == {
        "waybillNo": NUMBER,
        "receiverTel": "13800000000",
        "receiverName": "收件",
        "receiveProvName": "浙江省",
        "receiveCityName": "杭州市",
        "receiveCountyName": "西湖区",
        "receiveAddress": "文一路1号",
        "wantedDesc": "搬家 IC1",
    }


def test_yto_does_not_tell_the_site_from_the_sender_and_does_not_pretend_to():
    with pytest.raises(CourierError) as caught:
        yto.create_intercept(Account, NUMBER, request_id="r", biz_no="b", kind="return_to_site", reason="")

    assert caught.value.error_class is ErrorClass.NOT_SUPPORTED


def test_yto_cannot_be_asked_how_an_interception_stands():
    with pytest.raises(CourierError) as caught:
        yto.query_intercept(Account, NUMBER)

    assert caught.value.error_class is ErrorClass.NOT_SUPPORTED


@pytest.mark.parametrize("code", [0, "0"])
def test_registered_is_status_code_zero_as_number_or_text(code):
    assert yto.parse_create(answer({"statusCode": code, "statusMessage": "成功"})).external_ref == ""


@pytest.mark.parametrize(
    ("message", "error_class", "reason", "retry"),
    [
        ("已有有效拦截件，不能重复发起拦截", "duplicate", "others_interception", False),
        ("运单已签收，不能发起拦截", "already_signed", "signed", False),
        ("运单已派件，不能发起拦截", "too_late", "in_delivery", False),
        ("快件已入驿站", "too_late", "in_delivery", False),
        ("运单号不存在", "unknown_waybill", "not_found", False),
        ("运单未揽收，不能发起", "not_yet_trackable", "other", True),
        ("该客户未开通拦截，不支持发起", "not_supported", "courier_refused", False),
        ("说不清的原因", "not_supported", "courier_refused", False),
        ("调用过于频繁", "throttled", "other", True),
        ("系统异常，请稍后重试", "transient", "other", True),
        ("wantedDesc不能为空", "bad_request", "other", False),
    ],
)
def test_the_reason_is_only_in_the_sentence(message, error_class, reason, retry):
    error = refused({"statusCode": 1, "statusMessage": message})

    assert (error.error_class.value, error.reason, error.retry) == (error_class, reason, retry)
    assert (error.code, error.message) == ("1", message)


def test_a_wrong_signature_is_an_object_with_code_401():
    error = refused({"success": False, "code": 401, "reason": "请求加密校验失败"})

    assert (error.error_class, error.code, error.message) == (ErrorClass.AUTH, "401", "请求加密校验失败")


def test_a_busy_system_may_have_taken_the_request():
    busy = {"statusCode": 1, "statusMessage": "系统繁忙"}

    assert refused(busy, is_write=True).is_unknown_outcome is True
    assert refused({"statusCode": 1, "statusMessage": "运单已签收"}, is_write=True).is_unknown_outcome is False


@pytest.mark.parametrize("text", ["", "<html>", "[]", "null", '"ok"', "{}", "[" * 5000])
def test_garbage_leaves_the_outcome_of_a_write_open(text):
    error = refused(text, is_write=True)

    assert (error.error_class, error.is_unknown_outcome) == (ErrorClass.TRANSIENT, True)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ACCEPT", "labelled"),
        ("ORDER_BOOKING", "labelled"),
        ("NOT_SEND", "labelled"),
        ("GOT", "picked_up"),
        ("ARRIVAL", "in_transit"),
        ("DEPARTURE", "in_transit"),
        ("AIRSEND", "in_transit"),
        ("AIRPICK", "in_transit"),
        ("FORWARDING", "in_transit"),
        ("SENT_SCAN", "out_for_delivery"),
        ("INBOUND", "at_locker"),
        ("SIGNED", "signed"),
        ("FAILED", "exception"),
        ("TMS_RETURN", "returning"),
        ("NEW_ONE", ""),
    ],
)
def test_scans_are_the_same_in_a_query_and_in_a_push(code, status):
    asked, told = yto.parse_track(answer([row(code)]), NUMBER)[0], pushed(infoContent=code, orgName="杭州西湖一部")

    assert (asked.status, told.status, asked.raw_code, told.raw_code) == (status, status, code, code)
    assert asked.event_at == told.event_at == datetime(2025, 1, 1, tzinfo=UTC)


def test_signed_after_a_return_is_left_to_the_order_of_the_scans():
    rows = [row("SIGNED", upload_Time="2025-01-03 08:00:00"), row("TMS_RETURN")]

    events = yto.parse_track(answer(rows), NUMBER)

    assert [(event.status, event.returned_by_sender_side) for event in events] == [
        ("returning", None),
        ("signed", None),
    ]


def test_a_failed_delivery_is_a_refusal_only_when_it_says_so():
    assert pushed(infoContent="FAILED", questionCause="客户拒收").status == "refused"
    assert pushed(infoContent="FAILED", remark="收件人拒收").status == "refused"
    assert pushed(infoContent="FAILED", questionCause="非拒收，地址错误").status == "exception"


@pytest.mark.parametrize(
    ("code", "site", "expected"),
    [
        ("ARRIVAL", "杭州西湖一部", True),
        ("ARRIVAL", "杭州转运中心", False),
        ("ARRIVAL", "", None),
        ("GOT", "杭州西湖一部", None),
    ],
)
def test_only_an_arrival_at_an_ordinary_site_may_be_the_delivering_one(code, site, expected):
    assert pushed(infoContent=code, orgName=site, city="杭州市").is_delivering_site is expected


def test_a_query_names_the_site_in_its_sentence():
    event = yto.parse_track(answer([row("ARRIVAL", processInfo="快件到达【杭州西湖一部】")]), NUMBER)[0]

    assert (event.site, event.city, event.is_delivering_site) == ("杭州西湖一部", "杭州市", True)


@pytest.mark.parametrize(
    "empty",
    [
        [],
        {"code": "1001", "map": {NUMBER: []}, "message": "查询结果为空。", "success": "true"},
        {"code": 1001, "map": None, "message": "查询结果为空。", "success": True},
    ],
)
def test_an_empty_track_comes_in_three_shapes(empty):
    assert yto.parse_track(answer(empty), NUMBER) == []


def test_an_error_to_a_track_is_an_error_although_http_says_200():
    with pytest.raises(CourierError) as caught:
        yto.parse_track(answer({"success": False, "code": 401, "reason": "请求加密校验失败"}), NUMBER)

    assert caught.value.error_class is ErrorClass.AUTH


@pytest.mark.parametrize(
    ("content", "works"),
    [({"success": "true"}, True), ({"success": True}, True), ({"statusCode": 0}, True), ({"success": "false"}, False)],
)
def test_success_is_a_boolean_or_a_text(content, works):
    if works:
        assert yto.parse_subscribe(answer(content)) is None
    else:
        with pytest.raises(CourierError):
            yto.parse_subscribe(answer(content))


def test_a_subscription_names_the_parcel_in_json_inside_json():
    call = yto.build_subscribe(Account, NUMBER)

    assert param(call) == {
        "client_id": "demo-yto",
        "logistics_interface": '{"clientId":"demo-yto","waybillNo":"YT0000000000001"}',
        "msg_type": "online",
    }


def test_the_acknowledgement_names_the_order_and_escapes_it():
    push = yto.parse_push(Account, {}, body(document(infoContent="GOT")))

    assert push.waybill == NUMBER
    assert push.ack == (
        "<Response><logisticProviderID>YTO</logisticProviderID><txLogisticID>TX&lt;1&gt;</txLogisticID>"
        "<success>true</success><reason></reason></Response>"
    )
    assert yto.ack(False)[0] == (
        "<Response><logisticProviderID>YTO</logisticProviderID><txLogisticID></txLogisticID>"
        "<success>false</success><reason>rejected</reason></Response>"
    )


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><UpdateInfo><mailNo>&a;</mailNo></UpdateInfo>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><UpdateInfo/>',
        "<UpdateInfo><mailNo>1</mailNo>",
        "<UpdateInfo></UpdateInfo>",
        "<UpdateInfo><mailNo></mailNo><acceptTime>2025-01-01 08:00:00</acceptTime></UpdateInfo>",
        "<UpdateInfo><mailNo>1</mailNo><acceptTime>yesterday</acceptTime></UpdateInfo>",
        "<UpdateInfo><mailNo>1</mailNo><acceptTime>0001-01-01 00:00:00</acceptTime></UpdateInfo>",
        "plain",
    ],
)
def test_xml_that_is_hostile_or_unreadable_is_refused(xml):
    signed = body(xml)
    assert yto.verify_push(Account, {}, signed, "") is True

    with pytest.raises(CourierError) as caught:
        yto.parse_push(Account, {}, signed)

    assert caught.value.error_class is ErrorClass.BAD_REQUEST


def test_each_method_needs_its_own_credentials():
    only_track = {"track_query_adapter": YTO_SECRETS["track_query_adapter"]}
    account = type("Partial", (), {"courier": "yto", "customer_code": "", "secrets": only_track})()

    yto.build_track(account, NUMBER)
    with pytest.raises(CourierError) as caught:
        yto.build_cancel(account, NUMBER, biz_no="IC1", external_ref="")

    assert (caught.value.error_class, caught.value.code) == (ErrorClass.AUTH, "credentials")
