"""The top of the region tree: province-level units, and what names of the levels below look like."""

import re

MUNICIPALITIES = ("北京市", "天津市", "上海市", "重庆市")
PROVINCES = (
    *MUNICIPALITIES,
    "河北省", "山西省", "内蒙古自治区", "辽宁省", "吉林省", "黑龙江省", "江苏省", "浙江省", "安徽省", "福建省",
    "江西省", "山东省", "河南省", "湖北省", "湖南省", "广东省", "广西壮族自治区", "海南省", "四川省", "贵州省",
    "云南省", "西藏自治区", "陕西省", "甘肃省", "青海省", "宁夏回族自治区", "新疆维吾尔自治区", "台湾省",
    "香港特别行政区", "澳门特别行政区",
)  # fmt: skip
SUFFIX = re.compile(r"(?:特别行政区|(?:壮族|回族|维吾尔)?自治区|省|市)$")
BY_SHORT_NAME = {SUFFIX.sub("", name): name for name in PROVINCES}
SPECIAL = ("香港特别行政区", "澳门特别行政区")
# Counties right under their province (省直辖县), and the districts of a special region.
CITY = re.compile(r"^[^\d\s]{1,12}(?:市|自治州|地区|盟)$")
UNDER_PROVINCE = re.compile(r"^[^\d\s]{1,12}(?:县|林区|区)$")
DISTRICT = re.compile(r"^[^\d\s]{1,14}(?:区|县|旗|市|镇|乡|街道)$")


def province_named(text: str) -> str:
    """`浙江` or `浙江省` → 浙江省; "" when there is no such province."""
    text = text.strip()
    return text if text in PROVINCES else BY_SHORT_NAME.get(SUFFIX.sub("", text), "")


def city_fits(province: str, city: str) -> bool:
    """Whether this may be a city of the province, as far as names tell: a municipality is its own city, and a city
    that bears a province's name lies in no other one."""
    if province in MUNICIPALITIES:
        return city in (province, "市辖区", "县")
    if province in SPECIAL:
        return bool(CITY.match(city) or UNDER_PROVINCE.match(city) or city == province)
    if (owner := province_named(city)) and owner != province and owner in MUNICIPALITIES:
        return False
    return bool(CITY.match(city) or UNDER_PROVINCE.match(city)) and city not in PROVINCES


def district_fits(district: str) -> bool:
    return bool(DISTRICT.match(district))
