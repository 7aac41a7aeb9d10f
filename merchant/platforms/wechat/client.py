"""微信支付: refunds of orders paid through the merchant's own channel, by the `wechatpayv3` library (public-key mode).

The library always calls its own host and has no public way to name another, so the private attribute `_core._gate_way`
is set; a test holds the pinned release to it. Facts (the channel's pages): a refund is known by our `out_refund_no`,
the same number never pays twice; states SUCCESS, PROCESSING, CLOSED, ABNORMAL; one refund a minute and at most fifty
for one trade; within 365 days. Our reading: RESOURCE_NOT_EXISTS on a query means that this number was never taken.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Protocol

import requests
import urllib3
from wechatpayv3 import WeChatPay, WeChatPayType

from merchant import incoming, outside
from merchant.hosts import Host
from merchant.platforms import wire
from merchant.platforms.errors import ErrorClass, PlatformError

CODE = "wechat_pay"
HOST = Host("HUICANG_WECHAT_PAY_HOST", "https://api.mch.weixin.qq.com")

ERRORS: dict[str, ErrorClass] = {
    "NOT_ENOUGH": ErrorClass.NOT_ENOUGH,
    "FREQUENCY_LIMITED": ErrorClass.THROTTLED,
    "FREQUENCY_LIMIT_EXCEED": ErrorClass.THROTTLED,
    "RATELIMIT_EXCEEDED": ErrorClass.THROTTLED,
    "RESOURCE_NOT_EXISTS": ErrorClass.NOT_FOUND,
    "MCH_NOT_EXISTS": ErrorClass.AUTH,
    "SIGN_ERROR": ErrorClass.AUTH,
    "NO_AUTH": ErrorClass.PERMISSION,
    "USER_ACCOUNT_ABNORMAL": ErrorClass.NOT_ALLOWED,
    "PARAM_ERROR": ErrorClass.BAD_REQUEST,
    "INVALID_REQUEST": ErrorClass.BAD_REQUEST,
}
# The channel's own advice for these is "same number again": it does not know itself.
UNKNOWN = frozenset({"SYSTEM_ERROR", "BIZERR_NEED_RETRY", "BANK_ERROR"})
SECRET_FIELDS = ("mchid", "cert_serial_no", "private_key", "apiv3_key", "public_key", "public_key_id")


class RefundState(StrEnum):
    """How a refund stands at the channel."""

    SUCCESS = "SUCCESS"
    PROCESSING = "PROCESSING"
    CLOSED = "CLOSED"  # will never pay: a new number is needed
    ABNORMAL = "ABNORMAL"  # the card is void or frozen: another card, or by hand


class Account(Protocol):
    """What the calls need: `secrets` with the fields of SECRET_FIELDS."""

    secrets: dict[str, Any]


@dataclass(frozen=True)
class RefundAnswer:
    """A refund as the channel has it. `refund_id` is the channel's number, `amount_fen` what the buyer gets."""

    state: RefundState
    out_refund_no: str
    refund_id: str
    out_trade_no: str
    amount_fen: int
    success_at: datetime | None = None
    received_account: str = ""
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


def refund(
    account: Account,
    *,
    out_trade_no: str,
    out_refund_no: str,
    amount_fen: int,
    total_fen: int,
    reason: str = "",
    notify_url: str = "",
) -> RefundAnswer:
    """Pay back `amount_fen` of a trade of `total_fen`. The same number again is the same refund, never a second one.
    `notify_url` is where the channel tells the end of it; without one it is asked for.

    Raises PlatformError: NOT_ENOUGH (same number later), THROTTLED, NOT_FOUND (no such trade), BAD_REQUEST (amount or
    values do not fit), TRANSIENT with `is_unknown_outcome` (ask with `query` first).
    """
    return _call(
        account,
        is_write=True,
        number=out_refund_no,
        send=lambda pay: pay.refund(
            out_refund_no=out_refund_no,
            out_trade_no=out_trade_no,
            amount={"refund": int(amount_fen), "total": int(total_fen), "currency": "CNY"},
            # The channel takes 80 bytes; a Chinese character is three of them.
            reason=reason.encode()[:80].decode(errors="ignore") or None,
            notify_url=notify_url or None,
        ),
    )


def query(account: Account, out_refund_no: str) -> RefundAnswer:
    """How our number stands. Raises PlatformError: NOT_FOUND when the channel never took this number."""
    return _call(account, is_write=False, number=out_refund_no, send=lambda pay: pay.query_refund(out_refund_no))


def address() -> str:
    """Where the channel is called."""
    return wire.address(CODE, HOST)


def _call(account: Account, *, is_write: bool, number: str, send: Any) -> RefundAnswer:
    outside.check_may_call(CODE)
    pay = client(account)
    try:
        status, text = send(pay)
    except (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidURL) as error:
        raise PlatformError(ErrorClass.TRANSIENT, type(error).__name__, str(error)) from error
    except requests.exceptions.RequestException as error:
        raise PlatformError(
            ErrorClass.TRANSIENT,
            type(error).__name__,
            str(error),
            is_unknown_outcome=is_write and not _was_never_connected(error),
        ) from error
    except Exception as error:
        # The library says a wrong signature with a bare Exception: an answer, but nobody knows whose.
        raise wire.garbage(f"{type(error).__name__}: {error}", "", is_write=is_write) from error
    return _read(status, text if isinstance(text, str) else text.decode(errors="replace"), number, is_write=is_write)


def _read(status: int, text: str, number: str, *, is_write: bool) -> RefundAnswer:
    try:
        answer = incoming.read_json(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise wire.garbage(f"HTTP {status} without JSON", text, is_write=is_write)
    if not 200 <= status < 300:
        raise _refusal(status, answer, text, is_write=is_write)
    try:
        found = RefundAnswer(
            state=RefundState(answer["status"]),
            out_refund_no=str(answer["out_refund_no"]),
            refund_id=str(answer["refund_id"]),
            out_trade_no=str(answer.get("out_trade_no") or ""),
            amount_fen=incoming.whole(answer["amount"]["refund"]),
            success_at=datetime.fromisoformat(answer["success_time"]) if answer.get("success_time") else None,
            received_account=str(answer.get("user_received_account") or ""),
            raw=answer,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise wire.garbage(f"not a refund: {error!r}", text, is_write=is_write) from error
    if found.out_refund_no != number:
        raise wire.garbage(f"asked for {number}, got {found.out_refund_no}", text, is_write=is_write)
    return found


def _refusal(status: int, answer: dict[str, Any], text: str, *, is_write: bool) -> PlatformError:
    code = str(answer.get("code") or "")
    known = ERRORS.get(code)
    if known is None or code in UNKNOWN or status >= 500:
        return PlatformError(
            ErrorClass.TRANSIENT, code or status, answer.get("message") or "", raw=text, is_unknown_outcome=is_write
        )
    return PlatformError(known, code, answer.get("message") or "", raw=text)


def client(account: Account) -> WeChatPay:
    """The library's client for this account, kept for the process: reading the keys costs more than a call."""
    missing = [name for name in SECRET_FIELDS if not account.secrets.get(name)]
    if missing:
        raise PlatformError(ErrorClass.AUTH, "credentials", f"missing: {', '.join(missing)}")
    values = tuple(str(account.secrets[name]) for name in SECRET_FIELDS)
    return _client(values, address())


@lru_cache(maxsize=64)
def _client(values: tuple[str, ...], host: str) -> WeChatPay:
    secrets = dict(zip(SECRET_FIELDS, values, strict=True))
    try:
        pay = WeChatPay(
            wechatpay_type=WeChatPayType.NATIVE,
            appid="",
            timeout=(wire.CONNECT_TIMEOUT_S, wire.timeout_s()),
            **secrets,
        )
    except Exception as error:
        raise PlatformError(ErrorClass.AUTH, "credentials", f"the keys cannot be read: {error}") from error
    pay._core._gate_way = host
    return pay


def _was_never_connected(error: Exception) -> bool:
    """Whether the request certainly never left: connection refused, unknown host."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, urllib3.exceptions.NewConnectionError):
            return True
        reason = getattr(seen, "reason", None) or next(
            (part for part in seen.args if isinstance(part, BaseException)), None
        )
        seen = reason if isinstance(reason, BaseException) else seen.__cause__
    return False
