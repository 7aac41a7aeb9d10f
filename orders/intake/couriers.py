"""The words platforms and files use for couriers, brought to our codes. What is not listed passes through."""

import re

CODES = {
    "zto": ("中通快递", "中通", "中通速递", "zto", "zhongtong"),
    "yto": ("圆通快递", "圆通", "圆通速递", "yto", "yuantong"),
    "sto": ("申通快递", "申通", "sto", "shentong"),
    "jt": ("极兔快递", "极兔", "极兔速递", "jt", "jtexpress", "jtsd", "j&t"),
    "yunda": ("韵达快递", "韵达", "韵达速递", "yd", "yunda"),
    "sf": ("顺丰速运", "顺丰", "顺丰快递", "sf", "shunfeng", "sfexpress"),
    "jd": ("京东物流", "京东快递", "京东", "京东大件", "jd", "jingdong", "jingdongdajian"),
    "ems": ("邮政ems", "ems", "中国邮政ems"),
    "yz": ("邮政快递包裹", "中国邮政", "邮政", "postb", "youzhengguonei", "yzxb"),
    "db": ("德邦快递", "德邦", "德邦物流", "db", "dbl", "debangwuliu", "debangkuaidi", "deppon"),
    "dd": ("丹鸟", "菜鸟速递", "danniao", "dnkd"),
}
BY_WORD = {word: code for code, words in CODES.items() for word in words}
# How a waybill names its courier when the source does not.
BY_WAYBILL = (
    (re.compile(r"JT\d{13}"), "jt"),
    (re.compile(r"YT\d{13}"), "yto"),
    (re.compile(r"SF\d{12,13}"), "sf"),
    (re.compile(r"JD[A-Z0-9]{10,}"), "jd"),
    (re.compile(r"DPK\d{12}"), "db"),
    (re.compile(r"7[3-9]\d{12}"), "zto"),
    (re.compile(r"77\d{13}"), "sto"),
    (re.compile(r"(43|46)\d{13}"), "yunda"),
)


def code_of(word: str, waybill: str = "") -> str:
    """Our code for a courier's name or a platform's code; "" when nobody says and the waybill does not show it."""
    word = word.strip()
    if word:
        return BY_WORD.get(word.lower(), word[:16])
    return next((code for shape, code in BY_WAYBILL if shape.fullmatch(waybill)), "")
