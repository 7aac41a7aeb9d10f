"""抖店 as it speaks: signed calls with a JSON body, typed answers, errors in our words.

Facts with public sources (the official SDKs and copies of its documentation): endpoint, both signatures, the envelope,
the platform's table of codes, field names and statuses of list, detail and orders, page limits, `update_time` of the
decision as a check against a stale one, and the four business codes below.

What on this wire is our assumption, because no public page says it (each is pinned by a test of that name):
- D1 The `type` of a decision is not public (its table stands behind a login): the account's settings say it, and
  without them nothing is decided. One public SDK calls 201 "agree refund-only after shipping" and 202 its refusal.
- D2 A refused decision for want of money is known by its words (余额不足): no code for it is public.
- D3 A code that no table names leaves the outcome of a decision unknown.
- D4 `update_start_time` of a list may or may not include its own second: we begin a second earlier.
- D5 A renewed token replaces the old one at once; whoever finds his own refused looks whether another has renewed it.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from merchant import incoming, outside
from merchant.hosts import Host
from merchant.platforms import wire
from merchant.platforms.base import Unreadable
from merchant.platforms.douyin.signing import HMAC_SHA256, sign
from merchant.platforms.douyin.snapshots import (
    AfterSale,
    Order,
    moment,
    order_number,
    read_detail,
    read_list_item,
    read_order,
)
from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.platforms.values import read_or_pass

CODE = "douyin"
HOST = Host("HUICANG_DOUYIN_HOST", "https://openapi-fxg.jinritemai.com")
LIST = "afterSale.List"
DETAIL = "afterSale.Detail"
OPERATE = "afterSale.operate"
REASONS = "afterSale.rejectReasonCodeList"
ORDER_DETAIL = "order.orderDetail"
ORDER_LIST = "order.searchList"
REFRESH = "token.refresh"

PAGE = 100
# page × size of the after-sales list; the orders' is given as 50,000 and as 10,000, so the smaller one.
FURTHEST_ROW = 50_000
FURTHEST_ORDER = 10_000
ORDER_WINDOW = timedelta(days=7)
# Settings of the account, by the platform's kind of after-sale: which `type` agrees.
AGREE_TYPES = {1: "agree_refund_type", 2: "agree_unshipped_type"}
REFUSE_TYPES = {1: "refuse_refund_type", 2: "refuse_unshipped_type"}
TYPE_SETTINGS = (*AGREE_TYPES.values(), *REFUSE_TYPES.values())
EXPIRED = ("isv.access-token-expired", "isv.access-token-no-existed")
NO_MONEY = ("余额不足",)
IMAGE = 1

SUB_CODES: dict[str, ErrorClass] = {
    "isv.business-failed:11001": ErrorClass.BY_HAND,
    "isv.business-failed:20309541": ErrorClass.CHANGED,
    "isv.business-failed:11005": ErrorClass.NOT_ALLOWED,
    "isv.parameter-invalid:11003": ErrorClass.NOT_FOUND,
    "isp.service-error:10000": ErrorClass.NOT_FOUND,
    "isv.app-permissions-insufficient": ErrorClass.PERMISSION,
    "dop.app-forbidden": ErrorClass.PERMISSION,
}
# Beginnings of sub-codes that say: a person must renew the credentials or the shop's consent.
AUTH = ("isv.access-token", "isv.signature", "isv.app-id", "isv.authorization", "dop.authorization", "dop.token")
ERRORS: dict[str, ErrorClass] = {
    "30001": ErrorClass.PERMISSION,
    "30002": ErrorClass.PERMISSION,
    **dict.fromkeys(("40001", "40002", "40003", "40004", "70000"), ErrorClass.BAD_REQUEST),
    "50001": ErrorClass.AUTH,
    "60000": ErrorClass.THROTTLED,
    "80000": ErrorClass.PERMISSION,
}


class Account(Protocol):
    """What a client needs: `secrets` with app_key, app_secret, access_token, and the types of TYPE_SETTINGS."""

    app_key: str
    secrets: dict[str, Any]


@dataclass(frozen=True)
class OrderPage:
    """One page of the order list; `cursor` is empty after the last one. A row that is no order stops no other."""

    orders: tuple[Order, ...]
    cursor: str
    unreadable: tuple[tuple[str, str], ...] = ()


class DouyinClient:
    """Calls for one account. Every method raises PlatformError; none retries, since the caller holds the row.

    An access token that has run out is renewed once, by `renew(account, used)`, when the account came with one."""

    def __init__(self, account: Account, renew: "Callable[[Any, str], bool] | None" = None) -> None:
        self.account = account
        self.renew = renew

    # --- reading -----------------------------------------------------------------------------------------------

    def refund_detail(self, refund_id: str | int) -> AfterSale:
        """The after-sale as it stands now; NOT_FOUND when the platform does not know it."""
        snapshot: AfterSale = self._read(read_detail, self.call(DETAIL, {"after_sale_id": str(refund_id)}), DETAIL)
        if snapshot.refund_id != str(refund_id):
            raise wire.garbage(f"asked for after-sale {refund_id}, got {snapshot.refund_id}", "", is_write=False)
        return snapshot

    def refund_page(self, begin: int, end: int, page: int) -> tuple[list[AfterSale | Unreadable], bool]:
        """One page of what changed between two seconds, oldest change first, and whether there are more."""
        data = self.call(
            LIST,
            {
                "update_start_time": begin,
                "update_end_time": end,
                # Without it the platform sorts by the application, and a walk over updates misses rows.
                "order_by": ["update_time asc"],
                "page": page,
                "size": PAGE,
            },
        )
        rows = self._read(lambda found: list(found["items"] or []), data, LIST)
        found = [
            read_or_pass(
                read_list_item,
                row,
                "aftersale_info",
                "aftersale_id",
                changed_at=lambda held: moment(held.get("update_time")),
            )
            for row in rows
        ]
        return found, bool(data.get("has_more"))

    def refund_list(self, begin: datetime, end: datetime) -> Iterator[AfterSale | Unreadable]:
        """Every after-sale changed between the two instants, each once, oldest change first.

        A row that changes during the walk leaves its place in the list, and pages counted from the front would skip
        its neighbour; so the walk goes on from the last second it has seen, and counts pages only within one."""
        at, until, page = int(begin.timestamp()) - 1, int(end.timestamp()) + 1, 0
        seen: set[tuple[str, Any]] = set()
        while True:
            rows, has_more = self.refund_page(at, until, page)
            for row in rows:
                mark = (row.refund_id, row.version) if isinstance(row, AfterSale) else (row.refund_id or row.why, until)
                if mark not in seen:
                    seen.add(mark)
                    yield row
            last = max((row.version for row in rows if isinstance(row, AfterSale)), default=0)
            if not has_more:
                return
            at, page = (last - 1, 0) if last - 1 > at else (at, page + 1)
            seen = {mark for mark in seen if mark[1] >= at}
            if not rows or page * PAGE >= FURTHEST_ROW:
                raise PlatformError(ErrorClass.TRANSIENT, "page", "the list does not end")

    def order_detail(self, oid: str | int) -> Order:
        """The order as it stands now."""
        data = self.call(ORDER_DETAIL, {"shop_order_id": str(oid)})
        order: Order = self._read(lambda found: read_order(found["shop_order_detail"]), data, ORDER_DETAIL)
        if order.oid != str(oid):
            raise wire.garbage(f"asked for order {oid}, got {order.oid}", "", is_write=False)
        return order

    def order_pages(self, begin: datetime, end: datetime, cursor: str = "") -> Iterator[OrderPage]:
        """The pages of one span, oldest change first, from `cursor` ("second:page") on; same walk as the list above."""
        at, _, page_of = cursor.partition(":")
        second, page = int(at or int(begin.timestamp()) - 1), int(page_of or 0)
        until = int(end.timestamp()) + 1
        while True:
            data = self.call(
                ORDER_LIST,
                {
                    "update_time_start": second,
                    "update_time_end": until,
                    "order_by": "update_time",
                    "order_asc": True,
                    "page": page,
                    "size": PAGE,
                },
            )
            rows = self._read(lambda found: list(found["shop_order_list"] or []), data, ORDER_LIST)
            orders, unreadable = [], []
            for row in rows:
                try:
                    orders.append(read_order(row))
                except (ValueError, TypeError, AttributeError) as error:
                    unreadable.append((order_number(row), str(error)))
            if len(rows) < PAGE:
                yield OrderPage(tuple(orders), "", tuple(unreadable))
                return
            last = max((order.version for order in orders), default=0)
            second, page = (last - 1, 0) if last - 1 > second else (second, page + 1)
            if page * PAGE >= FURTHEST_ORDER:
                raise PlatformError(ErrorClass.TRANSIENT, "page", "the list does not end")
            yield OrderPage(tuple(orders), f"{second}:{page}", tuple(unreadable))

    def reject_reasons(self, refund_id: str | int) -> list[tuple[int, str]]:
        """(code, words) that may be given when refusing this after-sale, without those that need proof uploaded there.

        For goods that have not shipped the platform gives none."""
        data = self.call(REASONS, {"aftersale_id": int(refund_id)})
        rows = data.get("items") or []
        return [
            (int(row["reject_reason_code"]), str(row.get("reason", "")))
            for row in rows
            if "reject_reason_code" in row and row.get("evidence_need") != "Y"
        ]

    # --- deciding ----------------------------------------------------------------------------------------------

    def type_setting(self, kind: int, names: dict[int, str]) -> int | None:
        """The `type` the account's settings give for this kind of after-sale, None when they give none (D1)."""
        found = str(self.account.secrets.get(names.get(kind, "")) or "")
        return int(found) if found.isdigit() else None

    def approve_refund(self, snapshot: AfterSale) -> None:
        """Agree to a refund-only case as it was read: the platform pays the buyer what the case asks for.

        CHANGED means: read again. The money is paid when `refund_status` is 3, not when this call returns."""
        self._operate(snapshot, AGREE_TYPES, {})

    def reject_refund(
        self,
        refund_id: str | int,
        *,
        reason_code: int,
        desc: str,
        images: tuple[str, ...] = (),
        refund_version: int,
    ) -> None:
        """Refuse the buyer's request as it was read at `refund_version`, with a reason from `reject_reasons`; `desc`
        is what the buyer reads and may not be empty."""
        snapshot = self.refund_detail(refund_id)
        if snapshot.version != refund_version:
            raise PlatformError(ErrorClass.CHANGED, "version", "the after-sale has changed since it was read")
        item = {
            "reject_reason_code": reason_code,
            "reason": desc,
            "remark": desc,
            "evidence": [{"type": IMAGE, "url": url} for url in images],
        }
        self._operate(snapshot, REFUSE_TYPES, item)

    def _operate(self, snapshot: AfterSale, names: dict[int, str], item: dict[str, Any]) -> None:
        """One item a call, since one that fails takes all of its call with it."""
        code = self.type_setting(snapshot.kind, names)
        if code is None:
            raise PlatformError(
                ErrorClass.BY_HAND, "TYPE_SETTING", f"no type is set for an after-sale of kind {snapshot.kind}"
            )
        item = {"aftersale_id": snapshot.refund_id, "update_time": snapshot.version, **item}
        self.call(OPERATE, {"type": code, "items": [item]}, is_write=True)

    # --- the wire ----------------------------------------------------------------------------------------------

    def call(self, method: str, param: dict[str, Any], *, is_write: bool = False) -> Any:
        """Sign, send, and return `data`. A token that has run out is renewed once: nothing was done with it."""
        used = str(self.account.secrets.get("access_token") or "")
        try:
            return self._send(method, param, is_write=is_write)
        except PlatformError as error:
            if error.code not in EXPIRED or self.renew is None or not self.renew(self.account, used):
                raise
        return self._send(method, param, is_write=is_write)

    def refresh_token(self) -> dict[str, Any]:
        """A new access token for the account's refresh token: `access_token`, `refresh_token`, `expires_in` seconds."""
        param = {"grant_type": "refresh_token", "refresh_token": str(self.account.secrets.get("refresh_token") or "")}
        data = self._send(REFRESH, param, is_write=False, has_token=False)
        if not data.get("access_token"):
            raise wire.garbage("no access_token", "", is_write=False)
        return dict(data)

    def signed(self, method: str, param: dict[str, Any], *, at: int | None = None) -> tuple[dict[str, str], str]:
        """The query of one request and the body under its signature, written once."""
        secrets = self.account.secrets
        app_key, secret = secrets.get("app_key") or self.account.app_key, secrets.get("app_secret")
        if not app_key or not secret:
            raise PlatformError(ErrorClass.AUTH, "credentials", "no app key or no app secret")
        text = json.dumps(param, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        timestamp = str(int(time.time()) if at is None else at)
        query = {
            "app_key": str(app_key),
            "method": method,
            "access_token": str(secrets.get("access_token") or ""),
            "timestamp": timestamp,
            "v": "2",
            "sign": sign(str(app_key), str(secret), param_json=text, timestamp=timestamp, method=method),
            "sign_method": HMAC_SHA256,
        }
        return query, text

    def _send(self, method: str, param: dict[str, Any], *, is_write: bool, has_token: bool = True) -> Any:
        outside.check_may_call(CODE)
        query, text = self.signed(method, param)
        if not has_token:
            del query["access_token"]
        elif not query["access_token"]:
            raise PlatformError(ErrorClass.AUTH, "credentials", "no access token")
        url = f"{wire.address(CODE, HOST)}/{method.replace('.', '/')}"
        answer = wire.send("POST", url, query=query, form=None, text=text, is_write=is_write)
        return self._data(answer, is_write=is_write)

    @staticmethod
    def _data(text: str, *, is_write: bool) -> Any:
        try:
            answer = incoming.read_json(text)
        except ValueError:
            raise wire.garbage("not JSON", text, is_write=is_write) from None
        if not isinstance(answer, dict) or not str(answer.get("code", "")).isdigit():
            raise wire.garbage("no code", text, is_write=is_write)
        code, sub_code = str(answer["code"]), str(answer.get("sub_code") or "")
        if code == "10000":
            if not is_write and not isinstance(answer.get("data"), dict):
                raise wire.garbage("no data", text, is_write=False)
            return answer.get("data") or {}
        message = str(answer.get("sub_msg") or answer.get("msg") or "")
        known = error_class_of(code, sub_code, message)
        raise PlatformError(
            known or ErrorClass.TRANSIENT,
            sub_code or code,
            message,
            raw=text,
            is_unknown_outcome=is_write and known is None,
        )

    @staticmethod
    def _read(reader: Any, data: Any, method: str) -> Any:
        try:
            return reader(data)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise wire.garbage(f"{method}: {error}", json.dumps(data, ensure_ascii=False), is_write=False) from error


def error_class_of(code: str, sub_code: str, message: str) -> ErrorClass | None:
    """Our class of an answer that is no success; None where no table says what it means."""
    if any(word in message for word in NO_MONEY):
        return ErrorClass.NOT_ENOUGH
    if sub_code in SUB_CODES:
        return SUB_CODES[sub_code]
    if sub_code.startswith(AUTH):
        return ErrorClass.AUTH
    return ERRORS.get(code)
