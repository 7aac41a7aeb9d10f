"""A recipient's data as a person types it: what is wrong with it (R2.5), and the address as one line."""

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.vault import masking
from orders.editing import regions

MOBILE = re.compile(r"^1[3-9]\d{9}(?:-\d{1,6})?$")
LANDLINE = re.compile(r"^0\d{9,11}$")
# Of Hong Kong, Macau and Taiwan with their code, since a number of eight digits alone is a landline without its area.
ABROAD = re.compile(r"^\+(?:85[23] [2-9]\d{7}|886 0\d{8,9})$")
LEAST_DETAIL = 5
PLACE = ("province", "city", "district", "detail")


@dataclass(frozen=True)
class Given:
    """Empty fields keep what the order has. The place is one: given whole or not at all."""

    name: str = ""
    phone: str = ""
    province: str = ""
    city: str = ""
    district: str = ""
    detail: str = ""

    @property
    def has_place(self) -> bool:
        return any(getattr(self, field) for field in PLACE)

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.phone or self.has_place)

    @property
    def line(self) -> str:
        """The whole address as the vault keeps it; a municipality is not said twice."""
        city = "" if self.city in (self.province, "市辖区", "县") else self.city
        return f"{self.province}{city}{self.district}{self.detail}" if self.has_place else ""


def given(**typed: str) -> Given:
    """What was typed, tidied: spaces off, the phone without +86 and dashes, the province by its full name."""
    found = {name: " ".join(str(value or "").split()) for name, value in typed.items()}
    if found.get("phone"):
        code = re.match(r"(?:\+|00)(852|853|886)", found["phone"])
        number = masking.normal_phone(found["phone"])
        found["phone"] = f"+{code[1]} {number}" if code else number
    for name in ("city", "district"):
        if found.get(name):
            found[name] = regions.simplified(found[name])
    province = regions.province_named(found.get("province", ""))
    if province:
        found["province"] = province
        if province in regions.MUNICIPALITIES and not found.get("city"):
            found["city"] = province
    return Given(**found)


def faults(change: Given) -> dict[str, Any]:
    """{field: what is wrong}; empty when it can be taken."""
    found: dict[str, Any] = {}
    if change.name and ("*" in change.name or len(change.name) > 40 or not re.search(r"[^\W\d_]", change.name)):
        found["name"] = _("A name has letters, no asterisks, and at most 40 characters.")
    if change.phone and not any(shape.match(change.phone) for shape in (MOBILE, LANDLINE, ABROAD)):
        found["phone"] = _("A mobile number has 11 digits and starts with 1; a landline starts with its area code.")
    if not change.has_place:
        return found
    if change.province not in regions.PROVINCES:
        found["province"] = _("There is no such province.")
    elif not regions.city_fits(change.province, change.city):
        found["city"] = _("%(province)s has no such city.") % {"province": change.province}
    if not regions.district_fits(change.province, change.district):
        found["district"] = _("Write the district or county with its ending, for example 余杭区.")
    if len("".join(change.detail.split())) < LEAST_DETAIL or "*" in change.detail:
        found["detail"] = _("Road, house and door: at least 5 characters, no asterisks.")
    elif len(change.detail) > 120:
        found["detail"] = _("At most 120 characters.")
    return found
