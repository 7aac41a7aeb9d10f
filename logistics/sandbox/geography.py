"""Places a parcel passes: public cities, invented sites, staff as couriers print them (王某某)."""

import random
from dataclasses import dataclass, fields
from functools import cache, lru_cache

# city → (province, districts)
CITIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "杭州市": ("浙江省", ("西湖区", "余杭区", "滨江区")),
    "义乌市": ("浙江省", ("稠城街道", "北苑街道", "江东街道")),
    "上海市": ("上海市", ("浦东新区", "闵行区", "青浦区")),
    "广州市": ("广东省", ("白云区", "番禺区", "天河区")),
    "深圳市": ("广东省", ("南山区", "宝安区", "龙岗区")),
    "北京市": ("北京市", ("朝阳区", "通州区", "海淀区")),
    "成都市": ("四川省", ("武侯区", "双流区", "郫都区")),
    "武汉市": ("湖北省", ("江夏区", "洪山区", "东西湖区")),
    "西安市": ("陕西省", ("雁塔区", "未央区", "长安区")),
    "郑州市": ("河南省", ("金水区", "管城区", "中牟县")),
    "沈阳市": ("辽宁省", ("浑南区", "铁西区", "于洪区")),
    "泉州市": ("福建省", ("晋江市", "石狮市", "丰泽区")),
}
_DISTRICTS_OF_UNKNOWN = ("城东", "城西", "城南")
_SURNAMES = "王李张刘陈杨赵黄周吴"


@dataclass(frozen=True)
class Site:
    """Where a scan was made. `is_center` marks hubs, which never deliver."""

    name: str
    code: str
    province: str
    city: str
    district: str
    is_center: bool


SITE_FIELDS = tuple(field.name for field in fields(Site))


def normal_city(name: str) -> str:
    """The city as couriers print it: 杭州 and 杭州市 are one."""
    is_full = name.endswith(("市", "盟", "区", "县")) or (name.endswith("州") and len(name) > 2)
    return name if is_full else name + "市"


@cache
def hub(city: str) -> Site:
    city = normal_city(city)
    province, districts = CITIES.get(city, ("", _DISTRICTS_OF_UNKNOWN))
    return Site(f"{city.removesuffix('市')}转运中心", f"{_number(city):05d}", province, city, districts[-1], True)


@lru_cache(20_000)
def site(city: str, seed: str) -> Site:
    """One ordinary site of the city; the same seed gives the same one."""
    city = normal_city(city)
    province, districts = CITIES.get(city, ("", _DISTRICTS_OF_UNKNOWN))
    chosen = random.Random(seed + city)
    district = chosen.choice(districts)
    short = district.removesuffix("区").removesuffix("市").removesuffix("县").removesuffix("街道")
    part = chosen.choice(("一部", "二部", "三部", "五部"))
    return Site(
        f"{city.removesuffix('市')}{short}{part}",
        f"{_number(city + short + part):05d}",
        province,
        city,
        district,
        False,
    )


@lru_cache(20_000)
def staff(seed: str) -> str:
    """A courier's name, masked."""
    return random.Random(seed).choice(_SURNAMES) + "某某"


@lru_cache(20_000)
def between(sender: str, receiver: str, seed: str) -> str:
    """A city on the way that is neither end."""
    ends = {normal_city(sender), normal_city(receiver)}
    return random.Random(seed).choice([city for city in CITIES if city not in ends])


def _number(text: str) -> int:
    return sum(ord(char) * (index + 7) for index, char in enumerate(text)) % 90000 + 10000
