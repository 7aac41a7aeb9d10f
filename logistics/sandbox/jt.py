"""J&T's wire, from J&T's side: signed headers, 145003030 for a wrong one, no call to withdraw and none to ask."""

import base64
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

ROUTE = "/webopenplatformapi/api/{room}/{api}"
APIS = {"logistics/trace": "track", "trace/subscribe": "subscribe", "waybill/intercept": "create"}
MOST_BILLS = 10
# neutral scan → (scanType, problemType). A return signed by the merchant is a plain 签收.
SCANS = {
    "picked_up": ("快件揽收", ""),
    "departed": ("发件扫描", ""),
    "arrived": ("到件扫描", ""),
    "delivering": ("出仓扫描", ""),
    "locker": ("代理点收入扫描", ""),
    "signed": ("签收", ""),
    "return": ("退件扫描", ""),
    "return_signed": ("签收", ""),
    "problem": ("问题件扫描", "A9"),
    "refused": ("问题件扫描", "A2"),
    "address_change": ("问题件扫描", "A3"),
}
REFUSALS = {
    "no_scan": "运单未揽收，不可拦截",
    "signed": "运单已签收，不可拦截",
    "duplicate": "该运单已发起拦截，请勿重复发起",
    "not_supported": "该客户不支持拦截",
    "delivering": "运单派件中，不可拦截",
    "at_locker": "快件已到代收点，不可拦截",
    "returning": "当前状态不支持拦截",
    "exception": "当前状态不支持拦截",
}
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
# No code of a refused interception is public: any that is not "1", with a sentence.
PLAIN_NO = "0"


class Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(code)


def operation(asked: Asked) -> str:
    """What is asked for, as it is counted."""
    return APIS.get(_api(asked), "unknown")


def answer(world: World, asked: Asked) -> tuple[str, str]:
    """One call: (body, content type), always HTTP 200. Raises Spoiled when this parcel's calls are to go wrong."""
    try:
        name, content = _read(asked)
        if world.is_throttled("jt"):
            raise Refused(PLAIN_NO, "接口调用过于频繁")
        envelope = _yes(_OPERATIONS[operation(asked)](world, name, content))
    except Refused as refused:
        envelope = {"code": refused.code, "msg": refused.message, "data": None}
    except Spoiled as spoiled:
        spoiled.body = json.dumps(_yes(spoiled.content), ensure_ascii=False)
        raise
    return json.dumps(envelope, ensure_ascii=False), "application/json; charset=UTF-8"


def _yes(data: Any) -> dict[str, Any]:
    return {"code": "1", "msg": "success", "data": data}


def _api(asked: Asked) -> str:
    return f"{asked.path['room']}/{asked.path['api']}"


def _read(asked: Asked) -> tuple[str, dict[str, Any]]:
    headers = asked.headers
    for header, code in (("apiaccount", "145003051"), ("digest", "145003052"), ("timestamp", "145003053")):
        if not headers.get(header):
            raise Refused(code, f"{header} is empty")
    if _api(asked) not in APIS:
        raise Refused("145003012", "no interface permission")
    name = accounts.owner_of_jt(headers["apiaccount"])
    if not name:
        raise Refused("145003010", "account not exist")
    try:
        text = dict(parse_qsl(asked.raw.decode(), keep_blank_values=True)).get("bizContent", "")
        if not hmac.compare_digest(headers["digest"].encode(), _digest(text, name).encode()):
            raise Refused("145003030", "headers signature verification failed")
        content = json.loads(text)
    except ValueError as error:
        raise Refused("145003050", "illegal parameters") from error
    if not isinstance(content, dict):
        raise Refused("145003050", "illegal parameters")
    return name, content


# --- operations -------------------------------------------------------------------------------------------------------


def _track(world: World, name: str, content: dict[str, Any]) -> list[dict[str, Any]]:
    wanted = [bill for bill in str(content.get("billCodes") or "").split(",") if bill]
    if not 0 < len(wanted) <= MOST_BILLS:
        raise Refused("145003050", "illegal parameters")
    parcels = [parcel for parcel in (_parcel(world, name, bill) for bill in wanted) if parcel is not None]
    if not parcels:
        raise Refused("145003064", "data not found")
    for parcel in parcels:
        parcel.count("track")
    # Newest first: whoever believes the order of the list will be wrong.
    return [
        {"billCode": parcel.waybill, "details": [_detail(scan) for scan in reversed(parcel.scans)]}
        for parcel in parcels
    ]


def _subscribe(world: World, name: str, content: dict[str, Any]) -> None:
    rows = content.get("list") or []
    parcels = [_parcel(world, name, row.get("waybillCode")) for row in rows]
    if not parcels or content.get("id") != accounts.jt_secrets(name)["api_account"]:
        raise Refused("145003050", "illegal parameters")
    for parcel in parcels:
        if parcel is None:
            raise Refused("999001030", "data not found")
        world.subscribe(parcel)


def _create(world: World, name: str, content: dict[str, Any]) -> None:
    parcel = _parcel(world, name, content.get("mailNo"))
    if parcel is None:
        raise Refused("145003064", "data not found")
    parcel.count("create")
    kind = content.get("applyTypeCode")
    if kind not in (4, 5) or (kind == 5 and not content.get("receiveAddress")):
        raise Refused("145003050", "illegal parameters")
    if parcel.use("throttle"):
        world.keep(parcel)
        raise Refused(PLAIN_NO, "接口调用过于频繁")
    why_not = parcel.why_not_stoppable()
    if why_not:
        raise Refused(PLAIN_NO, REFUSALS[why_not])
    destination = 3 if kind == 5 else 2
    parcel.accept(biz_no="", request_id="", destination=destination, now=world.now(), scale=world.scale)
    world.keep(parcel)
    world.spoil(parcel, None)


_OPERATIONS = {"track": _track, "subscribe": _subscribe, "create": _create}


def _parcel(world: World, name: str, waybill: Any) -> Parcel | None:
    """Another customer's parcel is one J&T does not know."""
    parcel = world.parcel("jt", str(waybill or ""))
    return parcel if parcel is not None and parcel.account == name else None


# --- scans and pushes -------------------------------------------------------------------------------------------------


def _detail(scan: dict[str, Any]) -> dict[str, Any]:
    word, problem = SCANS[scan["scan"]]
    return {
        "scanTime": datetime.fromtimestamp(scan["at"], SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
        "scanType": word,
        "problemType": problem,
        "desc": scan["text"],
        "scanNetworkName": scan["name"],
        "scanNetworkId": scan["code"],
        "staffName": scan["staff"],
        "staffContact": "",
        "scanNetworkProvince": scan["province"],
        "scanNetworkCity": scan["city"],
        "scanNetworkArea": scan["district"],
        "nextStopName": "",
    }


def push(parcel: Parcel, scan: dict[str, Any], *, turn: int = 0) -> tuple[bytes, dict[str, str]]:
    """(body, headers) of a push; the signature stands in the headers."""
    told = {"billCode": parcel.waybill, "txlogisticId": f"TX{parcel.waybill}", "details": [_detail(scan)]}
    content = json.dumps(told, ensure_ascii=False)
    headers = {
        "content-type": FORM,
        "apiaccount": accounts.jt_secrets(parcel.account)["api_account"],
        "timestamp": str(int(scan["at"] * 1000)),
        "digest": _digest(content, parcel.account),
    }
    return urlencode({"bizContent": content}).encode(), headers


def is_acknowledged(body: str) -> bool:
    """Only code "1" counts."""
    try:
        return json.loads(body).get("code") == "1"
    except (ValueError, AttributeError):
        return False


def _digest(content: str, name: str) -> str:
    signed = (content + accounts.jt_secrets(name)["private_key"]).encode()
    return base64.b64encode(hashlib.md5(signed, usedforsecurity=False).digest()).decode()
