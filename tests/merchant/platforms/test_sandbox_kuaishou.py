"""Our client against the sandbox's process over real HTTP: the wire, the states, the money."""

import itertools
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx2
import pytest

from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.platforms.kuaishou import client as kuaishou_module
from merchant.platforms.kuaishou import signing
from merchant.platforms.kuaishou.client import HandlingWay, KuaishouClient, RefundStatus
from merchant.platforms.sandbox import accounts
from merchant.platforms.sandbox.kuaishou_wire import THROTTLE_CODES

_waybills = itertools.count(73100000000001)
DAY = timedelta(days=1)
# A payment takes 0.04 s here; a machine with other work may take its time all the same.
PATIENCE_S = 60


def open_case(platform, *, total_fee=8800, plan=(), push=False, **values):
    """A shipped order and an after-sale on it; returns the after-sale's number."""
    order = {"total_fee": total_fee, "courier": "zto", "waybill": str(next(_waybills))}
    row = platform.control("/refunds", {"order": order, "plan": list(plan), "push": push, **values})
    return str(row["refundId"])


def approve(client, seen):
    """What a merchant decides on what was seen."""
    client.approve_refund(
        seen.refund_id,
        refund_amount=seen.refund_fee,
        status=seen.status,
        negotiate_status=seen.negotiate_status,
        refund_handing_way=seen.handling_way,
    )


def refused(work):
    with pytest.raises(PlatformError) as error:
        work()
    return error.value


def until(client, refund_id, status):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = client.refund_detail(refund_id)
        if found.status == status:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{refund_id} is {found.status}, not {status}")


def paid(platform, refund_id):
    """(how many times, how much, who let it)."""
    row = platform.control("/ledger")["refunds"].get(refund_id, {})
    return row.get("times", 0), row.get("amount_fen", 0), row.get("cause")


def raw(platform, method="open.seller.order.refund.detail", http="GET", sign_with=None, **changes):
    """One request by hand, signed for the demo shop unless told otherwise; the result code."""
    params = {
        "appkey": accounts.HOUSE.app_key,
        "method": method,
        "version": "1",
        "param": '{"refundId":1}',
        "access_token": accounts.HOUSE.access_token,
        "timestamp": str(int(time.time() * 1000)),
        "signMethod": "MD5",
        **changes,
    }
    params = {name: value for name, value in params.items() if value is not None}
    if "sign" not in changes:
        params["sign"] = signing.sign(params, sign_with or accounts.HOUSE.sign_secret)
    params = {name: value for name, value in params.items() if value is not None}
    answer = httpx2.request(http, f"{platform.url}/{method.replace('.', '/')}", params=params)
    assert answer.status_code == 200
    return answer.json()["result"]


# --- the road of a refund ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign_method", ["MD5", "HMAC_SHA256"])
def test_an_approved_case_is_paid_once(platform, sign_method):
    client = KuaishouClient(
        SimpleNamespace(secrets=accounts.HOUSE.secrets(sign_method), app_key=accounts.HOUSE.app_key)
    )
    refund_id = open_case(platform)

    seen = client.refund_detail(refund_id)
    approve(client, seen)
    paying = client.refund_detail(refund_id)
    done = until(client, refund_id, RefundStatus.PAID)

    assert [state.status for state in (seen, paying, done)] == [10, 50, 60]
    assert seen.version < paying.version < done.version
    assert paid(platform, refund_id) == (1, 8800, "merchant")


def test_a_second_approval_is_refused_and_pays_nothing(platform, kuaishou):
    refund_id = open_case(platform)
    seen = kuaishou.refund_detail(refund_id)
    approve(kuaishou, seen)

    error = refused(lambda: approve(kuaishou, seen))
    until(kuaishou, refund_id, RefundStatus.PAID)
    late = refused(lambda: approve(kuaishou, seen))

    assert [(e.error_class, e.code) for e in (error, late)] == [(ErrorClass.NOT_ALLOWED, "300010")] * 2
    row = platform.control("/ledger")["refunds"][refund_id]
    assert (row["times"], row["asked"], row["accepted"]) == (1, 3, 1)


def test_a_case_the_buyer_changed_must_be_read_again(platform, kuaishou):
    refund_id = open_case(platform)
    seen = kuaishou.refund_detail(refund_id)
    platform.control(f"/refunds/{refund_id}/edit", {"refund_fee": 5000})

    error = refused(lambda: approve(kuaishou, seen))
    fresh = kuaishou.refund_detail(refund_id)
    approve(kuaishou, fresh)
    until(kuaishou, refund_id, RefundStatus.PAID)

    assert (error.error_class, error.code, error.is_unknown_outcome) == (ErrorClass.CHANGED, "300014", False)
    assert fresh.version > seen.version
    assert paid(platform, refund_id) == (1, 5000, "merchant")


def test_a_withdrawn_case_is_not_paid(platform, kuaishou):
    refund_id = open_case(platform)
    seen = kuaishou.refund_detail(refund_id)
    platform.control(f"/refunds/{refund_id}/withdraw", {})

    error = refused(lambda: approve(kuaishou, seen))

    assert (error.error_class, error.code) == (ErrorClass.WITHDRAWN, "300013")
    assert (kuaishou.refund_detail(refund_id).is_closed, paid(platform, refund_id)[0]) == (True, 0)


def test_a_case_the_platform_pays_by_itself_is_not_paid_again(platform, kuaishou):
    refund_id = open_case(platform)
    seen = kuaishou.refund_detail(refund_id)
    platform.control(f"/refunds/{refund_id}/platform_pay", {})

    error = refused(lambda: approve(kuaishou, seen))
    until(kuaishou, refund_id, RefundStatus.PAID)

    assert (error.error_class, paid(platform, refund_id)) == (ErrorClass.NOT_ALLOWED, (1, 8800, "platform"))


@pytest.mark.parametrize(("verb", "error_class"), [("intervene", "changed"), ("close", "not_allowed")])
def test_what_the_platform_does_meanwhile_stops_the_approval(platform, kuaishou, verb, error_class):
    refund_id = open_case(platform)
    seen = kuaishou.refund_detail(refund_id)
    platform.control(f"/refunds/{refund_id}/{verb}", {})

    error = refused(lambda: approve(kuaishou, seen))

    assert (error.error_class, paid(platform, refund_id)[0]) == (error_class, 0)


@pytest.mark.parametrize(
    ("step", "status", "times"),
    [
        ({"verb": "withdraw", "after_s": 2}, RefundStatus.CLOSED, 0),
        ({"verb": "platform_pay", "after_s": 2}, RefundStatus.PAID, 1),
        ({"verb": "intervene", "after_s": 2}, RefundStatus.PLATFORM, 0),
    ],
)
def test_a_case_changes_by_itself_as_planned(platform, kuaishou, step, status, times):
    refund_id = open_case(platform, plan=[step])

    found = until(kuaishou, refund_id, status)

    assert (found.status, paid(platform, refund_id)[0]) == (status, times)


@pytest.mark.parametrize(
    ("fault", "status", "fee"), [("withdraw", 70, 8800), ("edit", 10, 7920), ("platform_pay", 60, 8800)]
)
def test_with_a_switch_on_new_cases_change_by_themselves(platform, kuaishou, fault, status, fee):
    platform.control("/faults", {fault: 1, "self_change_s": 2})
    order = {"total_fee": 8800, "waybill": str(next(_waybills))}
    row = platform.control("/refunds", {"order": order, "push": False})

    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = kuaishou.refund_detail(row["refundId"])
        if found.version > row["updateTime"] and found.status == status:
            break
        time.sleep(0.02)

    assert (found.status, found.refund_fee, found.version > row["updateTime"]) == (status, fee, True)


@pytest.mark.parametrize(
    ("change", "error_class"),
    [
        ({"refund_amount": 8799}, "changed"),
        ({"refund_amount": 0}, "bad_request"),
        ({"status": 11}, "changed"),
        ({"negotiate_status": 3}, "changed"),
        ({"refund_handing_way": 1}, "bad_request"),
    ],
)
def test_an_approval_that_does_not_fit_the_row_pays_nothing(platform, kuaishou, change, error_class):
    refund_id = open_case(platform)
    values = {"refund_amount": 8800, "status": 10, "negotiate_status": 1, "refund_handing_way": 10, **change}

    error = refused(lambda: kuaishou.approve_refund(refund_id, **values))

    assert (error.error_class, kuaishou.refund_detail(refund_id).status, paid(platform, refund_id)[0]) == (
        error_class,
        10,
        0,
    )


def test_a_refund_only_case_is_not_paid_by_the_call_for_returns(platform, kuaishou):
    refund_id = open_case(platform)
    seen = kuaishou.refund_detail(refund_id)

    error = refused(lambda: kuaishou.direct_refund(refund_id, refund_version=seen.version))

    assert (error.error_class, kuaishou.refund_detail(refund_id).status) == (ErrorClass.NOT_ALLOWED, 10)


def test_a_return_is_paid_directly_only_on_its_latest_version(platform, kuaishou):
    refund_id = open_case(platform, handling_way=HandlingWay.RETURN_REFUND)
    seen = kuaishou.refund_detail(refund_id)

    stale = refused(lambda: kuaishou.direct_refund(refund_id, refund_version=seen.version - 1))
    kuaishou.direct_refund(refund_id, refund_version=seen.version)
    until(kuaishou, refund_id, RefundStatus.PAID)

    assert (seen.status, stale.error_class, paid(platform, refund_id)[0]) == (11, ErrorClass.CHANGED, 1)


def test_a_return_is_paid_when_its_goods_are_received(platform, kuaishou):
    refund_id = open_case(platform, handling_way=HandlingWay.RETURN_REFUND, status=40)

    stale = refused(lambda: kuaishou.confirm_receipt(refund_id, status=30))
    kuaishou.confirm_receipt(refund_id, status=40)
    until(kuaishou, refund_id, RefundStatus.PAID)

    assert (stale.error_class, paid(platform, refund_id)[0]) == (ErrorClass.CHANGED, 1)


def test_a_refusal_takes_one_of_the_platforms_reasons_and_the_latest_version(platform, kuaishou):
    refund_id = open_case(platform)
    seen = kuaishou.refund_detail(refund_id)
    reasons = kuaishou.reject_reasons(refund_id)

    stale = refused(lambda: kuaishou.reject_refund(refund_id, reason_code=1, desc="", refund_version=1))
    kuaishou.reject_refund(refund_id, reason_code=reasons[0][0], desc="已签收", refund_version=seen.version)

    found = kuaishou.refund_detail(refund_id)
    assert (reasons[0], stale.error_class, found.status, found.negotiate_status) == (
        (1, "商品已签收"),
        ErrorClass.CHANGED,
        12,
        3,
    )


# --- who may ----------------------------------------------------------------------------------------------------------


def test_another_shops_case_cannot_be_read_or_paid(platform):
    other = KuaishouClient(SimpleNamespace(secrets=accounts.OTHER_KUAISHOU_SECRETS, app_key=accounts.OTHER.app_key))
    refund_id = open_case(platform)

    errors = [
        refused(lambda: other.refund_detail(refund_id)),
        refused(lambda: other.approve_refund(refund_id, refund_amount=8800, status=10)),
    ]

    assert [error.code for error in errors] == ["300012", "300012"]
    assert paid(platform, refund_id)[0] == 0


def test_a_number_nobody_knows_is_not_found(platform, kuaishou):
    assert refused(lambda: kuaishou.refund_detail(1)).error_class == ErrorClass.NOT_FOUND


def test_an_order_nobody_knows_answers_with_a_code_we_do_not_know(platform, kuaishou):
    """The platform's code for it is not public, so the sandbox uses one of its own and the client must live with it."""
    error = refused(lambda: kuaishou.order_detail(1))

    assert (error.error_class, error.message) == (ErrorClass.TRANSIENT, "ORDER NOT FOUND")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"access_token": None}, 21),
        ({"appkey": "nobody"}, 22),
        ({"access_token": "expired"}, 24),
        ({"sign": None}, 27),
        ({"sign": "wrong"}, 28),
        ({"sign_with": "another secret"}, 28),
        ({"signMethod": "SHA1", "sign": "x"}, 28),
        ({"method": "open.nothing.here"}, 25),
        ({"method": "open.seller.order.refund.approve"}, 26),
        ({"param": "{"}, 300008),
        ({"param": "[]"}, 300008),
        ({"param": "{}"}, 300006),
        ({"param": '{"refundId":"1"}'}, 300006),
    ],
)
def test_the_gate_answers_with_the_wires_code(platform, changes, code):
    assert raw(platform, **changes) == code


def test_a_changed_byte_after_signing_is_found_out(platform, kuaishou):
    params = kuaishou.signed(kuaishou_module.REFUND_DETAIL, {"refundId": 1})

    answer = httpx2.get(f"{platform.url}/open/seller/order/refund/detail", params={**params, "param": '{"refundId":2}'})

    assert answer.json()["result"] == 28


# --- lists ------------------------------------------------------------------------------------------------------------


def test_lists_are_read_to_their_end_and_show_only_our_own(platform, kuaishou):
    mine = {"total_fee": 100, "waybill": "W"}
    begin = datetime.now(UTC)
    made = platform.control("/bulk", {"refunds": [{"order": mine, "push": False} for _ in range(130)]})
    platform.control("/refunds", {"order": {**mine, "app_key": accounts.OTHER.app_key}, "push": False})
    end = datetime.now(UTC) + timedelta(seconds=1)

    refunds = [found.refund_id for found in kuaishou.refund_list(begin, end)]
    orders = [found.oid for found in kuaishou.order_list(begin, end)]

    assert (made["made"], made["skipped"]) == ({"refunds": 130}, [])
    assert (len(refunds), len(set(refunds)), len(orders), len(set(orders))) == (130, 130, 130, 130)


def test_a_list_can_be_narrowed_to_an_order_or_a_state(platform, kuaishou):
    begin = datetime.now(UTC)
    refund_id = open_case(platform)
    other = open_case(platform)
    platform.control(f"/refunds/{other}/withdraw", {})
    oid = kuaishou.refund_detail(refund_id).oid
    end = datetime.now(UTC) + timedelta(seconds=1)

    assert [found.refund_id for found in kuaishou.refund_list(begin, end, oid=oid)] == [refund_id]
    assert [found.refund_id for found in kuaishou.refund_list(begin, end, status=70)] == [other]


@pytest.mark.parametrize(
    ("begin", "end", "code"),
    [(0.0, 0.0, "300003"), (8.0, 0.5, "300004"), (91.0, 90.5, "300005")],
)
def test_a_span_the_platform_will_not_search_is_refused(platform, kuaishou, begin, end, code):
    now = datetime.now(UTC)

    error = refused(lambda: kuaishou.refund_page(now - begin * DAY, now - end * DAY))

    assert (error.error_class, error.code) == (ErrorClass.BAD_REQUEST, code)


# --- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lost", "garbage"])
def test_an_approval_whose_answer_is_lost_is_paid_once(platform, kuaishou, fault):
    refund_id = open_case(platform)
    seen = kuaishou.refund_detail(refund_id)
    platform.control("/faults", {fault: 1})
    error = refused(lambda: approve(kuaishou, seen))
    platform.control("/faults", {fault: 0})

    asked = kuaishou.refund_detail(refund_id)
    again = refused(lambda: approve(kuaishou, seen))
    until(kuaishou, refund_id, RefundStatus.PAID)

    assert (error.is_unknown_outcome, asked.waits_for_seller, again.error_class) == (
        True,
        False,
        ErrorClass.NOT_ALLOWED,
    )
    assert paid(platform, refund_id) == (1, 8800, "merchant")


def test_an_approval_the_gateway_swallowed_may_be_sent_again_after_asking(platform, kuaishou):
    refund_id = open_case(platform)
    seen = kuaishou.refund_detail(refund_id)
    platform.control("/faults", {"rate_5xx": 1})
    error = refused(lambda: approve(kuaishou, seen))
    platform.control("/faults", {"rate_5xx": 0})

    asked = kuaishou.refund_detail(refund_id)
    approve(kuaishou, asked)
    until(kuaishou, refund_id, RefundStatus.PAID)

    assert (error.is_unknown_outcome, asked.waits_for_seller, paid(platform, refund_id)[0]) == (True, True, 1)


def test_every_throttle_code_is_met_and_known(platform, kuaishou):
    platform.control("/faults", {"throttle": 1})

    errors = [refused(lambda: kuaishou.refund_detail(1)) for _ in THROTTLE_CODES]

    assert {error.error_class for error in errors} == {ErrorClass.THROTTLED}
    assert {error.code for error in errors} == {str(code) for code in THROTTLE_CODES}


def test_asking_too_often_is_throttled(platform, kuaishou):
    platform.control("/faults", {"requests_per_second": 1})
    codes, deadline = set(), time.monotonic() + PATIENCE_S
    # The limit counts by the second: even a slow machine asks twice in one of them.
    while len(codes) < 2 and time.monotonic() < deadline:
        codes.add(refused(lambda: kuaishou.refund_detail(1)).code)
    platform.control("/faults", {"requests_per_second": 300})

    assert codes == {"300011", "802000"}
