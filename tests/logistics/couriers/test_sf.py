"""SF's codes, words and oddities, read into ours."""

import base64
import csv
import hashlib
import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import pytest

from logistics.couriers import registry, sf_words
from logistics.couriers.base import Address, Answer, CourierError, ErrorClass, Kind
from logistics.couriers.sf import digest
from logistics.sandbox.accounts import sf_secrets

sf = registry.get("sf")


class Account:
    courier, via, customer_code, push_token, secrets = "sf", "", "C1", "t", sf_secrets()


def with_secrets(**more):
    return type("Other", (Account,), {"secrets": {**sf_secrets(), **more}})


def told(call):
    form = dict(parse_qsl(call.body.decode()))
    return form, json.loads(form["msgData"])


def answer(data, *, success=True, code="S0000", message=None, is_write=False):
    inner = {"success": success, "errorCode": code, "errorMsg": message, "msgData": data}
    outer = {"apiResultCode": "A1000", "apiErrorMsg": "", "apiResultData": json.dumps(inner)}
    return Answer(json.dumps(outer), is_write)


def outer(code, message=""):
    return Answer(json.dumps({"apiResultCode": code, "apiErrorMsg": message, "apiResultData": None}))


def refusal(said):
    with pytest.raises(CourierError) as caught:
        sf.parse_create(said)
    return caught.value


def routes(*rows, waybill="SF1"):
    return sf.parse_track(answer({"routeResps": [{"mailNo": waybill, "routes": list(rows)}]}), "SF1")


def row(code, remark="", at="2025-01-01 08:00:00", **more):
    return {"opCode": code, "remark": remark, "acceptTime": at, "acceptAddress": "杭州市", **more}


# --- signing ----------------------------------------------------------------------------------------------------------


def test_the_digest_is_the_one_everybody_computes():
    data = '{"waybillNo":"SF0000000000001","serviceCode":"2","role":"1","payMode":"4"}'

    assert digest(data + "1735689600000" + "demo-secret", "standard") == "r54cK4oyxDmZI+XNfVNQTw=="
    assert digest(data + "1735689600000" + "demo-secret", "simple") == "hd6cRzrrSAG9V/sM5s8JlQ=="


def test_the_standard_digest_escapes_as_java_does():
    escaped = "a+b*-._%7E%E9%A1%BA%2F%22"

    assert digest('a b*-._~顺/"', "standard") == base64.b64encode(hashlib.md5(escaped.encode()).digest()).decode()


def test_a_digest_nobody_knows_is_the_account_s_fault():
    with pytest.raises(CourierError) as caught:
        sf.build_track(with_secrets(digest="sm3"), "SF1")

    assert (caught.value.error_class, caught.value.code) == (ErrorClass.AUTH, "digest")


@pytest.mark.parametrize("missing", ["partner_id", "check_word"])
def test_missing_credentials_are_named_before_anything_is_sent(missing):
    with pytest.raises(CourierError) as caught:
        sf.build_track(with_secrets(**{missing: ""}), "SF1")

    assert (caught.value.error_class, caught.value.code) == (ErrorClass.AUTH, "credentials")


# --- calls ------------------------------------------------------------------------------------------------------------


def build(kind=Kind.RETURN_TO_SENDER, account=Account, **more):
    return sf.build_create(account, "SF1", request_id="IC1", biz_no="IC1", kind=kind, reason="退款", **more)


def test_a_return_is_service_two_and_says_who_pays():
    form, content = told(build())

    assert content == {
        "waybillNo": "SF1",
        "serviceCode": "2",
        "role": "1",
        "payMode": "4",
        "monthlyCardNo": "7550000000",
    }
    assert (form["serviceCode"], form["partnerID"]) == ("EXP_RECE_WANTED_INTERCEPT", "demo-sf-partner")
    assert len(form["requestID"]) == 36
    assert form["msgDigest"] == digest(form["msgData"] + form["timestamp"] + "demo-sf-secret", "standard")


def test_the_account_chooses_role_payment_and_digest():
    account = with_secrets(role="3", pay_mode="2", monthly_card="", digest="simple")

    form, content = told(build(account=account))

    assert content == {"waybillNo": "SF1", "serviceCode": "2", "role": "3", "payMode": "2"}
    assert form["msgDigest"] == digest(form["msgData"] + form["timestamp"] + "demo-sf-secret", "simple")


def test_a_new_address_is_service_one():
    address = Address("收件", "13800000000", "浙江省", "杭州市", "西湖区", "文一路1号")

    _, content = told(build(Kind.CHANGE_ADDRESS, new_address=address))

    assert (content["serviceCode"], content["newDestAddress"]) == (
        "1",
        {
            "province": "浙江省",
            "city": "杭州市",
            "county": "西湖区",
            "address": "文一路1号",
            "contact": "收件",
            "phone": "13800000000",
        },
    )


def test_taking_back_names_the_number_of_the_first_request():
    _, content = told(sf.build_cancel(Account, "SF1", biz_no="IC1", external_ref="CUS7"))

    assert (content["serviceCode"], content["cancel"], content["cusId"]) == ("2", True, "CUS7")
    with pytest.raises(CourierError) as caught:
        sf.build_cancel(Account, "SF1", biz_no="IC1", external_ref="")
    assert caught.value.error_class is ErrorClass.NOT_SUPPORTED


def test_a_track_is_asked_for_with_the_phone_s_last_digits():
    form, content = told(sf.build_track(Account, "SF1", "4321"))

    assert form["serviceCode"] == "EXP_RECE_SEARCH_ROUTES"
    assert (content["trackingNumber"], content["checkPhoneNo"]) == (["SF1"], "4321")
    assert "checkPhoneNo" not in told(sf.build_track(Account, "SF1"))[1]


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "fee_fen"),
    [(12.5, 1250), ("18", 1800), (0, 0), ("0.1", 10), (None, None), ("abc", None), (-1, None), ("NaN", None)],
)
def test_the_fee_is_the_one_sf_names(amount, fee_fen):
    found = sf.parse_create(answer({"cusId": "CUS7", "amount": amount}))

    assert (found.external_ref, found.fee_fen) == ("CUS7", fee_fen)


def test_a_request_may_be_taken_without_another_word():
    found = sf.parse_create(answer(None))

    assert (found.external_ref, found.fee_fen) == ("", None)


@pytest.mark.parametrize(
    ("code", "error_class"),
    [
        ("A1001", "bad_request"),
        ("A1003", "auth"),
        ("A1004", "auth"),
        ("A1005", "throttled"),
        ("A1006", "auth"),
        ("A1010", "bad_request"),
        ("A1011", "auth"),
    ],
)
def test_what_the_gateway_refuses(code, error_class):
    error = refusal(outer(code, "不行"))

    assert (error.error_class.value, error.code, error.message) == (error_class, code, "不行")


@pytest.mark.parametrize(
    ("code", "message", "error_class"),
    [
        ("S0001", "系统异常", "transient"),
        ("S0002", "参数", "bad_request"),
        ("20001", "运单号不存在", "unknown_waybill"),
        ("20002", "运单已签收，不能拦截", "already_signed"),
        ("20002", "运单派送中，不能拦截", "too_late"),
        ("20002", "该运单已申请拦截，请勿重复申请", "duplicate"),
        ("20002", "该产品不支持拦截", "not_supported"),
        ("99999", "新的说法", "not_supported"),
    ],
)
def test_what_the_service_refuses(code, message, error_class):
    error = refusal(answer(None, success=False, code=code, message=message))

    assert (error.error_class.value, error.code, error.message) == (error_class, code, message)


def test_a_busy_system_may_have_taken_the_request():
    assert refusal(answer(None, success=False, code="S0001", is_write=True)).is_unknown_outcome is True


# --- scans ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("50", "picked_up"),
        ("30", "in_transit"),
        ("31", "in_transit"),
        ("36", "in_transit"),
        ("44", "out_for_delivery"),
        ("80", "signed"),
        ("8000", "signed"),
        ("33", "exception"),
        ("99", "redirected"),
        ("648", "returning"),
        ("125", ""),
    ],
)
def test_scans(code, status):
    event = routes(row(code))[0]

    assert (event.status, event.raw_code, event.event_at) == (status, code, datetime(2025, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("names", "status"),
    [
        ({"firstStatusName": "已揽收"}, "picked_up"),
        ({"firstStatusName": "运送中"}, "in_transit"),
        ({"firstStatusName": "派送中", "secondaryStatusName": "待取件"}, "at_locker"),
        ({"firstStatusName": "派送中", "secondaryStatusName": "未签收"}, "out_for_delivery"),
        ({"firstStatusName": "派送中"}, "out_for_delivery"),
        ({"firstStatusName": "已签收"}, "signed"),
        ({"firstStatusName": "已拒收"}, "refused"),
        ({"firstStatusName": "已退回"}, "returning"),
        ({"firstStatusName": "信息"}, ""),
    ],
)
def test_a_code_nobody_agrees_on_is_read_by_sf_s_name_of_the_state(names, status):
    assert routes(row("125", **names))[0].status == status


def test_one_code_for_sent_back_and_sent_on():
    assert routes(row("648", "快件已退回/转寄，新单号为: SF2"))[0].is_address_change is False
    forwarded = routes(row("648", "快件已转寄，新单号为: SF2"))[0]
    assert (forwarded.status, forwarded.is_address_change) == ("redirected", True)


def test_a_trouble_scan_may_be_a_refusal():
    assert routes(row("33", "派送不成功，因客户拒收"))[0].status == "refused"


def test_a_hub_is_not_the_delivering_site():
    assert routes(row("31", "快件到达 【佛山盐步中转场】"))[0].is_delivering_site is False
    assert routes(row("31", "快件到达 【佛山南海甘蕉店】"))[0].is_delivering_site is True


@pytest.mark.parametrize(
    "data",
    [
        None,
        {"routeResps": []},
        {"routeResps": [{"mailNo": "SF1", "routes": None}]},
    ],
)
def test_no_routes_is_no_answer_about_a_parcel_that_was_seen_before(data):
    with pytest.raises(CourierError) as caught:
        sf.parse_track(answer(data), "SF1")

    assert (caught.value.error_class, caught.value.code) == (ErrorClass.NOT_YET_TRACKABLE, "empty")


def test_phones_are_masked():
    assert routes(row("44", "派件员 13812345678"))[0].text == "派件员 138****5678"


# --- pushes -----------------------------------------------------------------------------------------------------------

ROUTE = {"id": "1", "mailno": "SF1", "opCode": "80", "acceptTime": "2025-01-01 08:00:00"}


def as_xml(*routes):
    parts = "".join("<WaybillRoute " + " ".join(f'{k}="{v}"' for k, v in one.items()) + "/>" for one in routes)
    return urlencode({"content": f'<Request service="RoutePushService"><Body>{parts}</Body></Request>'}).encode()


def as_json(*routes):
    return json.dumps({"Body": {"WaybillRoute": list(routes)}}).encode()


@pytest.mark.parametrize(
    ("body", "ack", "ack_type"),
    [
        (
            as_xml(ROUTE),
            '<Response service="RoutePushService"><Head>OK</Head></Response>',
            "text/xml; charset=UTF-8",
        ),
        (as_json(ROUTE), '{"return_code":"0000","return_msg":"成功"}', "application/json; charset=UTF-8"),
    ],
)
def test_a_push_is_a_hint_and_is_answered_in_its_own_language(body, ack, ack_type):
    push = sf.parse_push(Account, {}, body)

    assert sf.verify_push(Account, {}, body, "") is True
    assert (push.waybill, push.events, push.is_hint, push.ack, push.ack_type) == ("SF1", [], True, ack, ack_type)


def test_a_push_may_speak_of_ten_parcels():
    push = sf.parse_push(Account, {}, as_json(ROUTE, {**ROUTE, "mailno": "SF2"}, ROUTE))

    assert (push.waybill, push.others) == ("SF1", ("SF2",))


def test_an_answer_of_no_asks_for_the_push_again():
    assert sf.ack(False)[0] == '<Response service="RoutePushService"><Head>ERR</Head></Response>'


def test_xml_that_wants_to_read_files_is_no_push():
    body = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><Body><WaybillRoute mailno="&f;"/></Body>'

    assert sf.verify_push(Account, {}, body, "") is False


# --- SF's own list ----------------------------------------------------------------------------------------------------


def test_the_codes_we_read_mean_in_sf_s_own_list_what_we_take_them_for(shared_data):
    with (shared_data / "tracking" / "sf_opcodes.csv").open(encoding="utf-8") as file:
        names = {row["opCode"]: row["opName"] for row in csv.DictReader(file)}
    words = {
        "50": "收件",
        "30": "装车",
        "31": "到达",
        "36": "封车",
        "44": "派送",
        "80": "签收",
        "8000": "签收",
        "33": "异常",
        "99": "转寄",
        "648": "退回",
    }

    assert words.keys() == sf_words.SCANS.keys()
    assert [code for code, word in words.items() if word not in names[code]] == []
