"""Values as platforms write them, read strictly: what is not there is empty, what cannot be is refused."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


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
    """A whole number that may come as text; anything else is zero."""
    if isinstance(value, bool):
        return int(value)
    try:
        return int(value)
    except (TypeError, ValueError):
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


def identifier(value: Any) -> str:
    """An int64 id as text, since our numbers are text; absent and zero are empty."""
    return "" if value in (None, "", 0, "0", False) else str(value)
