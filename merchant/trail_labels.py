"""How the audit trail names what happens in this app: states, verbs, reasons (see merchant/trail/timeline.py)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.trail import timeline

VERBS: dict[str, Any] = {
    "sku.make": _("First met"),
    "sku.set_cost": _("Cost price entered"),
    "stock.set_bin": _("Bin changed"),
}


def register() -> None:
    """Called once, when the process starts."""
    timeline.register_verbs(VERBS)
