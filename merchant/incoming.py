"""Text from outside on its way in: the one place where the bytes of a courier, a platform or a program become values
that this house can work with and the database can hold.

A signature is checked over the bytes as they came; everything after it reads them through here. What no database takes
is taken out of texts (a NUL, half an emoji); what is no JSON is no value (`Infinity`, `1e999`); a whole number beyond
64 bits keeps its digits as text, since a number that long is somebody's identifier. Too deep, too broken: ValueError,
the only exception these functions know.
"""

import json
import re
from collections.abc import Iterator
from math import isfinite
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

# No interface that we know nests deeper than ten; what is deeper only wants to be a RecursionError somewhere.
MAX_DEPTH = 64
# The largest whole number a column holds.
MOST = 2**63 - 1
# An identifier of anybody's: longer ones are refused before a column does it.
LONGEST_ID = 64
_REPLACEMENT = "\ufffd"
_SURROGATE = re.compile("[\ud800-\udfff]")
# How JSON writes what cannot be stored. A backslash before it may belong to it or not: then the values are looked at.
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_DECLARED = re.compile(r"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["'][^>]{0,200}?\?>""")
# Encodings an XML document may declare; any other is read as UTF-8, whatever it calls itself.
_CHINESE = frozenset({"gbk", "gb2312", "gb18030", "cp936", "x-gbk"})


def clean_text(text: str) -> str:
    """The text without NULs; half a surrogate pair becomes the sign for "not readable"."""
    if is_storable(text):
        return text
    return _SURROGATE.sub(_REPLACEMENT, text.replace("\0", ""))


def is_storable(text: str) -> bool:
    """Whether PostgreSQL takes this text as it is."""
    try:
        # Quicker than any search: half a surrogate pair is what cannot be written down.
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def decode(raw: bytes) -> str:
    """Bytes as text: UTF-8, with or without its mark. A wrong byte in a site's name must not lose the scan."""
    return clean_text(raw.decode("utf-8-sig", errors="replace"))


def clean(value: Any) -> Any:
    """A tree of JSON values with every text of it cleaned, keys too. Raises ValueError where it is too deep."""
    return _clean(value, MAX_DEPTH)


def _clean(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict | list):
        if not depth:
            raise ValueError("nested too deep")
        if isinstance(value, dict):
            return {clean_text(str(name)): _clean(inner, depth - 1) for name, inner in value.items()}
        return [_clean(inner, depth - 1) for inner in value]
    return value


def _whole(digits: str) -> int | str:
    # As many digits as 64 bits can hold are a number, more of them are a name that looks like one.
    if len(digits) < 19:
        return int(digits)
    if len(digits) > 20:
        return digits
    number = int(digits)
    return number if -MOST - 1 <= number <= MOST else digits


def _fraction(digits: str) -> float | None:
    number = float(digits)
    return number if abs(number) != float("inf") else None


def _no_number(_name: str) -> None:
    return None


_decoder = json.JSONDecoder(parse_int=_whole, parse_float=_fraction, parse_constant=_no_number)


def read_json(raw: str | bytes) -> Any:
    """A JSON document as storable values. Raises ValueError when it is none, or nested deeper than any real one."""
    text = decode(raw) if isinstance(raw, bytes) else raw.replace("\0", "").removeprefix("\ufeff")
    try:
        value = _decoder.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if _ESCAPED.search(text) or text.count("[") + text.count("{") > MAX_DEPTH or not is_storable(text):
        return clean(value)
    return value


def unfit(value: Any, path: str = "", depth: int = MAX_DEPTH) -> str | None:
    """Where in a tree of JSON values the first one stands that no database takes, as `lines.0.text`; None when all of
    it fits. For those who are told instead of mended: our own programs' requests."""
    if isinstance(value, dict):
        if not depth:
            return path
        for name, inner in value.items():
            if not is_storable(name):
                return f"{path}.{clean_text(name)}".strip(".")
            if found := unfit(inner, f"{path}.{name}".strip("."), depth - 1):
                return found
    elif isinstance(value, list):
        if not depth:
            return path
        for place, inner in enumerate(value):
            if found := unfit(inner, f"{path}.{place}".strip("."), depth - 1):
                return found
    elif isinstance(value, str):
        return None if is_storable(value) else path or "."
    elif isinstance(value, int):
        return None if -MOST - 1 <= value <= MOST else path or "."
    elif isinstance(value, float):
        return None if isfinite(value) else path or "."
    return None


def read_xml(raw: str | bytes) -> Element:
    """The root of an XML document, without DTD and entities. Raises ValueError for anything else.

    Declared GBK is read as such; every other declaration is passed over, since what comes is UTF-8."""
    if isinstance(raw, bytes):
        declared = _DECLARED.match(raw[:400].decode("latin-1"))
        encoding = declared[1].lower() if declared else ""
        text = clean_text(raw.decode("gb18030", errors="replace")) if encoding in _CHINESE else decode(raw)
    else:
        text = clean_text(raw)
    # The parser would decode a second time what is text by now.
    if declared := _DECLARED.match(text):
        text = text[declared.end() :]
    try:
        # Hardened: no DTD, no entities, nothing fetched.
        root: Element = fromstring(text.removeprefix("\ufeff").lstrip(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, RecursionError, LookupError, UnicodeError) as error:
        raise ValueError(f"not XML: {type(error).__name__}") from error
    if any(depth > MAX_DEPTH for depth in _depths(root)):
        raise ValueError("nested too deep")
    return root


def _depths(root: Element) -> Iterator[int]:
    waiting = [(root, 1)]
    while waiting:
        element, depth = waiting.pop()
        yield depth
        waiting += [(child, depth + 1) for child in element]


def whole(value: Any) -> int:
    """A whole number that a column can hold, given as one or as its digits. Raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str) or (isinstance(value, str) and len(value) > 40):
        raise ValueError("not a whole number")
    number = int(value)
    if not -MOST - 1 <= number <= MOST:
        raise ValueError("a number beyond 64 bits")
    return number


def short_id(value: Any, name: str = "identifier") -> str:
    """Somebody's identifier as text, trimmed. Raises ValueError when it is longer than any identifier is."""
    found = clean_text(str(value)).strip()
    if len(found) > LONGEST_ID:
        raise ValueError(f"{name}: an identifier of {len(found)} characters")
    return found
