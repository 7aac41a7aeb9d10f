"""Douyin's message push: its signature checked over the raw bytes, its words never believed.

What public sources show: a message carries `app-id` and `event-sign` in its headers, its body is a list of
`{tag, msg_id, data}` with `data` as JSON text, and `{"code": 0, "msg": "success"}` acknowledges it; calls of the
platform to us (SPI) sign the query and the body instead. Assumptions, each pinned by a test of that name:
- D6 The shape of a message's body has one source of 2021. So a message is only a hint: the after-sales and orders that
  we find named in it are read again, and one in which we find none makes us pull whatever has changed.
- D7 Tag "0" is the console's test of the address; it is acknowledged and not kept.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from merchant import incoming
from merchant.platforms.base import Hint, Judged, MalformedError
from merchant.platforms.douyin.signing import HMAC_SHA256, is_equal, sign, sign_message
from merchant.platforms.values import identifier

PROBE_TAG = "0"
# What names an after-sale or an order in the data of any message we have seen.
REFUND_IDS = ("aftersale_id", "after_sale_id")
ORDER_IDS = ("p_id", "shop_order_id", "order_id")


@dataclass(frozen=True)
class PlatformHint:
    """What a push names: after-sales, else orders. `msg_id` is empty when it says none, `shop_ids` whose they are."""

    msg_id: str
    shop_ids: tuple[str, ...]
    refund_ids: tuple[str, ...]
    oids: tuple[str, ...]
    is_probe: bool = False


def judge(account: Any, headers: Mapping[str, str], body: bytes) -> Judged:
    """Check the signature and open what was pushed to this account's door."""
    _check_signature(account, headers, body)
    hint = read_message(body)
    if hint.is_probe:
        return Judged(is_heartbeat=True)
    own = _shop_id(account)
    is_own = not hint.shop_ids or not own or own in hint.shop_ids
    # Several messages in one push, or one without a number: the push itself is what may come again.
    key = hint.msg_id or hashlib.sha256(body).hexdigest()
    return Judged(key[:64], is_own=is_own)


def _check_signature(account: Any, headers: Mapping[str, str], body: bytes) -> None:
    secrets = account.secrets
    app_key, secret = str(secrets.get("app_key") or account.app_key), str(secrets.get("app_secret") or "")
    if not secret:
        raise ValueError("no secret to check a message with")
    if "event-sign" in headers:
        if headers.get("app-id") != app_key or not is_equal(headers["event-sign"], sign_message(app_key, secret, body)):
            raise ValueError("not a message of this account")
        return
    query = dict(parse_qsl(urlsplit(headers.get(":path", "")).query))
    if query.get("app_key") != app_key or query.get("sign_method") != HMAC_SHA256:
        raise ValueError("not a call for this account")
    # The old MD5 signature is being retired and is not accepted.
    text = body.decode() if body else query.get("param_json", "")
    expected = sign(app_key, secret, param_json=text, timestamp=query.get("timestamp", ""))
    if not is_equal(query.get("sign", ""), expected):
        raise ValueError("not a call of the platform")


def read_message(body: bytes) -> PlatformHint:
    """What a push names, whatever else it holds. Raises MalformedError when it is neither a list nor an object."""
    try:
        found = incoming.read_json(body)
    except ValueError:
        raise MalformedError("not JSON") from None
    rows = found if isinstance(found, list) else [found]
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        raise MalformedError("neither a list of objects nor an object")
    data = [_data(row) for row in rows]
    try:
        return _hint(rows, data)
    except ValueError as error:
        raise MalformedError(str(error)) from error


def _hint(rows: list[Mapping[str, Any]], data: list[Mapping[str, Any]]) -> PlatformHint:
    return PlatformHint(
        msg_id=identifier(rows[0].get("msg_id")) if len(rows) == 1 else "",
        shop_ids=_named(data, ("shop_id",)),
        refund_ids=_named(data, REFUND_IDS),
        oids=_named(data, ORDER_IDS),
        is_probe=all(str(row.get("tag")) == PROBE_TAG for row in rows),
    )


def _data(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The business content: `data` as JSON text or object; a row without it speaks for itself."""
    data = row.get("data", row)
    if isinstance(data, str):
        try:
            data = incoming.read_json(data)
        except ValueError:
            return {}
    return data if isinstance(data, Mapping) else {}


def _named(rows: list[Mapping[str, Any]], names: tuple[str, ...]) -> tuple[str, ...]:
    found = (row.get(name) for row in rows for name in names)
    ids = (identifier(value) for value in found if isinstance(value, int | str) and not isinstance(value, bool))
    return tuple(dict.fromkeys(value for value in ids if value))


def _shop_id(account: Any) -> str:
    return str(account.secrets.get("shop_id") or account.shop.external_id or "")


def hint_of(message: PlatformHint) -> Hint:
    """What the message asks to be read. The orders of after-sales come with them; one that names nothing we know how to
    read says only that something has happened."""
    if message.refund_ids:
        return Hint(case_numbers=message.refund_ids)
    return Hint(order_numbers=message.oids, is_vague=not message.oids)
