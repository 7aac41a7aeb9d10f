"""Waybill numbers as people, labels and files write them, brought to the one spelling that couriers use."""

import re
import unicodedata
from urllib.parse import parse_qsl, unquote, urlsplit

LONGEST = 40
# Between two numbers in one cell.
BETWEEN = re.compile(r"[\s,，;；、/|&+]+")
# "-1-1-" on a label: parcel 1 of 1 of this waybill.
PART = re.compile(r"-\d{1,3}-\d{1,3}-?$")
NUMBER = re.compile(r"[A-Z0-9][A-Z0-9-]{4,38}[A-Z0-9]", re.ASCII)
# What stands around a number in a cell: "极兔:JT…", "No:YT…", "JT…（补发）".
AROUND = re.compile(r"^(?:[^\W\d_]{1,10}|[A-Z]{1,4}\.?)[:：#.]+|[（(\[【][^()（）\[\]【】]*[)）\]】]|[^\x00-\x7f]+")
LABEL = re.compile(r"^NO[.:#]+")


def normal(text: str) -> str:
    """JT5123456789001, however it was typed or scanned: small or full-width letters, blanks, the part number of a
    label, a tracking address."""
    found = unicodedata.normalize("NFKC", str(text)).strip()
    if "://" in found:
        found = _in_address(found)
    return PART.sub("", re.sub(r"\s+", "", found).upper())


def is_number(text: str) -> bool:
    """Whether a normal spelling may be a waybill at all: letters and digits, and more than a few digits."""
    return bool(NUMBER.fullmatch(text)) and sum(map(str.isdigit, text)) >= 5


def numbers_in(cell: str) -> tuple[list[str], list[str]]:
    """(the waybills in a cell, what in it is none): separators of any kind part them, words around them go."""
    found: list[str] = []
    strange: list[str] = []
    text = unicodedata.normalize("NFKC", cell).strip()
    if "://" in text:
        text = " ".join(map(_in_address, text.split()))
    for part in BETWEEN.split(AROUND.sub(" ", text.upper()) if text else ""):
        number = normal(LABEL.sub("", part).strip(":.#()"))
        if not number.strip("-"):
            continue
        if is_number(number):
            if number not in found:
                found.append(number)
        else:
            strange.append(part)
    if not found and not strange and cell.strip():
        strange.append(cell.strip())
    return found, strange


def _in_address(url: str) -> str:
    """The one part of a tracking address that can be a waybill; the address itself when there is none, or several."""
    parts = urlsplit(url)
    said = [value for _name, value in parse_qsl(parts.query)] + unquote(parts.path).split("/") + [parts.fragment]
    found = {number for each in said if is_number(number := normal_part(each))}
    return found.pop() if len(found) == 1 else url


def normal_part(text: str) -> str:
    return PART.sub("", unicodedata.normalize("NFKC", text).strip().upper())
