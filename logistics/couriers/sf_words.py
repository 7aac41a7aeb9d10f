"""SF's codes and sentences, and what each means to us."""

import re
from typing import Any

from logistics.couriers import sentences
from logistics.couriers.base import Answer, CourierError, ErrorClass, Scan

# --- scans: opCode → (neutral name of the scan, our state) ------------------------------------------------------------

# SF publishes no list. Only codes that agree wherever they were seen stand here; any other is read by SF's own name of
# the state, and moves nothing when that says nothing.
SCANS = {
    "50": ("picked_up", Scan.PICKED_UP.value),
    "30": ("departed", Scan.IN_TRANSIT.value),
    "31": ("arrived", Scan.IN_TRANSIT.value),
    "36": ("departed", Scan.IN_TRANSIT.value),
    "44": ("delivering", Scan.OUT_FOR_DELIVERY.value),
    "80": ("signed", Scan.SIGNED.value),
    "8000": ("signed", Scan.SIGNED.value),
    "33": ("problem", Scan.EXCEPTION.value),
    # 应客户要求,快件正在转寄中: on the way to somebody else, which may be the sender.
    "99": ("forwarded", Scan.REDIRECTED.value),
    # 快件已退回/转寄,新单号为…: the journey goes on under another number.
    "648": ("return", Scan.RETURNING.value),
}
# firstStatusName, secondaryStatusName. First match counts.
STATUS_WORDS = (
    (re.compile("拒收|拒签"), "refused", Scan.REFUSED.value),
    (re.compile("退回"), "return", Scan.RETURNING.value),
    (re.compile("转寄"), "forwarded", Scan.REDIRECTED.value),
    (re.compile("异常|失败|滞留"), "problem", Scan.EXCEPTION.value),
    (re.compile("待取|自提|驿站|丰巢|自寄柜|快递柜"), "locker", Scan.AT_LOCKER.value),
    (re.compile("(?<!未)签收"), "signed", Scan.SIGNED.value),
    (re.compile("派送|派件"), "delivering", Scan.OUT_FOR_DELIVERY.value),
    (re.compile("运送|运输|中转|在途"), "in_transit", Scan.IN_TRANSIT.value),
    (re.compile("揽收|收件|收取"), "picked_up", Scan.PICKED_UP.value),
)


def scan_of(code: str, *names: Any) -> tuple[str, str]:
    """(neutral name, our state) of an opCode, else of the state's names, the most exact first; "" when none says."""
    if code in SCANS:
        return SCANS[code]
    for name in names:
        for pattern, scan, status in STATUS_WORDS:
            if pattern.search(str(name or "")):
                return scan, status
    return "", ""


# --- refusals ---------------------------------------------------------------------------------------------------------

_CLASSES = {
    ErrorClass.AUTH: "A1003 A1004 A1006 A1011",
    ErrorClass.THROTTLED: "A1005",
    ErrorClass.TRANSIENT: "S0001 S0003",
    ErrorClass.BAD_REQUEST: "A1001 A1002 A1007 A1010 S0002 S0004 S0005 S0006 S0007",
}
ERRORS = {code: error_class for error_class, codes in _CLASSES.items() for code in codes.split()}
# SF takes one interception of a waybill; what it says then is no list either.
_DUPLICATE = re.compile("重复|已(申请|受理|发起|存在|有).{0,4}(拦截|退回|指令)")


def refusal(code: str, message: str, answer: Answer) -> CourierError:
    """The error for an answer that is not a success: by code, else by words, else SF's plain no."""
    error_class = ERRORS.get(code)
    if error_class is None:
        error_class = ErrorClass.DUPLICATE if _DUPLICATE.search(message) else sentences.class_of(message)
    is_unknown = answer.is_write and error_class is ErrorClass.TRANSIENT
    return CourierError(error_class, code, message, raw=answer.text[:2000], is_unknown_outcome=is_unknown)
