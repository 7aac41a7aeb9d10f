import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs

import httpx2
import pytest

from merchant.platforms import wire
from merchant.platforms.errors import RETRYABLE, ErrorClass, PlatformError
from merchant.platforms.kuaishou import client as kuaishou
from merchant.platforms.kuaishou import signing
from merchant.platforms.kuaishou.client import KuaishouClient

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SECRETS = {
    "app_key": "demo-app",
    "app_secret": "demo-app-secret",
    "sign_secret": "demo-sign-secret",
    "access_token": "demo-token",
    "message_key": "MDEyMzQ1Njc4OWFiY2RlZg==",
    "sign_method": "HMAC_SHA256",
}
REFUND = {
    "refundId": 2611230000000001,
    "oid": 2611220000000007,
    "status": 10,
    "handlingWay": 10,
    "negotiateStatus": 1,
    "receiptStatus": 1,
    "refundFee": 8800,
    "refundType": 1,
    "refundReasonDesc": "不想要了",
    "refundDesc": "拍错了",
    "sellerId": 2900000001,
    "buyerOpenId": "demo-buyer",
    "submitTime": 1763870400000,
    "updateTime": 1763870400123,
    "expireTime": 1764043200000,
    "endTime": 0,
    "logisticsInfo": {"expressNo": "73100000000001", "expressCode": 9},
}


def client(**secrets):
    return KuaishouClient(SimpleNamespace(secrets={**SECRETS, **secrets}, app_key="demo-app"))


@pytest.fixture
def answers(monkeypatch, settings):
    """A wire of the test's own: put an answer, a list of answers or an exception into `.give`; `.requests` were sent."""
    settings.PLATFORM_HOSTS = {"kuaishou": "https://platform.test"}
    log = SimpleNamespace(give={"result": 1, "data": {}}, requests=[])

    def handle(request):
        log.requests.append(request)
        give = log.give.pop(0) if isinstance(log.give, list) else log.give
        if isinstance(give, Exception):
            raise give
        return give if isinstance(give, httpx2.Response) else httpx2.Response(200, text=json.dumps(give))

    transport = httpx2.Client(transport=httpx2.MockTransport(handle))
    monkeypatch.setattr(wire, "_client", lambda: transport)
    return log


def approve(platform=None):
    return (platform or client()).approve_refund(
        2611230000000001, refund_amount=8800, status=10, negotiate_status=1, desc="同意"
    )


def refused(work):
    with pytest.raises(PlatformError) as error:
        work()
    return error.value


# --- what is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("MD5", "3c50f3dd6a06fb4a5309f6e7e52deaa4"),
        ("HMAC_SHA256", "VMvP/1fe1UJE/Da2YwwPoTovv1virCYbZQw3Huml7rQ="),
    ],
)
def test_a_request_carries_the_computed_signature(method, expected):
    params = client(sign_method=method).signed(kuaishou.REFUND_DETAIL, {"refundId": 123}, at_ms=1735689600000)

    assert params == {
        "appkey": "demo-app",
        "method": "open.seller.order.refund.detail",
        "version": "1",
        "param": '{"refundId":123}',
        "access_token": "demo-token",
        "timestamp": "1735689600000",
        "signMethod": method,
        "sign": expected,
    }


def test_a_question_goes_as_get_and_its_signature_fits_what_arrived(answers):
    answers.give = {"result": 1, "data": REFUND}

    client().refund_detail(2611230000000001)

    (request,) = answers.requests
    sent = dict(request.url.params)
    assert (request.method, request.url.host, request.url.path) == (
        "GET",
        "platform.test",
        "/open/seller/order/refund/detail",
    )
    assert (sent["param"], signing.verify(sent, "demo-sign-secret")) == ('{"refundId":2611230000000001}', True)
    assert "sign_secret" not in str(request.url)


def test_a_decision_goes_as_a_form_with_only_the_app_key_in_the_address(answers):
    approve()

    (request,) = answers.requests
    form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
    assert (request.method, request.url.path, dict(request.url.params)) == (
        "POST",
        "/open/seller/order/refund/approve",
        {"appkey": "demo-app"},
    )
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert json.loads(form["param"]) == {
        "refundId": 2611230000000001,
        "desc": "同意",
        "refundAmount": 8800,
        "status": 10,
        "negotiateStatus": 1,
        "refundHandingWay": 10,
    }
    assert signing.verify({**form, "appkey": "demo-app"}, "demo-sign-secret") is True


@pytest.mark.parametrize(
    ("work", "path", "param"),
    [
        (
            lambda c: c.direct_refund("7", refund_version=1763870400123),
            "/open/refund/direct/refund",
            {"refundId": 7, "refundVersion": 1763870400123},
        ),
        (
            lambda c: c.reject_refund(7, reason_code=1, desc="已签收", images=("a.png",), refund_version=5),
            "/open/refund/reject",
            {"refundId": 7, "reasonCode": 1, "rejectDesc": "已签收", "rejectImages": ["a.png"], "refundVersion": 5},
        ),
        (
            lambda c: c.confirm_receipt(7, status=40),
            "/open/seller/order/refund/confirm/receipt",
            {"refundId": 7, "status": 40},
        ),
    ],
)
def test_the_other_decisions_send_their_fields(answers, work, path, param):
    work(client())

    (request,) = answers.requests
    assert (request.url.path, json.loads(parse_qs(request.content.decode())["param"][0])) == (path, param)


def test_without_a_token_nothing_is_sent(answers):
    error = refused(lambda: client(access_token="").refund_detail(1))

    assert (error.error_class, error.code, answers.requests) == (ErrorClass.AUTH, "credentials", [])


# --- what comes back --------------------------------------------------------------------------------------------------


def test_a_refund_is_read_into_a_snapshot(answers):
    answers.give = {"result": 1, "data": REFUND}

    found = client().refund_detail("2611230000000001")

    assert (found.refund_id, found.oid, found.status, found.handling_way) == (
        "2611230000000001",
        "2611220000000007",
        10,
        10,
    )
    assert (found.negotiate_status, found.receipt_status, found.refund_fee, found.reason) == (1, 1, 8800, "不想要了")
    assert (found.submit_at, found.expire_at, found.end_at) == (
        datetime(2025, 11, 23, 4, 0, tzinfo=UTC),
        datetime(2025, 11, 25, 4, 0, tzinfo=UTC),
        None,
    )
    assert (found.express_code, found.express_no, found.raw["refundDesc"]) == (9, "73100000000001", "拍错了")
    assert (found.is_refund_only, found.waits_for_seller, found.is_paying, found.is_paid, found.is_closed) == (
        True,
        True,
        False,
        False,
        False,
    )


def test_an_answer_about_another_refund_is_not_taken(answers):
    answers.give = {"result": 1, "data": REFUND}

    error = refused(lambda: client().refund_detail(1))

    assert (error.error_class, error.code, error.is_unknown_outcome) == (ErrorClass.TRANSIENT, "garbage", False)


@pytest.mark.parametrize("missing", ["refundId", "oid", "status", "handlingWay", "refundFee"])
def test_a_refund_without_a_field_that_decides_is_not_read_as_zero(answers, missing):
    answers.give = {"result": 1, "data": {name: value for name, value in REFUND.items() if name != missing}}

    assert refused(lambda: client().refund_detail(2611230000000001)).code == "garbage"


def test_an_order_is_read_with_its_parcels_and_masked_recipient(answers):
    answers.give = {
        "result": 1,
        "data": {
            "orderBaseInfo": {"oid": 7, "status": 40, "totalFee": 8800, "expressFee": 800, "payTime": 1763870400000},
            "orderItemInfo": {
                "itemId": 1,
                "skuId": 2,
                "itemTitle": "保温杯",
                "num": 2,
                "price": 4000,
                "skuNick": "A-1",
            },
            "orderLogisticsInfo": [{"expressNo": "YT1", "expressCode": 6}, {"expressNo": "X", "expressCode": 777}],
            "orderAddress": {"desensitiseConsignee": "张**", "encryptedMobile": "cipher", "province": "浙江省"},
            "orderRefundList": [{"refundId": 9, "refundStatus": 10}],
        },
    }

    order = client().order_detail(7)

    assert (order.oid, order.status, order.total_fee, order.express_fee) == ("7", 40, 8800, 800)
    assert [(item.title, item.quantity, item.price, item.seller_code) for item in order.items] == [
        ("保温杯", 2, 4000, "A-1")
    ]
    assert [(parcel.courier, parcel.express_no) for parcel in order.packages] == [("yto", "YT1"), ("unknown", "X")]
    assert (order.recipient.name, order.recipient.province, order.refunds) == ("张**", "浙江省", (("9", 10),))
    assert (order.pay_at, order.send_at) == (datetime(2025, 11, 23, 4, 0, tzinfo=UTC), None)
    assert "cipher" not in repr(order)


KNOWN = [
    *((code, "auth") for code in (21, 24, 27, 28)),
    *((code, "permission") for code in (22, 25, 26, 300012)),
    *((code, "throttled") for code in (15, 16, 17, 1016, 1017, 802000)),
    *((code, "not_allowed") for code in (300002, 300010, 300016, 300018)),
    *((code, "changed") for code in (300014, 300017)),
    (300011, "not_found"),
    (300013, "withdrawn"),
    *((code, "bad_request") for code in (300003, 300004, 300005, 300006, 300007, 300008, 300009, 300015, 300019)),
]


@pytest.mark.parametrize(("code", "error_class"), KNOWN)
def test_every_documented_code_has_a_class_and_a_certain_outcome(answers, code, error_class):
    answers.give = {"result": code, "error_msg": "REFUSED"}

    error = refused(approve)

    assert (error.error_class, error.code, error.message, error.is_unknown_outcome) == (
        error_class,
        str(code),
        "REFUSED",
        False,
    )
    assert error.retry is (error_class == "throttled")
    assert str(code) in error.raw


def test_the_table_holds_no_code_the_test_does_not_know():
    assert {str(code): ErrorClass(error_class) for code, error_class in KNOWN} == kuaishou.ERRORS


def test_only_what_may_heal_by_waiting_is_tried_again():
    assert frozenset({"throttled", "transient", "not_enough"}) == RETRYABLE


# --- not getting an answer --------------------------------------------------------------------------------------------

LOST = [
    httpx2.ReadTimeout("slow"),
    httpx2.WriteTimeout("slow"),
    httpx2.ReadError("reset"),
    httpx2.WriteError("reset"),
    httpx2.RemoteProtocolError("closed without an answer"),
    httpx2.Response(502, text="<html>"),
    httpx2.Response(500, text=""),
    httpx2.Response(404, text="gateway"),
    httpx2.Response(200, text="<html>"),
    httpx2.Response(200, text=""),
    httpx2.Response(200, text="null"),
    httpx2.Response(200, text="[]"),
    httpx2.Response(200, text='{"result":'),
    httpx2.Response(200, text='{"ok":true}'),
    httpx2.Response(200, text='{"result":"yes"}'),
    httpx2.Response(302, headers={"location": "https://elsewhere.test/"}),
]


@pytest.mark.parametrize("lost", LOST, ids=lambda lost: repr(lost)[:40])
def test_a_decision_without_a_clear_answer_has_an_unknown_outcome_and_is_sent_once(answers, lost):
    answers.give = lost

    error = refused(approve)

    assert (error.is_unknown_outcome, len(answers.requests)) == (True, 1)


@pytest.mark.parametrize("lost", LOST, ids=lambda lost: repr(lost)[:40])
def test_a_question_without_a_clear_answer_changed_nothing(answers, lost):
    answers.give = lost

    assert refused(lambda: client().refund_detail(1)).is_unknown_outcome is False


@pytest.mark.parametrize("unsent", [httpx2.ConnectError("refused"), httpx2.ConnectTimeout("no route")])
def test_a_decision_that_never_left_has_a_certain_outcome(answers, unsent):
    answers.give = unsent

    error = refused(approve)

    assert (error.error_class, error.retry, error.is_unknown_outcome) == (ErrorClass.TRANSIENT, True, False)


def test_http_429_is_a_refusal():
    with pytest.raises(PlatformError) as error:
        wire._text(429, b"slow down", is_write=True)

    assert (error.value.error_class, error.value.is_unknown_outcome) == (ErrorClass.THROTTLED, False)


# --- lists ------------------------------------------------------------------------------------------------------------


def test_a_long_span_is_asked_for_day_by_day_and_page_by_page(answers):
    def page(number, cursor):
        return {"result": 1, "data": {"refundOrderInfoList": [{**REFUND, "refundId": number}], "pcursor": cursor}}

    answers.give = [page(1, "c1"), page(2, "nomore"), page(3, "nomore"), page(4, "nomore")]

    found = [refund.refund_id for refund in client().refund_list(NOON - 2.5 * DAY, NOON)]

    asked = [json.loads(request.url.params["param"]) for request in answers.requests]
    assert found == ["1", "2", "3", "4"]
    assert [param["pcursor"] for param in asked] == ["", "c1", "", ""]
    assert [(param["endTime"] - param["beginTime"]) / 3_600_000 for param in asked] == [24, 24, 24, 12]
    assert {(param["queryType"], param["sort"], param["type"], param["pageSize"]) for param in asked} == {
        (2, 2, 9, 100)
    }


def test_a_row_that_is_no_order_stops_no_other_row_of_its_page(answers):
    rows = [
        {"orderBaseInfo": {"oid": 7}},
        {"orderBaseInfo": {"oid": 8}, "orderItemInfo": "?"},
        "?",
        {"orderBaseInfo": {}},
    ]
    answers.give = {"result": 1, "data": {"orderList": rows, "cursor": "nomore"}}

    page = client().order_page(NOON - DAY, NOON)

    assert [order.oid for order in page.orders] == ["7"]
    assert page.unreadable == (("8", "an object was expected"), ("", "an object was expected"), ("", "no oid"))


def test_orders_are_asked_for_seven_days_at_a_time(answers):
    answers.give = {"result": 1, "data": {"orderList": [{"orderBaseInfo": {"oid": 7}}], "cursor": "nomore"}}

    found = [order.oid for order in client().order_list(NOON - 8 * DAY, NOON)]

    asked = [json.loads(request.url.params["param"]) for request in answers.requests]
    assert (found, [(param["endTime"] - param["beginTime"]) / 86_400_000 for param in asked]) == (["7", "7"], [7, 1])


def test_a_list_that_never_ends_is_stopped(answers):
    answers.give = {"result": 1, "data": {"refundOrderInfoList": [], "pcursor": "same"}}

    error = refused(lambda: list(client().refund_list(NOON - DAY, NOON)))

    assert (error.code, len(answers.requests)) == ("cursor", 2)


def test_nothing_is_asked_for_an_empty_span(answers):
    assert (list(client().refund_list(NOON, NOON)), answers.requests) == ([], [])


def test_an_instant_without_a_zone_is_refused(answers):
    with pytest.raises(ValueError):
        list(client().refund_list(datetime(2026, 1, 1), datetime(2026, 1, 2)))  # noqa: DTZ001


# --- what is our assumption (the marks of the module's docstring) -------------------------------------------------------


def test_assumption_a1_300014_after_an_approval_means_read_again(answers):
    answers.give = {"result": 300014, "error_msg": "REFUND ORDER UPDATED"}

    error = refused(approve)

    assert (error.error_class, error.retry, error.is_unknown_outcome) == (ErrorClass.CHANGED, False, False)


@pytest.mark.parametrize(("fields", "version"), [({}, 1763870400123), ({"refundVersion": 5}, 5)])
def test_assumption_a2_the_version_is_the_update_time_unless_one_is_sent(answers, fields, version):
    answers.give = {"result": 1, "data": {**REFUND, **fields}}

    assert client().refund_detail(2611230000000001).version == version


def test_assumption_a3_the_total_fee_is_what_the_buyer_paid(answers):
    answers.give = {"result": 1, "data": {"orderBaseInfo": {"oid": 7, "totalFee": 8800, "expressFee": 800}}}

    assert client().order_detail(7).total_fee == 8800


def test_assumption_a4_no_refund_list_spans_more_than_a_day():
    assert (timedelta(days=1), timedelta(days=7)) == (kuaishou.REFUND_WINDOW, kuaishou.ORDER_WINDOW)


def test_assumption_a5_a_code_nobody_documented_leaves_a_decision_unknown(answers):
    answers.give = {"result": 999123, "error_msg": "?"}

    error = refused(approve)

    assert (error.error_class, error.code, error.is_unknown_outcome) == (ErrorClass.TRANSIENT, "999123", True)
    assert refused(lambda: client().refund_detail(1)).is_unknown_outcome is False


def test_assumption_a6_where_result_is_zero_the_code_stands_in_code(answers):
    answers.give = {"result": 0, "code": "300013", "msg": "BUYER CANCEL REFUND"}

    error = refused(approve)

    assert (error.error_class, error.code, error.message) == (ErrorClass.WITHDRAWN, "300013", "BUYER CANCEL REFUND")
