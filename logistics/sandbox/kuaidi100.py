"""Kuaidi100's wire, from its side: it speaks of other couriers' parcels, signs in three ways, pushes whole tracks.

What an interception's callback says no source shows. This one sends what is assumed of it, the parcel and a word,
signed like a push, so that the house can show that it believes none of it.
"""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from logistics.sandbox import accounts
from logistics.sandbox.parcels import Parcel
from logistics.sandbox.world import Asked, Spoiled, World
from logistics.sandbox.zto import SHANGHAI

ROUTE = r"/{call:poll/query\.do|poll|label/order}"
CALLS = {"poll/query.do": "track", "poll": "subscribe", "label/order": "create"}
COMPANIES = {"zto": "zhongtong", "yto": "yuantong", "sto": "shentong", "jt": "jtexpress", "sf": "shunfeng"}
# These take no request without an address to call back.
WANT_CALLBACK = ("zto", "jt", "yto")
TYPES = {"RETURN_SEND_STATION": 1, "RETURN_SEND_ADDR": 2, "MODIFY_ADDR": 3}
# A push is repeated after half an hour, three times.
RETRY_AFTER_S = (1800, 1800, 1800)
MAX_SUBSCRIPTIONS = 4
# neutral scan → (statusCode, status)
SCANS = {
    "picked_up": ("103", "揽收"),
    "departed": ("1002", "干线"),
    "arrived": ("0", "在途"),
    "delivering": ("5", "派件"),
    "locker": ("501", "投柜或驿站"),
    "signed": ("301", "签收"),
    "return": ("6", "退回"),
    "return_signed": ("4", "退签"),
    "problem": ("204", "派送异常"),
    "refused": ("14", "拒签"),
    "address_change": ("7", "转投"),
}
REFUSALS = {
    "no_scan": "快件未揽收，不能拦截",
    "signed": "快件已签收，不能拦截",
    "duplicate": "该运单已发起拦截，请勿重复发起",
    "not_supported": "该产品不支持拦截",
    "arrived_destination": "快件已到达派件网点，不能拦截",
    "delivering": "快件派件中，不能拦截",
    "at_locker": "快件已入驿站，不能拦截",
    "returning": "当前状态不支持拦截",
    "exception": "当前状态不支持拦截",
}
JSON = "application/json; charset=UTF-8"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


class Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(code)


def operation(asked: Asked) -> str:
    """What is asked for, as it is counted."""
    return CALLS[asked.path["call"]]


def answer(world: World, asked: Asked) -> tuple[str, str]:
    """One call: (body, content type), always HTTP 200. Raises Spoiled when this parcel's calls are to go wrong."""
    work = {"track": _track, "subscribe": _subscribe, "create": _create}[operation(asked)]
    try:
        form = dict(parse_qsl(asked.raw.decode(), keep_blank_values=True))
        if world.is_throttled("kuaidi100"):
            raise Refused("502", "服务器繁忙，请求过于频繁")
        body = work(world, form)
    except Refused as refused:
        body = {"result": False, "returnCode": refused.code, "message": refused.message}
    except (ValueError, TypeError, AttributeError):
        body = {"result": False, "returnCode": "400", "message": "提交的数据不完整"}
    except Spoiled as spoiled:
        spoiled.body = json.dumps(spoiled.content, ensure_ascii=False)
        raise
    return json.dumps(body, ensure_ascii=False), JSON


# --- operations -------------------------------------------------------------------------------------------------------


def _track(world: World, form: dict[str, str]) -> dict[str, Any]:
    text, customer = form.get("param", ""), form.get("customer", "")
    name = accounts.owner_of_kuaidi100(customer=customer)
    if not name:
        raise Refused("601", "key已过期或没有可用单量")
    if not _is_signed(form.get("sign", ""), text, accounts.kuaidi100_secrets(name)["key"], customer):
        raise Refused("503", "验证签名失败")
    param = json.loads(text)
    parcel = _parcel(world, name, param.get("com"), param.get("num"))
    if parcel is None or not parcel.scans:
        raise Refused("500", "查询无结果，请隔段时间再查")
    parcel.count("track")
    given = str(param.get("phone") or "")
    if parcel.phone_last4 and (given or parcel.wire.get("needs_phone")) and given[-4:] != parcel.phone_last4:
        raise Refused("408", "快递公司参数异常：验证码错误")
    # Too soon after the last question is answered, but written down: a number asked too often is locked in the end.
    last = float(parcel.wire.get("asked_at") or 0)
    if world.now() - last < 1800 * world.scale:
        parcel.count("track_too_soon")
    parcel.wire["asked_at"] = world.now()
    return _result(parcel, parcel.scans, with_codes=int(param.get("resultv2") or 0) >= 4)


def _subscribe(world: World, form: dict[str, str]) -> dict[str, Any]:
    param = json.loads(form.get("param", ""))
    name = accounts.owner_of_kuaidi100(key=str(param.get("key") or ""))
    if form.get("schema") != "json" or not name:
        raise Refused("600", "您不是合法的订阅者")
    told = param.get("parameters") or {}
    if not str(told.get("callbackurl") or "").startswith(("http://", "https://")):
        raise Refused("700", "POLL:回调地址错误")
    parcel = _parcel(world, name, param.get("company"), param.get("number"))
    if parcel is None:
        raise Refused("700", "POLL:不支持的单号")
    if parcel.courier in ("zto", "sf") and parcel.phone_last4 and told.get("phone") != parcel.phone_last4:
        raise Refused("700", "POLL:手机号后四位错误")
    if parcel.is_subscribed:
        raise Refused("501", "POLL:重复订阅")
    if parcel.calls.get("subscribe", 0) >= MAX_SUBSCRIPTIONS:
        raise Refused("700", "POLL:本月订阅次数超限")
    # Given with every subscription, not at a console: where to push, and what to sign with.
    parcel.via, parcel.push_url, parcel.wire["salt"] = "kuaidi100", told["callbackurl"], str(told.get("salt") or "")
    world.subscribe(parcel)
    return {"result": True, "returnCode": "200", "message": "提交成功"}


def _create(world: World, form: dict[str, str]) -> dict[str, Any]:
    text, key, stamp = form.get("param", ""), form.get("key", ""), form.get("t", "")
    name = accounts.owner_of_kuaidi100(key=key)
    if not name or form.get("method") != "interceptOrder":
        return _no("601", "key无效或无权限")
    if not _is_signed(form.get("sign", ""), text, stamp, key, accounts.kuaidi100_secrets(name)["secret"]):
        return _no("503", "验证签名失败")
    param = json.loads(text)
    kind = TYPES.get(str(param.get("interceptType")))
    parcel = _parcel(world, name, param.get("kuaidicom"), param.get("kuaidinum"))
    if parcel is None:
        return _no("30001", "运单号不存在")
    parcel.count("create")
    if kind is None or (kind == 3 and not param.get("recManInfo")):
        return _no("30002", "参数interceptType、recManInfo错误")
    if parcel.courier in WANT_CALLBACK and not param.get("callbackUrl"):
        return _no("30002", "参数callbackUrl不能为空")
    if parcel.use("throttle"):
        world.keep(parcel)
        return _no("30003", "调用过于频繁，请稍后再试")
    why_not = parcel.why_not_stoppable()
    # The courier behind it decides, and ZTO refuses once its delivering site has scanned the parcel.
    if why_not or (parcel.courier == "zto" and parcel.state == "arrived_destination"):
        return _no("30004", REFUSALS[why_not or "arrived_destination"])
    parcel.via = "kuaidi100"
    parcel.callback_url, parcel.wire["salt"] = str(param.get("callbackUrl") or ""), str(param.get("salt") or "")
    intercept = parcel.accept(
        biz_no=str(param.get("orderId") or ""), request_id="", destination=kind, now=world.now(), scale=world.scale
    )
    world.keep(parcel)
    told: dict[str, Any] = world.spoil(
        parcel, {"success": True, "code": 200, "message": "提交成功", "data": intercept.reference, "time": 12}
    )
    return told


def _no(code: str, message: str) -> dict[str, Any]:
    return {"success": False, "code": int(code), "message": message, "data": None, "time": 3}


def _parcel(world: World, name: str, company: Any, waybill: Any) -> Parcel | None:
    """Another customer's parcel, or another courier's, is one it knows nothing about."""
    parcel = world.store.parcels.get(str(waybill or ""))
    is_theirs = parcel is not None and parcel.account == name and COMPANIES.get(parcel.courier) == company
    return parcel if is_theirs else None


# --- scans and pushes -------------------------------------------------------------------------------------------------


def _result(parcel: Parcel, seen: list[dict[str, Any]], *, with_codes: bool = True) -> dict[str, Any]:
    """A track, newest first, under the verdict on the whole of it."""
    rows, is_coming_home = [], False
    for scan in seen:
        is_coming_home = is_coming_home or scan["scan"] == "return"
        rows.append(_row(parcel, scan, is_coming_home, with_codes))
    code = _code(parcel, seen[-1], is_coming_home)[0]
    return {
        "message": "ok",
        "nu": parcel.waybill,
        "ischeck": "1" if code in ("301", "4") else "0",
        "com": COMPANIES[parcel.courier],
        "status": "200",
        "state": code if with_codes else code[0],
        "condition": "F00",
        "data": rows[::-1],
    }


def _code(parcel: Parcel, scan: dict[str, Any], is_coming_home: bool) -> tuple[str, str]:
    if scan["scan"] == "arrived" and is_coming_home:
        return "6", "退回"
    if scan["scan"] == "arrived" and not scan["is_center"] and scan["city"] == parcel.receiver_city:
        return "1001", "到达派件城市"
    return SCANS[scan["scan"]]


def _row(parcel: Parcel, scan: dict[str, Any], is_coming_home: bool, with_codes: bool) -> dict[str, Any]:
    code, status = _code(parcel, scan, is_coming_home)
    at = datetime.fromtimestamp(scan["at"], SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    row = {"time": at, "ftime": at, "context": scan["text"], "location": scan["name"]}
    if with_codes:
        row |= {
            "areaCode": "",
            "areaName": f"{scan['province']},{scan['city']},{scan['district']}",
            "status": status,
            "statusCode": code,
        }
    return row


def push(parcel: Parcel, scan: dict[str, Any], *, turn: int = 0) -> tuple[bytes, dict[str, str]]:
    """(body, headers) of a push: the whole track up to this scan, or the word about an interception."""
    if scan["scan"] == "result":
        told = {
            "kuaidicom": COMPANIES[parcel.courier],
            "kuaidinum": parcel.waybill,
            "orderId": parcel.intercepts[-1].biz_no,
            "status": scan["status"],
        }
    else:
        seen = [one for one in parcel.scans if one["at"] <= scan["at"]] or [scan]
        status, result = "polling", _result(parcel, seen)
        if result["ischeck"] == "1":
            status = "shutdown"
        if parcel.wire.get("abort_push"):
            status, result = "abort", {**result, "message": "3天查询无记录", "status": "201", "data": []}
        told = {
            "status": status,
            "billstatus": "check" if status == "shutdown" else "got",
            "message": result["message"] if status == "abort" else "",
            "autoCheck": "0",
            "comOld": "",
            "comNew": "",
            "lastResult": result,
        }
    param = json.dumps(told, ensure_ascii=False)
    salt = parcel.wire.get("salt") or accounts.kuaidi100_secrets(parcel.account)["salt"]
    return urlencode({"sign": _sign(param, salt), "param": param}).encode(), {"content-type": FORM}


def is_acknowledged(body: str) -> bool:
    """`result: true` with returnCode 200."""
    try:
        told = json.loads(body)
        return told.get("result") is True and told.get("returnCode") == "200"
    except (ValueError, AttributeError):
        return False


def _sign(*parts: str) -> str:
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest().upper()


def _is_signed(given: str, *parts: str) -> bool:
    return hmac.compare_digest(given.encode(), _sign(*parts).encode())
