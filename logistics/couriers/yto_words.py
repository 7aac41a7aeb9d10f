"""YTO's codes and sentences, and what each means to us."""

from typing import Any

from logistics.couriers import sentences
from logistics.couriers.base import Answer, CourierError, ErrorClass, Scan

# --- scans: code → (neutral name of the scan, our state) --------------------------------------------------------------

SCANS = {
    "ACCEPT": ("accepted", Scan.LABELLED.value),
    "ORDER_BOOKING": ("accepted", Scan.LABELLED.value),
    # The courier came and got nothing.
    "NOT_SEND": ("not_collected", Scan.LABELLED.value),
    "GOT": ("picked_up", Scan.PICKED_UP.value),
    "ARRIVAL": ("arrived", Scan.IN_TRANSIT.value),
    "DEPARTURE": ("departed", Scan.IN_TRANSIT.value),
    "AIRSEND": ("air_departed", Scan.IN_TRANSIT.value),
    "AIRPICK": ("air_arrived", Scan.IN_TRANSIT.value),
    # May be a parcel with a new address; YTO does not say.
    "FORWARDING": ("forwarded", Scan.IN_TRANSIT.value),
    "SENT_SCAN": ("delivering", Scan.OUT_FOR_DELIVERY.value),
    "INBOUND": ("locker", Scan.AT_LOCKER.value),
    # After a return scan this may be the merchant signing; the order of all scans decides, not this one.
    "SIGNED": ("signed", Scan.SIGNED.value),
    "FAILED": ("failed", Scan.EXCEPTION.value),
    "TMS_RETURN": ("return", Scan.RETURNING.value),
}

# --- refusals ---------------------------------------------------------------------------------------------------------

EMPTY_RESULT = "1001"
_CODES = {"401": ErrorClass.AUTH, "1001": ErrorClass.UNKNOWN_WAYBILL}


def is_success(content: dict[str, Any]) -> bool:
    """`success` comes as a boolean or as text, `statusCode` 0 as a number or as text; either may be missing."""
    if "statusCode" in content:
        return str(content["statusCode"]).strip() == "0"
    return str(content.get("success")).strip().lower() == "true"


def refusal(content: dict[str, Any], answer: Answer) -> CourierError:
    """The error for an answer that is not a success; words we do not know are the courier's plain no."""
    code = str(content.get("code") or content.get("statusCode") or "")
    told = (content.get(name) for name in ("statusMessage", "reason", "message"))
    message = next((str(text) for text in told if text), "")
    error_class = _CODES.get(code) or sentences.class_of(message)
    # "The system is busy" may come from behind the point where the request was taken.
    is_unknown = answer.is_write and error_class is ErrorClass.TRANSIENT
    return CourierError(error_class, code, message, raw=answer.text[:2000], is_unknown_outcome=is_unknown)
