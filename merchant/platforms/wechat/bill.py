"""WeChat Pay's fund bill (资金账单): asked for by day, fetched from the address in the answer, checked by its digest.

The channel's page: ready by 10:00 the next day, kept for three months; the digest is SHA-1 of the unpacked file.
"""

import hashlib
import zlib
from datetime import date, time
from typing import Any

import requests

from merchant import incoming, outside
from merchant.platforms import wire
from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.platforms.wechat.client import CODE, client

NO_BILL = ("NO_STATEMENT_EXIST",)
NOT_READY = ("STATEMENT_CREATING",)
MAX_BYTES = 64 * 1024 * 1024
# Half an hour after the channel promises it.
READY_AT = time(10, 30)
# What is kept of a day on which nothing moved: the bill's header and its summary.
EMPTY = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号\n资金流水总笔数 {day}\n"
)


def fund_flow(account: Any, day: date) -> bytes:
    """One day's bill, unpacked: CSV as the channel wrote it.

    Raises PlatformError: NOT_FOUND (nothing moved that day), THROTTLED (not ready yet), AUTH, PERMISSION, TRANSIENT.
    """
    pay = client(account)
    status, text = _ask(lambda: pay.fundflow_bill(day.isoformat(), tar_type="GZIP"))
    answer = _object(text)
    if not 200 <= status < 300:
        raise _refusal(status, answer)
    url, digest = str(answer.get("download_url") or ""), str(answer.get("hash_value") or "")
    if not url.startswith(f"{pay._core._gate_way}/"):
        # A signed request is never sent to a host that an answer names.
        raise wire.garbage("the bill lies on another host", url[:100], is_write=False)
    status, packed = _ask(lambda: pay.download_bill(url))
    if not 200 <= status < 300:
        raise _refusal(status, _object(packed))
    body = _unpacked(packed if isinstance(packed, bytes) else packed.encode())
    if hashlib.sha1(body, usedforsecurity=False).hexdigest() != digest.lower():
        raise wire.garbage("the bill does not have the digest the channel named", digest, is_write=False)
    return body


def fund_flow_or_empty(account: Any, day: date) -> bytes:
    """One day's bill. A day on which nothing moved is covered all the same: a refund of ours is missed in it."""
    try:
        return fund_flow(account, day)
    except PlatformError as error:
        if error.error_class is not ErrorClass.NOT_FOUND:
            raise
        return EMPTY.format(day=day).encode()


def _ask(send: Any) -> tuple[int, Any]:
    outside.check_may_call(CODE)
    try:
        return send()
    except requests.exceptions.RequestException as error:
        raise PlatformError(ErrorClass.TRANSIENT, type(error).__name__, str(error)[:200]) from error
    except Exception as error:
        # The library says a wrong signature with a bare Exception.
        raise wire.garbage(f"{type(error).__name__}: {error}", "", is_write=False) from error


def _unpacked(packed: bytes) -> bytes:
    if packed[:2] != b"\x1f\x8b":
        return packed
    opener = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        body = opener.decompress(packed, MAX_BYTES + 1)
    except zlib.error as error:
        raise wire.garbage("the bill cannot be unpacked", "", is_write=False) from error
    if len(body) > MAX_BYTES:
        raise wire.garbage("the bill is larger than 64 MB", "", is_write=False)
    return body


def _object(text: Any) -> dict[str, Any]:
    try:
        found = incoming.read_json(text)
    except (ValueError, TypeError, AttributeError):
        found = None
    return found if isinstance(found, dict) else {}


def _refusal(status: int, answer: dict[str, Any]) -> PlatformError:
    code = str(answer.get("code") or status)
    if code in NO_BILL:
        error_class = ErrorClass.NOT_FOUND
    elif code in NOT_READY:
        error_class = ErrorClass.THROTTLED
    elif code in ("SIGN_ERROR", "MCH_NOT_EXISTS"):
        error_class = ErrorClass.AUTH
    elif code == "NO_AUTH":
        error_class = ErrorClass.PERMISSION
    else:
        error_class = ErrorClass.TRANSIENT
    return PlatformError(error_class, code, str(answer.get("message") or ""))
