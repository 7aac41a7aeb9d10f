"""Values as platforms write them, read strictly: what is not there is empty, what cannot be is refused."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from merchant import incoming
from merchant.platforms.base import Unreadable


def instant(milliseconds: Any) -> datetime | None:
    """Epoch milliseconds as an aware instant; zero, absent or unreadable is no instant."""
    value = number(milliseconds)
    if value <= 0:
        return None
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def milliseconds(moment: datetime) -> int:
    """An aware instant as epoch milliseconds."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return int(moment.timestamp() * 1000)


def number(value: Any) -> int:
    """A whole number that may come as text; anything else is zero, but beyond 64 bits ValueError."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return incoming.whole(value)
    try:
        return incoming.whole(int(value))
    except TypeError:
        return 0
    except ValueError:
        if isinstance(value, float | int):
            raise
        return 0


def mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("an object was expected")
    return value


def required_id(fields: Mapping[str, Any], name: str) -> str:
    value = identifier(fields.get(name))
    if not value:
        raise ValueError(f"no {name}")
    return value


def read_or_pass(
    reader: Callable[[Any], Any], row: Any, *path: str, changed_at: Callable[[Any], datetime | None]
) -> Any:
    """`reader(row)`, or the row as `Unreadable` under the number at `path`: one bad row of a list stops no other.
    `changed_at` reads when the object that holds the number last changed."""
    try:
        return reader(row)
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
        number_of, holder = row, None
        for name in path:
            holder = number_of if isinstance(number_of, Mapping) else {}
            number_of = holder.get(name)
        known = incoming.clean_text(str(number_of or ""))[:40] if isinstance(number_of, int | str) else ""
        at = None
        with suppress(ValueError, TypeError, OverflowError):
            at = changed_at(holder or {})
        return Unreadable(known, f"{type(error).__name__}: {error}"[:200], at, raw=row)


def identifier(value: Any) -> str:
    """An int64 id as text, since our numbers are text; absent and zero are empty. Raises ValueError when it is longer
    than any identifier, or neither a number nor text."""
    if value in (None, "", 0, "0", False):
        return ""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("an identifier that is neither a number nor text")
    return incoming.short_id(value)
