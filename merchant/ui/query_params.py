"""Numbers as a visitor writes them. Whatever is no number, or none a row could have, is simply none."""

from datetime import UTC, datetime, timedelta

# Longer texts cannot be a row of ours; PostgreSQL's bigint ends a little above.
DIGITS = 18
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_SECOND = 253_402_300_799


def parse_int(text: str) -> int | None:
    """`12` → 12; anything but one to eighteen plain digits (`²`, `-1`, ` 5`, a thousand nines) → None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else None


def key_of_page(at: datetime, pk: int) -> str:
    """What `page_key` reads: the last row of a page. Whole microseconds, since a float may lose the last one."""
    return f"{(at - EPOCH) // timedelta(microseconds=1)}-{pk}"


def page_key(text: str) -> tuple[datetime, int] | None:
    """A list's `microseconds-id` as (instant, id), None when it is none."""
    at, _dash, pk = text.partition("-")
    micros, row = parse_int(at), parse_int(pk)
    if micros is None or row is None or micros // 1_000_000 > LAST_SECOND:
        return None
    return EPOCH + timedelta(microseconds=micros), row
