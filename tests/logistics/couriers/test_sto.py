"""STO's words, sentences and oddities, read into ours."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode

import pytest

from logistics.couriers import registry, signing
from logistics.couriers.base import Address, Answer, CourierError, ErrorClass, Event, Kind
from logistics.parcels.enums import PackageState
from logistics.parcels.projection import Frame, point_of, project
from logistics.sandbox.accounts import sto_secrets

sto = registry.get("sto")
NUMBER = "777000000000001"
SECRETS = sto_secrets()


class Account:
    courier, customer_code, secrets = "sto", "C1", SECRETS


class Demo(Account):
    """The account of the facts' vectors."""

    secrets = {"app_key": "demo-app", "from_code": "demo-code", "secret_key": "demo-secret"}


def form(call):
    return {name: values[0] for name, values in parse_qs(call.body.decode(), keep_blank_values=True).items()}


def create(account=Account, kind=Kind.RETURN_TO_SENDER, **more):
    return sto.build_create(account, NUMBER, request_id="r", biz_no="IC1", kind=kind, reason="退款", **more)


def answer(content, *, is_write=False):
    return Answer(content if isinstance(content, str) else json.dumps(content), is_write)


def yes(data=None, success="true"):
    return {"success": success, "errorCode": "", "errorMsg": "", "data": data}


def no(message, code=""):
    return {"success": "false", "errorCode": code, "errorMsg": message, "data": None}


def refused(content, **more):
    with pytest.raises(CourierError) as caught:
        sto.parse_create(answer(content, **more))
    return caught.value


def row(word, **more):
    return {
        "waybillNo": NUMBER,
        "scanType": word,
        "opTime": "2025-01-01 08:00:00",
        "memo": "已处理",
        "opOrgName": "杭州西湖一部",
        "opOrgCode": "571001",
        "opOrgProvinceName": "浙江省",
        "opOrgCityName": "杭州市",
        **more,
    }


def body(content):
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return urlencode({"content": text, "data_digest": signing.md5_base64(text, SECRETS["secret_key"])}).encode()


def push_of(word, **more):
    trace = {"outBizCode": "B-1", "opOrgType": "1", **row(word, **more)}
    return sto.parse_push(Account, {}, body({"waybillNo": NUMBER, "linkCode": "x", "trace": trace}))


def tracked(*rows):
    return sto.parse_track(answer(yes({NUMBER: list(rows)})), NUMBER)


# --- calls ------------------------------------------------------------------------------------------------------------


def test_a_stop_is_signed_like_the_vector_of_the_facts(settings):
    settings.COURIER_HOSTS = {"sto": "http://sto.test"}

    call = create(Demo)

    assert call.url == "http://sto.test/gateway/link.do"
    assert form(call) == {
        "content": '{"waybillNo":"777000000000001","interceptForAct":"DEFAULT"}',
        "data_digest": "hHMjA0K3uJIg2VFJWqFNNQ==",
        "api_name": "INTERCEPT_CREATE_STANDARD",
        "from_appkey": "demo-app",
        "from_code": "demo-code",
        "to_appkey": "reverse-center",
        "to_code": "reverse-center",
    }
    assert (call.headers["content-type"], call.is_write) == ("application/x-www-form-urlencoded; charset=UTF-8", True)


def test_the_code_is_the_app_key_where_sto_gave_no_other():
    account = type("Plain", (Account,), {"secrets": {"app_key": "K", "secret_key": "s"}})

    assert (form(create(account))["from_appkey"], form(create(account))["from_code"]) == ("K", "K")


def test_a_new_address_is_the_same_call_with_a_receiver():
    address = Address("收件", "13800000000", "浙江省", "杭州市", "西湖区", "文一路1号")

    call = create(kind=Kind.CHANGE_ADDRESS, new_address=address)

    assert form(call)["api_name"] == "INTERCEPT_CREATE_STANDARD"
    assert json.loads(form(call)["content"]) == {
        "waybillNo": NUMBER,
        "interceptForAct": "DEFAULT",
        "receiverName": "收件",
        "receiverTel": "13800000000",
        "receiverProvince": "浙江省",
        "receiverCity": "杭州市",
        "receiverArea": "西湖区",
        "receiverAddress": "文一路1号",
    }


@pytest.mark.parametrize(
    ("build", "api", "to", "content", "is_write"),
    [
        (
            lambda: sto.build_track(Account, NUMBER),
            "STO_TRACE_QUERY_COMMON",
            "sto_trace_query",
            {"order": "asc", "waybillNoList": [NUMBER]},
            False,
        ),
        (
            lambda: sto.build_subscribe(Account, NUMBER),
            "STO_TRACE_PLATFORM_SUBSCRIBE",
            "sto_trace_platform",
            {"subscribeInfoList": [{"waybillNo": NUMBER}]},
            True,
        ),
        (
            lambda: sto.build_cancel(Account, NUMBER, biz_no="IC1", external_ref=""),
            "INTERCEPT_DEL_STANDARD",
            "reverse-center",
            {"waybillNo": NUMBER},
            True,
        ),
    ],
)
def test_every_call_goes_through_the_one_gateway_by_its_name(build, api, to, content, is_write):
    call = build()
    sent = form(call)

    assert (sent["api_name"], sent["to_appkey"], sent["to_code"]) == (api, to, to)
    assert (json.loads(sent["content"]), call.is_write) == (content, is_write)
    assert sent["data_digest"] == signing.md5_base64(sent["content"], SECRETS["secret_key"])


def test_without_credentials_nothing_is_built():
    account = type("Empty", (Account,), {"secrets": {"app_key": "K"}})

    with pytest.raises(CourierError) as caught:
        create(account)

    assert (caught.value.error_class, caught.value.code) == (ErrorClass.AUTH, "credentials")


@pytest.mark.parametrize("kind", ["return_to_site", "return_to_address"])
def test_sto_does_not_tell_the_site_from_the_sender_and_does_not_pretend_to(kind):
    with pytest.raises(CourierError) as caught:
        sto.create_intercept(Account, NUMBER, request_id="r", biz_no="b", kind=kind, reason="")

    assert caught.value.error_class is ErrorClass.NOT_SUPPORTED


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        yes(success="true"),
        yes(success=True),
        yes(success="True "),
        "<response><success>true</success><errorCode/><errorMsg/></response>",
        '<?xml version="1.0" encoding="UTF-8"?>\n<response><success>true</success><data/></response>',
    ],
)
def test_success_is_text_or_boolean_in_json_or_in_xml(content):
    assert sto.parse_create(answer(content, is_write=True)).external_ref == ""
    assert sto.parse_cancel(answer(content, is_write=True)) is None
    assert sto.parse_subscribe(answer(content, is_write=True)) is None


@pytest.mark.parametrize(
    ("message", "error_class", "reason", "retry"),
    [
        ("该运单已发起拦截，请勿重复发起", "duplicate", "others_interception", False),
        ("运单已签收，不能拦截", "already_signed", "signed", False),
        ("运单派件中，不能拦截", "too_late", "in_delivery", False),
        ("快件已入驿站", "too_late", "in_delivery", False),
        ("运单号不存在", "unknown_waybill", "not_found", False),
        ("运单未揽收", "not_yet_trackable", "other", True),
        ("该客户不支持拦截", "not_supported", "courier_refused", False),
        ("说不清的原因", "not_supported", "courier_refused", False),
        ("", "not_supported", "courier_refused", False),
        ("签名校验失败", "auth", "other", False),
        ("调用过于频繁", "throttled", "other", True),
        ("系统繁忙，请稍后重试", "transient", "other", True),
        ("参数waybillNo不能为空", "bad_request", "other", False),
    ],
)
def test_the_reason_is_only_in_the_sentence_and_the_code_is_kept(message, error_class, reason, retry):
    told = f"<success>false</success><errorCode>X9</errorCode><errorMsg>{message}</errorMsg>"
    for content in (no(message, "X9"), f"<response>{told}</response>"):
        error = refused(content)

        assert (error.error_class.value, error.reason, error.retry) == (error_class, reason, retry)
        assert (error.code, error.message) == ("X9", message)


def test_a_busy_system_may_have_taken_the_request():
    assert refused(no("系统繁忙"), is_write=True).is_unknown_outcome is True
    assert refused(no("运单已签收"), is_write=True).is_unknown_outcome is False


@pytest.mark.parametrize(
    "text",
    [
        "<html><body>502</body></html>",
        "<response><success>true",
        "<response></response>",
        "<answer><success>true</success></answer>",
        '<!DOCTYPE r [<!ENTITY t "true">]><response><success>&t;</success></response>',
        '<!DOCTYPE r SYSTEM "http://127.0.0.1/x.dtd"><response><success>true</success></response>',
        '[{"success":"true"}]',
    ],
)
def test_a_hostile_or_broken_answer_leaves_the_outcome_of_a_write_open(text):
    error = refused(text, is_write=True)

    assert (error.error_class, error.is_unknown_outcome) == (ErrorClass.TRANSIENT, True)


def test_a_subscription_may_fail_for_one_parcel_of_a_call_that_succeeded():
    assert sto.parse_subscribe(answer(yes([{"waybillNo": NUMBER, "status": "1", "message": "ok"}]))) is None

    for status in (False, "false"):
        rows = [{"waybillNo": NUMBER, "status": status, "message": "运单号不存在"}]
        with pytest.raises(CourierError) as caught:
            sto.parse_subscribe(answer(yes(rows), is_write=True))
        assert (caught.value.error_class, caught.value.message) == (ErrorClass.UNKNOWN_WAYBILL, "运单号不存在")


# --- tracks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [None, {}, [], {NUMBER: []}, {NUMBER: None}])
def test_no_scan_yet_comes_in_many_shapes(data):
    assert sto.parse_track(answer(yes(data)), NUMBER) == []


@pytest.mark.parametrize(
    "content",
    [
        "<response><success>true</success></response>",
        "<response><success>true</success><data/></response>",
        {"success": True},
        yes("rows"),
        yes({NUMBER: "rows"}),
        yes({NUMBER: [row("收件", opTime="yesterday")]}),
    ],
)
def test_a_track_that_cannot_be_read_never_counts_as_no_scans(content):
    with pytest.raises(CourierError) as caught:
        sto.parse_track(answer(content), NUMBER)

    assert (caught.value.error_class, caught.value.code) == (ErrorClass.TRANSIENT, "garbage")


STATES = {
    "收件": "picked_up",
    "发件": "in_transit",
    "转邮": "in_transit",
    "转同行": "in_transit",
    "到件": "in_transit",
    "派件": "out_for_delivery",
    "第三方代派": "out_for_delivery",
    "快件取出": "out_for_delivery",
    "柜机代收": "at_locker",
    "驿站代收": "at_locker",
    "驿站出库": "signed",
    "签收": "signed",
    "客户签收": "signed",
    "退回件": "returning",
    "问题件": "exception",
    "改地址件": "redirected",
    "留仓件": "in_transit",
    "代取快递": "at_locker",
    "派件入柜": "at_locker",
    "第三方代收": "at_locker",
    "新词": "",
}


@pytest.mark.parametrize(("word", "status"), STATES.items())
def test_a_scan_is_the_same_event_in_a_query_and_in_a_push(word, status):
    from logistics.couriers.base import event_key

    asked, told = tracked(row(word))[0], push_of(word).events[0]

    assert (asked.status, told.status, asked.raw_code, told.raw_code) == (status, status, word, word)
    assert asked.event_at == told.event_at == datetime(2025, 1, 1, tzinfo=UTC)
    assert (asked.site, asked.city, event_key(asked)) == ("杭州西湖一部", "杭州市", event_key(told))
    assert asked.is_address_change is told.is_address_change is (word == "改地址件")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"issueName": "拒收"}, "refused"),
        ({"memo": "客户拒收，退回处理"}, "refused"),
        ({"issueName": "非拒收"}, "exception"),
        ({"issueName": "联系不上收件人"}, "exception"),
    ],
)
def test_a_problem_is_a_refusal_only_when_it_says_so(more, status):
    assert push_of("问题件", **more).events[0].status == status


@pytest.mark.parametrize(
    ("word", "more", "expected"),
    [
        ("到件", {"opOrgType": "1"}, True),
        ("到件", {"opOrgType": 1, "opOrgName": "杭州转运中心"}, True),
        ("到件", {"opOrgType": "2"}, False),
        ("到件", {"opOrgType": "", "opOrgName": "杭州转运中心"}, False),
        ("到件", {"opOrgType": "", "opOrgName": "杭州西湖一部"}, True),
        ("到件", {"opOrgType": "", "opOrgName": ""}, None),
        ("收件", {"opOrgType": "1"}, None),
    ],
)
def test_only_an_arrival_may_be_at_the_delivering_site(word, more, expected):
    assert push_of(word, **more).events[0].is_delivering_site is expected


def walked(*words):
    rows = [row(word, opTime=f"2025-01-01 {8 + n:02d}:00:00", opOrgName=site, opOrgCityName=city)
            for n, (word, site, city) in enumerate(words)]  # fmt: skip
    points = [point_of(event) for event in tracked(*reversed(rows))]
    return project(points, Frame(sender_city="上海市", receiver_city="杭州市"), datetime(2025, 2, 1, tzinfo=UTC))


HOME, AWAY = ("上海闵行一部", "上海市"), ("杭州西湖一部", "杭州市")


@pytest.mark.req("R0.14")
def test_signed_after_a_return_scan_is_returned_and_before_it_delivered():
    came_back = walked(("收件", *HOME), ("到件", *AWAY), ("退回件", *AWAY), ("签收", *HOME))
    delivered = walked(("收件", *HOME), ("派件", *AWAY), ("签收", *AWAY))
    delivered_anyway = walked(("收件", *HOME), ("派件", *AWAY), ("退回件", *AWAY), ("签收", *AWAY))

    assert (came_back.state, len(came_back.return_scans)) == (PackageState.RETURNED, 1)
    assert (delivered.state, delivered.return_scans) == (PackageState.SIGNED, ())
    assert delivered_anyway.state == PackageState.SIGNED


def test_a_change_of_address_proves_no_stop():
    found = walked(("收件", *HOME), ("改地址件", *AWAY))

    assert (found.state, found.return_scans) == (PackageState.REDIRECTED, ())


def test_phones_in_a_memo_are_masked():
    event = tracked(row("派件", memo="派件员王某某 13812345678 正在派件"))[0]

    assert isinstance(event, Event)
    assert event.text == "派件员王某某 138****5678 正在派件"


# --- pushes -----------------------------------------------------------------------------------------------------------


def test_a_push_names_its_number_and_is_acknowledged_with_the_exact_words():
    push = push_of("派件")

    assert (push.waybill, push.event_id) == (NUMBER, "B-1")
    assert push.ack == '{"success":true,"errorCode":"","errorMsg":""}'
    assert sto.ack(False) == (
        '{"success":false,"errorCode":"","errorMsg":"rejected"}',
        "application/json; charset=UTF-8",
        200,
    )


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "[]",
        "null",
        '"x"',
        "{",
        {"waybillNo": NUMBER},
        {"waybillNo": NUMBER, "trace": None},
        {"waybillNo": NUMBER, "trace": []},
        {"waybillNo": "", "trace": row("收件")},
        {"waybillNo": NUMBER, "trace": row("收件", opTime="soon")},
    ],
)
def test_a_signed_push_nobody_can_read_is_refused(content):
    signed = body(content)
    assert sto.verify_push(Account, {}, signed, "") is True

    with pytest.raises(CourierError) as caught:
        sto.parse_push(Account, {}, signed)

    assert caught.value.error_class is ErrorClass.BAD_REQUEST
