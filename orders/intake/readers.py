"""Files as tables of named columns: CSV (also gzipped or GB18030), Excel, JSON Lines, JSON. Nothing is interpreted."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import python_calamine
from django.utils.translation import gettext_lazy as _

from merchant.refusals import Refused

# A spreadsheet's own limit; also the size at which an upload is more likely a mistake than a month of orders.
MAX_ROWS = 1_048_576
MAX_PLAIN_BYTES = 512 * 1024 * 1024
CSV_FIELD_LIMIT = 1024 * 1024
GZIP, ZIP, OLE = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"

csv.field_size_limit(CSV_FIELD_LIMIT)


@dataclass(frozen=True)
class SourceFile:
    """A file by name, and how to get its bytes."""

    name: str
    read: Callable[[], bytes]

    @classmethod
    def at(cls, path: Path) -> "SourceFile":
        return cls(path.name, path.read_bytes)


Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """One table of a file. `rows` gives (number as people see it in the file, row); it can be iterated again."""

    name: str
    header: tuple[str, ...]
    rows: Callable[[], Iterator[tuple[int, Row]]]
    total: int


def read_tables(file: SourceFile) -> list[Table]:
    """Every table in the file. Raises Refused("FILE") when it is none we can read."""
    body = file.read()
    if body[:2] == GZIP:
        body = _unzip(file.name, body)
    if body[:4] in (ZIP, OLE):
        return _sheets(file.name, body)
    text = _decode(file.name, body)
    if text.lstrip()[:1] in ("{", "["):
        return [_json(file.name, text)]
    return [_csv(file.name, text)]


def _unzip(name: str, body: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
            plain = packed.read(MAX_PLAIN_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(name, _("the packed file is damaged")) from error
    if len(plain) > MAX_PLAIN_BYTES:
        raise _unreadable(name, _("unpacked it is larger than 512 MB; split it"))
    return plain


def _decode(name: str, body: bytes) -> str:
    # Chinese platforms export either; GB18030 reads almost anything, so UTF-8 is tried first.
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unreadable(name, _("it is neither UTF-8 nor GB18030 text"))


def _sheets(name: str, body: bytes) -> list[Table]:
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(body))
        sheets = [(sheet, book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)) for sheet in book.sheet_names]
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise _unreadable(name, _("Excel could not be read: the file is damaged or protected by a password")) from error
    return [
        _table(f"{name} · {sheet}" if len(sheets) > 1 else name, partial(iter, rows)) for sheet, rows in sheets if rows
    ]


def _csv(name: str, text: str) -> Table:
    """Read line by line each time it is asked for: a month of orders need not stand in memory as cells."""
    first = text.split("\n", 1)[0]
    delimiter = max((",", "\t", ";"), key=first.count)
    return _table(name, lambda: csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _table(name: str, cells: Callable[[], Iterable[list[Any]]]) -> Table:
    """The first row with two filled cells is the header (platforms put a title above it); empty rows are no rows."""
    top, total = 0, 0
    header: tuple[str, ...] = ()
    number = 0
    try:
        for number, row in enumerate(cells(), start=1):
            if not top:
                if sum(1 for cell in row if _filled(cell)) >= 2:
                    top, header = number, _header(row)
            elif any(_filled(cell) for cell in row):
                total += 1
    except csv.Error as error:
        raise _unreadable(name, _("row %(row)s is damaged") % {"row": number + 1}) from error
    if total > MAX_ROWS:
        raise _unreadable(name, _("it has more than 1,048,576 rows; split it"))
    width = len(header)

    def named() -> Iterator[tuple[int, Row]]:
        for number, row in enumerate(cells(), start=1):
            if number > top and any(_filled(cell) for cell in row):
                padded = row if len(row) >= width else [*row, *[""] * (width - len(row))]
                yield number, dict(zip(header, padded, strict=False))

    return Table(name, header, named, total)


def _filled(cell: Any) -> bool:
    return cell.strip() != "" if isinstance(cell, str) else cell is not None


def _header(cells: list[Any]) -> tuple[str, ...]:
    """Column names without blanks around them; a name that comes twice gets a number, so that neither is lost."""
    seen: dict[str, int] = {}
    names = []
    for cell in cells:
        name = str(cell).replace("\ufeff", "").strip().strip('"').strip()
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return tuple(names)


def _json(name: str, text: str) -> Table:
    """One object a line, an array of objects, or one object. Numbers with a point stay text: money is never a float."""
    rows: list[tuple[int, Row]] = []
    try:
        found = json.loads(text, parse_float=str)
    except ValueError:
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line, parse_float=str)
            except ValueError:
                row = None
            rows.append((number, row if isinstance(row, dict) else {BROKEN: line[:80]}))
    else:
        rows = list(
            enumerate(
                (row for row in (found if isinstance(found, list) else [found]) if isinstance(row, dict)), start=1
            )
        )
    if not rows:
        raise _unreadable(name, _("it holds no rows"))
    header = dict.fromkeys(column for _number, row in rows[:200] for column in row if column != BROKEN)
    return Table(name, tuple(header), lambda: iter(rows), len(rows))


# The column under which a line that is no JSON object is handed on, so that it is refused by number and not dropped.
BROKEN = "\x00line"


def _unreadable(name: str, why: Any) -> Refused:
    return Refused("FILE", _("“%(name)s” cannot be read: %(why)s.") % {"name": name, "why": why}, file=name)
