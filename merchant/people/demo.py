"""The people of the demo: names made up, passwords printed on the login page. Only where HUICANG_DEMO is on."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from merchant.people.models import User


@dataclass(frozen=True)
class DemoPerson:
    username: str
    name: str
    role: str
    can: Any
    # How the demo's own code calls them, where the role is not enough.
    seat: str = ""
    password: str = "huicang-demo"  # noqa: S105 - printed on the login page on purpose


PEOPLE = (
    DemoPerson("xiaosu", "小苏", "agent", _("Customer-service agent: intercepts, agrees up to ¥200, refuses, remarks")),
    DemoPerson(
        "xiaolan",
        "小岚",
        "agent",
        _("Her colleague, with customers of her own: sign in beside her, in another browser"),
        seat="colleague",
    ),
    DemoPerson(
        "ahe", "阿禾", "supervisor", _("Supervisor: agrees up to ¥1,000, imports, retries jobs, sees raw messages")
    ),
    DemoPerson("laoli", "老黎", "warehouse", _("Warehouse: receives parcels that come home")),
    DemoPerson("qingqing", "青青", "finance", _("Finance: releases refunds, second person above ¥1,000")),
    DemoPerson("zhanggui", "掌柜", "owner", _("Shop owner: agreement, rules, accounts, second person")),
    DemoPerson("admin", "管理员", "platform_admin", _("Platform administrator: Django admin, all shops, masked")),
)


def people() -> tuple[DemoPerson, ...]:
    """Those one can be; none in a demo that begins empty."""
    if not settings.IS_DEMO:
        return ()
    names = User.objects.filter(username__in=[person.username for person in PEOPLE])
    there = set(names.values_list("username", flat=True))
    return tuple(person for person in PEOPLE if person.username in there)
