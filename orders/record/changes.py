"""What a platform changed in an order, field by field, and what it said that was not followed (R1.3)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchant.ui.formatting import instant_text, money
from orders.record.enums import OrderState
from orders.record.models import SourceDiff

FIELDS = {
    "goods_fen": gettext_lazy("goods"),
    "shop_discount_fen": gettext_lazy("shop discount"),
    "subsidy_fen": gettext_lazy("platform subsidy"),
    "freight_fen": gettext_lazy("freight"),
    "adjustment_fen": gettext_lazy("adjustment"),
    "paid_fen": gettext_lazy("paid"),
    "refunded_fen": gettext_lazy("refunded"),
    "pay_method": gettext_lazy("payment method"),
    "placed_at": gettext_lazy("placed"),
    "paid_at": gettext_lazy("paid at"),
    "ship_by_at": gettext_lazy("ship by"),
    "source_status": gettext_lazy("status on the platform"),
    "host_name": gettext_lazy("host"),
    "buyer_note": gettext_lazy("buyer's message"),
    "recipient": gettext_lazy("recipient"),
    "recipient_since": gettext_lazy("recipient, changed there after it was corrected here"),
    "name": gettext_lazy("name"),
    "phone": gettext_lazy("phone"),
    "address": gettext_lazy("address"),
    "state": gettext_lazy("state"),
}
ORDER = {name: place for place, name in enumerate(FIELDS)}
STATES = dict(OrderState.choices)


def changes_text(changes: Mapping[str, Any]) -> str:
    """`paid ¥88.00 → ¥80.00; …` from the trail's {field: [before, after]}. A recipient is only named as changed."""
    parts = []
    # In the order of FIELDS: the database keeps none.
    for name in sorted(changes, key=lambda name: (ORDER.get(name, len(ORDER)), name)):
        pair = changes[name]
        label = str(FIELDS.get(name, name))
        if name == "recipient":
            parts.append(label)
        else:
            before, after = (_value(name, value) for value in pair)
            parts.append(f"{label} {before} → {after}")
    return "; ".join(parts)


def difference_text(row: SourceDiff) -> str:
    return _("%(field)s: the platform says %(theirs)s, here it is %(ours)s") % {
        "field": FIELDS.get(row.field, row.field),
        "theirs": _value(row.field, row.theirs),
        "ours": _value(row.field, row.ours),
    }


def _value(name: str, value: Any) -> str:
    if value in (None, ""):
        return "–"
    if name.endswith("_fen"):
        return money(int(value))
    if name.endswith("_at"):
        return instant_text(datetime.fromisoformat(value))
    return str(STATES.get(value, value)) if name == "state" else str(value)
