"""Kuaidi100's codes, words and oddities, read into ours."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from django.utils import translation

from logistics.couriers import kuaidi100 as adapter
from logistics.couriers import registry
from logistics.couriers.base import Address, Answer, CourierError, ErrorClass, Kind, event_key
from logistics.sandbox.accounts import kuaidi100_secrets

way = registry.get("kuaidi100")
DOOR = "https://huicang.example/push/courier/t/"


@pytest.fixture(autouse=True)
def its_own_hosts(settings):
    settings.COURIER_SANDBOX_URL = ""


class Account:
    courier, via, customer_code, push_token, secrets = "zto", "kuaidi100", "C1", "t", kuaidi100_secrets()


def other(**more):
    return type("Other", (Account,), more)


def told(call):
    form = dict(parse_qsl(call.body.decode()))
    return form, json.loads(form["param"])


def answer(content, *, is_write=False):
    return Answer(json.dumps(content), is_write)


def refusal(parse, content, **more):
    with pytest.raises(CourierError) as caught:
        parse(answer(content, **more))
    return caught.value


def row(code="", context="【杭州西湖一部】", at="2025-01-01 08:00:00", **more):
    return {"time": at, "ftime": at, "context": context, **({"statusCode": code} if code else {}), **more}


def track(*rows, state="0", nu="7310"):
    return way.parse_track(answer({"message": "ok", "status": "200", "nu": nu, "state": state, "data": rows}), "7310")


def push_body(param, salt="demo-k100-salt"):
    text = param if isinstance(param, str) else json.dumps(param, ensure_ascii=False)
    return urlencode({"param": text, "sign": adapter._sign(text, salt)}).encode()


def pushed(param):
    return way.parse_push(Account, {}, push_body(param))


def result(*rows, **more):
    return {"nu": "7310", "com": "zhongtong", "status": "200", "state": "0", "data": list(rows), **more}


# --- signing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "sign"),
    [
        (
            ('{"com":"zhongtong","num":"73100000000001"}', "demo-key", "demo-customer"),
            "4EC6CE08A49ABC88674B69D384B55B32",
        ),
        (
            (
                '{"kuaidicom":"zhongtong","kuaidinum":"73100000000001","interceptType":"RETURN_SEND_ADDR"}',
                "1735689600000",
                "demo-key",
                "demo-secret",
            ),
            "A040DF0755F198B96D9B671770BBF143",
        ),
        (
            ('{"status":"polling","lastResult":{"state":"6","nu":"73100000000001"}}', "demo-salt"),
            "D1D3C34C034F4B69F6F5CED298D724B6",
        ),
    ],
)
def test_the_three_signatures_are_the_ones_everybody_computes(parts, sign):
    assert adapter._sign(*parts) == sign


# --- calls ------------------------------------------------------------------------------------------------------------


def build(kind=Kind.RETURN_TO_SENDER, account=Account, **more):
    return way.build_create(account, "7310", request_id="IC1", biz_no="IC1", kind=kind, reason="退款", **more)


def test_a_return_is_asked_for_with_the_shop_s_own_account_and_an_address_to_call_back():
    call = build()
    form, content = told(call)

    assert content == {
        "kuaidicom": "zhongtong",
        "kuaidinum": "7310",
        "interceptType": "RETURN_SEND_ADDR",
        "orderId": "IC1",
        "partnerId": "demo-partner",
        "interceptPayType": "MONTHLY",
        "reason": "退款",
        "salt": "demo-k100-salt",
        "callbackUrl": DOOR,
    }
    assert call.url == "https://api.kuaidi100.com/label/order"
    assert (form["method"], form["key"]) == ("interceptOrder", "demo-k100-key")
    assert form["sign"] == adapter._sign(form["param"], form["t"], "demo-k100-key", "demo-k100-secret")


def test_station_and_new_address_have_words_of_their_own():
    address = Address("收件", "13800000000", "浙江省", "杭州市", "西湖区", "文一路1号")

    station, moved = told(build(Kind.RETURN_TO_SITE))[1], told(build(Kind.CHANGE_ADDRESS, new_address=address))[1]

    assert (station["interceptType"], moved["interceptType"]) == ("RETURN_SEND_STATION", "MODIFY_ADDR")
    assert moved["recManInfo"] == {"name": "收件", "mobile": "13800000000", "printAddr": "浙江省杭州市西湖区文一路1号"}


def test_without_a_public_address_nothing_is_asked_and_the_sentence_says_why(settings):
    settings.SITE_URL = "http://127.0.0.1:8000"

    assert "HUICANG_SITE_URL" in str(way.obstacle(Account))
    for call in (build, lambda: way.build_subscribe(Account, "7310")):
        with pytest.raises(CourierError) as caught:
            call()
        assert (caught.value.error_class, caught.value.code) == (ErrorClass.BAD_REQUEST, "callback")


def test_a_sandbox_on_this_machine_reaches_this_machine(settings):
    settings.SITE_URL = "http://127.0.0.1:8000"
    settings.COURIER_HOSTS = {"kuaidi100": "http://127.0.0.1:1", "kuaidi100_api": "http://127.0.0.1:1"}

    assert way.obstacle(Account) == ""


@pytest.mark.parametrize(
    ("courier", "company"),
    [("zto", "zhongtong"), ("yto", "yuantong"), ("sto", "shentong"), ("jt", "jtexpress"), ("sf", "shunfeng")],
)
def test_a_question_names_the_courier_in_its_words(courier, company):
    call = way.build_track(other(courier=courier), "7310", "4321")
    form, content = told(call)

    assert content == {"com": company, "num": "7310", "resultv2": "4", "order": "desc", "phone": "4321"}
    assert call.url == "https://poll.kuaidi100.com/poll/query.do"
    assert form["sign"] == adapter._sign(form["param"], "demo-k100-key", "demo-k100-customer")


def test_a_courier_it_has_no_name_for_is_not_asked():
    account = other(courier="unknown")

    with translation.override("en"):
        assert "does not stop" in str(way.obstacle(account))
    with pytest.raises(CourierError) as caught:
        way.build_track(account, "7310")
    assert caught.value.error_class is ErrorClass.NOT_SUPPORTED


def test_a_subscription_says_where_to_push_and_what_to_sign_with():
    call = way.build_subscribe(Account, "7310", "4321")
    form, content = told(call)

    assert (call.url, form["schema"]) == ("https://poll.kuaidi100.com/poll", "json")
    assert content == {
        "company": "zhongtong",
        "number": "7310",
        "key": "demo-k100-key",
        "parameters": {"callbackurl": DOOR, "salt": "demo-k100-salt", "resultv2": "4", "phone": "4321"},
    }


@pytest.mark.parametrize("missing", ["key", "secret", "salt"])
def test_missing_credentials_are_named_before_anything_is_sent(missing):
    with pytest.raises(CourierError) as caught:
        build(account=other(secrets={**kuaidi100_secrets(), missing: ""}))

    assert (caught.value.error_class, caught.value.code) == (ErrorClass.AUTH, "credentials")


# --- answers ----------------------------------------------------------------------------------------------------------


def test_two_hundred_is_registered_and_no_more():
    assert way.parse_create(answer({"code": 200, "message": "ok", "data": "K7", "time": 3})).external_ref == "K7"
    assert way.parse_create(answer({"code": "200", "data": None})).external_ref == ""


@pytest.mark.parametrize(
    ("message", "error_class", "reason"),
    [
        ("快件已签收，不能拦截", "already_signed", "signed"),
        ("快件派件中，不能拦截", "too_late", "in_delivery"),
        ("该运单已发起拦截，请勿重复发起", "duplicate", "others_interception"),
        ("运单号不存在", "unknown_waybill", "not_found"),
        ("验证签名失败", "auth", "other"),
        ("该产品不支持拦截", "not_supported", "courier_refused"),
    ],
)
def test_a_refusal_is_read_by_its_words(message, error_class, reason):
    error = refusal(way.parse_create, {"code": 30004, "message": message}, is_write=True)

    assert (error.error_class.value, error.reason, error.message) == (error_class, reason, message)


@pytest.mark.parametrize(
    ("code", "error_class"),
    [
        ("400", "bad_request"),
        ("408", "bad_request"),
        ("500", "not_yet_trackable"),
        ("501", "transient"),
        ("502", "transient"),
        ("503", "auth"),
        ("601", "auth"),
    ],
)
def test_refused_questions(code, error_class):
    error = refusal(lambda a: way.parse_track(a, "7310"), {"result": False, "returnCode": code, "message": "x"})

    assert (error.error_class.value, error.code) == (error_class, code)


@pytest.mark.parametrize(("code", "error_class"), [("501", "duplicate"), ("600", "auth"), ("700", "bad_request")])
def test_refused_subscriptions(code, error_class):
    error = refusal(way.parse_subscribe, {"result": False, "returnCode": code, "message": "x"}, is_write=True)

    assert error.error_class.value == error_class


def test_a_subscription_is_taken():
    way.parse_subscribe(answer({"result": True, "returnCode": "200", "message": "提交成功"}))


# --- scans ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("1", "picked_up"),
        ("101", "labelled"),
        ("102", "labelled"),
        ("103", "picked_up"),
        ("0", "in_transit"),
        ("1001", "arrived_destination"),
        ("1002", "in_transit"),
        ("1003", "in_transit"),
        ("5", "out_for_delivery"),
        ("501", "at_locker"),
        ("3", "signed"),
        ("301", "signed"),
        ("302", "signed"),
        ("303", "signed"),
        ("304", "signed"),
        ("6", "returning"),
        ("4", "returned"),
        ("401", "voided"),
        ("14", "refused"),
        ("2", "exception"),
        ("203", "refused"),
        ("209", "exception"),
        ("7", "in_transit"),
        ("8", "in_transit"),
        ("13", "exception"),
        ("999", ""),
    ],
)
def test_scans(code, status):
    event = track(row(code))[0]

    assert (event.status, event.raw_code, event.event_at) == (status, code, datetime(2025, 1, 1, tzinfo=UTC))


def test_the_sender_signing_for_the_return_is_said_as_such():
    assert track(row("4"))[0].returned_by_sender_side is True
    assert track(row("3"))[0].returned_by_sender_side is None


def test_a_return_that_is_a_new_address_is_no_return():
    event = track(row("6", "快件修改地址，转寄新地址"))[0]

    assert (event.status, event.is_address_change) == ("redirected", True)


def test_a_row_without_a_code_is_read_by_its_word_and_the_newest_by_the_verdict():
    events = track(
        row(context="派件中", at="2025-01-01 10:00:00"),
        row(context="到达", at="2025-01-01 09:00:00", status="在途"),
        row(context="无名", at="2025-01-01 08:00:00"),
        state="5",
    )

    assert [event.status for event in events] == ["", "in_transit", "out_for_delivery"]


def test_a_row_keeps_its_key_when_it_is_no_longer_the_newest():
    newest = track(row(context="派件中"), state="5")[0]
    older = track(row("3", at="2025-01-01 09:00:00"), row(context="派件中"), state="3")[0]

    assert event_key(newest) == event_key(older)


def test_no_result_is_no_scan():
    assert track(row(context="查无结果"), state="3") == []
    assert track() == []
    with pytest.raises(CourierError) as caught:
        way.parse_track(answer({"status": "200", "nu": "7310"}), "7310")
    assert caught.value.code == "garbage"


def test_the_place_is_the_row_s():
    event = track(row("5", location="杭州西湖一部", areaName="浙江,杭州市,西湖区"))[0]

    assert (event.site, event.city) == ("杭州西湖一部", "杭州市")
    assert track(row("5", areaName="杭州市"))[0].city == "杭州市"


# --- pushes -----------------------------------------------------------------------------------------------------------


def test_a_push_is_the_whole_track():
    param = {"status": "polling", "lastResult": result(row("5", at="2025-01-01 09:00:00"), row("1"))}
    push = pushed(param)

    assert way.verify_push(Account, {}, push_body(param), "") is True
    assert way.verify_push(Account, {}, push_body(param, "another"), "") is False
    assert [event.status for event in push.events] == ["picked_up", "out_for_delivery"]
    assert (push.waybill, push.is_hint, push.has_ended) == ("7310", False, False)
    assert push.ack == '{"result":true,"returnCode":"200","message":"成功"}'


@pytest.mark.parametrize(
    ("status", "has_ended"), [("polling", False), ("shutdown", False), ("updateall", False), ("abort", True)]
)
def test_only_an_abort_ends_the_pushes_of_a_parcel_that_is_still_on_its_way(status, has_ended):
    assert pushed({"status": status, "lastResult": result()}).has_ended is has_ended


@pytest.mark.parametrize(
    "param",
    [
        {"kuaidicom": "zhongtong", "kuaidinum": "7310", "status": "INTERCEPT_SUCCESS"},
        {"data": {"nu": "7310", "interceptState": "6"}, "message": "拦截成功"},
        {"lastResult": {"nu": "7310", "state": "6"}},
    ],
)
def test_whatever_else_it_calls_back_with_is_a_hint(param):
    push = pushed(param)

    assert (push.waybill, push.events, push.is_hint) == ("7310", [], True)


@pytest.mark.parametrize("param", [{"status": "success"}, "[]", "null", "7310"])
def test_a_call_that_names_no_parcel_is_malformed(param):
    with pytest.raises(CourierError) as caught:
        pushed(param)

    assert caught.value.error_class is ErrorClass.BAD_REQUEST


def test_an_account_asks_its_courier_or_goes_round_it():
    assert registry.of(Account) is way
    assert registry.of(other(via="")) is registry.get("zto")
    assert registry.of(other(via="", courier="ems")) is None
    assert registry.of(None) is None
