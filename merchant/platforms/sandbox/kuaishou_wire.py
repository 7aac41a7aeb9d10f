"""Kuaishou's wire, the platform's side: checks the signature over what arrived, answers HTTP 200 with a result code."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from merchant.platforms.kuaishou import signing
from merchant.platforms.sandbox.accounts import APPS, App
from merchant.platforms.sandbox.journal import Row
from merchant.platforms.sandbox.world import (
    APPLIED,
    CLOSED,
    EXCHANGE,
    PAID,
    PAYING,
    REFUND_ONLY,
    REFUSED,
    RETURN_APPLIED,
    RETURN_REFUND,
    RefusedError,
    World,
    now_ms,
)

DAY_MS = 24 * 3600 * 1000
NO_MORE = "nomore"
# Given with 802000 in turn, so that a caller which knows only one of them is found out.
THROTTLE_CODES = (802000, 15, 16, 17, 1016, 1017)
REJECT_REASONS = (
    (1, "商品已签收", "Already signed for"),
    (2, "商品已派送", "Out for delivery"),
    (3, "与买家协商一致", "Agreed with the buyer"),
)
# A row's bookkeeping of ours, which the wire does not have.
PRIVATE = frozenset({"appKey", "plan", "payAt", "cause", "closedBy", "asked", "accepted", "refundIds", "ends"})


class KuaishouWire:
    """One method a name; each takes (app, param) and returns `data`, or raises RefusedError with the wire's code."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._second: dict[str, tuple[int, int]] = {}
        self._throttled = 0
        self.methods: dict[str, Callable[[App, Row], Any]] = {
            "open.order.cursor.list": self.order_list,
            "open.order.detail": self.order_detail,
            "open.seller.order.refund.pcursor.list": self.refund_list,
            "open.seller.order.refund.detail": self.refund_detail,
            "open.seller.order.refund.approve": self.refund_approve,
            "open.seller.order.refund.confirm.receipt": self.refund_confirm_receipt,
            "open.refund.direct.refund": self.refund_direct,
            "open.refund.reject": self.refund_reject,
            "open.refund.reject.reason": self.refund_reject_reason,
        }
        self.writes = frozenset(
            (
                "open.seller.order.refund.approve",
                "open.seller.order.refund.confirm.receipt",
                "open.refund.direct.refund",
                "open.refund.reject",
            )
        )

    def answer(self, path: str, http_method: str, params: Mapping[str, str]) -> Row:
        """The whole answer to one request, as an object."""
        try:
            data = self._dispatch(path.strip("/").replace("/", "."), http_method, params)
        except RefusedError as refused:
            return {"result": refused.code, "error_msg": refused.message, "requestId": _request_id()}
        return {
            "result": 1,
            "code": "1",
            "msg": "SUCCESS",
            "error_msg": "SUCCESS",
            "requestId": _request_id(),
            "data": data,
        }

    def _dispatch(self, method: str, http_method: str, params: Mapping[str, str]) -> Any:
        if not params.get("access_token"):
            raise RefusedError(21, "ACCESS TOKEN IS MISSING")
        app = APPS.get(params.get("appkey", ""))
        if app is None or app.platform != "kuaishou":
            raise RefusedError(22, "APP DOES NOT EXIST")
        if params["access_token"] != app.access_token:
            raise RefusedError(24, "ACCESS TOKEN IS INVALID OR EXPIRED")
        if not params.get("sign"):
            raise RefusedError(27, "SIGN IS MISSING")
        if not signing.verify(dict(params), app.sign_secret):
            raise RefusedError(28, "SIGN IS WRONG")
        if params.get("method") != method or method not in self.methods:
            raise RefusedError(25, "NO SUCH METHOD, OR NO PERMISSION FOR IT")
        if method in self.writes and http_method != "POST":
            raise RefusedError(26, "HTTP METHOD NOT ALLOWED")
        self._throttle(app, method)
        try:
            param = json.loads(params.get("param") or "{}")
        except ValueError:
            raise RefusedError(300008, "PARAM IS NOT JSON") from None
        if not isinstance(param, dict):
            raise RefusedError(300008, "PARAM IS NOT AN OBJECT")
        return self.methods[method](app, param)

    def _throttle(self, app: App, method: str) -> None:
        second, key = int(time.time()), f"{app.app_key} {method}"
        began, count = self._second.get(key, (second, 0))
        count = count + 1 if began == second else 1
        self._second[key] = (second, count)
        if self.world.faults.strikes("throttle"):
            self._throttled += 1
            raise RefusedError(THROTTLE_CODES[self._throttled % len(THROTTLE_CODES)], "TOO MANY REQUESTS")
        if count > self.world.faults.requests_per_second:
            raise RefusedError(802000, "TOO MANY REQUESTS")

    # --- reading -----------------------------------------------------------------------------------------------

    def order_detail(self, app: App, param: Row) -> Row:
        row = self.world.order(str(_integer(param, "oid", 200011, "ORDER NOT FOUND")))
        if row["appKey"] != app.app_key:
            raise RefusedError(200011, "ORDER NOT FOUND")
        return self._order(row)

    def order_list(self, app: App, param: Row) -> Row:
        size = min(max(int(param.get("pageSize", 50)), 1), 50)
        rows, cursor = self._page(app, self.world.orders.values(), param, "oid", param.get("cursor", ""), size, days=7)
        return {
            "orderList": [self._order(row) for row in rows],
            "cursor": cursor,
            "pageSize": size,
            "beginTime": param.get("beginTime"),
            "endTime": param.get("endTime"),
        }

    def refund_detail(self, app: App, param: Row) -> Row:
        row = self._own_refund(app, param)
        order = self.world.orders.get(str(row["oid"]), {})
        parcel = (order.get("orderLogisticsInfo") or [{}])[0]
        return {
            **_public(row),
            "logisticsInfo": parcel,
            "productNum": 1,
            "tradeOrderCreateTime": order.get("createTime", 0),
        }

    def refund_list(self, app: App, param: Row) -> Row:
        size = min(max(int(param.get("pageSize", 50)), 1), 100)
        found = [
            row
            for row in self.world.refunds.values()
            if param.get("status") in (None, row["status"]) and param.get("orderId") in (None, row["oid"])
        ]
        rows, cursor = self._page(app, found, param, "refundId", param.get("pcursor", ""), size, days=7)
        return {
            "refundOrderInfoList": [_public(row) for row in rows],
            "pcursor": cursor,
            "currentPage": param.get("currentPage", 1),
            "pageSize": size,
            "totalSize": len(found),
            "totalPage": -(-len(found) // size),
            "beginTime": param.get("beginTime"),
            "endTime": param.get("endTime"),
        }

    def refund_reject_reason(self, app: App, param: Row) -> Row:
        self._own_refund(app, param)
        return {"reasonList": [{"reasonCode": code, "reasonDesc": words} for code, words, _ in REJECT_REASONS]}

    # --- deciding ----------------------------------------------------------------------------------------------

    def refund_approve(self, app: App, param: Row) -> Row:
        """The merchant agrees. `status`, `negotiateStatus` and the amount must be those of the row as it is now."""
        row = self._own_refund(app, param)
        refund_id = str(row["refundId"])
        try:
            self._check_approve(row, param)
        except RefusedError:
            self.world.count_call(refund_id, accepted=False)
            raise
        self.world.count_call(refund_id, accepted=True)
        self.world.start_paying(refund_id, cause="merchant")
        return {}

    @staticmethod
    def _check_approve(row: Row, param: Row) -> None:
        if row["status"] == CLOSED and row.get("closedBy") == "buyer":
            raise RefusedError(300013, "BUYER CANCEL REFUND")
        if row["status"] in (PAYING, PAID, CLOSED):
            raise RefusedError(300010, "REFUND ORDER STATUS ERROR")
        if not param.get("refundAmount"):
            raise RefusedError(300009, "REFUND AMOUNT IS ZERO")
        if param.get("refundHandingWay", REFUND_ONLY) != row["handlingWay"]:
            raise RefusedError(300008, "HANDING WAY ERROR")
        if param.get("status") != row["status"] or param["refundAmount"] != row["refundFee"]:
            raise RefusedError(300014, "REFUND ORDER UPDATED")
        if "negotiateStatus" in param and param["negotiateStatus"] != row["negotiateStatus"]:
            raise RefusedError(300017, "REFUND NEGOTIATE STATUS CHANGED")
        if row["status"] != APPLIED or row["handlingWay"] != REFUND_ONLY:
            raise RefusedError(300018, "REFUND ORDER STATUS NOT ALLOW")

    def refund_direct(self, app: App, param: Row) -> Row:
        """Pay without the goods: for returns and exchanges only, as the platform's own page says."""
        row = self._own_refund(app, param)
        refund_id = str(row["refundId"])
        self._check_version(row, param)
        if row["handlingWay"] not in (RETURN_REFUND, EXCHANGE) or row["status"] in (PAYING, PAID, CLOSED):
            self.world.count_call(refund_id, accepted=False)
            raise RefusedError(300018, "REFUND ORDER STATUS NOT ALLOW")
        self.world.count_call(refund_id, accepted=True)
        self.world.start_paying(refund_id, cause="merchant")
        return {}

    def refund_reject(self, app: App, param: Row) -> Row:
        row = self._own_refund(app, param)
        if row["status"] == CLOSED and row.get("closedBy") == "buyer":
            raise RefusedError(300013, "BUYER CANCEL REFUND")
        self._check_version(row, param)
        if row["status"] not in (APPLIED, RETURN_APPLIED):
            raise RefusedError(300018, "REFUND ORDER STATUS NOT ALLOW")
        if not param.get("reasonCode"):
            raise RefusedError(300007, "REASON IS BLANK")
        self.world.change_refund(
            str(row["refundId"]),
            status=REFUSED,
            negotiateStatus=3,
            negotiateUpdateTime=now_ms(),
            sellerDisagreeReason=param["reasonCode"],
            sellerDisagreeDesc=str(param.get("rejectDesc", "")),
            plan=[],
        )
        return {}

    def refund_confirm_receipt(self, app: App, param: Row) -> Row:
        row = self._own_refund(app, param)
        if param.get("status") != row["status"]:
            raise RefusedError(300014, "REFUND ORDER UPDATED")
        if row["status"] != 40:
            raise RefusedError(300018, "REFUND ORDER STATUS NOT ALLOW")
        self.world.count_call(str(row["refundId"]), accepted=True)
        self.world.start_paying(str(row["refundId"]), cause="merchant")
        return {}

    # --- shared ------------------------------------------------------------------------------------------------

    def _own_refund(self, app: App, param: Row) -> Row:
        row = self.world.refund(str(_integer(param, "refundId", 300006, "REFUND ID IS BLANK")))
        if row["appKey"] != app.app_key:
            raise RefusedError(300012, "REFUND ORDER OPERATION REJECT")
        return row

    @staticmethod
    def _check_version(row: Row, param: Row) -> None:
        if param.get("refundVersion") != row["updateTime"]:
            raise RefusedError(300014, "REFUND ORDER UPDATED")

    @staticmethod
    def _page(app: App, rows: Any, param: Row, key: str, cursor: str, size: int, *, days: int) -> tuple[list[Row], str]:
        begin = _integer(param, "beginTime", 300003, "BEGINTIME IS BLANK")
        end = _integer(param, "endTime", 300003, "ENDTIME IS BLANK")
        if end <= begin:
            raise RefusedError(300003, "ENDTIME MUST AFTER BEGINTIME")
        if end - begin > days * DAY_MS:
            raise RefusedError(300004, f"SEARCH TIME RANGE EXPAND {days} DAYS")
        if begin < now_ms() - 90 * DAY_MS:
            raise RefusedError(300005, "CAN NOT SEARCH BEFORE 90 DAYS")
        clock = "updateTime" if param.get("queryType") == 2 else "createTime"
        ahead = param.get("sort") == 2
        found = sorted(
            (row[clock], row[key]) for row in rows if row["appKey"] == app.app_key and begin <= row[clock] <= end
        )
        if not ahead:
            found.reverse()
        if cursor:
            try:
                last = tuple(int(part) for part in cursor.split("_"))
            except ValueError:
                raise RefusedError(300019, "CURSOR IS WRONG") from None
            found = [mark for mark in found if (mark > last if ahead else mark < last)]
        page = found[:size]
        source = {row[key]: row for row in rows}
        more = len(found) > size
        return [source[mark[1]] for mark in page], f"{page[-1][0]}_{page[-1][1]}" if more else NO_MORE

    def _order(self, row: Row) -> Row:
        base = {name: value for name, value in row.items() if name not in PRIVATE and not name.startswith("order")}
        latest = [self.world.refunds[key] for key in row.get("refundIds", ())[-1:] if key in self.world.refunds]
        return {
            "orderBaseInfo": {**base, "sellerOpenId": APPS[row["appKey"]].open_id},
            "orderItemInfo": row["orderItemInfo"],
            "orderLogisticsInfo": row["orderLogisticsInfo"],
            "orderAddress": row["orderAddress"],
            "orderRefundList": [
                {
                    "refundId": found["refundId"],
                    "refundStatus": found["status"],
                    "handlingWay": found["handlingWay"],
                    "specialRefundType": 0,
                }
                for found in latest
            ],
            "orderNote": {"orderNoteInfo": []},
        }


def _public(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in PRIVATE}


def _integer(param: Row, name: str, code: int, message: str) -> int:
    value = param.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise RefusedError(code, message)
    return value


def _request_id() -> str:
    return f"{time.time_ns():x}"
