"""What a scan says in its sentence, where its code says nothing or too little: left at a shop, refused, sent back.

The sentences are those of real tracks; what none of them decides stays undecided.
"""

import re

from logistics.couriers.base import Scan

Told = tuple[str, str]

# Somebody else has it for the receiver, who still has to fetch it.
_WAITS = re.compile(
    r"(?:请|尽快|及时|凭.{0,8}|前来|上门|来|待)(?:及时|尽快|凭.{0,10}码?|前往.{0,20}|到.{0,20}|来|上门)?"
    r"(?:取件|取货|领取|自提|取走|取拿件|来取)"
    r"|(?:驿站|快递柜|自提柜|丰巢|代收点|超市|便利店|门店|物业|门卫|保安室|菜鸟|柜)"
    r"[^，,。；;]{0,12}(?:代收|代签|暂放|暂存|入柜|已存放)"
    r"|(?:代收|代签|暂放|暂存|存放|投放|放入|存入|投递|寄存|放)(?:至|到|于|在|进|入)?[^，,。；;]{0,24}"
    r"(?:驿站|快递柜|自提柜|丰巢|代收点|超市|便利店|物业|门卫|保安室|柜|自提点)"
    r"|已?发出自提短信|等待自提|已入柜|派件入柜|已由[^，,。；;]{2,30}代收"
)
# The receiver has fetched it: by the code, or in person.
_FETCHED = re.compile(r"凭取[货件]码签收|凭码签收|已取件|已被取走|已取走|已领取|本人签收|本人 ?签收|签收人[:：] ?本人")
_FROM_LOCKER = re.compile(r"从[^，,。；;]{0,40}柜[^，,。；;]{0,30}(?:取回|取出)")
_REFUSED = re.compile(r"(?<![非未无不可勿])(?:拒收|拒签|拒绝签收|拒绝收货|拒收件)")
_CONDITION = re.compile(
    r"(?:如|若|如果|如需|假如|以免|避免|为防|防止|要求|可以|可|请|有权|是否|切勿|勿|不要)[^，,。；;]{0,8}拒[收签绝]"
    r"|拒收请|拒收的?话|再拒收"
)
_RETURN_SIGNED = re.compile(r"(?:退回|退件|退货)[^，,。；;]{0,12}(?:已签收|签收人|妥投)|退签|寄件人已签收|发件人已签收")
_RETURN = re.compile(
    r"(?<![未不勿无])(?:退回|退件|返件|返回寄|退返|原路返回|退改)(?![^，,。；;]{0,4}(?:失败|取消|终止))"
)
_SIGNED = re.compile(
    r"(?<![未待被请前后再次准备无人代法能够]) *(?:已签收|签收成功|签收人|完成签收|妥投|被[^，,。；;]{0,12}签收)"
)
_NOT_SIGNED = re.compile(
    r"未签收|未妥投|签收失败|签收异常|待签收|无法签收|不能签收|拒绝签收|准备签收|虚假签收|取消签收"
)
_PROBLEM = re.compile(
    r"派送?件?(?:失败|不成功|异常)|未妥投|问题件|异常|滞留|无法(?:派送|投递|联系|送达)|地址不详|联系不上|破损|遗失"
    r"|丢失|错分|延误|签收失败"
)
_SOON = re.compile(r"(?:将|即将|准备|等待|待|安排)[^，,。；;]{0,6}(?:派件|派送|投递|配送)")
_DELIVERING = re.compile(r"派件|派送|投递|送货|配送")
_ORDERED = re.compile(
    r"待揽|等待揽|未揽|尚未揽|已下单|下单成功|已打单|打印面单|电子面单|通知快递员|等待取件|订单已|待取件"
)
_PICKED_UP = re.compile(r"揽收|揽件|收件扫描|已收件|已收取|已揽|收寄|取件人")
_MOVING = re.compile(
    r"到达|发往|发出|发车|离开|运输|中转|装车|卸车|分拨|装袋|拆包|打包|已收入|正在发|运往|转运|启运|抵达|下一站|出仓|入仓"
)

WAITS: Told = ("locker", Scan.AT_LOCKER.value)
REFUSED: Told = ("refused", Scan.REFUSED.value)
DELIVERING: Told = ("delivering", Scan.OUT_FOR_DELIVERY.value)


def says_refused(text: str) -> bool:
    """The receiver refused the parcel: said as a fact, not as what they may do."""
    return bool(_REFUSED.search(_CONDITION.sub("", text)))


def says_waits(text: str) -> bool:
    """It lies at a locker, a station or a shop, and the receiver still has to fetch it."""
    return bool(_WAITS.search(text)) and not _FETCHED.search(text) and not _FROM_LOCKER.search(text)


def in_words(text: str) -> Told:
    """(neutral name of the scan, our state) by the sentence alone; ("", "") where it does not say."""
    if says_refused(text):
        return REFUSED
    if _RETURN_SIGNED.search(text) or _RETURN.search(text):
        # A return scan may pay a refund: a sentence without a code never is one. People look at it.
        return "problem", Scan.EXCEPTION.value
    if _FROM_LOCKER.search(text):
        return DELIVERING
    if says_waits(text) and not _ORDERED.search(text):
        return WAITS
    if (_SIGNED.search(text) or _FETCHED.search(text)) and not _NOT_SIGNED.search(text):
        return "signed", Scan.SIGNED.value
    if _PROBLEM.search(text):
        return "problem", Scan.EXCEPTION.value
    if _ORDERED.search(text):
        return "ordered", Scan.LABELLED.value
    if _PICKED_UP.search(text):
        return "picked_up", Scan.PICKED_UP.value
    if _SOON.search(text):
        return "arrived", Scan.ARRIVED_DESTINATION.value
    if _DELIVERING.search(text):
        return DELIVERING
    if _MOVING.search(text):
        return "in_transit", Scan.IN_TRANSIT.value
    return "", ""


def corrected(found: Told, text: str) -> Told:
    """What the code says, unless the sentence says more: a parcel on its way or signed for that lies at a shop, one
    on its way that was refused."""
    scan, status = found
    if not status:
        return in_words(text)
    if status in (Scan.IN_TRANSIT, Scan.ARRIVED_DESTINATION, Scan.OUT_FOR_DELIVERY, Scan.PICKED_UP):
        if scan not in ("customs", "forwarded") and says_refused(text):
            return REFUSED
        if status != Scan.PICKED_UP and says_waits(text):
            return WAITS
    if status == Scan.SIGNED and says_waits(text):
        return WAITS
    return found
