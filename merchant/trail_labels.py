"""How the audit trail names what happens in this app: states, verbs, reasons (see merchant/trail/timeline.py)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.trail import timeline

VERBS: dict[str, Any] = {
    "shop.add": _("Shop opened"),
    "shop.change": _("Shop changed"),
    "shop.skip_step": _("Step put off"),
    "shop.resume_step": _("Step taken up again"),
    "user.add": _("Account made"),
    "membership.add": _("Joined the shop"),
    "membership.set": _("Role or limit changed"),
    "membership.reset_password": _("New way in given"),
    "second_factor.on": _("Two-step sign-in turned on"),
    "second_factor.off": _("Two-step sign-in turned off"),
    "second_factor.new_codes": _("New recovery codes"),
    "second_factor.recovered": _("Signed in with a recovery code"),
    "membership.deactivate": _("Left the shop"),
    "membership.reactivate": _("Came back to the shop"),
    "role.add": _("Role made"),
    "role.change": _("Role changed"),
    "sku.make": _("First met"),
    "sku.set_cost": _("Cost price entered"),
    "stock.set_bin": _("Bin changed"),
}


def register() -> None:
    """Called once, when the process starts."""
    timeline.register_verbs(VERBS)
