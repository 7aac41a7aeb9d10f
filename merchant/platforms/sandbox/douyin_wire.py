"""Douyin's wire, the platform's side: checks the signature over what arrived, answers HTTP 200 with a code.

What no public page says and is the sandbox's own: the `type` numbers of a decision (`DOUYIN_TYPES`, far from anything
the platform might use), the codes of a short balance and of a stale `update_time`, how long a timestamp is good.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from merchant.platforms.douyin import signing as douyin_signing
from merchant.platforms.sandbox import douyin_rows as rows
from merchant.platforms.sandbox.accounts import APPS, DOUYIN_TYPES, App
from merchant.platforms.sandbox.journal import Row
from merchant.platforms.sandbox.world import REFUSED, RefusedError, World, now_ms

TIMESTAMP_GOOD_S = 600
MAX_ITEMS = 20
FURTHEST_ROW = 50_000
REASONS = ((501, "商品已签收", "Y"), (502, "商品已派送", "N"), (503, "与买家协商一致", "N"))
# The sandbox's own numbers by the after-sale's kind.
AGREE = {1: DOUYIN_TYPES["agree_refund_type"], 2: DOUYIN_TYPES["agree_unshipped_type"]}
REFUSE = {1: DOUYIN_TYPES["refuse_refund_type"], 2: DOUYIN_TYPES["refuse_unshipped_type"]}
WRONG_STATE = ("50002", "isv.business-failed:20309541", "售后状态错误")


class CodeError(Exception):
    """A refusal: code, sub_code and words."""

    def __init__(self, code: str, sub_code: str, words: str) -> None:
        self.code, self.sub_code, self.words = code, sub_code, words
        super().__init__(f"{code} {sub_code} {words}")


class DouyinWire:
    """One method a name; each takes (app, param) and returns `data`, or raises CodeError."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.methods: dict[str, Callable[[App, Row], Row]] = {
            "afterSale.List": self.aftersale_list,
            "afterSale.Detail": self.aftersale_detail,
            "afterSale.operate": self.operate,
            "afterSale.rejectReasonCodeList": self.reject_reasons,
            "order.orderDetail": self.order_detail,
            "order.searchList": self.order_list,
        }

    def answer(self, path: str, query: Mapping[str, str], body: str) -> Row:
        """The whole answer to one request, as an object."""
        try:
            data = self._dispatch(path.strip("/").replace("/", "."), query, body)
        except CodeError as refused:
            return {
                "code": int(refused.code),
                "msg": refused.words,
                "sub_code": refused.sub_code,
                "sub_msg": refused.words,
                "log_id": _log_id(),
            }
        except RefusedError as refused:
            # What the world itself will not do, in the platform's most general words.
            return {"code": 50002, "msg": "业务处理失败", "sub_code": WRONG_STATE[1], "sub_msg": refused.message}
        return {"code": 10000, "msg": "success", "sub_code": "", "sub_msg": "", "data": data, "log_id": _log_id()}

    def _dispatch(self, method: str, query: Mapping[str, str], body: str) -> Row:
        app = APPS.get(query.get("app_key", ""))
        if app is None or app.platform != "douyin":
            raise CodeError("40003", "isv.app-id-invalid", "认证失败，app_key不正确")
        timestamp = query.get("timestamp", "")
        if not timestamp.isdigit() or abs(int(timestamp) - time.time()) > TIMESTAMP_GOOD_S:
            raise CodeError("40003", "isv.timestamp-invalid", "时间戳不合法")
        expected = douyin_signing.sign(
            app.app_key, app.app_secret, param_json=body, timestamp=timestamp, method=query.get("method", "")
        )
        is_good = query.get("v") == "2" and query.get("sign_method") == douyin_signing.HMAC_SHA256
        if not is_good or not douyin_signing.is_equal(query.get("sign", ""), expected):
            raise CodeError("40003", "isv.signature-invalid", "签名校验失败")
        if query.get("method") != method:
            raise CodeError("70000", "isp.api-service-off", "API不存在或API已下线")
        param = _param(body)
        if method == "token.refresh":
            return self._refresh(app, param)
        if query.get("access_token") != self.tokens(app)["access_token"]:
            raise CodeError("40003", "isv.access-token-expired", "access_token已过期")
        if method not in self.methods:
            raise CodeError("30001", "isv.app-permissions-insufficient", "应用无权限调用该接口，请先申请接口权限包")
        if self.world.faults.strikes("throttle"):
            raise CodeError("60000", "isv.business-frequency-limited", "触发限流，请稍后重试")
        return self.methods[method](app, param)

    # --- tokens ------------------------------------------------------------------------------------------------

    def tokens(self, app: App) -> Row:
        """The pair that is good now."""
        first = {"access_token": app.access_token, "refresh_token": f"{app.access_token}-refresh"}
        return self.world.journal.of("setting").get(f"token:{app.app_key}", first)

    def expire_token(self, app_key: str) -> Row:
        """From now on the access token is refused until it is renewed."""
        kept = {**self.tokens(APPS[app_key]), "access_token": f"expired-{time.time_ns():x}"}
        self.world.journal.write([("setting", f"token:{app_key}", kept)])
        return {"app_key": app_key}

    def _refresh(self, app: App, param: Row) -> Row:
        if param.get("refresh_token") != self.tokens(app)["refresh_token"]:
            raise CodeError("50001", "dop.token-generate-failed:token-invalid", "生成token失败，token不存在")
        mark = f"{time.time_ns():x}"
        pair = {"access_token": f"{app.access_token}-{mark}", "refresh_token": f"{app.access_token}-refresh-{mark}"}
        self.world.journal.write([("setting", f"token:{app.app_key}", pair)])
        return {**pair, "expires_in": 604_800, "scope": "SCOPE", "shop_id": app.seller_id, "shop_name": "演示店铺"}

    # --- reading -----------------------------------------------------------------------------------------------

    def aftersale_list(self, app: App, param: Row) -> Row:
        if "update_time asc" not in (param.get("order_by") or ()):
            raise CodeError("40004", "isv.parameter-invalid:11000", "按更新时间查询须按更新时间排序")
        found = sorted(
            (row for row in self.world.refunds.values() if row["appKey"] == app.app_key),
            key=lambda row: (row["updateTime"], row["refundId"]),
        )
        page, has_more, total = _page(found, param, "update_start_time", "update_end_time")
        return {
            "items": [rows.list_item(row, self._order_of(row)) for row in page],
            "has_more": has_more,
            "total": total,
            "page": param["page"],
            "size": len(page),
        }

    def aftersale_detail(self, app: App, param: Row) -> Row:
        row = self._own(app, str(param.get("after_sale_id") or ""))
        return rows.detail(row, self._order_of(row))

    def reject_reasons(self, app: App, param: Row) -> Row:
        row = self._own(app, str(param.get("aftersale_id") or ""))
        if rows.kind(row, self._order_of(row)) == 2:
            return {"items": []}
        return {
            "items": [
                {"reject_reason_code": code, "reason": words, "evidence_need": need, "order_type": -1, "pkg": -1}
                for code, words, need in REASONS
            ]
        }

    def order_detail(self, app: App, param: Row) -> Row:
        order = self.world.orders.get(str(param.get("shop_order_id") or ""))
        if order is None or order["appKey"] != app.app_key:
            raise CodeError("40004", "isv.parameter-invalid:11003", "数据不存在")
        return {"shop_order_detail": rows.order_detail(order)}

    def order_list(self, app: App, param: Row) -> Row:
        if param.get("order_by") != "update_time" or param.get("order_asc") is not True:
            raise CodeError("40004", "isv.parameter-invalid:11000", "按更新时间查询须按更新时间排序")
        found = sorted(
            (row for row in self.world.orders.values() if row["appKey"] == app.app_key),
            key=lambda row: (row["updateTime"], row["oid"]),
        )
        page, _has_more, total = _page(found, param, "update_time_start", "update_time_end")
        return {
            "shop_order_list": [rows.order_detail(row) for row in page],
            "total": total,
            "page": param["page"],
            "size": param["size"],
        }

    # --- deciding ----------------------------------------------------------------------------------------------

    def operate(self, app: App, param: Row) -> Row:
        """Agree or refuse: all of the items, or none of them when one may not be."""
        items = param.get("items")
        if not isinstance(items, list) or not 0 < len(items) <= MAX_ITEMS:
            raise CodeError("40004", "isv.parameter-invalid:11000", "items数量不正确")
        found = [(self._own(app, str(item.get("aftersale_id") or "")), item) for item in items]
        for row, item in found:
            is_agreeing = self._check(row, item, param.get("type"))
        for row, item in found:
            key = str(row["refundId"])
            if is_agreeing:
                self.world.count_call(key, accepted=True)
                ends = "failed" if self.world.faults.strikes("abnormal") else ""
                self.world.start_paying(key, cause="merchant", ends=ends)
            else:
                self.world.change_refund(
                    key,
                    status=REFUSED,
                    negotiateStatus=3,
                    negotiateUpdateTime=now_ms(),
                    sellerDisagreeReason=item["reject_reason_code"],
                    sellerDisagreeDesc=item["reason"],
                    plan=[],
                )
        return {
            "items": [
                {"aftersale_id": row["refundId"], "status_code": 0, "status_msg": "操作成功"} for row, _item in found
            ]
        }

    def _check(self, row: Row, item: Row, code: Any) -> bool:
        """Whether this is an agreement; raises CodeError where the platform would not do it."""
        kind = rows.kind(row, self._order_of(row))
        is_agreeing = code == AGREE.get(kind)
        try:
            if not is_agreeing and code != REFUSE.get(kind):
                raise CodeError("40004", "isv.parameter-invalid:11000", "操作类型与售后类型不符")
            if rows.STATES[row["status"]] != 6 or row["status"] in (20, 21):
                raise CodeError(*WRONG_STATE)
            if item.get("update_time") != rows.seconds(row["updateTime"]):
                raise CodeError("50002", WRONG_STATE[1], "售后单已变更，请刷新后重试")
            if not is_agreeing and not (item.get("reject_reason_code") and item.get("reason") and item.get("remark")):
                raise CodeError("40004", "isv.parameter-invalid:11000", "拒绝原因必填")
            if is_agreeing and self.world.faults.strikes("by_hand"):
                raise CodeError(
                    "50002", "isv.business-failed:11001", "暂不支持通过OPEN处理，请登录抖店后台人工审核售后单"
                )
            if is_agreeing and self.world.faults.strikes("short"):
                raise CodeError("50002", "isv.business-failed:11005", "店铺账户余额不足，退款失败")
        except CodeError:
            self.world.count_call(str(row["refundId"]), accepted=False)
            raise
        return is_agreeing

    # --- shared ------------------------------------------------------------------------------------------------

    def _own(self, app: App, refund_id: str) -> Row:
        row = self.world.refunds.get(refund_id)
        if row is None or row["appKey"] != app.app_key:
            raise CodeError("20000", "isp.service-error:10000", "存在无效的售后单")
        return row

    def _order_of(self, row: Row) -> Row:
        return self.world.orders.get(str(row["oid"]), {})


def _param(body: str) -> Row:
    """The business parameters: a JSON object, keys sorted, without spaces, as the platform signs it."""
    try:
        param = json.loads(body)
    except ValueError:
        param = None
    if not isinstance(param, dict) or json.dumps(
        param, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ) != body:  # fmt: skip
        raise CodeError("40003", "isv.parameter-format-invalid", "业务参数json解析失败")
    return param


def _page(found: list[Row], param: Row, begin_name: str, end_name: str) -> tuple[list[Row], bool, int]:
    """One page of what changed after one second and until another, and whether there are more."""
    begin, end, page, size = (param.get(name) for name in (begin_name, end_name, "page", "size"))
    whole = [value for value in (begin, end, page, size) if isinstance(value, int) and not isinstance(value, bool)]
    if len(whole) < 4 or not 0 < size <= 100 or page < 0 or page * size >= FURTHEST_ROW or begin >= end:  # type: ignore[operator]
        raise CodeError("40004", "isv.parameter-invalid:11000", "时间或分页参数不正确")
    # The beginning is not part of the span here: who counts on it misses rows.
    within = [row for row in found if begin < rows.seconds(row["updateTime"]) <= end]  # type: ignore[operator]
    start = page * size  # type: ignore[operator]
    return within[start : start + size], len(within) > start + size, len(within)


def _log_id() -> str:
    return f"{time.time_ns():x}"
