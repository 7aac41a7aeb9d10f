"""What a profile says about a column, made into a function that reads it.

A column is named by its header; a dot goes into nested JSON (`pay_info.pay_time`). Instead of a name a table may stand:

    from = "x" | ["x", "y"]     the column, or the first of several that is filled
    concat = ["x", "y"], sep    several columns as one text
    sum = "items.price"         the sum over the rows of a joined file, or over the rows of the order itself ("rows.…")
    lookup, by, column          a column of another file, found by this column's value
    join = ["x", "y"]           several columns with | between, for `map`
    map = { "a" = "b" }         other words for what is found; `"*"` is any other, `"3|*"` any second part
    blank = ["x"]               words that mean that there is nothing
    const                       the same value for every row
    minus = ["x"]               amounts: what these columns hold is taken off
    same = true                 amounts: one of the order, repeated in each of its rows
    dates = "mdy"               moments: how a date is written that does not begin with its year (mdy, dmy, ymd)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from orders.intake.readers import Merged, Row
from orders.intake.values import (
    BadValue,
    identifier,
    moment,
    money,
    name_of_person,
    plain,
    structure,
    text,
    whole,
)


@dataclass(slots=True)
class Record:
    """What one order was given as: its row, the other rows of it, and the rows of joined files that name it."""

    row_nos: tuple[int, ...]
    row: Row
    rows: list[Row]
    joined: dict[str, list[Row]] = field(default_factory=dict)
    lookups: Mapping[str, Mapping[str, Row]] = field(default_factory=dict)
    # Rows below it that name no order and yet hold goods: of this order, or of none.
    orphans: tuple[int, ...] = ()


Read = Callable[[Record, Row], Any]


def find(row: Row, path: str) -> Any:
    """The value under a column's name or a dotted path; None where there is nothing."""
    if path in row:
        return row[path]
    head, dot, rest = path.partition(".")
    if not dot or head not in row:
        return None
    value = structure(row[head], head)
    for step in rest.split("."):
        if isinstance(value, list):
            value = value[0] if value else None
        value = value.get(step) if isinstance(value, dict) else None
    return value


def columns_of(spec: Any) -> set[str]:
    """The columns of its own row a spec reads (of dotted paths the first step)."""
    if isinstance(spec, str):
        return {spec, spec.partition(".")[0]}
    if isinstance(spec, list):
        return set().union(*map(columns_of, spec)) if spec else set()
    if isinstance(spec, dict):
        found: set[str] = set()
        for key in ("from", "concat", "join", "by", "minus"):
            if key in spec:
                found |= columns_of(spec[key])
        if str(spec.get("sum", "")).startswith("rows."):
            found |= columns_of(spec["sum"].removeprefix("rows."))
        return found
    return set()


def reader(spec: Any) -> tuple[str, Read]:
    """(name for messages, function that reads the raw value)."""
    if isinstance(spec, str):
        return spec, lambda record, row: row[spec] if spec in row else find(row, spec)
    if isinstance(spec, list):
        return spec[0], lambda record, row: _first(row, spec)
    if "const" in spec:
        return "", lambda record, row: spec["const"]
    if "concat" in spec:
        separator = spec.get("sep", "")
        return spec["concat"][0], lambda record, row: separator.join(
            filter(None, (text(find(row, c)) for c in spec["concat"]))
        )
    if "sum" in spec:
        return spec["sum"], lambda record, row: None  # handled by money_reader: sums are money
    if "lookup" in spec:
        return spec["by"], lambda record, row: find(
            record.lookups.get(spec["lookup"], {}).get(text(find(row, spec["by"])), {}), spec["column"]
        )
    if "join" in spec:
        name, read = spec["join"][0], lambda record, row: "|".join(text(find(row, c)) for c in spec["join"])
    else:
        name, read = reader(spec["from"])
    if "blank" in spec:
        name, read = name, _without(read, spec["blank"])
    if "map" not in spec:
        return name, read
    words = {str(key): value for key, value in spec["map"].items()}

    def mapped(record: Record, row: Row) -> Any:
        found = text(read(record, row))
        if found in words:
            return words[found]
        head = found.partition("|")[0]
        if f"{head}|*" in words:
            return words[f"{head}|*"]
        return words.get("*", spec.get("default"))

    return name, mapped


def _without(read: Read, words: list[str]) -> Read:
    def found(record: Record, row: Row) -> Any:
        value = read(record, row)
        return None if text(value) in words else value

    return found


def _first(row: Row, paths: list[str]) -> Any:
    said = None
    for path in paths:
        value = find(row, path)
        if text(value):
            return value
        said = said or (value if plain(value) else None)
    return said


def text_reader(spec: Any) -> Read:
    if spec is None:
        return lambda record, row: ""
    _name, read = reader(spec)
    return lambda record, row: text(read(record, row))


def name_reader(spec: Any) -> Read:
    """Names, nicknames and ids that people choose."""
    if spec is None:
        return lambda record, row: ""
    _name, read = reader(spec)
    return lambda record, row: name_of_person(read(record, row))


def id_reader(spec: Any) -> Read:
    if spec is None:
        return lambda record, row: ""
    name, read = reader(spec)
    return lambda record, row: identifier(read(record, row), name)


def whole_reader(spec: Any) -> Read:
    if spec is None:
        return lambda record, row: None
    name, read = reader(spec)
    return lambda record, row: whole(read(record, row), name)


def moment_reader(spec: Any, dates: str = "") -> Read:
    if spec is None:
        return lambda record, row: None
    name, read = reader(spec)
    order = spec.get("dates", dates) if isinstance(spec, dict) else dates
    return lambda record, row: moment(read(record, row), name, order)


def money_reader(spec: Any, unit: str) -> Read:
    """Fen, or None where the source is silent. `sum` adds up over many rows and is None when none of them speaks."""
    if spec is None:
        return lambda record, row: None
    if isinstance(spec, dict) and "sum" in spec:
        alias, _dot, column = spec["sum"].partition(".")

        def total(record: Record, row: Row) -> int | None:
            rows = record.rows if alias == "rows" else record.joined.get(alias, [])
            cells = [cell for each in rows if not is_said_above(record, cell := find(each, column))]
            amounts = [amount for cell in cells if (amount := money(cell, column, unit)) is not None]
            return sum(amounts) if amounts else None

        return total
    name, read = reader(spec)
    if isinstance(spec, dict) and spec.get("same"):
        return lambda record, row: _the_same(record, name, unit)
    if isinstance(spec, dict) and "minus" in spec:
        return lambda record, row: _less(money(read(record, row), name, unit), row, spec["minus"], unit)
    return lambda record, row: money(read(record, row), name, unit)


def is_said_above(record: Record, cell: Any) -> bool:
    """Whether a merged cell's amount is counted already: its first row belongs to the same order."""
    return isinstance(cell, Merged) and cell.top in record.row_nos


def _the_same(record: Record, name: str, unit: str) -> int | None:
    """One amount of the order, repeated in each of its rows; rows that differ are refused."""
    cells = [cell for row in record.rows if not is_said_above(record, cell := find(row, name))]
    found = {amount for cell in cells if (amount := money(cell, name, unit)) is not None}
    if len(found) > 1:
        raise BadValue(name, _("the rows of this order name different amounts"))
    return found.pop() if found else None


def _less(amount: int | None, row: Row, columns: list[str], unit: str) -> int | None:
    if amount is None:
        return None
    return amount - sum(money(find(row, column), column, unit) or 0 for column in columns)


def required(value: Any, name: str) -> Any:
    if value in (None, ""):
        raise BadValue(name, _("this is empty"))
    return value
