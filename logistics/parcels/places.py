"""Whether two names mean the same city: couriers write 杭州, 杭州市 and 浙江省杭州市 for one place."""

import re

# What a name may carry behind the place itself, longest first.
_SUFFIX = re.compile("(特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|自治州|地区|省|市|盟)$")
_PROVINCE = re.compile("^.{2,8}?(省|自治区|特别行政区)(?=.)")


def city_name(text: str) -> str:
    """The bare name of a city: `浙江省杭州市` and `杭州` both give `杭州`; "" stays ""."""
    name = _PROVINCE.sub("", text.strip().replace(" ", "").replace("-", "").replace(",", "").replace("，", ""))
    bare = _SUFFIX.sub("", name)
    return bare or name


def is_same_city(one: str, other: str) -> bool:
    """Whether both are known and mean the same city."""
    return bool(one and other) and city_name(one) == city_name(other)
