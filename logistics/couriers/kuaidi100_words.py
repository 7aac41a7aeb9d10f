"""Kuaidi100's codes and sentences, and what each means to us."""

from typing import Any

from logistics.couriers import sentences
from logistics.couriers.base import Answer, CourierError, ErrorClass, Scan

# --- scans: state, or sub-state (resultv2) → (neutral name of the scan, our state) ------------------------------------

_EXCEPTION = ("problem", Scan.EXCEPTION.value)
_IN_TRANSIT = ("in_transit", Scan.IN_TRANSIT.value)
_SIGNED = ("signed", Scan.SIGNED.value)

SCANS = {
    "1": ("picked_up", Scan.PICKED_UP.value),
    "101": ("ordered", Scan.LABELLED.value),
    "102": ("ordered", Scan.LABELLED.value),
    "103": ("picked_up", Scan.PICKED_UP.value),
    "0": _IN_TRANSIT,
    "1001": ("arrived", Scan.ARRIVED_DESTINATION.value),
    "1002": _IN_TRANSIT,
    "1003": _IN_TRANSIT,
    "5": ("delivering", Scan.OUT_FOR_DELIVERY.value),
    "501": ("locker", Scan.AT_LOCKER.value),
    "3": _SIGNED,
    "301": _SIGNED,
    "302": _SIGNED,
    "303": _SIGNED,
    "304": _SIGNED,
    "6": ("return", Scan.RETURNING.value),
    # 退签: the sender has signed for the return.
    "4": ("return_signed", Scan.RETURNED.value),
    "401": ("voided", Scan.VOIDED.value),
    "14": ("refused", Scan.REFUSED.value),
    "2": _EXCEPTION,
    **{str(code): _EXCEPTION for code in (201, 202, 204, 205, 206, 207, 208, 209, 210)},
    "203": ("refused", Scan.REFUSED.value),
    # 转投: another courier carries it on.
    "7": ("forwarded", Scan.IN_TRANSIT.value),
    **dict.fromkeys(("8", "10", "11", "12"), ("customs", Scan.IN_TRANSIT.value)),
    "13": ("customs", Scan.EXCEPTION.value),
}
# A row says its state in words where it says no code.
STATUS_WORDS = {
    "揽收": "1",
    "在途": "0",
    "派件": "5",
    "签收": "3",
    "退回": "6",
    "退签": "4",
    "拒签": "14",
    "疑难": "2",
    "转投": "7",
    "投柜或驿站": "501",
    "投柜或站签收": "304",
}
# What stands in the place of a scan when there is none.
NO_SCAN = "查无结果"

# --- refusals ---------------------------------------------------------------------------------------------------------

# The same number means two things: 501 is "our server failed" to a question and "you have it already" to a
# subscription.
QUERY_ERRORS = {
    "400": ErrorClass.BAD_REQUEST,
    "408": ErrorClass.BAD_REQUEST,
    "500": ErrorClass.NOT_YET_TRACKABLE,
    "501": ErrorClass.TRANSIENT,
    "502": ErrorClass.TRANSIENT,
    "503": ErrorClass.AUTH,
    "601": ErrorClass.AUTH,
}
SUBSCRIBE_ERRORS = {
    "500": ErrorClass.TRANSIENT,
    "501": ErrorClass.DUPLICATE,
    "600": ErrorClass.AUTH,
    "601": ErrorClass.AUTH,
    "700": ErrorClass.BAD_REQUEST,
}


def refusal(content: dict[str, Any], answer: Answer, codes: dict[str, ErrorClass]) -> CourierError:
    """The error for an answer that is not a success: by words that say more than the code, then by the code."""
    code = str(content.get("returnCode") or content.get("code") or content.get("status") or "").strip()
    message = str(content.get("message") or "")
    by_words = sentences.class_of(message)
    # "The waybill does not exist" comes under the code of a wrong parameter.
    is_said = by_words in (ErrorClass.UNKNOWN_WAYBILL, ErrorClass.DUPLICATE, ErrorClass.THROTTLED)
    error_class = by_words if is_said else codes.get(code, by_words)
    is_unknown = answer.is_write and error_class is ErrorClass.TRANSIENT
    return CourierError(error_class, code, message, raw=answer.text[:2000], is_unknown_outcome=is_unknown)
