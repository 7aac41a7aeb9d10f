"""How a channel's statement is laid out: one file per channel in `formats`. Rows become `Line`s; nothing is held
against anything here."""

import hashlib
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.statements.enums import RowKind
from merchant.refusals import Refused
from orders.intake import values
from orders.intake.readers import (
    BROKEN,
    STRIDE,
    Row,
    SourceFile,
    Table,
    joined_tables,
    read_tables,
    why_broken,
)
from orders.intake.values import BadValue


@dataclass(frozen=True)
class Line:
    """One movement. `amount_fen` is never negative: the kind says which way."""

    row_no: int
    flow_number: str
    booked_at: datetime
    kind: RowKind
    amount_fen: int
    channel_number: str = ""
    our_number: str = ""


@dataclass(frozen=True)
class Layout:
    """One statement's columns. `is_end(row)` is true from the summary on, where the channel adds one."""

    name: str
    label: Any
    channel: str
    columns: frozenset[str]
    read: Callable[[int, Row], Line]
    is_end: Callable[[Row], bool] = lambda row: False
    # Whether its rows name refunds, so that they can be held against ours and its days count as covered.
    is_matched: bool = True

    def fits(self, header: Sequence[str]) -> int:
        """0 when the header is not this layout's, else the number of its columns."""
        return len(self.columns) if self.columns <= set(header) else 0


def cell(row: Row, *names: str) -> Any:
    """The first of these columns that is there, without the back-quote some put in front of a number."""
    for name in names:
        if name in row:
            value = row[name]
            return value.lstrip("`") if isinstance(value, str) else value
    return None


def needed(value: Any, name: str) -> Any:
    """The value. Raises BadValue when there is none."""
    if value in (None, ""):
        raise BadValue(name, _("it is empty"))
    return value


def moment(row: Row, name: str) -> datetime:
    """The instant in this column. Raises BadValue."""
    found = values.moment(cell(row, name), name)
    return needed(found, name)


def fen(row: Row, *names: str) -> int:
    """The amount in the first of these columns, in fen and without its sign. Raises BadValue."""
    return abs(needed(values.money(cell(row, *names), names[0], "yuan"), names[0]))


def two_sided(row: Row, money_in: str, money_out: str) -> tuple[bool, int]:
    """(whether money left, fen) of a ledger with a column for each way. Raises BadValue when both or neither speak."""
    come, gone = (values.money(cell(row, name), name, "yuan") or 0 for name in (money_in, money_out))
    if bool(come) == bool(gone):
        raise BadValue(money_in, _("one of %(first)s and %(second)s must hold an amount") % {
            "first": money_in, "second": money_out,
        })  # fmt: skip
    return bool(gone), abs(gone or come)


_layouts: list[Layout] = []


def register(layout: Layout) -> None:
    """Read statements of this layout from now on; one of the same name is replaced."""
    _layouts[:] = [*(one for one in _layouts if one.name != layout.name), layout]


def row_digest(row: Row) -> str:
    """A number for a row that has none: the same row of a second file is the same movement."""
    said = "\x1f".join(f"{name}={values.text(value)}" for name, value in sorted(row.items()))
    return f"#{hashlib.sha256(said.encode()).hexdigest()[:40]}"


def discover() -> None:
    """Load every channel's file in `formats`; called once, when the process starts."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent / "formats")]):
        importlib.import_module(f"aftersales.statements.formats.{module.name}")


def open_statement(name: str, body: bytes) -> tuple[Layout, Table]:
    """Find the layout by its columns. Raises Refused FILE when nothing in the file is a statement we know."""
    tables = read_tables(SourceFile(name, lambda: body))
    for layout in _layouts:
        found = [headed for table in tables if layout.fits((headed := table.headed(layout.fits)).header)]
        if found:
            return layout, joined_tables(found)
    raise Refused(
        "FILE",
        _("“%(name)s” is no statement we know. Known are: %(known)s.")
        % {"name": name, "known": " · ".join(str(layout.label) for layout in _layouts)},
    )


def lines_of(layout: Layout, table: Table) -> Iterator[Line | tuple[int, str]]:
    """Each row as a Line, or as (row number, why it cannot be read)."""
    ended = -1
    for row_no, row in table.rows():
        if BROKEN in row:
            yield row_no, str(why_broken(row))
            continue
        if layout.is_end(row):
            # Of several tables the next one begins with a multiple of STRIDE.
            ended = row_no // STRIDE
        if ended == row_no // STRIDE:
            continue
        try:
            yield layout.read(row_no, row)
        except BadValue as error:
            yield row_no, f"{error.field}: {error.why}"
