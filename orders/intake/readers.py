"""Files as tables of named columns. A child process opens them (orders.intake.reading); nothing is interpreted.

CSV in UTF-8, UTF-16 or GB18030, Excel (xlsx, xls, xlsb, ods, HTML tables that call themselves xls), JSON Lines, JSON;
each also gzipped, or several packed in a zip.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.jobs.models import TABLE_ROWS
from merchant.refusals import Refused
from orders.intake.reading import spool, words
from orders.intake.reading.limits import Unreadable
from orders.intake.reading.workbook import DATE_MARK

# The header stands among the first rows: platforms put a title, a shop's name or a period above it.
HEAD_ROWS = 30
# The column under which a row that cannot be read is handed on with the reason, so that it is refused by its number.
BROKEN = "\x00line"


@dataclass(frozen=True)
class SourceFile:
    """A file by name, and how to get its bytes."""

    name: str
    read: Callable[[], bytes]
    # Under this name what was read is kept for the next slice of the same work, until `forget`.
    key: str = ""
    # Told what was read, once.
    on_read: Callable[[spool.Spool], None] | None = None

    @classmethod
    def at(cls, path: Path) -> "SourceFile":
        return cls(path.name, path.read_bytes)


Row = dict[str, Any]


class Merged(str):
    """The text of a cell that is merged over several rows, as the rows below the first one see it. `top` is the row
    that holds it: a number or a name belongs to all of them, an amount is said once."""

    __slots__ = ("top",)
    top: int

    def __new__(cls, text: Any, top: int) -> "Merged":
        found = super().__new__(cls, text)
        found.top = top
        return found


@dataclass(frozen=True)
class Table:
    """One table of a file. `rows` gives (number as people see it in the file, row); it can be iterated again."""

    name: str
    header: tuple[str, ...]
    rows: Callable[[], Iterator[tuple[int, Row]]]
    total: int
    # The tables of one layout that were put one after the other; empty for a single one.
    parts: tuple["Table", ...] = ()
    # Rows that could be the header, and how the table reads with another one of them.
    heads: tuple[tuple[int, tuple[str, ...]], ...] = field(default=(), repr=False)
    _under: Callable[[int], "Table"] | None = field(default=None, repr=False)

    def headed(self, fits: Callable[[Sequence[str]], int]) -> "Table":
        """The table with the first of its rows that fits best as its header; itself when none fits."""
        best, found = fits(self.header), self
        for number, header in self.heads:
            if header != self.header and (score := fits(header)) > best and self._under is not None:
                best, found = score, self._under(number)
        return found


def read_tables(file: SourceFile) -> list[Table]:
    """Every table in the file. Raises Refused("FILE") when it is none we can read."""
    found = _kept.get(file.key) if file.key else None
    if found is None:
        found = spool_of(file.name, file.read())
        if file.on_read is not None:
            file.on_read(found)
        if file.key:
            _keep(file.key, found)
    return tables_of(file.name, found)


# What the slices of an import read again and again; the disk holds no more than a few months of orders.
_kept: dict[str, spool.Spool] = {}
MOST_KEPT = 12


def _keep(key: str, found: spool.Spool) -> None:
    _kept[key] = found
    for old in list(_kept)[:-MOST_KEPT]:
        _kept.pop(old, None)


def forget(keys: Iterable[str]) -> None:
    """The work on these files is over."""
    for key in keys:
        _kept.pop(key, None)


def spool_of(name: str, body: bytes) -> spool.Spool:
    """The file as a child process read it. Raises Refused("FILE")."""
    try:
        return spool.read(name, body, first=HEAD_ROWS)
    except Unreadable as error:
        said = words.FILES.get(error.code, words.FILES["damaged"]) % error.facts
        member = error.facts.get("member")
        raise unreadable(f"{name} · {member}" if member else name, said, name=name) from error


def tables_of(name: str, found: spool.Spool) -> list[Table]:
    tables = [_objects(each) if each.kind == "objects" else _cells(each) for each in found.tables]
    if not any(table.total for table in tables) and all(each.kind != "text" for each in found.tables):
        raise unreadable(name, words.FILES["empty"])
    return [table for table in tables if table.header] or tables[:1]


def sample_of(found: spool.Spool, most: int = 5) -> list[dict[str, Any]]:
    """The header and the first rows of each table, as text."""
    sample = []
    for table in tables_of("", found):
        rows = [row for _number, row in islice(table.rows(), most) if BROKEN not in row]
        sample.append(
            {
                "name": table.name,
                "header": [name for name in table.header if name and name != BROKEN],
                "rows": [
                    [str("" if row.get(name) is None else row[name])[:200] for name in table.header if name]
                    for row in rows
                ],
            }
        )
    return sample


def unreadable(said_of: str, why: Any, *, name: str = "") -> Refused:
    return Refused(
        "FILE", _("“%(name)s” cannot be read: %(why)s.") % {"name": said_of, "why": why}, file=name or said_of
    )


def why_broken(row: Row) -> Any:
    """The sentence about a row under BROKEN."""
    return words.ROWS.get(str(row.get(BROKEN)), words.ROWS["json"])


# --- rows of cells ----------------------------------------------------------------------------------------------------


def _cells(found: spool.Spooled) -> Table:
    rows = [(event[1], event[-1]) for event in found.first if event[0] == "r"]
    heads = tuple((number, _header(cells)) for number, cells in rows if sum(map(_filled, cells)) >= 2)
    most = max((sum(map(bool, header)) for _number, header in heads), default=0)
    # A title row has a cell or two; the header names every column.
    top = next((number for number, header in heads if sum(map(bool, header)) * 2 > most), 0)

    def under(number: int) -> Table:
        header = next((header for at, header in heads if at == number), ())
        above = sum(1 for event in found.first if event[1] <= number)
        return Table(
            found.name,
            header,
            lambda: _named(found, number, header),
            max(0, found.count - above),
            heads=heads,
            _under=under,
        )

    return under(top)


def _named(found: spool.Spooled, top: int, header: tuple[str, ...]) -> Iterator[tuple[int, Row]]:
    width, is_text = len(header), found.kind == "text"
    merges = sorted(merge for merge in found.merges if merge[0] > top and merge[2] < width)
    held: dict[int, tuple[int, int, Any]] = {}
    for event in found.events():
        kind, number, cells = event[0], event[1], event[-1]
        if number <= top:
            continue
        if found.is_dated and DATE_MARK[0] in "".join(cell[:1] for cell in cells if isinstance(cell, str)):
            cells = [_dated(cell) for cell in cells]
        why = event[2] if kind == "b" else ""
        if is_text and not why and len(cells) > width and any(map(_filled, cells[width:])):
            why = "wide"
        if len(cells) < width:
            cells = [*cells, *[""] * (width - len(cells))]
        if merges or held:
            cells = _fill_down(number, cells, merges, held)
        row = dict(zip(header, cells, strict=False))
        if why:
            row[BROKEN] = why
        yield number, row


def _fill_down(
    number: int, cells: list[Any], merges: list[tuple[int, int, int]], held: dict[int, tuple[int, int, Any]]
) -> list[Any]:
    """The row with what stands in a merged cell above it. `held`: column → (first row, last row, value)."""
    cells = list(cells)
    while merges and merges[0][0] <= number:
        first, last, column = merges.pop(0)
        if first == number:
            held[column] = (first, last, cells[column])
    for column, (first, last, value) in list(held.items()):
        if number > last:
            del held[column]
        elif number > first and not _filled(cells[column]) and _filled(value):
            cells[column] = Merged(value, first)
    return cells


def _dated(cell: Any) -> Any:
    if not isinstance(cell, str) or cell[:1] != DATE_MARK[0]:
        return cell
    said = cell.removeprefix(DATE_MARK)
    try:
        return datetime.fromisoformat(said)
    except ValueError:
        return said


def _filled(cell: Any) -> bool:
    return cell.strip() != "" if isinstance(cell, str) else cell is not None


def _header(cells: list[Any]) -> tuple[str, ...]:
    """Column names without blanks around them; a name that comes twice gets a number, so that neither is lost."""
    seen: dict[str, int] = {}
    names = []
    for cell in cells:
        name = str(cell).removeprefix(DATE_MARK).replace("\ufeff", "").strip().strip('"').strip()
        # Some exports star the columns that must be filled.
        name = name.strip("*＊").strip()
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return tuple(names)


# --- objects ----------------------------------------------------------------------------------------------------------


def _objects(found: spool.Spooled) -> Table:
    def rows() -> Iterator[tuple[int, Row]]:
        for event in found.events():
            yield event[1], (event[2] if event[0] == "o" else {BROKEN: event[2]})

    first = (event[2] for event in found.first if event[0] == "o")
    header = dict.fromkeys(column for row in first for column in row)
    return Table(found.name, tuple(header) or (BROKEN,), rows, found.count)


# Row numbers of the second table of one layout begin here, of the third at twice that: a row's number tells its table.
STRIDE = TABLE_ROWS
MOST_TABLES = 200


def joined_tables(tables: Sequence[Table]) -> Table:
    """Tables of one layout, one after the other."""
    if len(tables) == 1:
        return tables[0]
    parts = tuple(_shifted(table, position * STRIDE) for position, table in enumerate(tables))

    def rows() -> Iterator[tuple[int, Row]]:
        for part in parts:
            yield from part.rows()

    header = tuple(dict.fromkeys(name for table in tables for name in table.header))
    return Table(tables[0].name, header, rows, sum(table.total for table in tables), parts)


def _shifted(table: Table, by: int) -> Table:
    def rows() -> Iterator[tuple[int, Row]]:
        for number, row in table.rows():
            if by:
                for name, cell in row.items():
                    if isinstance(cell, Merged):
                        row[name] = Merged(cell, cell.top + by)
            yield number + by, row

    return replace(table, rows=rows, parts=())
