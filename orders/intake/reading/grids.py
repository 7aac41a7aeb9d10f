"""Any file as events, read in the child process. Nothing is interpreted.

("t", name, kind)           a table begins; kind is "text", "cells" or "objects"
("r", number, cells)        a row, with the number people see
("o", number, object)       a row of JSON
("b", number, why, cells)   a row that cannot be read: quote, letters, json
("m", first, last, column)  a cell that is merged over these rows
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from xml.parsers.expat import ExpatError

import python_calamine
from defusedxml.common import DefusedXmlException

from orders.intake.reading import text_files
from orders.intake.reading.limits import (
    MAX_COLUMNS,
    MAX_MEMBERS,
    MAX_ROWS,
    MAX_UNPACKED_BYTES,
    Unreadable,
    check_unpacked,
)
from orders.intake.reading.workbook import DATE_MARK, Workbook

GZIP, ZIP, OLE = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# What people upload by mistake, by how it begins.
STRANGERS = (
    (b"%PDF-", "PDF"), (b"\x89PNG", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF"), (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7z"), (b"BM", "BMP"), (b"PK\x05\x06", "ZIP"), (b"\xfd7zXZ", "XZ"), (b"BZh", "bzip2"),
)  # fmt: skip
# Parts by which a zip shows which program wrote it.
WORD, SLIDES, BINARY_BOOK, OPEN_DOCUMENT = "word/", "ppt/", "xl/workbook.bin", "mimetype"

Event = tuple[Any, ...]


def events(name: str, body: bytes, *, depth: int = 0) -> Iterator[Event]:
    """Everything the file holds, table by table. Raises Unreadable."""
    rows = 0
    for event in _events(name, body, depth):
        if event[0] in ("r", "o", "b"):
            rows += 1
            if rows > MAX_ROWS:
                raise Unreadable("rows", most=MAX_ROWS)
        yield event


def _events(name: str, body: bytes, depth: int) -> Iterator[Event]:
    if body[:2] == GZIP:
        body = _gunzip(body)
        if body[:2] == GZIP:
            raise Unreadable("nested")
    if body[:4] == ZIP:
        yield from _zip(name, body, depth)
    elif body[:4] == OLE:
        yield from _calamine(name, body)
    else:
        stranger = next((kind for mark, kind in STRANGERS if body.startswith(mark)), "")
        if stranger and not (stranger == "BMP" and body[6:10] != b"\0\0\0\0"):
            raise Unreadable("stranger", kind=stranger)
        yield from _text(name, body)


def _gunzip(body: bytes) -> bytes:
    unpacked, packer, rest = bytearray(), zlib.decompressobj(31), body
    try:
        while rest:
            unpacked += packer.decompress(rest, 1 << 20)
            check_unpacked(len(body), len(unpacked))
            rest = packer.unconsumed_tail
            if packer.eof:
                rest = packer.unused_data
                if rest[:2] != GZIP:
                    break
                packer = zlib.decompressobj(31)
        if not packer.eof:
            raise Unreadable("packed")
    except zlib.error as error:
        raise Unreadable("packed") from error
    return bytes(unpacked)


# --- zip: a workbook, or files packed together ------------------------------------------------------------------------


def _zip(name: str, body: bytes, depth: int) -> Iterator[Event]:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = archive.infolist()
            names = {member.filename.lower() for member in members}
            is_book = "[content_types].xml" in names or OPEN_DOCUMENT in names
            if any(member.flag_bits & 1 for member in members):
                raise Unreadable("password")
            for member in members:
                check_unpacked(member.compress_size, member.file_size, most=MAX_UNPACKED_BYTES)
            check_unpacked(len(body), sum(member.file_size for member in members), most=MAX_UNPACKED_BYTES)
            if is_book and (OPEN_DOCUMENT in names or BINARY_BOOK in names):
                yield from _calamine(name, body)
            elif is_book:
                kind = next((word for word in (WORD, SLIDES) if any(part.startswith(word) for part in names)), "")
                if kind:
                    raise Unreadable("stranger", kind="Word" if kind == WORD else "PowerPoint")
                yield from _workbook(name, Workbook(archive))
            else:
                yield from _members(name, archive, depth)
    except (zipfile.BadZipFile, zlib.error, KeyError, IndexError, ExpatError, EOFError, DefusedXmlException) as error:
        raise Unreadable("damaged") from error
    except (NotImplementedError, RuntimeError) as error:
        raise Unreadable("packed") from error


def _members(name: str, archive: zipfile.ZipFile, depth: int) -> Iterator[Event]:
    if depth:
        raise Unreadable("nested")
    files = [
        member
        for member in archive.infolist()
        if not member.is_dir() and not member.filename.startswith("__MACOSX/") and _base(member)[:1] != "."
    ]
    if not files:
        raise Unreadable("empty")
    if len(files) > MAX_MEMBERS:
        raise Unreadable("members", most=MAX_MEMBERS)
    for member in files:
        check_unpacked(member.compress_size, member.file_size)
        inner = archive.read(member)
        try:
            yield from events(f"{name} · {_base(member)}" if len(files) > 1 else name, inner, depth=depth + 1)
        except Unreadable as refusal:
            refusal.facts.setdefault("member", _base(member))
            raise


def _base(member: zipfile.ZipInfo) -> str:
    """The file's name; archives of Windows keep Chinese names in GBK without saying so."""
    found = member.filename
    if not member.flag_bits & 0x800:
        try:
            found = found.encode("cp437").decode("gb18030")
        except UnicodeError:
            pass
    return found.replace("\\", "/").rpartition("/")[2]


def _workbook(name: str, book: Workbook) -> Iterator[Event]:
    if not book.sheets:
        raise Unreadable("empty")
    for title, path in book.sheets:
        yield "t", f"{name} · {title}" if len(book.sheets) > 1 else name, "cells"
        try:
            for number, cells in book.rows(path):
                yield "r", number, cells
        except ValueError as error:
            raise Unreadable("damaged") from error
        for merge in book.merges:
            yield "m", *merge


def _calamine(name: str, body: bytes) -> Iterator[Event]:
    """The older formats (xls, xlsb, ods) by the library; it builds whole grids, so the child's limit is the guard."""
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(body))
        for title in book.sheet_names:
            sheet = book.get_sheet_by_name(title)
            if sheet.total_width > MAX_COLUMNS:
                raise Unreadable("columns", most=MAX_COLUMNS)
            yield "t", f"{name} · {title}" if len(book.sheet_names) > 1 else name, "cells"
            top = sheet.start[0] if sheet.start else 0
            left = sheet.start[1] if sheet.start else 0
            for number, row in enumerate(sheet.iter_rows(), start=top + 1):
                if any(cell != "" for cell in row):
                    yield "r", number, [""] * left + [_plain(cell) for cell in row]
            for (first, column), (last, _last_column) in sheet.merged_cell_ranges or ():
                if last > first:
                    yield "m", first + 1, last + 1, column
    except python_calamine.PasswordError as error:
        raise Unreadable("password") from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise Unreadable("damaged") from error


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime | date):
        return f"{DATE_MARK}{cell}"
    return cell if isinstance(cell, str | float | int | bool) else str(cell)


# --- text -------------------------------------------------------------------------------------------------------------


def _text(name: str, body: bytes) -> Iterator[Event]:
    text, beginning = text_files.opened(body)
    if beginning[:1] in ("{", "["):
        yield "t", name, "objects"
        yield from text_files.json_rows(text)
    elif "schemas-microsoft-com:office:spreadsheet" in beginning:
        raise Unreadable("stranger", kind="XML 2003")
    elif beginning[:1] == "<" and "<table" in text.read(4 * text_files.SNIFFED).lower():
        text.seek(0)
        yield from _html(name, text_files.html_rows(text))
    elif beginning[:1] == "<":
        raise Unreadable("stranger", kind="HTML / XML")
    else:
        text.seek(0)
        yield "t", name, "text"
        yield from text_files.csv_rows(text)


def _html(name: str, found: Iterator[Event]) -> Iterator[Event]:
    count = 0
    for event in found:
        if event[0] == "t":
            count += 1
            yield "t", name if count == 1 else f"{name} · {count}", "cells"
        else:
            yield event
