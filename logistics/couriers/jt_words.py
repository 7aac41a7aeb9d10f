"""J&T's scans, problems and error codes (China), and what each means to us. The codes of J&T abroad are others.

What no source says is read by these assumptions, named so that they can be found when J&T says otherwise:
TEXT_OR_NUMBER, HUB_LETS_GO, NO_INTERCEPT_CODES.
"""

from typing import Any

from logistics.couriers import sentences
from logistics.couriers.base import Answer, CourierError, ErrorClass, Scan

# --- scans: number → (its word, neutral name of the scan, our state) --------------------------------------------------

_NODES = {
    "1": ("快件揽收", "picked_up", Scan.PICKED_UP.value),
    "2": ("入仓", "stored", Scan.IN_TRANSIT.value),
    "3": ("发件", "departed", Scan.IN_TRANSIT.value),
    "4": ("到件", "arrived", Scan.IN_TRANSIT.value),
    "5": ("出仓", "let_go", Scan.OUT_FOR_DELIVERY.value),
    "6": ("入库", "locker", Scan.AT_LOCKER.value),
    "7": ("代理点收入", "locker", Scan.AT_LOCKER.value),
    # Taken out of the locker, to be delivered again or sent back: a person has it in hand.
    "8": ("快件取出", "taken_out", Scan.OUT_FOR_DELIVERY.value),
    "9": ("出库", "delivering", Scan.OUT_FOR_DELIVERY.value),
    # After a return scan this may be the merchant signing; the order of all scans decides, not this one.
    "10": ("签收", "signed", Scan.SIGNED.value),
    "11": ("问题件", "problem", Scan.EXCEPTION.value),
    "12": ("安检", "inspected", Scan.IN_TRANSIT.value),
    "13": ("其他", "other", Scan.IN_TRANSIT.value),
    "14": ("退件", "return", Scan.RETURNING.value),
}
ALL_NODES = "&".join(_NODES)
# TEXT_OR_NUMBER: a subscription names scans by number, the data by word, with or without 扫描; both are read in both.
SCANS = {
    **{number: (scan, status) for number, (_, scan, status) in _NODES.items()},
    **{word: (scan, status) for word, scan, status in _NODES.values()},
}
# --- problems: problemType → our state (those not listed are plain trouble) -------------------------------------------

PROBLEMS = {
    **dict.fromkeys(("A2", "A14", "A35"), Scan.REFUSED.value),
    # 退回件, said by a site and by a hub: a return scan like the scan of that name.
    **dict.fromkeys(("A4", "A25"), Scan.RETURNING.value),
    # A new address for the receiver: no return, whatever was asked for.
    "A3": Scan.REDIRECTED.value,
    # Cancelled by the sender, void, nobody reached, attempts failed, kept at the site.
    **dict.fromkeys(("A1", "A26", "A31", "A9", "A10", "A11", "A17", "A18", "A21"), Scan.EXCEPTION.value),
}


def scan_of(code: str) -> tuple[str, str]:
    """(neutral name, our state) of a number or word; ("", "") for one we do not know."""
    return SCANS.get(code) or SCANS.get(code.removesuffix("扫描"), ("", ""))


# --- refusals ---------------------------------------------------------------------------------------------------------

SUCCESS, FORGED = "1", "145003030"
_CLASSES = {
    # Signatures, account, permission; then what is missing in the headers.
    ErrorClass.AUTH: "145003030 145003031 145003010 145003012 145003051 145003052 145003053",
    ErrorClass.TRANSIENT: "145003040 145005000",
    ErrorClass.BAD_REQUEST: "145003050",
    ErrorClass.UNKNOWN_WAYBILL: "145003064 999001030",
    ErrorClass.DUPLICATE: "145002001",
    ErrorClass.NOT_SUPPORTED: "999002010",
}
ERRORS = {code: error_class for error_class, codes in _CLASSES.items() for code in codes.split()}


def refusal(envelope: dict[str, Any], answer: Answer) -> CourierError:
    """The error for a code that is not "1". NO_INTERCEPT_CODES: none of an interception is public, so words decide."""
    code, message = str(envelope.get("code") or "").strip(), str(envelope.get("msg") or "")
    error_class = ERRORS.get(code) or sentences.class_of(message)
    # An internal error may come from behind the point where the request was taken.
    is_unknown = answer.is_write and error_class is ErrorClass.TRANSIENT
    return CourierError(error_class, code, message, raw=answer.text[:2000], is_unknown_outcome=is_unknown)
