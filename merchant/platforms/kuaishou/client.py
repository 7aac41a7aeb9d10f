"""快手电商 as it speaks: signed calls, typed answers, errors in our words.

Facts with several public sources: endpoint and parameter names, both signatures, `result == 1`, the token,
permission, signature and throttle codes, the 300xxx table, refund and order statuses, the message cipher, its retries
and acknowledgement.

What on this wire is our assumption, because no public page says it (each is pinned by a test of that name):
- A1 `status` and `negotiateStatus` of the approve call are optimistic checks, and 300014 is their refusal.
- A2 `refundVersion` takes the refund's `updateTime`: the detail answer shows no field called refundVersion.
- A3 `totalFee` is what the buyer paid, freight included; `price` is for one piece.
- A4 A refund list may span seven days by its error table, one day by its field table: we ask for one day.
- A5 A code that no table names leaves the outcome of a write unknown.
- A6 Error answers carry the code in `result`; where `result` is 0 it is read from `code`.
Logistics interception does not exist on this platform's public interface, so the courier's own is used.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from merchant import incoming, outside
from merchant.hosts import Host
from merchant.platforms import wire
from merchant.platforms.base import Unreadable, windows
from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.platforms.kuaishou.signing import HMAC_SHA256, SIGN_METHODS, decrypt_message, sign
from merchant.platforms.kuaishou.snapshots import (
    CODE,
    HandlingWay,
    NegotiateStatus,
    OrderSnapshot,
    OrderStatus,
    RefundSnapshot,
    RefundStatus,
    order_number,
    read_order,
    read_refund,
)
from merchant.platforms.values import instant, milliseconds, read_or_pass

__all__ = [
    "HandlingWay",
    "KuaishouClient",
    "NegotiateStatus",
    "OrderSnapshot",
    "OrderStatus",
    "PlatformError",
    "RefundSnapshot",
    "RefundStatus",
    "decrypt_message",
]

HOST = Host("HUICANG_KUAISHOU_HOST", "https://openapi.kwaixiaodian.com")
ORDER_LIST = "open.order.cursor.list"
ORDER_DETAIL = "open.order.detail"
REFUND_LIST = "open.seller.order.refund.pcursor.list"
REFUND_DETAIL = "open.seller.order.refund.detail"
REFUND_APPROVE = "open.seller.order.refund.approve"
REFUND_DIRECT = "open.refund.direct.refund"
REFUND_REJECT = "open.refund.reject"
REFUND_REJECT_REASONS = "open.refund.reject.reason"
REFUND_CONFIRM_RECEIPT = "open.seller.order.refund.confirm.receipt"

NO_MORE = "nomore"
ORDER_PAGE = 50
REFUND_PAGE = 100
ORDER_WINDOW = timedelta(days=7)
REFUND_WINDOW = timedelta(days=1)
ALL_REFUNDS = 9
ALL_ORDERS = 1
BY_UPDATE_TIME = 2
OLDEST_FIRST = 2
# Two pages a second for an hour; a cursor that never ends is a fault, not a shop.
MAX_PAGES = 7200

ERRORS: dict[str, ErrorClass] = {
    **dict.fromkeys(("21", "24", "27", "28"), ErrorClass.AUTH),
    **dict.fromkeys(("22", "25", "26"), ErrorClass.PERMISSION),
    **dict.fromkeys(("15", "16", "17", "1016", "1017", "802000"), ErrorClass.THROTTLED),
    **dict.fromkeys(("300002", "300010", "300016", "300018"), ErrorClass.NOT_ALLOWED),
    **dict.fromkeys(("300014", "300017"), ErrorClass.CHANGED),
    "300011": ErrorClass.NOT_FOUND,
    "300012": ErrorClass.PERMISSION,
    "300013": ErrorClass.WITHDRAWN,
    **dict.fromkeys(
        ("300003", "300004", "300005", "300006", "300007", "300008", "300009", "300015", "300019"),
        ErrorClass.BAD_REQUEST,
    ),
}


class Account(Protocol):
    """What a client needs: `secrets` with app_key, app_secret, sign_secret, access_token, message_key, sign_method."""

    app_key: str
    secrets: dict[str, Any]


@dataclass(frozen=True)
class RefundPage:
    """One page of the refund list; `cursor` is empty after the last one. A row that is no refund is `Unreadable`."""

    refunds: tuple[RefundSnapshot | Unreadable, ...]
    cursor: str


@dataclass(frozen=True)
class OrderPage:
    """One page of the order list; `cursor` is empty after the last one. A row that is no order stops no other: it
    stands in `unreadable` with its number (empty when even that is missing) and the reason."""

    orders: tuple[OrderSnapshot, ...]
    cursor: str
    unreadable: tuple[tuple[str, str], ...] = ()


class KuaishouClient:
    """Calls for one account. Every method raises PlatformError; none retries, since the caller holds the row."""

    def __init__(self, account: Account) -> None:
        self.account = account

    # --- reading -----------------------------------------------------------------------------------------------

    def refund_detail(self, refund_id: str | int) -> RefundSnapshot:
        """The after-sale as it stands now; NOT_FOUND when the platform does not know it."""
        data = self.call(REFUND_DETAIL, {"refundId": int(refund_id)})
        snapshot = self._read(read_refund, data, REFUND_DETAIL)
        if snapshot.refund_id != str(refund_id):
            raise wire.garbage(f"asked for refund {refund_id}, got {snapshot.refund_id}", "", is_write=False)
        return snapshot

    def order_detail(self, oid: str | int) -> OrderSnapshot:
        """The order as it stands now. A code for an unknown order is not documented; read `code` and `message`."""
        snapshot = self._read(read_order, self.call(ORDER_DETAIL, {"oid": int(oid)}), ORDER_DETAIL)
        if snapshot.oid != str(oid):
            raise wire.garbage(f"asked for order {oid}, got {snapshot.oid}", "", is_write=False)
        return snapshot

    def refund_page(
        self, begin: datetime, end: datetime, cursor: str = "", *, status: int | None = None, oid: str | int = ""
    ) -> RefundPage:
        """Refunds whose update lies between the two instants (at most a day apart, A4), oldest change first."""
        param: dict[str, Any] = {
            "beginTime": milliseconds(begin),
            "endTime": milliseconds(end),
            "type": ALL_REFUNDS,
            "pageSize": REFUND_PAGE,
            # Only the first page number counts once there is a cursor.
            "currentPage": 1,
            "sort": OLDEST_FIRST,
            "queryType": BY_UPDATE_TIME,
            "pcursor": cursor,
        }
        if status is not None:
            param["status"] = int(status)
        if oid:
            param["orderId"] = int(oid)
        data = self.call(REFUND_LIST, param)
        rows = data.get("refundOrderInfoList") or data.get("dataList") or []
        refunds = tuple(
            read_or_pass(read_refund, row, "refundId", changed_at=lambda held: instant(held.get("updateTime")))
            for row in self._read(list, rows, REFUND_LIST)
        )
        return RefundPage(refunds, _next_cursor(data.get("pcursor")))

    def refund_list(
        self, begin: datetime, end: datetime, *, status: int | None = None, oid: str | int = ""
    ) -> Iterator[RefundSnapshot | Unreadable]:
        """Every refund changed between the two instants, any length: a day at a time, page by page."""
        for start, stop in windows(begin, end, REFUND_WINDOW):
            cursor, seen = "", 0
            while True:
                page = self.refund_page(start, stop, cursor, status=status, oid=oid)
                yield from page.refunds
                cursor, seen = _advance(cursor, page.cursor, seen)
                if not cursor:
                    break

    def order_page(self, begin: datetime, end: datetime, cursor: str = "") -> OrderPage:
        """Orders whose update lies between the two instants (at most seven days apart), oldest change first."""
        data = self.call(
            ORDER_LIST,
            {
                "orderViewStatus": ALL_ORDERS,
                "pageSize": ORDER_PAGE,
                "sort": OLDEST_FIRST,
                "queryType": BY_UPDATE_TIME,
                "beginTime": milliseconds(begin),
                "endTime": milliseconds(end),
                "cpsType": 0,
                "cursor": cursor,
            },
        )
        rows = data.get("orderList") or []
        orders, unreadable = [], []
        for row in self._read(list, rows, ORDER_LIST):
            try:
                orders.append(read_order(row))
            except (ValueError, TypeError, AttributeError) as error:
                unreadable.append((order_number(row), str(error)))
        return OrderPage(tuple(orders), _next_cursor(data.get("cursor")), tuple(unreadable))

    def order_pages(self, begin: datetime, end: datetime, cursor: str = "") -> Iterator[OrderPage]:
        """The pages of one span of at most seven days, from `cursor` on."""
        seen = 0
        while True:
            page = self.order_page(begin, end, cursor)
            # Checked before the page is given out: who keeps its cursor must not keep one that leads nowhere.
            cursor, seen = _advance(cursor, page.cursor, seen)
            yield page
            if not cursor:
                return

    def order_list(self, begin: datetime, end: datetime) -> Iterator[OrderSnapshot]:
        """Every readable order changed between the two instants, any length: seven days at a time, page by page."""
        for start, stop in windows(begin, end, ORDER_WINDOW):
            for page in self.order_pages(start, stop):
                yield from page.orders

    def reject_reasons(self, refund_id: str | int) -> list[tuple[int, str]]:
        """(code, words) that may be given when refusing this after-sale."""
        data = self.call(REFUND_REJECT_REASONS, {"refundId": int(refund_id)})
        rows = data if isinstance(data, list) else data.get("reasonList") or data.get("dataList") or []
        return [(int(row["reasonCode"]), str(row.get("reasonDesc", ""))) for row in rows if "reasonCode" in row]

    # --- deciding ----------------------------------------------------------------------------------------------

    def approve_refund(
        self,
        refund_id: str | int,
        *,
        refund_amount: int,
        status: int,
        negotiate_status: int | None = None,
        refund_handing_way: int = HandlingWay.REFUND_ONLY,
        desc: str = "",
    ) -> None:
        """Agree to a refund-only case: the platform pays the buyer `refund_amount` fen.

        `status` and `negotiate_status` are those of the snapshot the decision was made on (A1). CHANGED means: read
        again. The money is paid when the refund's status is 60, not when this call returns.
        """
        param: dict[str, Any] = {
            "refundId": int(refund_id),
            "desc": desc,
            "refundAmount": int(refund_amount),
            "status": int(status),
            # The platform's own spelling.
            "refundHandingWay": int(refund_handing_way),
        }
        if negotiate_status is not None:
            param["negotiateStatus"] = int(negotiate_status)
        self.call(REFUND_APPROVE, param, is_write=True)

    def direct_refund(self, refund_id: str | int, *, refund_version: int) -> None:
        """Pay without waiting for the goods. The platform offers it for returns and exchanges, not for refund-only."""
        self.call(REFUND_DIRECT, {"refundId": int(refund_id), "refundVersion": int(refund_version)}, is_write=True)

    def reject_refund(
        self, refund_id: str | int, *, reason_code: int, desc: str, images: tuple[str, ...] = (), refund_version: int
    ) -> None:
        """Refuse the buyer's request, with a reason from `reject_reasons`."""
        param = {
            "refundId": int(refund_id),
            "reasonCode": int(reason_code),
            "rejectDesc": desc,
            "rejectImages": list(images),
            "refundVersion": int(refund_version),
        }
        self.call(REFUND_REJECT, param, is_write=True)

    def confirm_receipt(self, refund_id: str | int, *, status: int) -> None:
        """The goods of a return are back; the platform pays the buyer."""
        self.call(REFUND_CONFIRM_RECEIPT, {"refundId": int(refund_id), "status": int(status)}, is_write=True)

    # --- the wire ----------------------------------------------------------------------------------------------

    def call(self, method: str, param: dict[str, Any], *, is_write: bool = False) -> Any:
        """Sign, send, and return `data`. Reads go as GET, writes as a POST form with only the app key in the URL."""
        outside.check_may_call(CODE)
        params = self.signed(method, param)
        url = f"{wire.address(CODE, HOST)}/{method.replace('.', '/')}"
        if is_write:
            query = {"appkey": params.pop("appkey")}
            text = wire.send("POST", url, query=query, form=params, is_write=True)
        else:
            text = wire.send("GET", url, query=params, form=None, is_write=False)
        return self._data(text, is_write=is_write)

    def signed(self, method: str, param: dict[str, Any], *, at_ms: int | None = None) -> dict[str, str]:
        """The parameters of one request with their signature; `param` is written once, and that text is signed."""
        secrets = self.account.secrets
        sign_method = secrets.get("sign_method") or HMAC_SHA256
        if sign_method not in SIGN_METHODS:
            raise PlatformError(
                ErrorClass.BAD_REQUEST, "sign_method", f"{sign_method!r} is neither MD5 nor HMAC_SHA256"
            )
        if not secrets.get("access_token") or not secrets.get("sign_secret"):
            raise PlatformError(ErrorClass.AUTH, "credentials", "no access token or no signing secret")
        params = {
            "appkey": secrets.get("app_key") or self.account.app_key,
            "method": method,
            "version": "1",
            "param": json.dumps(param, ensure_ascii=False, separators=(",", ":")),
            "access_token": secrets["access_token"],
            "timestamp": str(int(time.time() * 1000) if at_ms is None else at_ms),
            "signMethod": sign_method,
        }
        params["sign"] = sign(params, secrets["sign_secret"])
        return params

    @staticmethod
    def _data(text: str, *, is_write: bool) -> Any:
        try:
            answer = incoming.read_json(text)
        except ValueError:
            raise wire.garbage("not JSON", text, is_write=is_write) from None
        if not isinstance(answer, dict) or not str(answer.get("result", "")).isdigit():
            raise wire.garbage("no result", text, is_write=is_write)
        result = str(answer["result"])
        if result == "1":
            # A decision answers with data or without; a question without data is no answer.
            if not is_write and not isinstance(answer.get("data"), dict | list):
                raise wire.garbage("no data", text, is_write=False)
            return answer.get("data") or {}
        code = str(answer.get("code") or result) if result == "0" else result
        message = str(answer.get("error_msg") or answer.get("msg") or "")
        known = ERRORS.get(code)
        raise PlatformError(
            known or ErrorClass.TRANSIENT, code, message, raw=text, is_unknown_outcome=is_write and known is None
        )

    @staticmethod
    def _read(reader: Any, data: Any, method: str) -> Any:
        try:
            return reader(data)
        except (ValueError, TypeError, AttributeError) as error:
            raise wire.garbage(f"{method}: {error}", json.dumps(data, ensure_ascii=False), is_write=False) from error


def _next_cursor(cursor: Any) -> str:
    """The cursor of the next page; empty when the platform says that there is none."""
    return "" if cursor in (None, "", NO_MORE) else str(cursor)


def _advance(old: str, new: str, seen: int) -> tuple[str, int]:
    """The cursor to go on with. A list that repeats its cursor, or never ends, is an answer nobody can trust."""
    if new and (new == old or seen >= MAX_PAGES):
        raise PlatformError(ErrorClass.TRANSIENT, "cursor", "the list does not end")
    return new, seen + 1
