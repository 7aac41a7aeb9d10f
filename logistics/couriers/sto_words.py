"""STO's scans and sentences, and what each means to us.

What no source says is read by these assumptions, named so that they can be found when STO says otherwise:
ARRIVES_BY_NAME, DEPRECATED_WAITING, NO_CODES, XML_WITHOUT_DATA, TOLD_NO.
"""

from typing import Any

from logistics.couriers import sentences
from logistics.couriers.base import Answer, CourierError, ErrorClass, Scan

# --- scans: word → (neutral name of the scan, our state) --------------------------------------------------------------

SCANS = {
    "收件": ("picked_up", Scan.PICKED_UP.value),
    "发件": ("departed", Scan.IN_TRANSIT.value),
    # Handed to the post, or to another courier: it travels on under a number we do not know.
    "转邮": ("forwarded", Scan.IN_TRANSIT.value),
    "转同行": ("forwarded", Scan.IN_TRANSIT.value),
    "到件": ("arrived", Scan.IN_TRANSIT.value),
    "派件": ("delivering", Scan.OUT_FOR_DELIVERY.value),
    "第三方代派": ("delivering", Scan.OUT_FOR_DELIVERY.value),
    # Taken out of the locker, to be delivered again or sent back: a person has it in hand.
    "快件取出": ("taken_out", Scan.OUT_FOR_DELIVERY.value),
    "柜机代收": ("locker", Scan.AT_LOCKER.value),
    "驿站代收": ("locker", Scan.AT_LOCKER.value),
    # After a return scan any of these may be the merchant signing; the order of all scans decides, not this one.
    "驿站出库": ("signed", Scan.SIGNED.value),
    "签收": ("signed", Scan.SIGNED.value),
    "客户签收": ("signed", Scan.SIGNED.value),
    "退回件": ("return", Scan.RETURNING.value),
    "问题件": ("problem", Scan.EXCEPTION.value),
    # A new address for the receiver: no return, whatever was asked for.
    "改地址件": ("address_change", Scan.REDIRECTED.value),
    # No longer used, still in old tracks. DEPRECATED_WAITING: which of the two meanings each had is our reading.
    "留仓件": ("kept", Scan.IN_TRANSIT.value),
    "代取快递": ("locker", Scan.AT_LOCKER.value),
    "派件入柜": ("locker", Scan.AT_LOCKER.value),
    "第三方代收": ("locker", Scan.AT_LOCKER.value),
}

# A push says what the site is; a query does not, and then its name must tell (ARRIVES_BY_NAME).
SITE, HUB = "1", "2"

# --- refusals ---------------------------------------------------------------------------------------------------------


def is_true(value: Any) -> bool:
    """`success` comes as a boolean or as text."""
    return str(value).strip().lower() == "true"


def is_no(value: Any) -> bool:
    """TOLD_NO: a parcel's own `status` has no published values; only the no that STO uses elsewhere counts as one."""
    return str(value).strip().lower() == "false"


def refusal(content: dict[str, Any], answer: Answer) -> CourierError:
    """The error for an answer that is not a success. NO_CODES: no list of errorCode is public, so words decide."""
    code, message = str(content.get("errorCode") or ""), str(content.get("errorMsg") or "")
    error_class = sentences.class_of(message)
    # "The system is busy" may come from behind the point where the request was taken.
    is_unknown = answer.is_write and error_class is ErrorClass.TRANSIENT
    return CourierError(error_class, code, message, raw=answer.text[:2000], is_unknown_outcome=is_unknown)
