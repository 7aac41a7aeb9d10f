"""J&T's codes, words and oddities, read into ours."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode

import pytest

from logistics.couriers import registry, signing
from logistics.couriers.base import Address, Answer, CourierError, ErrorClass, Kind, event_key
from logistics.parcels.enums import PackageState
from logistics.parcels.projection import Frame, point_of, project
from logistics.sandbox.accounts import jt_secrets

jt = registry.get("jt")
NUMBER = "JT0000000000001"
SECRETS = jt_secrets()


class Account:
    courier, customer_code, secrets = "jt", "C1", SECRETS


class Demo(Account):
    """The account of the facts' vectors."""

    secrets = {"api_account": "demo-app", "private_key": "demo-secret"}


def content_of(call):
    (field, (text,)), = parse_qs(call.body.decode()).items()  # fmt: skip
    assert field == "bizContent"
    return text


def create(account=Account, kind=Kind.RETURN_TO_SENDER, **more):
    return jt.build_create(account, NUMBER, request_id="r", biz_no="IC1", kind=kind, reason="退款", **more)


def answer(content, *, is_write=False):
    return Answer(content if isinstance(content, str) else json.dumps(content), is_write)


def yes(data=None, code="1"):
    return {"code": code, "msg": "success", "data": data}


def refused(content, **more):
    with pytest.raises(CourierError) as caught:
        jt.parse_create(answer(content, **more))
    return caught.value


def row(code, **more):
    return {
        "scanTime": "2025-01-01 08:00:00",
        "scanType": code,
        "problemType": "",
        "desc": "已处理",
        "scanNetworkName": "杭州西湖一部",
        "scanNetworkId": "57101",
        "scanNetworkProvince": "浙江省",
        "scanNetworkCity": "杭州市",
        **more,
    }


def tracked(*rows):
    return jt.parse_track(answer(yes([{"billCode": NUMBER, "details": list(rows)}])), NUMBER)


def body(content):
    """(a push's bytes, its headers)"""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return urlencode({"bizContent": text}).encode(), {"digest": signing.md5_base64(text, SECRETS["private_key"])}


def push_of(*rows):
    raw, headers = body({"billCode": NUMBER, "txlogisticId": "T1", "details": list(rows)})
    return jt.parse_push(Account, headers, raw)


# --- calls ------------------------------------------------------------------------------------------------------------


def test_a_stop_is_signed_in_the_headers_like_the_vector_of_the_facts(settings, monkeypatch):
    settings.COURIER_HOSTS = {"jt": "http://jt.test"}
    monkeypatch.setattr("time.time_ns", lambda: 1_735_689_600_000_000_000)

    call = create(Demo)

    assert call.url == "http://jt.test/webopenplatformapi/api/waybill/intercept"
    assert content_of(call) == '{"mailNo":"JT0000000000001","applyTypeCode":4}'
    assert call.headers == {
        "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        "apiAccount": "demo-app",
        "timestamp": "1735689600000",
        "digest": "DmcslLYT+zSQvK2IVCH5SA==",
    }
    assert call.is_write is True


def test_the_test_host_wants_a_uuid_in_the_address():
    account = type("Uat", (Account,), {"secrets": {**SECRETS, "uuid": "a b"}})

    assert create(account).url.endswith("/webopenplatformapi/api/waybill/intercept?uuid=a%20b")


def test_a_new_address_is_the_same_call_of_another_kind():
    address = Address("收件", "13800000000", "浙江省", "杭州市", "西湖区", "文一路1号")

    call = create(kind=Kind.CHANGE_ADDRESS, new_address=address)

    assert call.url.endswith("/waybill/intercept")
    assert json.loads(content_of(call)) == {
        "mailNo": NUMBER,
        "applyTypeCode": 5,
        "receivePhone": "13800000000",
        "receiveUsername": "收件",
        "receiveProvince": "浙江省",
        "receiveCity": "杭州市",
        "receiveDistrict": "西湖区",
        "receiveAddress": "文一路1号",
    }


def test_a_subscription_names_the_account_and_every_kind_of_scan():
    call = jt.build_subscribe(Account, NUMBER)

    assert call.url.endswith("/trace/subscribe")
    assert json.loads(content_of(call)) == {
        "id": "demo-jt-account",
        "list": [{"waybillCode": NUMBER, "traceNode": "1&2&3&4&5&6&7&8&9&10&11&12&13&14"}],
    }


@pytest.mark.req("R0.14")
def test_jt_cannot_withdraw_nor_be_asked_nor_tell_the_site_from_the_sender(monkeypatch):
    monkeypatch.setattr("logistics.couriers.base.send", lambda call: pytest.fail(f"called {call.url}"))
    told = {"request_id": "r", "biz_no": "b", "reason": ""}

    for call in (
        lambda: jt.cancel_intercept(Account, NUMBER, biz_no="IC1"),
        lambda: jt.query_intercept(Account, NUMBER),
        lambda: jt.create_intercept(Account, NUMBER, kind="return_to_site", **told),
        lambda: jt.create_intercept(Account, NUMBER, kind="return_to_address", **told),
    ):
        with pytest.raises(CourierError) as caught:
            call()
        assert caught.value.error_class is ErrorClass.NOT_SUPPORTED


def test_without_credentials_nothing_is_built():
    account = type("Empty", (Account,), {"secrets": {"api_account": "K"}})

    with pytest.raises(CourierError) as caught:
        create(account)

    assert (caught.value.error_class, caught.value.code) == (ErrorClass.AUTH, "credentials")


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["1", 1])
def test_registered_is_code_one_as_text_or_number(code):
    assert jt.parse_create(answer(yes(code=code), is_write=True)).external_ref == ""


@pytest.mark.parametrize(
    ("code", "error_class", "reason", "retry", "is_unknown"),
    [
        ("145003030", "auth", "other", False, False),
        ("145003031", "auth", "other", False, False),
        ("145003010", "auth", "other", False, False),
        ("145003012", "auth", "other", False, False),
        ("145003051", "auth", "other", False, False),
        ("145003052", "auth", "other", False, False),
        ("145003053", "auth", "other", False, False),
        ("145003050", "bad_request", "other", False, False),
        ("145003040", "transient", "other", True, True),
        ("145005000", "transient", "other", True, True),
        ("145003064", "unknown_waybill", "not_found", False, False),
        ("999001030", "unknown_waybill", "not_found", False, False),
        ("145002001", "duplicate", "others_interception", False, False),
        ("999002010", "not_supported", "courier_refused", False, False),
    ],
)
def test_known_codes_have_a_class_whatever_their_words(code, error_class, reason, retry, is_unknown):
    error = refused({"code": code, "msg": "运单已签收", "data": None}, is_write=True)

    assert (error.error_class.value, error.reason, error.retry) == (error_class, reason, retry)
    assert (error.is_unknown_outcome, error.code, error.message) == (is_unknown, code, "运单已签收")


@pytest.mark.parametrize(
    ("message", "error_class", "reason", "retry"),
    [
        ("该运单已发起拦截，请勿重复发起", "duplicate", "others_interception", False),
        ("运单已签收", "already_signed", "signed", False),
        ("运单派件中", "too_late", "in_delivery", False),
        ("快件已到代收点", "too_late", "in_delivery", False),
        ("运单未揽收", "not_yet_trackable", "other", True),
        ("接口调用过于频繁", "throttled", "other", True),
        ("该客户不支持拦截", "not_supported", "courier_refused", False),
        ("无效操作", "not_supported", "courier_refused", False),
    ],
)
def test_a_code_no_source_lists_is_read_by_its_words(message, error_class, reason, retry):
    error = refused({"code": "145009999", "msg": message})

    assert (error.error_class.value, error.reason, error.retry) == (error_class, reason, retry)
    assert (error.code, error.message) == ("145009999", message)


@pytest.mark.parametrize("text", ["<html>", "[]", "{}", '{"msg":"success"}', "null"])
def test_garbage_leaves_the_outcome_of_a_write_open(text):
    error = refused(text, is_write=True)

    assert (error.error_class, error.is_unknown_outcome) == (ErrorClass.TRANSIENT, True)


# --- tracks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [None, [], [{"billCode": NUMBER, "details": []}], [{"billCode": NUMBER}]])
def test_no_scan_yet_is_an_empty_track(data):
    assert jt.parse_track(answer(yes(data)), NUMBER) == []


def test_an_unknown_number_is_an_error_of_its_own():
    with pytest.raises(CourierError) as caught:
        jt.parse_track(answer({"code": "145003064", "msg": "data not found"}), NUMBER)

    assert (caught.value.error_class, caught.value.retry) == (ErrorClass.UNKNOWN_WAYBILL, False)


STATES = {
    "1": ("快件揽收", "picked_up"),
    "2": ("入仓", "in_transit"),
    "3": ("发件扫描", "in_transit"),
    "4": ("到件扫描", "in_transit"),
    "5": ("出仓扫描", "out_for_delivery"),
    "6": ("入库扫描", "at_locker"),
    "7": ("代理点收入", "at_locker"),
    "8": ("快件取出", "out_for_delivery"),
    "9": ("出库扫描", "out_for_delivery"),
    "10": ("签收", "signed"),
    "11": ("问题件", "exception"),
    "12": ("安检", "in_transit"),
    "13": ("其他", "in_transit"),
    "14": ("退件扫描", "returning"),
}


@pytest.mark.parametrize(("number", "word", "status"), [(n, *told) for n, told in STATES.items()])
def test_a_scan_is_the_same_event_by_number_and_by_word_in_a_query_and_in_a_push(number, word, status):
    found = [tracked(row(number))[0], tracked(row(word))[0], *push_of(row(number), row(word)).events]

    assert [event.status for event in found] == [status] * 4
    assert len({event_key(event) for event in found}) == 1
    assert {event.event_at for event in found} == {datetime(2025, 1, 1, tzinfo=UTC)}
    assert {event.is_address_change for event in found} == {False}


@pytest.mark.parametrize("code", ["15", "172", "94", "新扫描", ""])
def test_codes_of_j_and_t_abroad_and_new_ones_move_nothing(code):
    assert tracked(row(code))[0].status == ""


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        ("A2", "refused"),
        ("A14", "refused"),
        ("A35", "refused"),
        ("A4", "returning"),
        ("A25", "returning"),
        ("A3", "redirected"),
        *((code, "exception") for code in ("A1", "A26", "A31", "A9", "A10", "A11", "A17", "A18", "A21", "A99", "")),
        ("客户拒收", "refused"),
    ],
)
def test_the_kind_of_problem_decides(problem, status):
    event = tracked(row("11", problemType=problem))[0]

    assert (event.status, event.is_address_change) == (status, problem == "A3")
    assert event.raw_code == f"11 {problem}".strip()


def test_a_hub_that_lets_a_parcel_go_does_not_deliver_it():
    assert tracked(row("出仓扫描", scanNetworkName="杭州转运中心"))[0].status == "in_transit"
    assert tracked(row("出仓扫描"))[0].status == "out_for_delivery"


@pytest.mark.parametrize(
    ("code", "site", "expected"),
    [("4", "杭州西湖一部", True), ("4", "杭州转运中心", False), ("4", "", None), ("1", "杭州西湖一部", None)],
)
def test_only_an_arrival_at_an_ordinary_site_may_be_the_delivering_one(code, site, expected):
    assert tracked(row(code, scanNetworkName=site))[0].is_delivering_site is expected


def walked(*scans):
    rows = [row(code, scanTime=f"2025-01-01 {8 + n:02d}:00:00", scanNetworkName=site, scanNetworkCity=city,
                problemType=problem) for n, (code, problem, site, city) in enumerate(scans)]  # fmt: skip
    points = [point_of(event) for event in tracked(*reversed(rows))]
    return project(points, Frame(sender_city="上海市", receiver_city="杭州市"), datetime(2025, 2, 1, tzinfo=UTC))


HOME, AWAY = ("上海闵行一部", "上海市"), ("杭州西湖一部", "杭州市")


@pytest.mark.req("R0.14")
@pytest.mark.parametrize(("code", "problem"), [("14", ""), ("11", "A4"), ("11", "A25")])
def test_signed_after_any_return_scan_is_returned(code, problem):
    found = walked(("1", "", *HOME), ("4", "", *AWAY), (code, problem, *AWAY), ("10", "", *HOME))

    assert (found.state, len(found.return_scans)) == (PackageState.RETURNED, 1)


def test_signed_without_one_is_delivered_and_a_change_of_address_is_none():
    delivered = walked(("1", "", *HOME), ("5", "", *AWAY), ("10", "", *AWAY))
    redirected = walked(("1", "", *HOME), ("11", "A3", *AWAY))

    assert (delivered.state, delivered.return_scans) == (PackageState.SIGNED, ())
    assert (redirected.state, redirected.return_scans) == (PackageState.REDIRECTED, ())


# --- pushes -----------------------------------------------------------------------------------------------------------


def test_a_push_may_carry_several_scans_and_is_read_oldest_first():
    push = push_of(row("10", scanTime="2025-01-02 08:00:00"), row("5"))

    assert (push.waybill, [event.status for event in push.events]) == (NUMBER, ["out_for_delivery", "signed"])


def test_the_signature_stands_in_the_header_and_covers_the_exact_text():
    raw, headers = body({"billCode": NUMBER, "details": [row("1")]})

    assert jt.verify_push(Account, headers, raw, "") is True
    assert jt.verify_push(Account, {}, raw, "") is False
    assert jt.verify_push(Account, {"digest": headers["digest"][:-3] + "A=="}, raw, "") is False
    assert jt.verify_push(Account, headers, raw.replace(b"%3A", b"%3A+", 1), "") is False


def test_the_acknowledgement_and_the_refusal_are_j_and_t_s_own():
    assert push_of(row("1")).ack == '{"code":"1","msg":"success","data":"SUCCESS"}'
    assert jt.ack(False) == (
        '{"code":"145003030","msg":"headers signature verification failed"}',
        "application/json; charset=UTF-8",
        200,
    )


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "[]",
        "null",
        "{",
        {"billCode": NUMBER},
        {"billCode": NUMBER, "details": None},
        {"billCode": NUMBER, "details": []},
        {"billCode": NUMBER, "details": "x"},
        {"billCode": "", "details": [row("1")]},
        {"billCode": NUMBER, "details": [row("1", scanTime="soon")]},
    ],
)
def test_a_signed_push_nobody_can_read_is_refused(content):
    raw, headers = body(content)
    assert jt.verify_push(Account, headers, raw, "") is True

    with pytest.raises(CourierError) as caught:
        jt.parse_push(Account, headers, raw)

    assert caught.value.error_class is ErrorClass.BAD_REQUEST
