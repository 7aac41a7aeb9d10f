"""The background work that shows signs of life, named as people name it."""

from typing import Any

from django.utils.translation import gettext, gettext_lazy

from merchant.jobs import processes
from merchant.platforms import registry

NAMES: dict[str, Any] = {
    **processes.NAMES,
    "sweep:cases": gettext_lazy("Deadlines of cases"),
}


def label_of(name: str) -> str:
    """`pull:douyin-orders:3` → Pull of orders, Douyin (account 3); a name nobody knows stays."""
    if name in NAMES:
        return str(NAMES[name])
    kind, _, rest = name.partition(":")
    code, _, account = rest.rpartition(":")
    if kind != "pull" or not code:
        return name
    platform = code.removesuffix("-orders")
    found = registry.find(platform)
    words = {"platform": found.label if found else platform, "account": account}
    if code.endswith("-orders"):
        return gettext("Pull of orders, %(platform)s (account %(account)s)") % words
    return gettext("Pull of after-sales, %(platform)s (account %(account)s)") % words
