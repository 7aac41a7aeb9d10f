"""YTO's wire, from YTO's side: credentials per method, array or object, `success` as text, XML pushes, no query."""

import base64
import hashlib
import hmac
import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.sax.saxutils import escape

from logistics.sandbox import accounts
from logistics.sandbox.parcels import RUNNING, Parcel
from logistics.sandbox.world import Asked, Spoiled, World
from logistics.sandbox.zto import SHANGHAI

ROUTE = "/open/{method}/{version}/{url_key}/{client_code}"
# neutral scan → infoContent. A return signed by the merchant is a plain SIGNED: only the order of scans tells.
SCANS = {
    "picked_up": "GOT",
    "departed": "DEPARTURE",
    "arrived": "ARRIVAL",
    "delivering": "SENT_SCAN",
    "locker": "INBOUND",
    "signed": "SIGNED",
    "return": "TMS_RETURN",
    "return_signed": "SIGNED",
    "problem": "FAILED",
    "refused": "FAILED",
    "address_change": "FORWARDING",
}
REFUSALS = {
    "no_scan": "运单未揽收，不能发起拦截",
    "signed": "运单已签收，不能发起拦截",
    "duplicate": "已有有效拦截件，不能重复发起拦截",
    "not_supported": "该客户未开通拦截，不支持发起",
    "delivering": "运单已派件，不能发起拦截",
    "at_locker": "快件已入驿站，不能发起拦截",
    "returning": "当前状态不支持拦截",
    "exception": "当前状态不支持拦截",
}
AUTH_FAILED = {"success": False, "code": 401, "reason": "请求加密校验失败"}


def operation(asked: Asked) -> str:
    """What is asked for, as it is counted."""
    return asked.path["method"]


def answer(world: World, asked: Asked) -> tuple[str, str]:
    """One call: (body, content type), always HTTP 200. Raises Spoiled when this parcel's calls are to go wrong."""
    method = asked.path["method"]
    name, param = _read(asked)
    body: Any
    if name is None:
        body = AUTH_FAILED
    elif world.is_throttled("yto"):
        body = {"success": False, "code": 429, "reason": "调用过于频繁，请降低频率"}
    else:
        try:
            body = _OPERATIONS[method](world, name, param)
        except Spoiled as spoiled:
            spoiled.body = json.dumps(spoiled.content, ensure_ascii=False)
            raise
    return json.dumps(body, ensure_ascii=False), "application/json"


def _read(asked: Asked) -> tuple[str | None, dict[str, Any]]:
    method, version, url_key, client_code = (asked.path[n] for n in ("method", "version", "url_key", "client_code"))
    content_type, raw = asked.headers.get("content-type", ""), asked.raw
    name = accounts.owner_of_yto(method, client_code, url_key)
    if not name or version != "v1":
        return None, {}
    try:
        told = dict(parse_qsl(raw.decode(), keep_blank_values=True)) if "form" in content_type else json.loads(raw)
        param, given = str(told["param"]), str(told["sign"])
        secret = accounts.yto_secrets(name)[method]["secret"]
        expected = _md5(param + method + version + secret)
        if not hmac.compare_digest(given.encode(), expected.encode()):
            return None, {}
        content = json.loads(param)
    except (ValueError, KeyError, TypeError):
        return None, {}
    return name, content if isinstance(content, dict) else {}


# --- operations -------------------------------------------------------------------------------------------------------


def _track(world: World, name: str, param: dict[str, Any]) -> Any:
    waybill = str(param.get("NUMBER") or param.get("Number") or "")
    parcel = _parcel(world, name, waybill)
    if parcel is not None:
        parcel.count("track")
    if parcel is None or not parcel.scans:
        return {"code": "1001", "map": {waybill: []}, "message": "查询结果为空。", "success": "true"}
    return [
        {
            "waybill_No": waybill,
            "upload_Time": _time(scan),
            "infoContent": SCANS[scan["scan"]],
            "processInfo": scan["text"],
            "city": scan["city"],
            "district": scan["district"],
            "weight": "1.0",
        }
        for scan in parcel.scans
    ]


def _subscribe(world: World, name: str, param: dict[str, Any]) -> dict[str, Any]:
    try:
        waybill = str(json.loads(param["logistics_interface"])["waybillNo"])
    except (KeyError, ValueError, TypeError):
        return {"success": "false", "code": "1002", "message": "参数错误"}
    parcel = _parcel(world, name, waybill)
    if parcel is None:
        return {"success": "false", "code": "1003", "message": "单号不存在"}
    world.subscribe(parcel)
    return {"success": "true", "code": "0", "message": "成功"}


def _report(world: World, name: str, param: dict[str, Any]) -> dict[str, Any]:
    return _create(world, name, param, destination=2)


def _change(world: World, name: str, param: dict[str, Any]) -> dict[str, Any]:
    if not param.get("receiveAddress"):
        return _no("收件地址不能为空")
    return _create(world, name, param, destination=3)


def _create(world: World, name: str, param: dict[str, Any], *, destination: int) -> dict[str, Any]:
    if not param.get("wantedDesc"):
        return _no("拦截描述不能为空")
    parcel = _parcel(world, name, str(param.get("waybillNo") or ""))
    if parcel is None:
        return _no("运单号不存在")
    parcel.count("create")
    if parcel.use("throttle"):
        world.keep(parcel)
        return {"success": False, "code": 429, "reason": "调用过于频繁，请降低频率"}
    why_not = parcel.why_not_stoppable()
    if why_not:
        return _no(REFUSALS[why_not])
    parcel.accept(
        biz_no=str(param["wantedDesc"]), request_id="", destination=destination, now=world.now(), scale=world.scale
    )
    world.keep(parcel)
    return world.spoil(parcel, _yes())


def _cancel(world: World, name: str, param: dict[str, Any]) -> dict[str, Any]:
    parcel = _parcel(world, name, str(param.get("waybillNo") or ""))
    if parcel is None:
        return _no("运单号不存在")
    parcel.count("cancel")
    intercept = parcel.active_intercept()
    if intercept is None or intercept.status != RUNNING:
        return _no("没有可撤销的拦截件，不支持撤销")
    parcel.cancel(intercept, now=world.now(), scale=world.scale)
    world.keep(parcel)
    return world.spoil(parcel, _yes())


_OPERATIONS = {
    "track_query_adapter": _track,
    "subscribe_adapter": _subscribe,
    "wanted_report_adapter": _report,
    "wanted_change_adapter": _change,
    "wanted_cancel_adapter": _cancel,
}


def _parcel(world: World, name: str, waybill: str) -> Parcel | None:
    """Another customer's parcel is one YTO does not know."""
    parcel = world.parcel("yto", waybill)
    return parcel if parcel is not None and parcel.account == name else None


def _yes() -> dict[str, Any]:
    return {"statusCode": 0, "statusMessage": "成功"}


def _no(message: str) -> dict[str, Any]:
    return {"statusCode": 1, "statusMessage": message}


# --- scans and pushes -------------------------------------------------------------------------------------------------


def _time(scan: dict[str, Any]) -> str:
    return datetime.fromtimestamp(scan["at"], SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def push(parcel: Parcel, scan: dict[str, Any], *, turn: int = 0) -> tuple[bytes, dict[str, str]]:
    """(body, headers) of a signed push."""
    told = {
        "logisticProviderID": "YTO",
        "clientID": accounts.yto_secrets(parcel.account)["push"]["client_id"],
        "mailNo": parcel.waybill,
        "txLogisticID": f"TX{parcel.waybill}",
        "infoType": "STATUS",
        "infoContent": SCANS[scan["scan"]],
        "acceptTime": _time(scan),
        "remark": scan["text"],
        "orgName": scan["name"],
        "orgCode": scan["code"],
        "empName": scan["staff"],
        "city": scan["city"],
        "district": scan["district"],
        "questionCause": "客户拒收" if scan["scan"] == "refused" else "",
    }
    document = "<UpdateInfo>" + "".join(f"<{k}>{escape(v)}</{k}>" for k, v in told.items()) + "</UpdateInfo>"
    secret = accounts.yto_secrets(parcel.account)["push"]["secret"]
    fields = {
        "logistics_interface": document,
        "data_digest": _md5(document + secret),
        "clientId": told["clientID"],
        "type": "online",
    }
    return urlencode(fields).encode(), {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}


def is_acknowledged(body: str) -> bool:
    """Only `<success>true</success>` counts."""
    return re.search(r"<success>\s*true\s*</success>", body) is not None


def _md5(text: str) -> str:
    return base64.b64encode(hashlib.md5(text.encode(), usedforsecurity=False).digest()).decode()
