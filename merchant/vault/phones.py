"""A phone in the many ways it is written, brought to one: number, and behind a dash the extension of a virtual one."""

import re
import unicodedata

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－﹣", "-"))
# +86 13800138000, 0086-…, 86-…; of Hong Kong, Macau and Taiwan the number as it is dialled there.
_COUNTRY = re.compile(r"^(?:\+|00)-?(86|852|853|886)-?|^(86)-?(?=1[3-9]\d-?\d{4}-?\d{4}(?!\d))")
_MOBILE = re.compile(r"(1\d{2})-?(\d{4})-?(\d{4})(?!\d)")
_LANDLINE = re.compile(r"\(?(0(?:10|2\d|[3-9]\d{2}))\)?-?(\d{3,4})-?(\d{4})(?!\d)")
_EXTENSION = re.compile(r"[-,，#*(（;；]*(?:转接?|分机|ext\.?|x)?[-,，#:：.]*(\d{1,6})[)）]?$", re.IGNORECASE)
_BETWEEN = re.compile(r"[,，;；/、|#(（]|转|分机|ext|x", re.IGNORECASE)


def normal(phone: str) -> str:
    """13800138000, or 13800138000-1234; the first of several numbers. What is masked stays as it came."""
    phone = phone.strip()
    if "*" in phone:
        return unicodedata.normalize("NFKC", phone)
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", phone)).translate(_DASHES)
    text = re.sub(r"^(?:tel|电话|手机|联系电话)[:：]?", "", text, flags=re.IGNORECASE)
    country = _COUNTRY.match(text)
    code = (country[1] or country[2]) if country else ""
    text = text[country.end() :] if country else text
    number = _MOBILE.match(text) if code in ("", "86") else None
    if number is None and code in ("", "86"):
        number = _LANDLINE.match(text)
    if number is not None:
        extension = _EXTENSION.fullmatch(text[number.end() :])
        return "".join(number.groups()) + (f"-{extension[1]}" if extension else "")
    digits = re.sub(r"\D", "", _BETWEEN.split(text)[0]) or re.sub(r"\D", "", text)
    return f"0{digits.lstrip('0')}" if code == "886" and digits else digits


def is_one(term: str) -> bool:
    """Whether what somebody typed is a phone, or the last four digits of one, and nothing else."""
    text = unicodedata.normalize("NFKC", term).translate(_DASHES)
    if not re.fullmatch(r"[\d\s+()#,\-转分机]+", text):
        return False
    number = normal(text).partition("-")[0]
    return number.isascii() and number.isdigit() and (len(number) == 4 or 8 <= len(number) <= 12)
