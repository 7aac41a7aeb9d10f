"""Files of text as rows: CSV in any encoding, JSON, JSON Lines, and tables of HTML that call themselves Excel."""

import codecs
import csv
import io
import json
from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import islice
from typing import Any

from orders.intake.reading.limits import MAX_CELL, MAX_COLUMNS, MAX_ROWS, Unreadable

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SNIFFED = 65_536
# A cell may break over lines; beyond this a quotation mark was never closed.
MOST_LINES = 100
DELIMITERS = (",", "\t", ";", "|")

csv.field_size_limit(MAX_CELL)

# A row, an object, or ("b", number, why, cells) for what cannot be read.
Event = tuple[Any, ...]


def opened(body: bytes) -> tuple[io.TextIOWrapper, str]:
    """(the text, line by line; its beginning). A byte that does not fit becomes U+FFFD, and its row is refused."""
    encoding, errors = _encoding_of(body)
    beginning = body[:SNIFFED].decode(encoding, "replace").lstrip("\ufeff \r\n\t")
    return io.TextIOWrapper(io.BytesIO(body), encoding=encoding, errors=errors, newline=""), beginning


def _encoding_of(body: bytes) -> tuple[str, str]:
    for mark, name in MARKS:
        if body.startswith(mark):
            return name, "strict" if _decodes(body, name) else "replace"
    head = body[:SNIFFED]
    if head.count(0) > max(4, len(head) // 8):
        is_little = head[1::2].count(0) >= head[::2].count(0)
        name = "utf-16-le" if is_little else "utf-16-be"
        if _decodes(body, name):
            return name, "strict"
    # Chinese platforms export either; GB18030 reads almost anything, so UTF-8 is tried first.
    if _decodes(body, "utf-8"):
        return "utf-8", "strict"
    as_utf8 = head.decode("utf-8", "replace")
    damaged = as_utf8.count("\ufffd")
    if damaged * 20 < sum(letter > "\x7f" for letter in as_utf8) - damaged:
        # UTF-8 with a damaged spot: as GB18030 every name in it would come out as another one.
        return "utf-8", "replace"
    if _decodes(body, "gb18030"):
        return "gb18030", "strict"
    raise Unreadable("encoding")


def _decodes(body: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    view = memoryview(body)
    try:
        for start in range(0, len(view), 1 << 20):
            decoder.decode(bytes(view[start : start + (1 << 20)]), start + (1 << 20) >= len(view))
    except UnicodeDecodeError:
        return False
    return True


# --- CSV --------------------------------------------------------------------------------------------------------------


def csv_rows(text: io.TextIOWrapper) -> Iterator[Event]:
    """("r", number, cells) for each record; a record whose quotation marks do not close is ("b", …) and the next line
    goes on, so that one mark never swallows the orders below it."""
    is_damaged = text.errors == "replace"
    lines: deque[str] = deque(islice(text, 20))
    delimiter = max(DELIMITERS, key=lambda each: max((line.count(each) for line in lines), default=0))
    width = max((line.count(delimiter) for line in lines), default=0) + 1
    number = 0
    while lines or (line := next(text, None)) is not None:
        if not lines:
            lines.append(line)  # type: ignore[arg-type]
        number += 1
        cells, why = _record(lines, text, delimiter, width)
        if len(cells) > MAX_COLUMNS:
            raise Unreadable("columns", most=MAX_COLUMNS)
        if not why and is_damaged and any("\ufffd" in cell for cell in cells):
            why = "letters"
        if why:
            yield "b", number, why, cells
        elif any(cell.strip() for cell in cells):
            yield "r", number, cells


def _record(lines: deque[str], text: io.TextIOWrapper, delimiter: str, width: int) -> tuple[list[str], str]:
    """One record from the front of `lines`, which is filled from `text` as needed: (cells, why it is broken)."""
    taken = lines.popleft()
    first, more = taken, []
    for _ in range(MOST_LINES):
        try:
            cells = next(csv.reader(taken.splitlines(keepends=True), delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            if "unexpected end" not in str(error):
                break
            follower = lines.popleft() if lines else next(text, None)
            if follower is None:
                break
            more.append(follower)
            taken += follower
            continue
        # A line inside a cell that has as many delimiters as a row is a row that was swallowed.
        if any(inner.count(delimiter) >= width - 1 for inner in more[:-1]) or (
            more and _swallows(cells, delimiter, width)
        ):
            break
        return cells, ""
    lines.extendleft(reversed(more))
    return next(csv.reader([first], delimiter=delimiter), []), "quote"


def _swallows(cells: list[str], delimiter: str, width: int) -> bool:
    return any("\n" in cell and cell.count(delimiter) >= max(1, width - 1) for cell in cells)


# --- JSON -------------------------------------------------------------------------------------------------------------


def _loads(text: str) -> Any:
    """Numbers with a point stay text: money is never a float."""
    return json.loads(text, parse_float=str, parse_constant=str)


def json_rows(text: io.TextIOWrapper) -> Iterator[Event]:
    """("o", number, object) for each line, each element of an array, or the one document; broken lines as ("b", …)."""
    whole = text.read()
    start = len(whole) - len(whole.lstrip("\ufeff \r\n\t"))
    if whole[start : start + 1] == "[":
        yield from _elements(whole, start + 1)
        return
    first, _newline, rest = whole[start:].partition("\n")
    if rest.strip() and not _is_object(first):
        try:
            found = _loads(whole)
        except (ValueError, RecursionError):
            pass
        else:
            yield "o", 1, found
            return
    for number, line in enumerate(io.StringIO(whole), start=1):
        if not line.strip():
            continue
        try:
            row = _loads(line)
        except (ValueError, RecursionError):
            row = None
        yield ("o", number, row) if isinstance(row, dict) else ("b", number, "json", [])


def _is_object(line: str) -> bool:
    try:
        return isinstance(_loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _elements(whole: str, at: int) -> Iterator[Event]:
    """The elements of an array one by one, so that a month of orders never stands in memory twice."""
    decoder = json.JSONDecoder(parse_float=str, parse_constant=str)
    number = 0
    while True:
        while whole[at : at + 1] and whole[at] in " \r\n\t,":
            at += 1
        if whole[at : at + 1] in ("]", ""):
            if not whole[at : at + 1]:
                raise Unreadable("json")
            return
        try:
            row, at = decoder.raw_decode(whole, at)
        except (ValueError, RecursionError) as error:
            raise Unreadable("json") from error
        number += 1
        if isinstance(row, dict):
            yield "o", number, row
        else:
            yield "b", number, "json", []


# --- HTML -------------------------------------------------------------------------------------------------------------


class _Tables(HTMLParser):
    """Every table of a page as rows; a cell over several rows is told as a merged one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.events: list[Event] = []
        self._number = 0
        self._cells: list[str] | None = None
        self._text: list[str] | None = None
        self._spans: dict[int, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.events.append(("t",))
            self._number, self._spans = 0, {}
        elif tag == "tr":
            self._close_row()
            self._number += 1
            if self._number > MAX_ROWS:
                raise Unreadable("rows", most=MAX_ROWS)
            self._cells = []
        elif tag in ("td", "th") and self._cells is not None:
            self._close_cell()
            self._skip_spans()
            told = dict(attrs)
            rows, columns = (min(_span(told.get(name)), MAX_COLUMNS) for name in ("rowspan", "colspan"))
            if rows > 1:
                self.events.append(("m", self._number, self._number + rows - 1, len(self._cells)))
                self._spans[len(self._cells)] = self._number + rows - 1
            self._after, self._text = columns - 1, []
        elif tag == "br" and self._text is not None:
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._close_cell()
        elif tag in ("tr", "table"):
            self._close_row()

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def _skip_spans(self) -> None:
        assert self._cells is not None
        while self._spans.get(len(self._cells), 0) >= self._number:
            self._cells.append("")

    def _close_cell(self) -> None:
        if self._text is not None and self._cells is not None:
            self._cells += [" ".join("".join(self._text).split()), *[""] * self._after]
            if len(self._cells) > MAX_COLUMNS:
                raise Unreadable("columns", most=MAX_COLUMNS)
        self._text = None

    def _close_row(self) -> None:
        self._close_cell()
        if self._cells and any(self._cells):
            self.events.append(("r", self._number, self._cells))
        self._cells = None


def _span(told: str | None) -> int:
    return int(told) if told and told.isascii() and told.isdigit() and len(told) < 8 else 1


def html_rows(text: io.TextIOWrapper) -> Iterator[Event]:
    """("t",) where a table begins, then its rows and merged cells."""
    parser = _Tables()
    while chunk := text.read(1 << 18):
        parser.feed(chunk)
        yield from parser.events
        parser.events.clear()
    parser.close()
    yield from parser.events
