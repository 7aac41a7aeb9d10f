"""Whether two names mean the same city: couriers write 杭州, 杭州市 and 浙江省杭州市 for one place, 凉山 for
凉山彝族自治州, and 义乌 where the order says 金华市."""

from enum import IntEnum
from functools import lru_cache

from merchant.regions.names import Place, is_filler, locate, short_name

MUNICIPALITIES = ("北京", "天津", "上海", "重庆")


class Match(IntEnum):
    """How sure it is that two names mean one city; above UNSURE they do."""

    APART = -1
    UNSURE = 0
    # One city, but another district of it is named.
    SAME_CITY = 1
    SAME = 2
    SAME_DISTRICT = 3


def city_name(text: str) -> str:
    """The bare name of a city: `浙江省杭州市` and `杭州` both give `杭州`; "" stays ""."""
    places = locate(text)
    cities = {place.city for place in places if place.city}
    return short_name(cities.pop()) if len(cities) == 1 else short_name(text.strip())


def is_same_city(one: str, other: str) -> bool:
    """Whether both are known and certainly mean the same city."""
    return compare(one, other) > Match.UNSURE


@lru_cache(maxsize=20_000)
def compare(one: str, other: str) -> Match:
    """How far two names mean the same place. APART only where both are known: a name that no table has, a province, or
    a word of the official tables that names no city settles nothing."""
    if not one.strip() or not other.strip() or is_filler(one) or is_filler(other):
        return Match.UNSURE
    left, right = locate(one), locate(other)
    if not left or not right:
        return Match.SAME if short_name(one.strip()) == short_name(other.strip()) else Match.UNSURE
    matches = {_match(a, b) for a in left for b in right}
    if len(left) == len(right) == 1:
        return matches.pop()
    # A name with several meanings: of two cities it may be either, but the very same words mean the same place.
    if one.strip() == other.strip():
        return Match.SAME
    return (
        max(matches)
        if len({place.city for place in left | right if place.city}) == 1
        else min(max(matches), Match.UNSURE)
    )


def settled_city(province: str, city: str) -> str:
    """The city an address lies in: of a municipality its own name, whatever stands in the place of the city; "" where a
    filler word of the official tables stands there (省直辖县级行政区划)."""
    if is_filler(city) or not city.strip():
        return province if province.strip().removesuffix("市") in MUNICIPALITIES else ""
    return city


def _match(one: Place, other: Place) -> Match:
    if not one.city or not other.city:
        return Match.UNSURE if one.province == other.province else Match.APART
    if (one.province, one.city) != (other.province, other.city):
        return Match.APART
    if one.district and other.district:
        return Match.SAME_DISTRICT if one.district == other.district else Match.SAME_CITY
    return Match.SAME
