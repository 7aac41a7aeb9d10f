"""An xlsx as a stream of rows: only the shared strings stand in memory, so 200,000 rows cost what a page costs.

The libraries for this read a sheet as one dense grid (a cell at XFD1048576 makes it 17 thousand million cells) or take
minutes; an xlsx is a zip of plain XML, of which we need cells, dates and merged ranges only.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from posixpath import join, normpath
from typing import IO, Any
from xml.parsers import expat

from defusedxml import ElementTree

from orders.intake.reading.limits import MAX_CELL, MAX_COLUMNS, Unreadable

CHUNK = 256 * 1024
OFFICE_DOCUMENT, WORKSHEET = "/officeDocument", "/worksheet"
# Number formats that every workbook has without naming them and that show a date.
BUILT_IN_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
LITERALS = re.compile(r'"[^"]*"|\\.|_.|\[[^\]]*\]')
ELAPSED = re.compile(r"\[[hms]+\]", re.IGNORECASE)
RANGE = re.compile(r"([A-Z]+)(\d+):([A-Z]+)(\d+)")
# Marks a text cell as a date the spreadsheet kept as a number; no XML text can hold a NUL.
DATE_MARK = "\0d"

Row = tuple[int, list[Any]]


class Workbook:
    """`sheets` names what can be read; `rows` streams one sheet, `merges` is known once its rows are read."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {name.lower(): name for name in archive.namelist()}
        part = self._targets("_rels/.rels", "", OFFICE_DOCUMENT)
        self._book = next(iter(part.values()), "xl/workbook.xml")
        folder = self._book.rpartition("/")[0]
        relations = f"{folder}/_rels/{self._book.rpartition('/')[2]}.rels"
        paths = self._targets(relations, folder, WORKSHEET)
        root = self._xml(self._book)
        self.sheets = [
            (sheet.get("name", ""), paths[key])
            for sheet in root.iter()
            if _local(sheet.tag) == "sheet" and (key := _attribute(sheet, "id")) in paths
        ]
        properties = next((each for each in root.iter() if _local(each.tag) == "workbookPr"), None)
        is_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        self._epoch = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - wall clock
        parts = self._targets(relations, folder, "")
        styles = next((path for path in parts.values() if path.lower().endswith("styles.xml")), None)
        strings = next((path for path in parts.values() if path.lower().endswith("sharedstrings.xml")), None)
        self._dates = self._date_styles(styles)
        self._strings = self._shared_strings(strings)
        self.merges: list[tuple[int, int, int]] = []

    def _open(self, path: str) -> IO[bytes]:
        return self._archive.open(self._names.get(path.lower(), path))

    def _xml(self, path: str) -> Any:
        with self._open(path) as part:
            return ElementTree.fromstring(part.read(), forbid_dtd=True)

    def _targets(self, path: str, folder: str, kind: str) -> dict[str, str]:
        """{relation id: path in the archive} of the relations whose type ends in `kind`."""
        if path.lower() not in self._names:
            return {}
        found = {}
        for each in self._xml(path):
            target = each.get("Target", "")
            if each.get("Type", "").endswith(kind) and each.get("TargetMode") != "External":
                found[each.get("Id", "")] = target.lstrip("/") if target[:1] == "/" else normpath(join(folder, target))
        return found

    def _date_styles(self, path: str | None) -> frozenset[str]:
        """The cell styles, as cells name them, that show a number as a date."""
        if path is None or path.lower() not in self._names:
            return frozenset()
        root = self._xml(path)
        own = {
            int(each.get("numFmtId", 0)): each.get("formatCode", "")
            for each in root.iter()
            if _local(each.tag) == "numFmt"
        }
        styles: Iterable[Any] = next((each for each in root if _local(each.tag) == "cellXfs"), [])
        return frozenset(
            str(position)
            for position, style in enumerate(styles)
            if _is_date(number := int(style.get("numFmtId") or 0), own.get(number))
        )

    def _shared_strings(self, path: str | None) -> list[str]:
        if path is None or path.lower() not in self._names:
            return []
        found: list[str] = []
        parts: list[str] = []
        # Inside <t>, and outside of <rPh>, which repeats the text as it is pronounced.
        reading, spoken = False, 0

        def start(name: str, _attributes: Any) -> None:
            nonlocal reading, spoken
            name = name.rpartition(":")[2]
            if name == "t":
                reading = not spoken
            elif name == "rPh":
                spoken += 1

        def end(name: str) -> None:
            nonlocal reading, spoken
            name = name.rpartition(":")[2]
            if name == "t":
                reading = False
            elif name == "rPh":
                spoken -= 1
            elif name == "si":
                found.append("".join(parts))
                parts.clear()

        def text(data: str) -> None:
            if reading:
                parts.append(data)

        for _chunk in self._parse(path, start, end, text):
            if sum(map(len, parts)) > MAX_CELL:
                raise Unreadable("cell")
        return found

    def _parse(self, path: str, start: Any, end: Any, text: Any) -> Iterator[None]:
        parser = expat.ParserCreate()
        parser.buffer_text, parser.buffer_size = True, 64 * 1024
        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, _no_doctype
        with self._open(path) as part:
            while chunk := part.read(CHUNK):
                parser.Parse(chunk, False)
                yield
        parser.Parse(b"", True)
        yield

    def rows(self, path: str) -> Iterator[Row]:
        """Rows that hold something, with the numbers people see."""
        self.merges = []
        done: list[Row] = []
        strings, dates, serial = self._strings, self._dates, self._serial
        columns: dict[str, int] = {}
        number, column, kind, style = 0, -1, "n", ""
        cells: list[Any] = []
        parts: list[str] = []
        reading, spoken, has_value = False, False, False

        def start(name: str, attributes: Any) -> None:
            nonlocal number, column, kind, style, cells, reading, spoken, has_value
            if ":" in name:
                name = name.rpartition(":")[2]
            if name == "c":
                place = attributes.get("r")
                if place is None:
                    column += 1
                else:
                    letters = place.rstrip("0123456789")
                    column = columns[letters] if letters in columns else columns.setdefault(letters, _column(letters))
                kind, style, has_value = attributes.get("t", "n"), attributes.get("s", ""), False
                parts.clear()
            elif name == "v" or name == "t":
                reading = not spoken
            elif name == "rPh":
                spoken = True
            elif name == "row":
                number = int(attributes.get("r") or number + 1)
                column, cells = -1, []
            elif name == "mergeCell":
                self._note_merge(attributes.get("ref", ""))

        def text(data: str) -> None:
            nonlocal has_value
            if reading:
                parts.append(data)
                has_value = True

        def end(name: str) -> None:
            nonlocal reading, spoken
            if ":" in name:
                name = name.rpartition(":")[2]
            if name == "v" or name == "t":
                reading = False
            elif name == "rPh":
                spoken = False
            elif name == "c":
                if not has_value:
                    return
                found: Any = "".join(parts)
                if kind == "s":
                    found = strings[int(found)]
                elif kind == "n":
                    found = serial(found) if style in dates else float(found)
                elif kind == "b":
                    found = found == "1"
                elif kind == "d":
                    found = DATE_MARK + found
                elif len(found) > MAX_CELL:
                    raise Unreadable("cell")
                if column >= len(cells):
                    if column >= MAX_COLUMNS:
                        raise Unreadable("columns", most=MAX_COLUMNS)
                    cells.extend([""] * (column - len(cells)))
                    cells.append(found)
                else:
                    cells[column] = found
            elif name == "row" and cells:
                done.append((number, cells))

        for _chunk in self._parse(path, start, end, text):
            yield from done
            done.clear()

    def _serial(self, found: str) -> Any:
        """Days since the epoch as a marked instant; a time of day alone, or nonsense, stays the number it is."""
        days = float(found)
        if not 1 <= days < 2_958_466:
            return days
        return f"{DATE_MARK}{self._epoch + timedelta(seconds=round(days * 86400))}"

    def _note_merge(self, place: str) -> None:
        found = RANGE.fullmatch(place)
        if found and int(found[4]) > int(found[2]):
            self.merges.append((int(found[2]), int(found[4]), _column(found[1])))


def _local(tag: Any) -> str:
    return str(tag).rpartition("}")[2]


def _attribute(element: Any, name: str) -> str:
    return next((value for key, value in element.attrib.items() if _local(key) == name and "}" in key), "")


def _column(letters: str) -> int:
    found = 0
    for letter in letters:
        found = found * 26 + ord(letter) - 64
    if not 1 <= found <= 16_384:
        raise Unreadable("damaged")
    return found - 1


def _is_date(number: int, code: str | None) -> bool:
    if code is None:
        return number in BUILT_IN_DATES
    if ELAPSED.search(code):
        return False
    return any(letter in LITERALS.sub("", code).lower() for letter in "ymdhs")


def _no_doctype(*_: Any) -> None:
    raise Unreadable("damaged")
