"""How far two provinces are apart: as the crow flies between their capitals, in kilometres. Enough to tell near from
far; a courier's road is longer everywhere."""

from math import asin, cos, radians, sin, sqrt

# Capital of each province: latitude, longitude in degrees, to a tenth.
CAPITALS = {
    "北京": (39.9, 116.4), "天津": (39.1, 117.2), "河北": (38.0, 114.5), "山西": (37.9, 112.5), "内蒙古": (40.8, 111.7),
    "辽宁": (41.8, 123.4), "吉林": (43.9, 125.3), "黑龙江": (45.8, 126.5), "上海": (31.2, 121.5), "江苏": (32.1, 118.8),
    "浙江": (30.3, 120.2), "安徽": (31.8, 117.2), "福建": (26.1, 119.3), "江西": (28.7, 115.9), "山东": (36.7, 117.0),
    "河南": (34.8, 113.6), "湖北": (30.6, 114.3), "湖南": (28.2, 113.0), "广东": (23.1, 113.3), "广西": (22.8, 108.4),
    "海南": (20.0, 110.3), "重庆": (29.6, 106.6), "四川": (30.7, 104.1), "贵州": (26.6, 106.7), "云南": (25.0, 102.7),
    "西藏": (29.7, 91.1), "陕西": (34.3, 108.9), "甘肃": (36.1, 103.8), "青海": (36.6, 101.8), "宁夏": (38.5, 106.2),
    "新疆": (43.8, 87.6), "香港": (22.3, 114.2), "澳门": (22.2, 113.5), "台湾": (25.0, 121.5),
}  # fmt: skip
EARTH_KM = 6371


def short_province(text: str) -> str:
    """浙江省 → 浙江, 内蒙古自治区 → 内蒙古; "" for what begins with no province's name."""
    return next((name for name in CAPITALS if text.strip().startswith(name)), "")


def kilometres(one: str, other: str) -> int | None:
    """Between two provinces, however they are written; None where either is unknown."""
    places = [CAPITALS.get(short_province(name)) for name in (one, other)]
    if places[0] is None or places[1] is None:
        return None
    (north, east), (north2, east2) = ((radians(a), radians(b)) for a, b in (places[0], places[1]))
    half = sin((north2 - north) / 2) ** 2 + cos(north) * cos(north2) * sin((east2 - east) / 2) ** 2
    return round(2 * EARTH_KM * asin(sqrt(half)))
