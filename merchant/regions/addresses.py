"""Where a written address lies: 浙江余杭仓前街道文一西路1号 → 浙江省 杭州市 余杭区 · 仓前街道文一西路1号.

The longest name of the table that fits at each place is taken. A city without districts (东莞市, 儋州市) and a county
right under its province (济源市, 仙桃市) are whole without one."""

import csv
import re
from functools import lru_cache
from typing import NamedTuple

from merchant.regions import names
from merchant.regions.names import TABLE, Place

LONGEST = 14
_GAP = re.compile(r"^[\s,，、/|·\-—_]+")
MILITARY = re.compile(r"\d{5}\s*部队|部队\s*\d|\d+\s*信箱|武警|军分区|军营")
SPECIAL_PROVINCES = frozenset({"香港特别行政区", "澳门特别行政区", "台湾省"})
_OTHER_DISTRICT = re.compile(r"^([^\d\s]{2,8}?(?:新区|开发区|[区县旗]))(?!域|间|政府)")


class Written(NamedTuple):
    """What an address names, by full names, and what follows them. `strange`: what reads like a district and is none of
    this city's; `may_be`: the places it may lie in where it names too little."""

    province: str = ""
    city: str = ""
    district: str = ""
    detail: str = ""
    strange: str = ""
    may_be: tuple[Place, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Province, city and, where the city has any, district."""
        return bool(self.city and (self.district or not districts_of(self.province, self.city)))

    @property
    def place(self) -> str:
        """A municipality is not said twice, nor is a special region."""
        return self.province + ("" if self.city == self.province else self.city) + self.district


def read(address: str) -> Written:
    """Never raises; an address that begins with no place has all of it as detail."""
    rest = _trimmed(address)
    province, rest = _province(rest)
    city, district = "", ""
    if province and not cities_of(province):
        return Written(province, province, "", rest)
    rest = _past_fillers(rest)
    if province in cities_of(province):  # a municipality, or a special region that is its own city
        city = province
        again, behind = _province(rest)
        rest = _past_fillers(behind) if again == province else rest
    else:
        found, behind = _longest(rest, _places(province))
        # 朝阳区 is a district of Beijing's, though 朝阳 is a city too.
        if len(found) == 1 and not found[0].district:
            city, rest = found[0].city, _past_fillers(behind)
            province = province or found[0].province
    inside = [p for p in _places(province) if p.district and (not city or p.city == city)]
    found, behind = _longest(rest, inside)
    if len(found) == 1:
        (one,) = found
        return Written(one.province, one.city, one.district, _trimmed(behind))
    strange = _OTHER_DISTRICT.match(rest) if city and districts_of(province, city) else None
    return Written(province, city, district, rest, strange[1] if strange else "", tuple(sorted(found)))


def whole_line(address: str, province: str = "", city: str = "") -> str:
    """An address with its place at its head. Some sources name province and city apart and begin the address behind
    them; one that begins with a province or a city says it all itself."""
    rest = _trimmed(address)
    named, _behind = _province(rest)
    if named or not rest or not (province or city):
        return address
    found, _behind = _longest(rest, _places(""))
    return (
        address
        if any(not place.district for place in found)
        else f"{province}{'' if city == province else city}{address}"
    )


def districts_of(province: str, city: str) -> tuple[str, ...]:
    return _tree().get(province, {}).get(city, ())


def cities_of(province: str) -> tuple[str, ...]:
    return tuple(_tree().get(province, {}))


def province_of(name: str) -> str:
    """`四川` or `四川省` by its full name; "" where there is no such province."""
    return _provinces().get(name.strip(), "")


def _province(text: str) -> tuple[str, str]:
    for length in range(min(len(text), 9), 1, -1):
        if province := _provinces().get(text[:length]):
            # 吉林 and 海南 are a city and a prefecture too: with 市 or 州 behind it the name means that one.
            if text[length : length + 1] in ("市", "州") and province not in cities_of(province):
                continue
            return province, _trimmed(text[length:])
    return "", text


def _longest(text: str, places: list[Place]) -> tuple[list[Place], str]:
    """The places whose name, full or as people say it, is the longest beginning of the text, and what follows it."""
    wanted = set(places)
    for length in range(min(len(text), LONGEST), 1, -1):
        found = [place for place in names.locate(text[:length]) if place in wanted] if _is_name(text[:length]) else []
        if found:
            return found, _trimmed(text[length:])
    return [], text


@lru_cache(maxsize=50_000)
def _is_name(text: str) -> bool:
    return text in names.known()


@lru_cache(maxsize=64)
def _places(province: str) -> list[Place]:
    return [
        place
        for its, cities in _tree().items()
        if not province or its == province
        for city, districts in cities.items()
        for place in (Place(its, city), *(Place(its, city, district) for district in districts))
    ]


@lru_cache(maxsize=1)
def _tree() -> dict[str, dict[str, tuple[str, ...]]]:
    tree: dict[str, dict[str, tuple[str, ...]]] = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            districts = tuple(filter(None, row["districts"].split(";")))
            # A city without districts stands in the table as the only one of itself.
            tree.setdefault(row["province"], {})[row["city"]] = () if districts == (row["city"],) else districts
    return tree


@lru_cache(maxsize=1)
def _provinces() -> dict[str, str]:
    return {name: province for province in _tree() for name in (province, names.short_province(province))}


def _past_fillers(text: str) -> str:
    for filler in sorted(names.FILLERS, key=len, reverse=True):
        if len(filler) > 2 and text.startswith(filler):
            return _trimmed(text[len(filler) :])
    return text


def _trimmed(text: str) -> str:
    return _GAP.sub("", text.strip())
