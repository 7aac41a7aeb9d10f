"""Kuaishou's message push: opened with the account's key, checked to be the account's own.

The cipher has no signature (AES-CBC with a fixed IV), so a message proves only that its sender knows the key, and its
words are never believed: a reader takes the id out of it and asks the platform what is true.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from merchant import incoming
from merchant.platforms.base import Hint, Judged, MalformedError
from merchant.platforms.kuaishou.signing import decrypt_message
from merchant.platforms.values import instant, number

ADD_REFUND = "kwaishop_aftersales_addRefund"
UPDATE_REFUND = "kwaishop_aftersales_updateRefund"
ADD_ORDER = "kwaishop_order_addOrder"
PAY_SUCCESS = "kwaishop_order_paySuccess"
DELIVERING = "kwaishop_order_delivering"
DELIVERY_SUCCESS = "kwaishop_order_deliverySuccess"
ORDER_SUCCESS = "kwaishop_order_orderSuccess"
ORDER_FAIL = "kwaishop_order_orderFail"
TOTAL_FEE_CHANGE = "kwaishop_order_totalFeeChange"
REFUND_EVENTS = (ADD_REFUND, UPDATE_REFUND)
ORDER_EVENTS = (
    ADD_ORDER,
    PAY_SUCCESS,
    DELIVERING,
    DELIVERY_SUCCESS,
    ORDER_SUCCESS,
    ORDER_FAIL,
    TOTAL_FEE_CHANGE,
)


@dataclass(frozen=True)
class PlatformMessage:
    """One message, opened. `info` is the business content; ids are text; `refund_id` and `oid` are taken out of it."""

    event_id: str
    event: str
    biz_id: str
    seller_id: str
    open_id: str
    app_key: str
    info: dict[str, Any] = field(default_factory=dict, repr=False)
    create_at: datetime | None = None
    is_heartbeat: bool = False

    @property
    def refund_id(self) -> str:
        """The after-sale this is about; empty for order events."""
        return _text(self.info.get("refundId"))

    @property
    def status(self) -> int:
        """The after-sale's status by this message, 0 when it says none; what is true is read from the platform."""
        return number(self.info.get("status"))

    @property
    def version(self) -> int:
        """The version of the row that the message tells of (its `updateTime`), 0 when it says none."""
        return number(self.info.get("updateTime"))

    @property
    def oid(self) -> str:
        """The order this is about."""
        return _text(self.info.get("orderId") or self.info.get("oid"))


def open_message(account: Any, raw: bytes) -> PlatformMessage:
    """Decrypt and read. ValueError: not written with this account's key; MalformedError: written, but no message."""
    plain = decrypt_message(account.secrets.get("message_key", ""), raw)
    return read_message(plain)


def read_message(plain: str) -> PlatformMessage:
    """Read the plain text of a message. Raises MalformedError."""
    fields = _object(plain)
    is_heartbeat = fields.get("test") is True
    try:
        message = _message(fields, is_heartbeat=is_heartbeat)
    except ValueError as error:
        raise MalformedError(str(error)) from error
    if not is_heartbeat and not (message.event_id and message.event):
        raise MalformedError("no eventId or no event")
    return message


def _message(fields: dict[str, Any], *, is_heartbeat: bool) -> PlatformMessage:
    return PlatformMessage(
        event_id=_text(fields.get("eventId")),
        event=_text(fields.get("event")),
        biz_id=_text(fields.get("bizId")),
        seller_id=_text(fields.get("userId")),
        open_id=_text(fields.get("openId")),
        app_key=_text(fields.get("appKey")),
        # `info` is JSON inside JSON; an object is read too, should the platform stop wrapping it.
        info=_object(fields.get("info")) if fields.get("info") else {},
        create_at=instant(fields.get("createTime")),
        is_heartbeat=is_heartbeat,
    )


def is_own(account: Any, message: PlatformMessage) -> bool:
    """Whether the message is for this account: its app, and its shop by seller id or seller open id.

    One app may serve many shops, so the app alone proves nothing.
    """
    secrets = account.secrets
    if message.app_key != (secrets.get("app_key") or account.app_key):
        return False
    seller_id = _text(secrets.get("seller_id")) or account.shop.external_id
    if message.seller_id:
        return message.seller_id == seller_id
    return bool(message.open_id) and message.open_id == _text(secrets.get("open_id"))


def judge(account: Any, body: bytes) -> Judged:
    """Open what was pushed to this account's door. The console's connection test comes without a cipher."""
    if _is_plain_heartbeat(body):
        return Judged(is_heartbeat=True)
    message = open_message(account, body)
    # Sent every few minutes for ever: a heartbeat means nothing but "are you there", whoever it names.
    if message.is_heartbeat and not message.event_id:
        return Judged(is_heartbeat=True)
    return Judged(message.event_id[:64], is_own=is_own(account, message), is_heartbeat=message.is_heartbeat)


def _is_plain_heartbeat(body: bytes) -> bool:
    """It changes nothing, so it may be answered unsigned."""
    if len(body) > 64 or not body.lstrip().startswith(b"{"):
        return False
    try:
        return bool(incoming.read_json(body) == {"test": True})
    except ValueError:
        return False


def hint_of(message: PlatformMessage) -> Hint:
    """What the message asks to be read. An event nobody here reads names nothing."""
    if message.event in REFUND_EVENTS:
        numbers = (message.refund_id,) if message.refund_id else ()
        return Hint(case_numbers=numbers, row_version=message.version, row_status=message.status)
    if message.event in ORDER_EVENTS:
        return Hint(order_numbers=(message.oid,) if message.oid else ())
    return Hint()


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = incoming.read_json(value)
        except ValueError:
            raise MalformedError("not JSON") from None
    if not isinstance(value, dict):
        raise MalformedError("not an object")
    return value


def _text(value: Any) -> str:
    """An id that may be a number or text; absent and zero are empty. Containers are no id."""
    if isinstance(value, bool) or not isinstance(value, int | str) or value == 0:
        return ""
    return incoming.short_id(value)
