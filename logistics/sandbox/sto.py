"""STO's wire, from STO's side: one gateway, `success` as text, now and then XML, JSON pushes, no query."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.sax.saxutils import escape

from logistics.sandbox import accounts
from logistics.sandbox.parcels import RUNNING, Parcel
from logistics.sandbox.world import Asked, Spoiled, World
from logistics.sandbox.zto import SHANGHAI

ROUTE = "/gateway/link.do"
# api_name → (how it is counted, to_appkey and to_code)
APIS = {
    "STO_TRACE_QUERY_COMMON": ("track", "sto_trace_query"),
    "STO_TRACE_PLATFORM_SUBSCRIBE": ("subscribe", "sto_trace_platform"),
    "INTERCEPT_CREATE_STANDARD": ("create", "reverse-center"),
    "INTERCEPT_DEL_STANDARD": ("cancel", "reverse-center"),
}
# neutral scan → scanType. A return signed by the merchant is a plain 签收: only the order of scans tells.
SCANS = {
    "picked_up": "收件",
    "departed": "发件",
    "arrived": "到件",
    "delivering": "派件",
    "locker": "驿站代收",
    "signed": "签收",
    "return": "退回件",
    "return_signed": "签收",
    "problem": "问题件",
    "refused": "问题件",
    "address_change": "改地址件",
}
REFUSALS = {
    "no_scan": "运单未揽收，不能拦截",
    "signed": "运单已签收，不能拦截",
    "duplicate": "该运单已发起拦截，请勿重复发起",
    "not_supported": "该客户不支持拦截",
    "delivering": "运单派件中，不能拦截",
    "at_locker": "快件已入驿站，不能拦截",
    "returning": "当前状态不支持拦截",
    "exception": "当前状态不支持拦截",
}
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


class Refused(Exception):
    """STO publishes no list of error codes; only the sentence is known to be there."""


def operation(asked: Asked) -> str:
    """What is asked for, as it is counted."""
    return APIS.get(_form(asked).get("api_name", ""), ("unknown", ""))[0]


def answer(world: World, asked: Asked) -> tuple[str, str]:
    """One call: (body, content type), always HTTP 200. Raises Spoiled when this parcel's calls are to go wrong."""
    turn = world.counts.get(f"sto:{operation(asked)}", 0)
    try:
        api, name, content = _read(asked)
        if world.is_throttled("sto"):
            raise Refused("调用过于频繁，请稍后再试")
        envelope = _yes(_OPERATIONS[APIS[api][0]](world, name, content))
    except Refused as refused:
        envelope = {"success": "false", "errorCode": "", "errorMsg": str(refused), "data": None}
    except Spoiled as spoiled:
        spoiled.body = json.dumps(_yes(spoiled.content), ensure_ascii=False)
        raise
    # An answer without data comes in XML now and then; nobody says when, so every other one does.
    if envelope["data"] is None and turn % 2:
        told = "".join(f"<{k}>{escape(str(v))}</{k}>" for k, v in envelope.items() if k != "data")
        return f"<response>{told}</response>", "text/xml; charset=UTF-8"
    return json.dumps(envelope, ensure_ascii=False), "application/json; charset=UTF-8"


def _yes(data: Any) -> dict[str, Any]:
    return {"success": "true", "errorCode": "", "errorMsg": "", "data": data}


def _form(asked: Asked) -> dict[str, str]:
    try:
        return dict(parse_qsl(asked.raw.decode(), keep_blank_values=True))
    except ValueError:
        return {}


def _read(asked: Asked) -> tuple[str, str, dict[str, Any]]:
    form = _form(asked)
    api = form.get("api_name", "")
    if api not in APIS or {form.get("to_appkey"), form.get("to_code")} != {APIS[api][1]}:
        raise Refused("接口无权限")
    name = accounts.owner_of_sto(form.get("from_appkey", ""), form.get("from_code", ""))
    if not name:
        raise Refused("应用无权限")
    text = form.get("content", "")
    expected = _md5(text + accounts.sto_secrets(name)["secret_key"])
    if not hmac.compare_digest(form.get("data_digest", "").encode(), expected.encode()):
        raise Refused("签名校验失败")
    try:
        content = json.loads(text)
    except ValueError as error:
        raise Refused("参数格式错误") from error
    if not isinstance(content, dict):
        raise Refused("参数格式错误")
    return api, name, content


# --- operations -------------------------------------------------------------------------------------------------------


def _track(world: World, name: str, content: dict[str, Any]) -> dict[str, Any]:
    wanted = content.get("waybillNoList")
    if not isinstance(wanted, list) or not wanted:
        raise Refused("参数waybillNoList不能为空")
    found = {}
    for waybill in wanted:
        parcel = _parcel(world, name, waybill)
        if parcel is not None:
            parcel.count("track")
        if parcel is not None and parcel.scans:
            rows = [_queried(parcel, scan) for scan in parcel.scans]
            found[waybill] = rows if content.get("order") == "asc" else rows[::-1]
    return found


def _subscribe(world: World, name: str, content: dict[str, Any]) -> list[dict[str, Any]]:
    told = []
    for one in content.get("subscribeInfoList") or ():
        parcel = _parcel(world, name, one.get("waybillNo"))
        if parcel is not None:
            world.subscribe(parcel)
        message = "成功" if parcel is not None else "运单号不存在"
        told.append({"waybillNo": one.get("waybillNo"), "status": parcel is not None, "message": message})
    return told


def _create(world: World, name: str, content: dict[str, Any]) -> None:
    parcel = _parcel(world, name, content.get("waybillNo"))
    if parcel is None:
        raise Refused("运单号不存在")
    parcel.count("create")
    if content.get("interceptForAct") != "DEFAULT":
        raise Refused("参数interceptForAct错误")
    if parcel.use("throttle"):
        world.keep(parcel)
        raise Refused("调用过于频繁，请稍后再试")
    why_not = parcel.why_not_stoppable()
    if why_not:
        raise Refused(REFUSALS[why_not])
    destination = 3 if content.get("receiverAddress") else 2
    parcel.accept(biz_no="", request_id="", destination=destination, now=world.now(), scale=world.scale)
    world.keep(parcel)
    world.spoil(parcel, None)


def _cancel(world: World, name: str, content: dict[str, Any]) -> None:
    parcel = _parcel(world, name, content.get("waybillNo"))
    if parcel is None:
        raise Refused("运单号不存在")
    parcel.count("cancel")
    intercept = parcel.active_intercept()
    if intercept is None or intercept.status != RUNNING:
        raise Refused("没有可撤销的拦截，不支持撤销")
    parcel.cancel(intercept, now=world.now(), scale=world.scale)
    world.keep(parcel)
    world.spoil(parcel, None)


_OPERATIONS = {"track": _track, "subscribe": _subscribe, "create": _create, "cancel": _cancel}


def _parcel(world: World, name: str, waybill: Any) -> Parcel | None:
    """Another customer's parcel is one STO does not know."""
    parcel = world.parcel("sto", str(waybill or ""))
    return parcel if parcel is not None and parcel.account == name else None


# --- scans and pushes -------------------------------------------------------------------------------------------------


def _queried(parcel: Parcel, scan: dict[str, Any]) -> dict[str, Any]:
    return {
        "waybillNo": parcel.waybill,
        "scanType": SCANS[scan["scan"]],
        "opTime": datetime.fromtimestamp(scan["at"], SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
        "memo": scan["text"],
        "opOrgName": scan["name"],
        "opOrgCode": scan["code"],
        "opOrgProvinceName": scan["province"],
        "opOrgCityName": scan["city"],
    }


def push(parcel: Parcel, scan: dict[str, Any], *, turn: int = 0) -> tuple[bytes, dict[str, str]]:
    """(body, headers) of a signed push. A repetition keeps its outBizCode."""
    trace = {
        **_queried(parcel, scan),
        "outBizCode": f"STO{scan['id']}",
        "opOrgType": "2" if scan["is_center"] else "1",
        "opEmpName": scan["staff"],
        "issueName": {"refused": "拒收", "problem": "联系不上收件人"}.get(scan["scan"], ""),
        "tz": "+8",
    }
    trace.pop("waybillNo")
    content = json.dumps({"waybillNo": parcel.waybill, "linkCode": "demo", "trace": trace}, ensure_ascii=False)
    secret = accounts.sto_secrets(parcel.account)["secret_key"]
    return urlencode({"content": content, "data_digest": _md5(content + secret)}).encode(), {"content-type": FORM}


def is_acknowledged(body: str) -> bool:
    """Only `success: true` counts, as a boolean or as text."""
    try:
        return str(json.loads(body).get("success")).lower() == "true"
    except (ValueError, AttributeError):
        return False


def _md5(text: str) -> str:
    return base64.b64encode(hashlib.md5(text.encode(), usedforsecurity=False).digest()).decode()
