"""What couriers' scans have in common: their clock, their hubs, their words for a refusal, the phones in their text."""

import logging
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from logistics.couriers import told
from logistics.couriers.base import Event
from logistics.couriers.wire import stray
from merchant.carriers import waybills
from merchant.clock import shanghai
from merchant.personal_data import mask_text

log = logging.getLogger(__name__)

# A hub sorts, it never delivers. Any other site may be the delivering one.
_HUB = re.compile("中心|转运|中转|分拨|集散|枢纽|集包|航空部")
_REDIRECTED = re.compile("改地址|更改地址|修改地址|地址变更|更址|转寄|改派")
_SITE_IN_TEXT = re.compile("【([^【】]{2,60})】")


def moment(value: Any) -> datetime:
    """A courier's time as an aware UTC instant: epoch milliseconds, or wall-clock text, which is Shanghai's.

    Raises ValueError for anything else, and for years in which no parcel travels.
    """
    if type(value) is int and 10**12 <= value < 10**13:
        return datetime.fromtimestamp(value / 1000, UTC)
    text = str(value if value is not None else "").strip()
    if text.isascii() and text.isdigit() and len(text) in (10, 13):
        return datetime.fromtimestamp(int(text) / (1000 if len(text) == 13 else 1), UTC)
    naive = datetime.fromisoformat(text.replace("/", "-"))
    if not 2000 <= naive.year < 2100:
        raise ValueError(f"no parcel travels in {naive.year}")
    return (naive if naive.tzinfo else shanghai(naive)).astimezone(UTC)


def is_hub(name: str) -> bool:
    """Whether a site of this name only sorts."""
    return bool(_HUB.search(name))


def says_refused(*texts: Any) -> bool:
    """Whether a trouble scan means that the receiver refused the parcel."""
    return any(told.says_refused(str(text or "")) for text in texts)


def says_redirected(*texts: Any) -> bool:
    """Whether a "return" scan is in truth a change of address."""
    return any(_REDIRECTED.search(str(text or "")) for text in texts)


def without_phones(text: Any) -> str:
    """The courier's sentence with numbers, names and doors masked: staff and receivers are people."""
    return _masked(str(text or "")[:500])


# The scans of yesterday come again with every answer about their parcel.
@lru_cache(4096)
def _masked(words: str) -> str:
    return mask_text(words)[:500]


def site_in(text: Any) -> str:
    """The site a sentence names in 【brackets】, or ""; a person who stands there instead is masked."""
    found = _SITE_IN_TEXT.search(str(text or ""))
    return mask_text(found.group(1)) if found else ""


def is_about(told: Any, waybill: str) -> bool:
    """Whether a number in an answer is the one in question, however it is written; one that is not told is."""
    said = str(told or "").strip()
    return not (said and waybill) or waybills.normal(said) == waybills.normal(waybill)


def ours(rows: Iterable[Any], name: str, waybill: str, raw: str) -> list[dict[str, Any]]:
    """The rows, each of which is about this parcel. Raises CourierError ANOTHER_PARCEL when one names another under
    `name`: what mixes parcels up proves nothing of ours (decision 0043)."""
    found = [row for row in rows if isinstance(row, dict)]
    for row in found:
        if not is_about(row.get(name), waybill):
            raise stray(str(row[name]), raw)
    return found


def under(told: Any, waybill: str, raw: str) -> Any:
    """What an answer by waybill holds for this one; None where it holds nothing. Raises like `ours` when it holds
    something for another."""
    held = {number: rows for number, rows in told.items() if rows} if isinstance(told, dict) else {}
    for number in held:
        if not is_about(number, waybill):
            raise stray(str(number), raw)
    return next(iter(held.values()), None)


def read_rows(rows: Iterable[Any], read: Callable[[dict[str, Any]], Event]) -> list[Event]:
    """Every readable row as an event, oldest first. One bad row is logged and left out; ValueError when all are bad."""
    events: list[Event] = []
    errors: list[Exception] = []
    for row in rows:
        try:
            events.append(read(row))
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            errors.append(error)
    if errors and not events:
        raise ValueError(f"unreadable scans: {errors[0]}")
    for bad in errors:
        log.warning("left out one unreadable scan: %s", bad)
    return sorted(events, key=lambda event: event.event_at)
