"""SF's wire, from SF's side: JSON inside JSON, a phone beside every question, unsigned pushes in XML or JSON."""

import base64
import hashlib
import hmac
import json
import uuid
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode
from xml.sax.saxutils import quoteattr

from logistics.sandbox import accounts
from logistics.sandbox.parcels import RUNNING, Parcel
from logistics.sandbox.world import Asked, Spoiled, World
from logistics.sandbox.zto import SHANGHAI

ROUTE = "/std/service"
MAX_WAYBILLS = 10
# A push is repeated three times.
RETRY_AFTER_S = (60, 300, 600)
SERVICES = {"EXP_RECE_SEARCH_ROUTES": "track", "EXP_RECE_WANTED_INTERCEPT": "intercept"}
# neutral scan → (opCode, firstStatusName, secondaryStatusName). A locker has a code no list agrees on.
SCANS = {
    "picked_up": ("50", "已揽收", "已揽收"),
    "departed": ("36", "运送中", "运送中"),
    "arrived": ("31", "运送中", "运送中"),
    "delivering": ("44", "派送中", "派送中"),
    "locker": ("125", "派送中", "待取件"),
    "signed": ("80", "已签收", "已签收"),
    "return": ("648", "已退回", "已退回"),
    "return_signed": ("80", "已签收", "已签收"),
    "problem": ("33", "派送中", "派送异常"),
    "refused": ("33", "派送中", "派送异常"),
    "address_change": ("99", "转寄", "转寄"),
}
REFUSALS = {
    "no_scan": "运单未揽收，不能拦截",
    "signed": "运单已签收，不能拦截",
    "duplicate": "该运单已申请拦截，请勿重复申请",
    "not_supported": "该产品不支持拦截",
    "delivering": "运单派送中，不能拦截",
    "at_locker": "快件已入丰巢柜、自提点，不能拦截",
    "returning": "当前状态不支持退回",
    "exception": "当前状态不支持退回",
}
JSON = "application/json; charset=UTF-8"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


class Refused(Exception):
    """`is_outer`: said by the gateway, before the service saw the call."""

    def __init__(self, code: str, message: str, *, is_outer: bool = False) -> None:
        self.code, self.message, self.is_outer = code, message, is_outer
        super().__init__(code)


def operation(asked: Asked) -> str:
    """What is asked for, as it is counted."""
    return SERVICES.get(_form(asked).get("serviceCode", ""), "unknown")


def answer(world: World, asked: Asked) -> tuple[str, str]:
    """One call: (body, content type), always HTTP 200. Raises Spoiled when this parcel's calls are to go wrong."""
    try:
        service, name, content = _read(asked)
        if world.is_throttled("sf"):
            raise Refused("A1005", "请求过于频繁", is_outer=True)
        return _yes(_OPERATIONS[SERVICES[service]](world, name, content)), JSON
    except Refused as refused:
        if refused.is_outer:
            return _outer(refused.code, refused.message, ""), JSON
        inner = {"success": False, "errorCode": refused.code, "errorMsg": refused.message, "msgData": None}
        return _outer("A1000", "", json.dumps(inner, ensure_ascii=False)), JSON
    except Spoiled as spoiled:
        spoiled.body = _yes(spoiled.content)
        raise


def _yes(data: Any) -> str:
    inner = {"success": True, "errorCode": "S0000", "errorMsg": None, "msgData": data}
    return _outer("A1000", "", json.dumps(inner, ensure_ascii=False))


def _outer(code: str, message: str, data: str) -> str:
    told = {
        "apiErrorMsg": message,
        "apiResponseID": uuid.uuid4().hex.upper(),
        "apiResultCode": code,
        "apiResultData": data,
    }
    return json.dumps(told, ensure_ascii=False)


def _form(asked: Asked) -> dict[str, str]:
    try:
        return dict(parse_qsl(asked.raw.decode(), keep_blank_values=True))
    except ValueError:
        return {}


def _read(asked: Asked) -> tuple[str, str, dict[str, Any]]:
    form = _form(asked)
    if not all(form.get(name) for name in ("partnerID", "requestID", "serviceCode", "timestamp", "msgData")):
        raise Refused("A1001", "必传参数不可为空", is_outer=True)
    name = accounts.owner_of_sf(form["partnerID"])
    if not name:
        raise Refused("A1004", "无对应服务权限", is_outer=True)
    if form["serviceCode"] not in SERVICES:
        raise Refused("A1004", "无对应服务权限", is_outer=True)
    text = form["msgData"] + form["timestamp"] + accounts.sf_secrets(name)["check_word"]
    # Which of the two is in force a customer sets at the console; this sandbox takes both.
    allowed = (_md5(quote_plus(text, safe="*").replace("~", "%7E")), _md5(text))
    if not any(hmac.compare_digest(form.get("msgDigest", "").encode(), one.encode()) for one in allowed):
        raise Refused("A1006", "数字签名无效", is_outer=True)
    try:
        content = json.loads(form["msgData"])
    except ValueError as error:
        raise Refused("A1010", "msgData格式错误", is_outer=True) from error
    if not isinstance(content, dict):
        raise Refused("A1010", "msgData格式错误", is_outer=True)
    return form["serviceCode"], name, content


# --- operations -------------------------------------------------------------------------------------------------------


def _track(world: World, name: str, content: dict[str, Any]) -> dict[str, Any]:
    wanted = content.get("trackingNumber")
    if not isinstance(wanted, list) or not wanted or len(wanted) > MAX_WAYBILLS:
        raise Refused("S0005", "trackingNumber应为1到10个单号")
    told = []
    for waybill in wanted:
        parcel = _parcel(world, name, waybill)
        rows: list[dict[str, Any]] = []
        if parcel is not None:
            parcel.count("track")
            is_known = not parcel.phone_last4 or content.get("checkPhoneNo") == parcel.phone_last4
            # A phone that is not the parcel's is no error: there are simply no routes.
            rows = [_route(scan) for scan in parcel.scans] if is_known else []
        told.append({"mailNo": waybill, "routes": rows})
    return {"routeResps": told}


def _intercept(world: World, name: str, content: dict[str, Any]) -> dict[str, Any] | None:
    parcel = _parcel(world, name, content.get("waybillNo"))
    if parcel is None:
        raise Refused("20001", "运单号不存在")
    if content.get("cancel"):
        _cancel(world, parcel, content)
        return None
    parcel.count("create")
    if not all(content.get(needed) for needed in ("serviceCode", "role", "payMode")):
        raise Refused("S0002", "必填参数不能为空")
    if content["payMode"] == "4" and not content.get("monthlyCardNo"):
        raise Refused("S0002", "monthlyCardNo不能为空")
    if content["serviceCode"] == "1" and not content.get("newDestAddress"):
        raise Refused("S0002", "newDestAddress不能为空")
    if parcel.use("throttle"):
        world.keep(parcel)
        raise Refused("A1005", "请求过于频繁", is_outer=True)
    why_not = parcel.why_not_stoppable()
    if why_not:
        raise Refused("20002", REFUSALS[why_not])
    destination = 3 if content["serviceCode"] == "1" else 2
    intercept = parcel.accept(biz_no="", request_id="", destination=destination, now=world.now(), scale=world.scale)
    world.keep(parcel)
    told = {"cusId": intercept.reference, "amount": 12.5, "freightAdditionInfoResp": None}
    result: dict[str, Any] | None = world.spoil(parcel, None if parcel.wire.get("null_answer") else told)
    return result


def _cancel(world: World, parcel: Parcel, content: dict[str, Any]) -> None:
    parcel.count("cancel")
    intercept = parcel.active_intercept()
    if content.get("serviceCode") not in ("1", "2") or intercept is None or intercept.status != RUNNING:
        raise Refused("20003", "没有可取消的拦截，不支持取消")
    if intercept.reference != content.get("cusId"):
        raise Refused("20004", "指令编号不匹配，不支持取消")
    parcel.cancel(intercept, now=world.now(), scale=world.scale)
    world.keep(parcel)
    world.spoil(parcel, None)


_OPERATIONS = {"track": _track, "intercept": _intercept}


def _parcel(world: World, name: str, waybill: Any) -> Parcel | None:
    """Another customer's parcel is one SF does not know."""
    parcel = world.parcel("sf", str(waybill or ""))
    return parcel if parcel is not None and parcel.account == name else None


# --- scans and pushes -------------------------------------------------------------------------------------------------


def _route(scan: dict[str, Any]) -> dict[str, Any]:
    code, first, second = SCANS[scan["scan"]]
    return {
        "acceptTime": datetime.fromtimestamp(scan["at"], SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
        "acceptAddress": scan["city"],
        "remark": scan["text"],
        "opCode": code,
        "firstStatusName": first,
        "secondaryStatusName": second,
    }


def push(parcel: Parcel, scan: dict[str, Any], *, turn: int = 0) -> tuple[bytes, dict[str, str]]:
    """(body, headers) of a push: a customer chooses XML in a form or plain JSON, so every other `turn` is the other."""
    told = {"id": scan["id"], "mailno": parcel.waybill, "orderid": f"SO{parcel.waybill}", **_route(scan)}
    told.pop("firstStatusName")
    told.pop("secondaryStatusName")
    if turn % 2:
        body = json.dumps({"Body": {"WaybillRoute": [told]}}, ensure_ascii=False)
        return body.encode(), {"content-type": JSON}
    route = " ".join(f"{name}={quoteattr(str(value))}" for name, value in told.items())
    document = f'<Request service="RoutePushService" lang="zh-CN"><Body><WaybillRoute {route}/></Body></Request>'
    return urlencode({"content": document}).encode(), {"content-type": FORM}


def is_acknowledged(body: str) -> bool:
    """`OK` in XML, 0000 in JSON."""
    try:
        return str(json.loads(body).get("return_code")) == "0000"
    except (ValueError, AttributeError):
        return "<Head>OK</Head>" in body


def _md5(text: str) -> str:
    return base64.b64encode(hashlib.md5(text.encode(), usedforsecurity=False).digest()).decode()
