"""How the audit trail names what happens in this app: states, verbs, reasons (see merchant/trail/timeline.py)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.stock.enums import PurchaseState, StocktakeState, TransferState
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
    "sku.change": _("Product changed"),
    "sku.set_parts": _("Parts of the bundle changed"),
    "stock.set_bin": _("Bin changed"),
    "warehouse.add": _("Warehouse opened"),
    "warehouse.change": _("Warehouse changed"),
    "warehouse.set_bin": _("Bin put in its place on the way"),
    "stocktake.open": _("Stocktake begun"),
    "stocktake.file": _("Counted, waits for a second person"),
    "stocktake.recount": _("To be counted again"),
    "stocktake.approve": _("Differences approved and booked"),
    "stocktake.discard": _("Discarded, nothing was booked"),
    "transfer.send": _("Sent to another warehouse"),
    "transfer.receive": _("Received from another warehouse"),
    "purchase.open": _("Ordered from a supplier"),
    "purchase.receive": _("Goods taken in"),
    "purchase.end": _("Ended, the rest does not come"),
}


def register() -> None:
    """Called once, when the process starts."""
    timeline.register_states("stocktake", StocktakeState, icon="box", good=[StocktakeState.APPROVED])
    timeline.register_states("transfer", TransferState, icon="truck", good=[TransferState.RECEIVED])
    timeline.register_states("purchase", PurchaseState, icon="box", good=[PurchaseState.RECEIVED])
    timeline.register_verbs(VERBS)
