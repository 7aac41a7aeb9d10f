"""ZTO's codes and words, and what each means to us."""

import re
from typing import Any

from logistics.couriers.base import Answer, CourierError, ErrorClass, InterceptState, Scan

# --- scans: code → (neutral name of the scan, our state) --------------------------------------------------------------

_PICKED_UP = ("picked_up", Scan.PICKED_UP.value)
_DEPARTED = ("departed", Scan.IN_TRANSIT.value)
_ARRIVED = ("arrived", Scan.IN_TRANSIT.value)
_DELIVERING = ("delivering", Scan.OUT_FOR_DELIVERY.value)
_LOCKER = ("locker", Scan.AT_LOCKER.value)
_SIGNED = ("signed", Scan.SIGNED.value)
# Handed to a pick-up station: off the van, not yet with the buyer. Sources disagree (delivered, or still out for
# delivery); the reading that neither starts the buyer's clock nor lets us promise a stop is the safe one.
_HANDED_OVER = ("handed_over", Scan.AT_LOCKER.value)
_RETURN = ("return", Scan.RETURNING.value)
_RETURN_SIGNED = ("return_signed", Scan.RETURNED.value)
_PROBLEM = ("problem", Scan.EXCEPTION.value)
_FORWARDED = ("forwarded", Scan.IN_TRANSIT.value)

PUSH_SCANS = {
    "GOT": _PICKED_UP,
    "DEPARTURE": _DEPARTED,
    "ARRIVAL": _ARRIVED,
    "DISPATCH": _DELIVERING,
    "INBOUND": _LOCKER,
    "SIGNED": _SIGNED,
    "DEPARTURE_SIGNED": _SIGNED,
    "HANDOVERSCAN_SIGNED": _HANDED_OVER,
    "RETURN_SCAN": _RETURN,
    "RETURN_SIGNED": _RETURN_SIGNED,
    "PROBLEM": _PROBLEM,
}
# A query speaks Chinese or numbers, and three English words of which two mean something else than in a push:
# ARRIVAL is "into a locker", DEPARTURE is "taken out of it irregularly".
QUERY_SCANS = {
    **PUSH_SCANS,
    "收件": _PICKED_UP,
    "1": _PICKED_UP,
    "发件": _DEPARTED,
    "2": _DEPARTED,
    "到件": _ARRIVED,
    "3": _ARRIVED,
    "派件": _DELIVERING,
    "4": _DELIVERING,
    "DELIVERY": _DELIVERING,
    "ARRIVAL": _LOCKER,
    "44": _LOCKER,
    "签收": _SIGNED,
    "5": _SIGNED,
    "7": _SIGNED,
    "45": _HANDED_OVER,
    "退件": _RETURN,
    "8": _RETURN,
    "问题件": _PROBLEM,
    "事件": _PROBLEM,
    "DEPARTURE": _PROBLEM,
    "转单": _FORWARDED,
    "9": _FORWARDED,
    "安检": ("inspected", Scan.IN_TRANSIT.value),
}

# --- the interception's own state -------------------------------------------------------------------------------------

INTERCEPT_STATES = {
    "INTERCEPTING": InterceptState.RUNNING,
    "INTERCEPT_SUCCESS": InterceptState.SUCCEEDED,
    # 退改中: on the way back or to a new address; not proof of a stop by itself.
    "PACKAGE_DELIVERYING": InterceptState.UNCLEAR,
    "INTERCEPT_DISCONTINUE": InterceptState.ENDED,
    "INTERCEPT_FAIL": InterceptState.FAILED,
    "INTERCEPT_CANCEL": InterceptState.WITHDRAWN,
}

# --- refusals ---------------------------------------------------------------------------------------------------------

_CLASSES = {
    ErrorClass.AUTH: "S210 S211 S212 S214 E404 E418 E23144",
    ErrorClass.THROTTLED: "S206 S221",
    ErrorClass.TRANSIENT: "S200 S202 S203",
    ErrorClass.BAD_REQUEST: "S207 S208 E409 E413 E23108",
    ErrorClass.UNKNOWN_WAYBILL: "E416 E23102",
    ErrorClass.NOT_YET_TRACKABLE: "E23119",
    ErrorClass.ALREADY_SIGNED: "E23101",
    ErrorClass.TOO_LATE: "E23112 E23120 E23137",
    ErrorClass.DUPLICATE: "E23121 E23127 E23151 E23157",
    ErrorClass.NOT_SUPPORTED: (
        "E23111 E23113 E23116 E23118 E23123 E23124 E23130 E23135 E23136 E23138 E23140 E23141 E23146 E23160"
    ),
}
ERRORS = {code: error_class for error_class, codes in _CLASSES.items() for code in codes.split()}
# A change of address, or another platform's interception, exists already: never to be taken for our own repeated
# request, so not DUPLICATE; but the reason a person reads is the same.
OTHERS_INTERCEPTION = frozenset({"E23123", "E23160"})
# The gateway gave up waiting for the service behind it, which may have done the work.
UNKNOWN_OUTCOME = frozenset({"S200", "S202"})

# The list of intercept codes is one source's; a code outside it is read by its words. First match counts.
_WORDS = (
    (re.compile("其[他它]平台|存在退改|已有退改"), ErrorClass.NOT_SUPPORTED, "others_interception"),
    (re.compile("重复|已存在|已有.*拦截|拦截.*已存在"), ErrorClass.DUPLICATE, ""),
    (re.compile("未签收"), ErrorClass.BAD_REQUEST, ""),
    (re.compile("签收"), ErrorClass.ALREADY_SIGNED, ""),
    (re.compile("派件|派送|驿站|快递柜|到达.*网点"), ErrorClass.TOO_LATE, ""),
    (re.compile("无轨迹|暂无.*轨迹|未揽收|未收件"), ErrorClass.NOT_YET_TRACKABLE, ""),
    (re.compile("不存在|非中通|单号有误|单号错误"), ErrorClass.UNKNOWN_WAYBILL, ""),
    (re.compile("验签|签名|无权限|未授权"), ErrorClass.AUTH, ""),
    (re.compile("限流|频繁|超过.*限制"), ErrorClass.THROTTLED, ""),
    (re.compile("不支持|不允许|无法拦截"), ErrorClass.NOT_SUPPORTED, ""),
)
_CODE = re.compile(r"\b[SE]\d{3,5}\b")


def failure_reason(text: str) -> str:
    """Our failure reason for the words beside INTERCEPT_FAIL."""
    found = _by_words(text)
    if found is None or found[0] in (ErrorClass.BAD_REQUEST, ErrorClass.AUTH, ErrorClass.THROTTLED):
        return "courier_refused"
    return found[1] or CourierError(found[0]).reason


def refusal(envelope: dict[str, Any], answer: Answer) -> CourierError:
    """The error for `status: false`: by code, then by words, else a plain refusal that nobody repeats by itself."""
    code = str(envelope.get("statusCode") or envelope.get("code") or "").strip()
    message = str(envelope.get("message") or envelope.get("msg") or "")
    if code not in ERRORS:
        hidden = _CODE.search(message)
        code = hidden.group() if hidden and hidden.group() in ERRORS else code
    reason = "others_interception" if code in OTHERS_INTERCEPTION else ""
    error_class = ERRORS.get(code)
    if error_class is None:
        error_class, reason = _by_words(message) or (ErrorClass.BAD_REQUEST, "other")
    is_unknown = answer.is_write and code in UNKNOWN_OUTCOME
    return CourierError(
        error_class, code, message, raw=answer.text[:2000], is_unknown_outcome=is_unknown, reason=reason
    )


def _by_words(text: str) -> tuple[ErrorClass, str] | None:
    for pattern, error_class, reason in _WORDS:
        if pattern.search(text):
            return error_class, reason
    return None
