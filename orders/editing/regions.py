"""The top of the region tree: province-level units, and whether names of the levels below may stand under them."""

import re

from merchant.regions import names

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
DISTRICT = re.compile(
    r"^[^\d\s]{1,14}(?:区|县|旗|市|镇|乡|街道|管委会|管理委员会|开发区|群岛|半岛|农场|林场|牧场|办事处)(?:[（(][^()（）]{1,6}[)）])?$"
)
# Signs of the other script in names of places, beside those of the provinces.
TRADITIONAL = str.maketrans(
    "廣東蘇遼龍灣門陝寧肅慶縣區鎮鄉臺貴雲藏內蒙吳無錫揚漢長陽濟濰煙瀋鄭許駐馬廈漳莆濱齊連爾綏麗楚紅瀾瀘遂達資樂"
    "廊滄邯鄲邢開陳漯義節銅順營萊棗蕪馬鞍宿黃馬鐵鳳獅衛吳嶺鎖韶關潮揭陽雲羅頭圳廬贛饒鷹撫萬婁懷張龍湧澳氹環島離觀黃"
    "荊鄂貢樟樹當曉瑪納銀靈鹽",
    "广东苏辽龙湾门陕宁肃庆县区镇乡台贵云藏内蒙吴无锡扬汉长阳济潍烟沈郑许驻马厦漳莆滨齐连尔绥丽楚红澜泸遂达资乐"
    "廊沧邯郸邢开陈漯义节铜顺营莱枣芜马鞍宿黄马铁凤狮卫吴岭锁韶关潮揭阳云罗头圳庐赣饶鹰抚万娄怀张龙涌澳氹环岛离观黄"
    "荆鄂贡樟树当晓玛纳银灵盐",
)


def province_named(text: str) -> str:
    """`浙江`, `浙江省` or `廣東省` by its full name; "" when there is no such province."""
    text = simplified(text.strip())
    return text if text in PROVINCES else BY_SHORT_NAME.get(SUFFIX.sub("", text), "")


def simplified(text: str) -> str:
    """A place's name in the script of the tables."""
    return text.translate(TRADITIONAL)


def _lies_in(province: str, name: str) -> bool:
    """Whether the tables know a place of this name there: 大理州, 九龙, 西沙群岛; a bare 苏州 is not written out."""
    return any(
        place.province == province and (full == name or names.short_name(full) != name)
        for place in names.locate(name)
        if (full := place.district or place.city)
    )


def city_fits(province: str, city: str) -> bool:
    """Whether this may be a city of the province, as far as names tell: a municipality is its own city, and a city
    that bears a province's name lies in no other one. Counties right under their province have a filler there."""
    if names.is_filler(city) and province not in SPECIAL and province not in MUNICIPALITIES:
        return True
    if province not in MUNICIPALITIES and city not in PROVINCES and _lies_in(province, city):
        return True
    if province in MUNICIPALITIES:
        return city in (province, "市辖区", "县")
    if province in SPECIAL:
        return bool(CITY.match(city) or UNDER_PROVINCE.match(city) or city == province)
    if (owner := province_named(city)) and owner != province and owner in MUNICIPALITIES:
        return False
    return bool(CITY.match(city) or UNDER_PROVINCE.match(city)) and city not in PROVINCES


def district_fits(province: str, district: str) -> bool:
    return bool(DISTRICT.match(district)) or _lies_in(province, district)
