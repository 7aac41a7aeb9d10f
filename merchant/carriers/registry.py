"""Every carrier that a platform or a file may name: one code each, whoever speaks with it.

Those whose interface we know register their own row when the process starts (logistics.couriers); the rest stand in
`carriers.csv` beside this file. A parcel of a carrier without a row is kept under the name its source gave.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.functional import lazy
from django.utils.translation import get_language, gettext

TABLE = Path(__file__).parent / "carriers.csv"
# The columns of the table that hold a platform's codes.
PLATFORMS = ("kuaishou", "douyin", "wechat")
# As long as a stored code may be; a name that is no code is cut to it.
LONGEST = 16
# The code of a parcel whose carrier nobody has named.
UNKNOWN = "unknown"


def _said(en: str, zh: str) -> str:
    return zh if (get_language() or settings.LANGUAGE_CODE).startswith("zh") else en


_lazy_said = lazy(_said, str)


@dataclass(frozen=True)
class Carrier:
    """One carrier. `aliases` are further names of it, whatever their case; `waybills` patterns that only its numbers
    match; `platform_codes` the codes it goes by, per platform; `kuaidi100` its name at Kuaidi100, "" where it has none,
    and `can_kuaidi100_stop` whether Kuaidi100 takes interceptions for it."""

    code: str
    en: str
    zh: str
    aliases: tuple[str, ...] = ()
    waybills: tuple[str, ...] = ()
    kuaidi100: str = ""
    can_kuaidi100_stop: bool = False
    platform_codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def label(self) -> Any:
        """Its name in the language of whoever reads it."""
        return _lazy_said(self.en, self.zh)

    @property
    def words(self) -> set[str]:
        """Everything that names it in a text, in small letters. Numbers name nothing without their platform."""
        codes = [code for codes in self.platform_codes.values() for code in codes]
        found = (self.code, self.en, self.zh, self.kuaidi100, *self.aliases, *codes)
        return {word.lower() for word in found if word and not word.isdigit()}


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(part for part in cell.split(";") if part)


def _table() -> dict[str, Carrier]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: Carrier(
                row["code"],
                row["en"],
                row["zh"],
                aliases=_parts(row["aliases"]),
                waybills=_parts(row["waybills"]),
                kuaidi100=row["kuaidi100"],
                platform_codes={name: _parts(row[name]) for name in PLATFORMS},
            )
            for row in csv.DictReader(file)
        }


_others = _table()
# In the order people see them.
_spoken_with: dict[str, Carrier] = {}
_positions: dict[str, tuple[int, str]] = {}


def register(carrier: Carrier, *, position: int = 100) -> None:
    """Add a carrier whose interface we know, at its place where they are listed; a row of the same code is replaced."""
    _spoken_with[carrier.code] = carrier
    _positions[carrier.code] = (position, carrier.code)
    for code in sorted(_spoken_with, key=lambda code: _positions[code]):
        _spoken_with[code] = _spoken_with.pop(code)
    _index.cache_clear()


def unregister(code: str) -> None:
    """Take a registered carrier away again."""
    _spoken_with.pop(code, None)
    _index.cache_clear()


def spoken_with() -> list[Carrier]:
    """The carriers whose own interface we know, in the order people see them."""
    return list(_spoken_with.values())


def everyone() -> list[Carrier]:
    """Every carrier: first those we speak with, then the table in its order."""
    return [*_spoken_with.values(), *(row for code, row in _others.items() if code not in _spoken_with)]


def trackable() -> list[Carrier]:
    """The carriers whose parcels can be followed: those we speak with, and those Kuaidi100 knows."""
    return [row for row in everyone() if row.code in _spoken_with or row.kuaidi100]


def find(code: str) -> Carrier | None:
    """The carrier of this code of ours."""
    return _spoken_with.get(code) or _others.get(code)


def name_of(code: str) -> str:
    """What people call it; the stored name itself where no row has this code."""
    carrier = find(code)
    if carrier is not None:
        return str(carrier.label)
    return gettext("courier unknown") if code in ("", UNKNOWN) else code


@dataclass(frozen=True)
class _Index:
    words: Mapping[str, str]
    platform_codes: Mapping[tuple[str, str], str]
    waybills: tuple[tuple[re.Pattern[str], str], ...]


@lru_cache(maxsize=1)
def _index() -> _Index:
    rows = everyone()
    return _Index(
        # The first to claim a word has it: a carrier we speak with before one we only know by name.
        words={word: row.code for row in reversed(rows) for word in row.words},
        platform_codes={
            (platform, code): row.code
            for row in reversed(rows)
            for platform, codes in row.platform_codes.items()
            for code in codes
        },
        waybills=tuple((re.compile(pattern), row.code) for row in rows for pattern in row.waybills),
    )


def code_of(word: str, waybill: str = "", *, name: str = "") -> str:
    """Our code for what a source says of a carrier: a code in letters or a name, and perhaps a second `name`.

    A name nobody knows is kept as it is, cut to what can be stored; where nothing is said, or a bare number, the
    waybill may show it. UNKNOWN when nobody can tell."""
    said = [text for text in (word.strip(), name.strip()) if text and not text.isdigit()]
    words = _index().words
    known = next((code for text in said for spelling in _spellings(text) if (code := words.get(spelling))), "")
    if known:
        return known
    if said:
        # A slash would end the code in an address of ours.
        return said[-1].replace("/", "·")[:LONGEST]
    return next((code for shape, code in _index().waybills if shape.fullmatch(waybill)), UNKNOWN)


def codes_by_waybill(waybill: str) -> list[str]:
    """Our codes of the carriers that give out numbers of this shape; none where no shape is known."""
    return list(dict.fromkeys(code for shape, code in _index().waybills if shape.fullmatch(waybill)))


# What companies add to their name, and signs of the other script in names of this trade.
_ADDED = re.compile(r"(?:(?:股份)?有限(?:责任)?公司|集团|公司|官方|总部|分公司)+$")
_TRADITIONAL = str.maketrans("圓遞運達韻順豐極郵優國際東風閃業貨", "圆递运达韵顺丰极邮优国际东风闪业货")
# Letters may stand before or behind the name: "STO申通快递", "J&T极兔速递"; never a word that names another business.
_LETTERS = re.compile(r"^([A-Za-z&.·-]+)\s*([^\x00-\x7f]+)$|^([^\x00-\x7f]+?)\s*[(\[【]?\s*([A-Za-z&.-]+)\s*[)\]】]?$")


def _spellings(text: str) -> Iterator[str]:
    """The word as it is, then as it is written elsewhere: full-width, with a code in brackets, with 有限公司."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split()).lower()
    yield text.lower()
    yield plain
    simple = _ADDED.sub("", plain.translate(_TRADITIONAL))
    yield simple
    found = _LETTERS.fullmatch(simple)
    if found:
        # Both parts have to name the same carrier, or only the name in Chinese names one.
        letters, name = (found[1], found[2]) if found[2] else (found[4], found[3])
        ours = {_index().words.get(part) for part in (letters, _ADDED.sub("", name.strip()))} - {None}
        if len(ours) == 1:
            yield from (letters, _ADDED.sub("", name.strip()))


def code_on(platform: str, platform_code: str | int) -> str:
    """Our code for a platform's code of a carrier; "" when the platform's code has no row."""
    return _index().platform_codes.get((platform, str(platform_code)), "")


def platform_code(platform: str, code: str) -> str:
    """The code by which this platform names the carrier first; "" when it has none there."""
    carrier = find(code)
    return next(iter(carrier.platform_codes.get(platform, ())), "") if carrier else ""
