"""How each platform wraps a message: its text, its seal or signature, and what counts as "got it"."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from merchant.platforms.douyin.signing import sign_message
from merchant.platforms.kuaishou.signing import encrypt_message
from merchant.platforms.sandbox.accounts import App
from merchant.platforms.sandbox.douyin_rows import KINDS, MONEY, STATES
from merchant.platforms.sandbox.journal import Row

# Tags of one public source; what a change of another kind would be called is not public, so it comes as the first.
REFUND_TAGS = {50: "201", 22: "202", 30: "202", 40: "203", 12: "204", 60: "207", 70: "208"}
APPLIED_TAG = "200"
ORDER_TAGS = {
    "addOrder": "100",
    "paySuccess": "101",
    "delivering": "102",
    "deliverySuccess": "103",
    "orderSuccess": "103",
    "orderFail": "106",
}


@dataclass(frozen=True)
class Envelope:
    """`sealed(app, plain)` is the body and its headers; `heartbeat` a text that only asks whether somebody is there."""

    plain: Callable[[App, Row], str]
    sealed: Callable[[App, str], tuple[str, dict[str, str]]]
    is_taken: Callable[[Any], bool]
    heartbeat: str


def of(app: App) -> Envelope:
    return ENVELOPES[app.platform]


def _kuaishou_plain(app: App, row: Row) -> str:
    return json.dumps(
        {
            "eventId": row["eventId"],
            "bizId": row["bizId"],
            "userId": int(app.seller_id),
            "openId": app.open_id,
            "appKey": app.app_key,
            "event": row["event"],
            "info": row["info"],
            "status": 2,
            "createTime": row["createTime"],
            "test": False,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _kuaishou_sealed(app: App, plain: str) -> tuple[str, dict[str, str]]:
    return encrypt_message(app.message_key, plain), {"Content-Type": "text/plain;charset=utf-8"}


def _douyin_plain(app: App, row: Row) -> str:
    info = json.loads(row["info"])
    if "refundId" in info:
        tag = REFUND_TAGS.get(info["status"], APPLIED_TAG)
        data = {
            "aftersale_id": info["refundId"],
            "p_id": info["orderId"],
            "shop_id": int(app.seller_id),
            "aftersale_status": STATES[info["status"]],
            "aftersale_type": KINDS.get(info["handlingWay"], 1),
            "refund_status": MONEY.get(info["status"], 1),
            "update_time": row["createTime"] // 1000,
        }
    else:
        tag = ORDER_TAGS.get(row["event"].rsplit("_", 1)[-1], "100")
        data = {"p_id": info["oid"], "shop_id": int(app.seller_id), "update_time": row["createTime"] // 1000}
    text = json.dumps(data, separators=(",", ":"))
    return json.dumps([{"tag": tag, "msg_id": row["eventId"], "data": text}], separators=(",", ":"))


def _douyin_sealed(app: App, plain: str) -> tuple[str, dict[str, str]]:
    return plain, {
        "Content-Type": "application/json;charset=utf-8",
        "app-id": app.app_key,
        "event-sign": sign_message(app.app_key, app.app_secret, plain.encode()),
    }


ENVELOPES = {
    "kuaishou": Envelope(
        _kuaishou_plain, _kuaishou_sealed, lambda answer: answer.get("result") == 1, json.dumps({"test": True})
    ),
    "douyin": Envelope(
        _douyin_plain,
        _douyin_sealed,
        lambda answer: answer.get("code") == 0,
        json.dumps([{"tag": "0", "msg_id": "0", "data": ""}]),
    ),
}
