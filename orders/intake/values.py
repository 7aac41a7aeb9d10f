"""Reading single values of files and platform answers: exact, or refused with the field and a sentence."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.clock import SHANGHAI

# What sources write into a cell to say that there is nothing.
BLANKS = frozenset({"", "null", "none", "nil", "nan", "n/a", "-", "--", "/", "\\n", "无", "0000-00-00 00:00:00"})
# First or last characters that are not the cell's own text.
WRAPPED = frozenset(" \t\r\n\v\f\u3000\xa0\ufeff='\"")
# Spreadsheets keep 178.8 as 178.79999999999998. What is this near to a fen was that fen; anything else is refused.
FLOAT_DUST = Decimal("0.0001")
# Dates before this are a source's way of saying "not yet" (unix 0, 1970-01-01 08:00:00).
EARLIEST_YEAR = 1990


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
        # Most cells: nothing to take off, and no word for nothing is this long.
        if len(value) > 19 and value[0] not in WRAPPED and value[-1] not in WRAPPED and "\0" not in value:
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


def identifier(value: Any, field: str) -> str:
    """An order, waybill or item number. A number that a spreadsheet rounded (1.23E+18) is refused, never guessed."""
    found = text(value)
    if re.fullmatch(r"\d(\.\d+)?[eE]\+\d+", found):
        raise BadValue(field, _("the spreadsheet has shortened this number; export it as text"), value)
    if isinstance(value, float) and abs(value) >= 2**53:
        raise BadValue(field, _("the spreadsheet has rounded this number; export it as text"), value)
    return found


def money(value: Any, field: str, unit: str) -> int | None:
    """Fen, exactly. `unit` is what the source writes: "yuan" (88, 88.0, "¥1,288.50", 178.8) or "fen"."""
    found = text(value)
    if not found:
        return None
    found = found.replace(",", "").replace(" ", "")
    for sign in ("¥", "￥", "元", "RMB"):
        found = found.removeprefix(sign).removesuffix(sign)
    if unit == "fen" and (found.isdigit() or (found[:1] == "-" and found[1:].isdigit())):
        return int(found)
    return _money(found, field, unit)


def _money(found: str, field: str, unit: str) -> int:
    try:
        amount = Decimal(found)
    except InvalidOperation:
        raise BadValue(field, _("“%(value)s” is not an amount") % {"value": found[:40]}) from None
    if unit == "yuan":
        amount *= 100
    if not amount.is_finite() or abs(amount) > 10**15:
        raise BadValue(field, _("“%(value)s” is not an amount") % {"value": found[:40]})
    nearest = amount.to_integral_value()
    if abs(amount - nearest) > FLOAT_DUST:
        raise BadValue(field, _("“%(value)s” is not a whole number of fen") % {"value": found[:40]})
    return int(nearest)


def whole(value: Any, field: str) -> int | None:
    found = text(value)
    if not found:
        return None
    try:
        number = Decimal(found)
        if number != number.to_integral_value() or abs(number) > 10**9:
            raise InvalidOperation
    except InvalidOperation:
        raise BadValue(field, _("“%(value)s” is not a whole number") % {"value": found[:40]}) from None
    return int(number)


def moment(value: Any, field: str) -> datetime | None:
    """An aware instant. Text is Shanghai's wall clock unless it names a zone; 10 digits are unix seconds, 13 are ms."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=SHANGHAI)
    found = text(value)
    if not found or found == "0":
        return None
    return _moment(found, field)


@lru_cache(maxsize=8192)
def _moment(found: str, field: str) -> datetime | None:
    try:
        if found.isdigit() and len(found) in (9, 10, 13):
            seconds = int(found) / 1000 if len(found) == 13 else int(found)
            at = datetime.fromtimestamp(seconds, UTC)
        elif found.isdigit() and len(found) == 14:
            at = datetime.strptime(found, "%Y%m%d%H%M%S").replace(tzinfo=SHANGHAI)
        else:
            at = _written(found)
    except (ValueError, OverflowError):
        raise BadValue(field, _("“%(value)s” is not a time") % {"value": found[:40]}) from None
    if at.year > 2100:
        raise BadValue(field, _("“%(value)s” lies too far in the future") % {"value": found[:40]})
    return None if at.year < EARLIEST_YEAR else at


def _written(found: str) -> datetime:
    try:
        at = datetime.fromisoformat(found)
    except ValueError:
        # 2020/2/1 9:05, 2020年02月01日 09:05:00, 2020.2.1
        parts = [int(part) for part in re.findall(r"\d+", found)]
        if not 3 <= len(parts) <= 7 or not re.match(r"\d{4}\s*[/年.\-]", found):
            raise
        at = datetime(*parts[:6])  # type: ignore[arg-type]  # noqa: DTZ001 - the zone follows
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)


def structure(value: Any, field: str) -> Any:
    """Nested JSON, whether it came as text or already parsed; None when blank."""
    if isinstance(value, dict | list):
        return value
    found = text(value)
    if not found:
        return None
    try:
        return json.loads(found)
    except ValueError:
        raise BadValue(field, _("this is not readable JSON")) from None
