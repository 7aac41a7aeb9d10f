"""The eligibility list as people read it: short names, values in words, failing lines first."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from aftersales.cases.enums import CaseKind, CaseState
from logistics.couriers.names import courier_name
from logistics.parcels.enums import PackageState, WaybillSource
from merchant.money import yuan
from merchant.shops.models import ShopState
from merchant.ui.formatting import instant_text, rough_text
from orders.record.enums import CategoryClass

LABELS = {
    "E01": dict(ShopState.choices),
    "E04": {**dict(CaseKind.choices), **dict(CaseState.choices)},
    "E06": dict(CategoryClass.choices),
    "E09": dict(WaybillSource.choices),
    "E11": dict(PackageState.choices),
}

CHECKS: dict[str, Any] = {
    "E01": gettext_lazy("Shop"),
    "E02": gettext_lazy("Cross-border"),
    "E03": gettext_lazy("Agreement"),
    "E04": gettext_lazy("Kind of case"),
    "E05": gettext_lazy("Shipped at"),
    "E06": gettext_lazy("Goods"),
    "E07": gettext_lazy("Parcels"),
    "E08": gettext_lazy("Courier"),
    "E09": gettext_lazy("E-waybill"),
    "E10": gettext_lazy("Amount"),
    "E11": gettext_lazy("Parcel is"),
    "E12": gettext_lazy("Track read"),
    "E13": gettext_lazy("Share"),
    "E14": gettext_lazy("Stopped before"),
    "E15": gettext_lazy("Shared parcel"),
    "E16": gettext_lazy("Version"),
    "M5": gettext_lazy("Left to refund"),
}


@dataclass(frozen=True)
class Line:
    """One check on the page. `kind` is ok, no, or slow (a warning)."""

    code: str
    name: Any
    value: str
    why: Any
    kind: str


def value_text(code: str, value: Any) -> str:
    """The found value in words: 50000 fen → ¥500.00, `zto` → 中通, 23 → read 23 s ago, `500/8800` → ¥5.00 of ¥88.00."""
    text = str(value if value is not None else "")
    if code in FORMATS and text != "":
        return FORMATS[code](value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if text == "":
        return _("never read") if code == "E12" else _("none")
    if labels := LABELS.get(code):
        return "·".join(str(labels.get(part, part)) for part in re.split(r"[ ,·]+", text) if part)
    return text


def _share(value: str) -> dict[str, str]:
    asked, _slash, left = value.partition("/")
    return {"asked": yuan(int(asked)), "left": yuan(int(left))}


FORMATS: dict[str, Callable[[Any], str]] = {
    "E03": lambda value: _("signed, version %(version)s") % {"version": value},
    "E07": lambda value: ngettext("%(count)s parcel", "%(count)s parcels", int(value)) % {"count": value},
    "E08": lambda value: courier_name(str(value)),
    "E10": lambda value: f"¥{yuan(int(value))}",
    "E12": lambda value: _("read %(length)s ago") % {"length": rough_text(timedelta(seconds=int(value)))},
    "E13": lambda value: _("¥%(asked)s of ¥%(left)s") % _share(str(value)),
    "M5": lambda value: _("¥%(asked)s of ¥%(left)s") % _share(str(value)),
    "E14": lambda value: _("by another shop") if value == "other" else str(value),
    "E15": lambda value: ngettext("%(count)s order inside", "%(count)s orders inside", int(value)) % {"count": value},
    "E16": lambda value: _("version %(version)s") % {"version": value},
}


def line(check: Any, shipped_at: datetime | None = None) -> Line:
    """One check. A warning does not forbid: an old track is one, because pressing the button reads it again."""
    kind = "ok" if check.passed else "slow" if check.is_warning else "no"
    value = value_text(check.code, check.value)
    if check.code == "E05" and shipped_at is not None:
        value = instant_text(shipped_at)
    return Line(check.code, CHECKS.get(check.code, check.code), value, check.message, kind)


def lines(checks: Iterable[Any], shipped_at: datetime | None = None) -> list[Line]:
    """Failing first, then warnings, then what passes; within each the order of the rules."""
    rank = {"no": 0, "slow": 1, "ok": 2}
    return sorted((line(check, shipped_at) for check in checks), key=lambda one: rank[one.kind])


def stored(rows: Iterable[dict[str, Any]]) -> list[Line]:
    """The list as it was stored with a document (Check.as_json)."""
    found = [
        Line(
            row["code"],
            CHECKS.get(row["code"], row["code"]),
            value_text(row["code"], row["value"]),
            row.get("message", ""),
            "ok" if row["passed"] else "slow" if row.get("is_warning") else "no",
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: one.kind == "ok")
