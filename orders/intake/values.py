"""Reading single values of files and platform answers: exact, or refused with the field and a sentence."""

import json
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant import incoming
from merchant.clock import SHANGHAI
from orders.intake.readers import Merged

# What sources write into a cell to say that there is nothing.
BLANKS = frozenset({"", "null", "none", "nil", "nan", "n/a", "-", "--", "/", "\\n", "无", "0000-00-00 00:00:00"})
# First or last characters that are not the cell's own text.
WRAPPED = frozenset("=\ufeff'\"") | {chr(code) for code in range(0x3001) if chr(code).isspace()}
# What else a cell may begin with that is no text of its own: the words for nothing.
SUSPECT = WRAPPED | {letter for word in BLANKS for letter in (word[:1].lower(), word[:1].upper()) if letter}
# Spreadsheets keep 178.8 as 178.79999999999998. What is this near to a fen was that fen; anything else is refused.
FLOAT_DUST = Decimal("0.0001")
# Dates before this are a source's way of saying "not yet" (unix 0, 1970-01-01 08:00:00).
EARLIEST_YEAR = 1990
# What a spreadsheet cannot tell apart: it keeps fifteen digits.
SHEET_DIGITS = 10**15
SCIENTIFIC = re.compile(r"[+-]?\d+(\.\d+)?[eE][+-]?\d+")
SHEET_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})
# Words for nothing that no person is called.
UNSAID = frozenset({"无", "n/a"})
# Digits with or without groups of three, and cents.
AMOUNT = re.compile(r"(\d+|\d{1,3}(,\d{3})+)(\.\d*)?|\.\d+", re.ASCII)
WHOLE = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.0*)?", re.ASCII)
# Days since 1899-12-30 for the years 1990 to 2100.
SERIAL = re.compile(r"(3[3-9]|[4-6]\d|7[0-2])\d{3}(\.\d+)?", re.ASCII)
YEAR_FIRST = re.compile(r"\d{4}\s*[-/.年]", re.ASCII)
_HALF = r"上午|下午|凌晨|早上|中午|傍晚|晚上|[AaPp]\.?[Mm]\.?"
_CLOCK = (
    r"(?:(?:\s*T\s*|\s+|(?<=日))?(?:\(?(?:星期|周)[一二三四五六日天]\)?\s*)?"
    rf"(?P<before>{_HALF})?\s*(?P<hour>\d{{1,2}})[:时](?P<minute>\d{{1,2}})"
    r"(?:[:分](?P<second>\d{1,2})?(?:[.,](?P<fraction>\d{1,9}))?秒?)?"
    rf"\s*(?P<after>{_HALF})?"
    r"\s*(?P<zone>Z|z|(?:UTC|GMT)?[+-]\d{2}(?::?\d{2})?|UTC|GMT)?)?"
)
WRITTEN = re.compile(
    r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?" + _CLOCK, re.ASCII
)
NOTHING = re.compile(r"(?!)")
_DAY, _MONTH, _YEAR = r"(?P<day>\d{1,2})", r"(?P<month>\d{1,2})", r"(?P<year>\d{4}|\d{2})"
BY_ORDER = {
    order: re.compile(r"\s*[-/.]\s*".join(parts) + _CLOCK, re.ASCII)
    for order, parts in {
        "mdy": (_MONTH, _DAY, _YEAR), "dmy": (_DAY, _MONTH, _YEAR), "ymd": (_YEAR, _MONTH, _DAY),
    }.items()
}  # fmt: skip


class BadValue(Exception):
    """One value cannot be read. `field` is the source's own name for it."""

    def __init__(self, field: Any, why: Any, value: Any = None) -> None:
        super().__init__(field, str(why))
        self.field = field
        self.why = why
        self.value = value

    def __str__(self) -> str:
        return f"{self.field}: {self.why}"


def text(value: Any) -> str:
    """The cell as text without the tricks of spreadsheets (leading tab or apostrophe, ="…"); blanks become ""."""
    if value is None:
        return ""
    if isinstance(value, str):
        # Most cells: nothing to take off, and no word for nothing begins like this.
        if value and value[0] not in SUSPECT and value[-1] not in WRAPPED and "\0" not in value and type(value) is str:
            return value
        found = value
    elif isinstance(value, bool):
        return "true" if value else "false"
    elif isinstance(value, float):
        # Spreadsheets keep numbers as floats: 3821113838.0 is an id, not an amount of precision.
        found = str(int(value)) if value.is_integer() else repr(value)
    elif isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    else:
        found = str(value)
    found = found.strip()
    if found.startswith('="') and found.endswith('"'):
        found = found[2:-1]
    elif found.startswith("'"):
        found = found[1:]
    if "\0" in found:
        found = found.replace("\0", "")
    return "" if found.lower() in BLANKS else found


def name_of_person(value: Any) -> str:
    """A name, a nickname or an id that people choose: only an empty cell is empty, since somebody is called "null"."""
    found = text(value)
    return found or ("" if value is None else plain(value))


def plain(value: Any) -> str:
    """The cell's own letters where `text` would take them for a word for nothing."""
    found = value.strip().strip("\t'") if isinstance(value, str) else ""
    return found if found.isalpha() and found not in UNSAID else ""


def identifier(value: Any, field: str) -> str:
    """An order, waybill or item number. A number that a spreadsheet rounded (1.23E+18) is refused, never guessed: a
    spreadsheet keeps fifteen digits (what it lost of digits in a text shows in many of them: `rounded`)."""
    found = narrow(text(value))
    if SCIENTIFIC.fullmatch(found):
        raise BadValue(field, _("the spreadsheet has shortened this number; export it as text"), value)
    if isinstance(value, float) and (not value.is_integer() or abs(value) >= SHEET_DIGITS):
        raise BadValue(field, _("the spreadsheet has rounded this number; export it as text"), value)
    if found.upper() in SHEET_ERRORS:
        raise BadValue(field, _("the spreadsheet shows an error here"), value)
    return found


def rounded(numbers: Iterable[str]) -> set[str]:
    """Those of one file's numbers that a spreadsheet has rounded: where every number of more than fifteen digits has
    zeros behind the fifteenth, and so many zeros together that it is no chance. Where one has not, none was rounded."""
    long = {number for number in numbers if len(number) > 15 and number.isdigit()}
    zeros = sum(len(number) - 15 for number in long)
    return long if zeros >= 3 and not any(number[15:].strip("0") for number in long) else set()


def narrow(found: str) -> str:
    """Full-width digits and letters as their usual ones."""
    return found if found.isascii() else unicodedata.normalize("NFKC", found).strip()


def money(value: Any, field: str, unit: str) -> int | None:
    """Fen, exactly. `unit` is what the source writes: "yuan" (88, 88.0, "¥1,288.50", 178.8) or "fen".

    A comma groups three digits or is refused: "88,00" is 88 yuan to some and 8,800 to others."""
    if isinstance(value, Merged):
        raise BadValue(field, _("this cell is merged over several rows, so whose amount it is cannot be told"), value)
    if isinstance(value, bool):
        raise BadValue(field, _("“%(value)s” is not an amount") % {"value": text(value)})
    if isinstance(value, float | int):
        return _money(repr(value), field, unit)
    try:
        return _written_money(value if isinstance(value, str) else text(value), unit)
    except BadValue as bad:
        raise BadValue(field, bad.why, bad.value) from None


@lru_cache(maxsize=8192)
def _written_money(value: str, unit: str) -> int | None:
    """A shop has few prices, and its files name each of them again and again. Whoever asks knows the column."""
    field = ""
    found = narrow(text(value))
    if not found:
        return None
    sign = "-" if found[0] in "-−" else ""
    found = found[len(sign) :]
    for mark in ("¥", "元", "RMB", "CNY"):
        found = found.removeprefix(mark).removesuffix(mark).strip()
    if found[:1] in "-−" and not sign:
        sign, found = "-", found[1:]
    if not AMOUNT.fullmatch(found):
        raise BadValue(field, _("“%(value)s” is not an amount") % {"value": text(value)[:40]})
    return _money(sign + found.replace(",", ""), field, unit)


def _money(found: str, field: str, unit: str) -> int:
    try:
        amount = Decimal(found)
    except InvalidOperation:
        raise BadValue(field, _("“%(value)s” is not an amount") % {"value": found[:40]}) from None
    if not amount.is_finite() or abs(amount) > 10**15:
        raise BadValue(field, _("“%(value)s” is not an amount") % {"value": found[:40]})
    if unit == "yuan":
        amount *= 100
    nearest = amount.to_integral_value()
    if abs(amount - nearest) > FLOAT_DUST:
        raise BadValue(field, _("“%(value)s” is not a whole number of fen") % {"value": found[:40]})
    return int(nearest)


def whole(value: Any, field: str) -> int | None:
    if isinstance(value, Merged):
        raise BadValue(field, _("this cell is merged over several rows, so whose number it is cannot be told"), value)
    found = narrow(text(value))
    if not found:
        return None
    if not WHOLE.fullmatch(found) or abs(number := Decimal(found.replace(",", ""))) > 10**9:
        raise BadValue(field, _("“%(value)s” is not a whole number") % {"value": found[:40]})
    return int(number)


def moment(value: Any, field: str, order: str = "") -> datetime | None:
    """An aware instant. Text is Shanghai's wall clock unless it names a zone; 10 digits are unix seconds, 13 are ms,
    a number of days is a spreadsheet's. `order` says what 04-30-22 means: "mdy", "dmy" or "ymd"; without it only a
    date that begins with the year is read. What is left over when the time is read makes it no time."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=SHANGHAI)
    found = text(value)
    if not found or found == "0":
        return None
    return _moment(narrow(found), field, order)


@lru_cache(maxsize=8192)
def _moment(found: str, field: str, order: str) -> datetime | None:
    try:
        if found.isdigit() and len(found) in (9, 10, 13):
            seconds = int(found) / 1000 if len(found) == 13 else int(found)
            at = datetime.fromtimestamp(seconds, UTC)
        elif found.isdigit() and len(found) == 14:
            at = datetime.strptime(found, "%Y%m%d%H%M%S").replace(tzinfo=SHANGHAI)
        elif found.isdigit() and len(found) == 8:
            at = datetime.strptime(found, "%Y%m%d").replace(tzinfo=SHANGHAI)
        elif SERIAL.fullmatch(found):
            at = _days(found)
        else:
            at = _written(found, order)
    except (ValueError, OverflowError):
        raise BadValue(field, _("“%(value)s” is not a time") % {"value": found[:40]}) from None
    if at.year > 2100:
        raise BadValue(field, _("“%(value)s” lies too far in the future") % {"value": found[:40]})
    return None if at.year < EARLIEST_YEAR else at


def _days(found: str) -> datetime:
    """A spreadsheet's count of days since 1899-12-30. One that is cut off names no minute. Raises ValueError."""
    seconds = float(found) * 86400
    decimals = len(found.partition(".")[2])
    if decimals and decimals < 5 and abs(seconds / 60 - round(seconds / 60)) > 1e-6:
        raise ValueError(found)
    return datetime(1899, 12, 30, tzinfo=SHANGHAI) + timedelta(seconds=round(seconds))


def _written(found: str, order: str) -> datetime:
    """2020/2/1 9:05, 2020年02月01日 09时05分, 2026-03-17 08:36 PM, 2026/3/17 下午8:36, 2026-03-17T15:05:00Z."""
    parts = (WRITTEN if YEAR_FIRST.match(found) else BY_ORDER.get(order, NOTHING)).fullmatch(found)
    if parts is None:
        raise ValueError(found)
    year, month, day = (int(parts[name]) for name in ("year", "month", "day"))
    hour = _hour(int(parts["hour"] or 0), parts["before"] or parts["after"] or "")
    minute, second = int(parts["minute"] or 0), int(parts["second"] or 0)
    micro = int((parts["fraction"] or "0")[:6].ljust(6, "0"))
    zone = _zone(parts["zone"] or "")
    return datetime(year + (2000 if year < 100 else 0), month, day, hour, minute, second, micro, tzinfo=zone)


def _hour(hour: int, word: str) -> int:
    """The hour of a day that is told in halves. Raises ValueError where hour and word contradict each other."""
    word = word.replace(".", "").upper()
    if not word:
        return hour
    is_later = word in ("PM", "下午", "晚上", "傍晚") or (word == "中午" and hour < 11)
    if hour > 12:
        if is_later:
            return hour
        raise ValueError(word)
    if word == "晚上" and hour == 12:
        raise ValueError(word)
    if hour == 12:
        return 12 if is_later or word == "中午" else 0
    return hour + 12 if is_later else hour


def _zone(word: str) -> tzinfo:
    """CST and the like name several zones and are no zone here. Raises ValueError."""
    if not word:
        return SHANGHAI
    if word.upper() in ("Z", "UTC", "GMT"):
        return UTC
    digits = word.upper().removeprefix("UTC").removeprefix("GMT")
    hours, minutes = int(digits[1:3]), int(digits[3:].strip(":") or 0)
    if hours > 14 or minutes > 59:
        raise ValueError(word)
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if digits[0] == "-" else offset)


def structure(value: Any, field: str) -> Any:
    """Nested JSON, whether it came as text or already parsed; None when blank."""
    if isinstance(value, dict | list):
        return value
    found = text(value)
    if not found:
        return None
    try:
        return incoming.read_json(found)
    except ValueError:
        raise BadValue(field, _("this is not readable JSON")) from None
