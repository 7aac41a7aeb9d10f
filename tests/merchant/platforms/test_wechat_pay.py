import itertools
import json
import time
from datetime import date, datetime
from types import SimpleNamespace

import pytest
import wechatpayv3

from merchant.clock import SHANGHAI
from merchant.platforms import wire
from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.platforms.sandbox import accounts, keys
from merchant.platforms.wechat import bill as wechat_bill
from merchant.platforms.wechat import client as wechat_pay
from merchant.platforms.wechat.client import RefundState
from tests.sandboxes import free_port

_count = itertools.count(1)


@pytest.fixture
def account():
    return SimpleNamespace(secrets=accounts.wechat_pay_secrets())


@pytest.fixture
def trade(platform):
    """A payment of 17800 fen that can be refunded; `ends` decides how."""

    def make(ends="", total_fen=17800):
        number = f"T{time.time_ns()}{next(_count)}"
        platform.control("/trades", {"out_trade_no": number, "total_fen": total_fen, "ends": ends})
        return number

    yield make
    platform.control("/purse", {"balance_fen": None})


def refund(account, trade_no, number=None, amount_fen=6800, total_fen=17800, reason="退货"):
    return wechat_pay.refund(
        account,
        out_trade_no=trade_no,
        out_refund_no=number or f"RF{trade_no}",
        amount_fen=amount_fen,
        total_fen=total_fen,
        reason=reason,
    )


def refused(work):
    with pytest.raises(PlatformError) as error:
        work()
    return error.value


def until(account, number, state):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = wechat_pay.query(account, number)
        if answer.state == state:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{number} is {answer.state}, not {state}")


def paid(platform, number):
    return platform.control("/ledger")["refunds"].get(number, {}).get("times", 0)


def test_the_pinned_library_still_keeps_its_host_where_we_set_it(account, settings):
    settings.PLATFORM_HOSTS = {"wechat_pay": "http://127.0.0.1:9/"}

    assert wechatpayv3.__version__ == "2.0.4"
    assert wechat_pay.client(account)._core._gate_way == "http://127.0.0.1:9"


def test_a_refund_is_taken_and_arrives(platform, account, trade):
    number = f"RF{(trade_no := trade())}"

    taken = refund(account, trade_no, number)
    arrived = until(account, number, RefundState.SUCCESS)

    assert (taken.state, taken.amount_fen, taken.out_trade_no) == (RefundState.PROCESSING, 6800, trade_no)
    assert (arrived.refund_id, arrived.amount_fen, arrived.success_at is not None) == (taken.refund_id, 6800, True)
    assert paid(platform, number) == 1


def test_the_same_number_again_is_the_same_refund(platform, account, trade):
    number = f"RF{(trade_no := trade())}"
    first = refund(account, trade_no, number)
    until(account, number, RefundState.SUCCESS)

    second = refund(account, trade_no, number)

    assert (second.refund_id, second.state, paid(platform, number)) == (first.refund_id, RefundState.SUCCESS, 1)


def test_a_number_nobody_took_is_not_found(platform, account):
    error = refused(lambda: wechat_pay.query(account, "RF-NEVER-SENT"))

    assert (error.error_class, error.code, error.is_unknown_outcome) == (
        ErrorClass.NOT_FOUND,
        "RESOURCE_NOT_EXISTS",
        False,
    )


def test_a_short_balance_is_told_and_the_same_number_pays_once_it_is_filled(platform, account, trade):
    number = f"RF{(trade_no := trade())}"
    platform.control("/purse", {"balance_fen": 6799})
    error = refused(lambda: refund(account, trade_no, number))
    platform.control("/purse", {"balance_fen": 6800})

    refund(account, trade_no, number)
    until(account, number, RefundState.SUCCESS)

    assert (error.error_class, error.retry, error.is_unknown_outcome, paid(platform, number)) == (
        ErrorClass.NOT_ENOUGH,
        True,
        False,
        1,
    )


def test_a_second_refund_of_a_trade_within_the_minute_is_throttled(platform, account, trade):
    trade_no = trade()
    refund(account, trade_no, f"A{trade_no}", 100)

    error = refused(lambda: refund(account, trade_no, f"B{trade_no}", 100))

    assert (error.error_class, error.retry, error.is_unknown_outcome) == (ErrorClass.THROTTLED, True, False)


@pytest.mark.parametrize(
    "values", [{"amount_fen": 17801}, {"total_fen": 17799}, {"amount_fen": 0}, {"number": "with space"}]
)
def test_values_that_do_not_fit_are_our_mistake(platform, account, trade, values):
    error = refused(lambda: refund(account, trade(), **values))

    assert (error.error_class, error.is_unknown_outcome) == (ErrorClass.BAD_REQUEST, False)


def test_one_number_for_two_amounts_is_refused_and_the_first_stands(platform, account, trade):
    number = f"RF{(trade_no := trade())}"
    refund(account, trade_no, number, 6800)

    error = refused(lambda: refund(account, trade_no, number, 6801))

    assert (error.error_class, until(account, number, RefundState.SUCCESS).amount_fen) == (ErrorClass.BAD_REQUEST, 6800)


def test_a_trade_the_channel_does_not_know_is_not_found(platform, account):
    assert refused(lambda: refund(account, "T-NOBODY")).error_class == ErrorClass.NOT_FOUND


@pytest.mark.parametrize("ends", ["abnormal", "closed"])
def test_a_refund_that_cannot_arrive_says_so_and_pays_nothing(platform, account, trade, ends):
    number = f"RF{(trade_no := trade(ends))}"
    refund(account, trade_no, number)

    answer = until(account, number, RefundState(ends.upper()))

    assert (answer.success_at, paid(platform, number)) == (None, 0)


def test_a_long_reason_is_cut_at_eighty_bytes_between_two_characters(platform, account, trade, monkeypatch):
    said = []
    library = wechat_pay.client(account)
    monkeypatch.setattr(
        type(library),
        "refund",
        lambda self, **fields: said.append(fields["reason"]) or (500, '{"code":"SYSTEM_ERROR"}'),
    )

    refused(lambda: refund(account, "T1", reason="退" * 40))
    refused(lambda: refund(account, "T1", reason=""))

    assert said == ["退" * 26, None]


# --- when the answer does not come ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["rate_5xx", "lost", "garbage"])
def test_an_answer_that_is_lost_leaves_the_outcome_unknown_and_asking_tells_the_truth(platform, account, trade, fault):
    number = f"RF{(trade_no := trade())}"
    platform.control("/faults", {fault: 1})
    error = refused(lambda: refund(account, trade_no, number))
    question = refused(lambda: wechat_pay.query(account, number))
    platform.control("/faults", {fault: 0})

    assert (error.is_unknown_outcome, question.is_unknown_outcome) == (True, False)
    if fault == "rate_5xx":
        assert refused(lambda: wechat_pay.query(account, number)).error_class == ErrorClass.NOT_FOUND
        refund(account, trade_no, number)
    until(account, number, RefundState.SUCCESS)
    assert paid(platform, number) == 1


def test_an_answer_that_comes_too_late_leaves_the_outcome_unknown(platform, account, trade, monkeypatch):
    number = f"RF{(trade_no := trade())}"
    monkeypatch.setattr(wire, "timeout_s", lambda: 0.1)
    wechat_pay._client.cache_clear()
    platform.control("/faults", {"slow": 1, "slow_s": 0.5})

    error = refused(lambda: refund(account, trade_no, number))
    wechat_pay._client.cache_clear()

    assert (error.error_class, error.is_unknown_outcome) == (ErrorClass.TRANSIENT, True)


def test_an_answer_signed_by_somebody_else_is_not_believed(platform, account, trade):
    """Only the channel's own key counts: the refund may have been taken, so nobody may call it failed."""
    number = f"RF{(trade_no := trade())}"
    account.secrets["public_key"] = keys.public_pem("merchant")

    error = refused(lambda: refund(account, trade_no, number))

    assert (error.code, error.is_unknown_outcome) == ("garbage", True)


def test_a_request_signed_with_another_key_is_refused_by_the_channel(platform, account, trade):
    account.secrets["private_key"] = keys.private_pem("platform")

    error = refused(lambda: refund(account, trade()))

    assert (error.error_class, error.code, error.is_unknown_outcome) == (ErrorClass.AUTH, "SIGN_ERROR", False)


def test_a_channel_that_cannot_be_reached_heard_nothing(account, settings):
    settings.PLATFORM_HOSTS = {"wechat_pay": f"http://127.0.0.1:{free_port()}"}

    error = refused(lambda: refund(account, "T1"))

    assert (error.error_class, error.retry, error.is_unknown_outcome) == (ErrorClass.TRANSIENT, True, False)


@pytest.mark.parametrize("secrets", [{}, {"mchid": "1"}, {"private_key": "nonsense"}, {"public_key": ""}])
def test_credentials_that_cannot_be_used_are_named_before_anything_is_sent(account, secrets, settings):
    account.secrets = {**account.secrets, **secrets} if secrets != {} else {}
    if secrets == {"mchid": "1"}:
        account.secrets.pop("apiv3_key")

    error = refused(lambda: refund(account, "T1"))

    assert (error.error_class, error.code, error.is_unknown_outcome) == (ErrorClass.AUTH, "credentials", False)


@pytest.mark.parametrize("code", ["SYSTEM_ERROR", "BANK_ERROR", "SOMETHING_NEW"])
def test_a_code_that_says_nothing_certain_leaves_the_outcome_unknown(code):
    with pytest.raises(PlatformError) as error:
        wechat_pay._read(400, f'{{"code":"{code}","message":"?"}}', "RF1", is_write=True)

    assert (error.value.error_class, error.value.code, error.value.is_unknown_outcome) == (
        ErrorClass.TRANSIENT,
        code,
        True,
    )


# --- the fund bill ----------------------------------------------------------------------------------------------------


def today():
    return datetime.now(SHANGHAI).date()


def test_a_days_bill_holds_what_the_channel_paid(platform, account, trade):
    number = f"RF{(trade_no := trade())}"
    refund(account, trade_no, number)
    arrived = until(account, number, RefundState.SUCCESS)

    lines = wechat_bill.fund_flow(account, today()).decode("utf-8-sig").splitlines()

    mine = next(line for line in lines if arrived.refund_id in line)
    assert lines[0].startswith("记账时间,微信支付业务单号,资金流水单号")
    assert mine.split(",")[4:7] == ["`退款", "`支出", "`68.00"]
    assert lines[-2].startswith("资金流水总笔数")


def test_a_day_on_which_nothing_moved_has_no_bill(platform, account):
    error = refused(lambda: wechat_bill.fund_flow(account, date(2020, 1, 1)))

    assert (error.error_class, error.code) == (ErrorClass.NOT_FOUND, "NO_STATEMENT_EXIST")


@pytest.mark.parametrize(
    "answer",
    [
        {"download_url": "https://elsewhere.example/file", "hash_value": ""},
        {"download_url": "", "hash_value": ""},
        {},
    ],
)
def test_a_bill_on_another_host_is_not_fetched(account, monkeypatch, answer):
    fetched = []
    host = SimpleNamespace(
        _core=SimpleNamespace(_gate_way="https://api.example"),
        fundflow_bill=lambda day, **_: (200, json.dumps(answer)),
        download_bill=lambda url: fetched.append(url) or (200, b""),
    )
    monkeypatch.setattr(wechat_bill, "client", lambda account: host)

    error = refused(lambda: wechat_bill.fund_flow(account, today()))

    assert (error.error_class, fetched) == (ErrorClass.TRANSIENT, [])


@pytest.mark.parametrize("body", [b"changed on the way", b"\x1f\x8bdamaged"])
def test_a_bill_without_its_digest_is_not_believed(account, monkeypatch, body):
    host = SimpleNamespace(
        _core=SimpleNamespace(_gate_way="https://api.example"),
        fundflow_bill=lambda day, **_: (
            200,
            json.dumps({"download_url": "https://api.example/f", "hash_value": "ab" * 20}),
        ),
        download_bill=lambda url: (200, body),
    )
    monkeypatch.setattr(wechat_bill, "client", lambda account: host)

    assert refused(lambda: wechat_bill.fund_flow(account, today())).error_class is ErrorClass.TRANSIENT
