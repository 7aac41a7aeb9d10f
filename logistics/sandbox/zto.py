"""ZTO's wire, from ZTO's side: errors in HTTP 200, S211 for a wrong signature, a state query, form or JSON pushes."""

import base64
import hashlib
import hmac
import json
import time
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from logistics.sandbox import accounts
from logistics.sandbox.lives import LIVES
from logistics.sandbox.parcels import RUNNING, Parcel
from logistics.sandbox.world import Asked, Spoiled, World

# ZTO's interface names are one path segment with dots.
ROUTE = "/{api}"
SHANGHAI = ZoneInfo("Asia/Shanghai")
APIS = {
    "zto.merchant.waybill.track.query": "track",
    "zto.merchant.waybill.track.subsrcibe": "subscribe",
    "thirdcenter.createIntercept": "create",
    "thirdcenter.cancelIntercept": "cancel",
    "thirdcenter.queryInterceptAndReturnStatus": "query",
}
# neutral scan → (word in a query, action in a push)
SCANS = {
    "picked_up": ("收件", "GOT"),
    "departed": ("发件", "DEPARTURE"),
    "arrived": ("到件", "ARRIVAL"),
    "delivering": ("派件", "DISPATCH"),
    # In a query the English word means "into a locker"; in a push it means "at a site".
    "locker": ("ARRIVAL", "INBOUND"),
    "signed": ("签收", "SIGNED"),
    "return": ("退件", "RETURN_SCAN"),
    "return_signed": ("签收", "RETURN_SIGNED"),
    "problem": ("问题件", "PROBLEM"),
    "refused": ("问题件", "PROBLEM"),
    "address_change": ("退件", "RETURN_SCAN"),
}
STATUS_NAMES = {
    "INTERCEPTING": "拦截中",
    "INTERCEPT_SUCCESS": "拦截成功",
    "PACKAGE_DELIVERYING": "退改中",
    "INTERCEPT_DISCONTINUE": "拦截完结",
    "INTERCEPT_FAIL": "拦截失败",
    "INTERCEPT_CANCEL": "拦截取消",
}
MAX_CLOCK_SKEW_S = 15 * 60


class Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(code)


def operation(asked: Asked) -> str:
    """What is asked for, as it is counted."""
    return APIS.get(asked.path["api"], "unknown")


def answer(world: World, asked: Asked) -> tuple[str, str]:
    """One call: (body, content type), always HTTP 200. Raises Spoiled when this parcel's calls are to go wrong."""
    try:
        name, content = _read(asked)
        if world.is_throttled("zto"):
            raise Refused("S221", "接口QPS超限")
        body = _OPERATIONS[operation(asked)](world, name, content)
    except Refused as refused:
        body = {"status": False, "statusCode": refused.code, "message": refused.message, "result": None, "data": None}
    except Spoiled as spoiled:
        spoiled.body = json.dumps(spoiled.content, ensure_ascii=False)
        raise
    return json.dumps(body, ensure_ascii=False), "application/json; charset=UTF-8"


# --- signature --------------------------------------------------------------------------------------------------------


def _read(asked: Asked) -> tuple[str, dict[str, Any]]:
    headers, raw = asked.headers, asked.raw
    if asked.path["api"] not in APIS:
        raise Refused("S207", "接口不存在")
    app_key = headers.get("x-companyid") or headers.get("x-appkey") or ""
    name = accounts.owner_of_zto(app_key)
    if not name:
        raise Refused("S210", "无接口权限")
    stamp = headers.get("x-timestamp", "")
    if stamp and not (stamp.isdigit() and abs(time.time() - int(stamp) / 1000) < MAX_CLOCK_SKEW_S):
        raise Refused("S214", "时间戳错误")
    is_form = "form" in headers.get("content-type", "")
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True) if is_form else []
        # A form is signed as it was before it was escaped, in the order it was sent.
        signed = "&".join(f"{k}={v}" for k, v in pairs).encode() if is_form else raw
        secret = accounts.zto_secrets(name)["app_secret"].encode()
        if not _is_signed(headers.get("x-datadigest", ""), stamp.encode() + signed + secret):
            raise Refused("S211", "验签失败")
        content = dict(pairs) if is_form else json.loads(raw)
    except ValueError as error:
        raise Refused("S208", "参数错误") from error
    if not isinstance(content, dict) or not content.get("billCode"):
        raise Refused("S208", "参数缺失: billCode")
    return name, content


def _is_signed(given: str, content: bytes) -> bool:
    allowed = []
    for algorithm in ("md5", "sha256"):
        raw = hashlib.new(algorithm, content, usedforsecurity=False).digest()
        allowed += [base64.b64encode(raw).decode(), raw.hex()]
    return any(hmac.compare_digest(given.encode(), one.encode()) for one in allowed)


# --- operations -------------------------------------------------------------------------------------------------------


def _track(world: World, name: str, content: dict[str, Any]) -> dict[str, Any]:
    parcel = _parcel(world, name, content)
    parcel.count("track")
    if parcel.wire.get("needs_phone"):
        given = str(content.get("mobilePhone") or "")
        if not given:
            raise Refused("E413", "需要手机号后四位")
        if given != parcel.phone_last4:
            raise Refused("E409", "手机号不匹配")
    # Newest first: whoever believes the order of the list will be wrong.
    rows = [_queried(parcel, scan) for scan in reversed(parcel.scans)]
    return _ok(result=rows)


def _subscribe(world: World, name: str, content: dict[str, Any]) -> dict[str, Any]:
    parcel = _parcel(world, name, content)
    world.subscribe(parcel)
    return _ok(result=None)


def _create(world: World, name: str, content: dict[str, Any]) -> dict[str, Any]:
    parcel = _parcel(world, name, content)
    parcel.count("create")
    for needed in ("requestId", "thirdBizNo", "destinationType"):
        if not content.get(needed):
            raise Refused("S208", f"参数缺失: {needed}")
    if parcel.use("throttle"):
        world.keep(parcel)
        raise Refused("S221", "接口QPS超限")
    if str(content["destinationType"]) not in ("1", "2", "3", "4"):
        raise Refused("E23108", "拦截目的地类型错误")
    if str(content["destinationType"]) in ("3", "4") and not content.get("receiveAddress"):
        raise Refused("S208", "参数缺失: receiveAddress")
    _check_can_stop(parcel)
    intercept = parcel.accept(
        biz_no=str(content["thirdBizNo"]),
        request_id=str(content["requestId"]),
        destination=int(content["destinationType"]),
        now=world.now(),
        scale=world.scale,
    )
    world.keep(parcel)
    return world.spoil(parcel, _ok(data={"centerBizNo": intercept.reference}))


def _check_can_stop(parcel: Parcel) -> None:
    if not parcel.scans:
        raise Refused("E23119", "暂无物流轨迹，请揽收后再试")
    if parcel.state in ("signed", "returned"):
        raise Refused("E23101", "运单已签收，无法拦截")
    if parcel.active_intercept() is not None:
        raise Refused("E23121", "该运单已存在拦截单，请勿重复发起")
    refuses = LIVES[parcel.script].refuses
    if refuses == "others":
        raise Refused("E23160", "其他平台已发起拦截")
    if refuses:
        raise Refused("E23118", "该渠道不支持拦截")
    if parcel.state in ("out_for_delivery", "refused"):
        raise Refused("E23120", "已有派件扫描，无法拦截")
    if parcel.state == "at_locker":
        raise Refused("E23112", "快件已到第三方驿站")
    if parcel.state == "arrived_destination":
        raise Refused("E23137", "快件已到达派件网点")
    if parcel.state == "returning":
        raise Refused("E23123", "该运单已存在退改")
    if parcel.state == "exception":
        raise Refused("E23140", "快件已遗失")


def _cancel(world: World, name: str, content: dict[str, Any]) -> dict[str, Any]:
    parcel = _parcel(world, name, content)
    parcel.count("cancel")
    if not content.get("thirdBizNo"):
        raise Refused("S208", "参数缺失: thirdBizNo")
    intercept = parcel.active_intercept()
    if intercept is None or intercept.status != RUNNING:
        raise Refused("E23130", "非拦截中状态，不能取消")
    if intercept.biz_no != content["thirdBizNo"]:
        raise Refused("E23135", "非拦截发起方，不能取消")
    parcel.cancel(intercept, now=world.now(), scale=world.scale)
    world.keep(parcel)
    return world.spoil(parcel, _ok(data=None))


def _query(world: World, name: str, content: dict[str, Any]) -> dict[str, Any]:
    parcel = _parcel(world, name, content)
    parcel.count("query")
    if not parcel.intercepts:
        raise Refused("E23102", "拦截单不存在")
    status = parcel.intercepts[-1].status
    data = {
        "billCode": parcel.waybill,
        "serviceCode": "RETURN",
        "status": status,
        "statusName": STATUS_NAMES[status] + ("：已派件" if status == "INTERCEPT_FAIL" else ""),
    }
    return world.spoil(parcel, _ok(data=data))


_OPERATIONS = {"track": _track, "subscribe": _subscribe, "create": _create, "cancel": _cancel, "query": _query}


def _parcel(world: World, name: str, content: dict[str, Any]) -> Parcel:
    parcel = world.parcel("zto", str(content["billCode"]))
    if parcel is None:
        raise Refused("E416", "非中通运单号")
    if parcel.account != name:
        raise Refused("E418", "网点未授权")
    return parcel


def _ok(**payload: Any) -> dict[str, Any]:
    return {"status": True, "statusCode": "SYS000", "message": "操作成功", **payload}


# --- scans and pushes -------------------------------------------------------------------------------------------------


def _queried(parcel: Parcel, scan: dict[str, Any]) -> dict[str, Any]:
    return {
        "billCode": parcel.waybill,
        "scanType": SCANS[scan["scan"]][0],
        "scanDate": int(scan["at"] * 1000),
        "scanSite": {
            "name": scan["name"],
            "code": scan["code"],
            "prov": scan["province"].removesuffix("省").removesuffix("市"),
            "city": scan["city"].removesuffix("市"),
            "isCenter": "T" if scan["is_center"] else "F",
        },
        "preOrNextSite": None,
        "signMan": "本人" if scan["scan"] == "signed" else None,
        "operateUser": scan["staff"],
        "desc": scan["text"],
        "returnType": None,
        "returnUpdateType": "改地址" if scan["scan"] == "address_change" else None,
    }


def push(parcel: Parcel, scan: dict[str, Any], *, turn: int = 0) -> tuple[bytes, dict[str, str]]:
    """(body, headers) of a signed push: sources disagree about form or JSON, so every other `turn` is the other."""
    data = json.dumps(
        {
            "billCode": parcel.waybill,
            "action": SCANS[scan["scan"]][1],
            "actionTime": datetime.fromtimestamp(scan["at"], SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
            "desc": scan["text"],
            "city": scan["city"].removesuffix("市"),
            "dist": scan["district"],
            "facilityCode": scan["code"],
            "facilityName": scan["name"],
            "courier": scan["staff"],
            "returnUpdateType": "改地址" if scan["scan"] == "address_change" else "",
        },
        ensure_ascii=False,
    )
    secrets = accounts.zto_secrets(parcel.account)
    digest = hashlib.md5((data + secrets["app_secret"]).encode(), usedforsecurity=False).digest()
    fields = {
        "data_digest": base64.b64encode(digest).decode(),
        "company_id": secrets["app_key"],
        "data": data,
        "msg_type": "Traces",
    }
    if turn % 2:
        return json.dumps(fields, ensure_ascii=False).encode(), {"content-type": "application/json; charset=UTF-8"}
    return urlencode(fields).encode(), {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}


def is_acknowledged(body: str) -> bool:
    """Only `status: true` counts."""
    try:
        return json.loads(body).get("status") is True
    except (ValueError, AttributeError):
        return False
