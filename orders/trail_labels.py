"""How the audit trail names what happens in this app: states, verbs, reasons (see merchant/trail/timeline.py)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.trail import timeline
from merchant.trail.models import Activity
from orders.record.changes import changes_text
from orders.record.enums import OrderState
from orders.remarks.flags import flag_name
from orders.review.enums import Rule

VERBS: dict[str, Any] = {
    "import.map": _("Columns mapped by hand"),
    "listing.match": _("Matched to a product"),
    "order.block": _("Held back"),
    "order.unblock": _("No longer held back"),
    "order.follow_platform": _("Followed the platform"),
    "order.update_from_source": _("Changed by the platform"),
    "order.adopt_refund_before": _("A refund from before was taken over"),
    "order.change_address": _("Address changed"),
    "order.flag": _("Flag changed"),
    "order.close": _("Order closed"),
    "order.pay": _("Paid"),
    "order.pass_review": _("Passed review"),
    "order.stop_review": _("Stopped by review"),
    "order.reject_review": _("Rejected by review"),
    "order.tell": _("Said to the buyer"),
    "order.no_answer": _("Nobody answered"),
    "assignment_rule.add": _("Rule of assignment added"),
    "assignment_rule.raise": _("Rule of assignment asked earlier"),
    "assignment_rule.remove": _("Rule of assignment removed"),
    "order.assign": _("Assigned"),
    "order.confirm": _("Confirmed"),
    "order.return_to_review": _("Back to review"),
    "order.move_warehouse": _("Comes from another warehouse"),
    "order.pack": _("Packed"),
    "order.unpack": _("Unpacked"),
    "order.ship": _("Sent"),
    "order.ship_part": _("Sent in part"),
    "order.receive": _("Received"),
    "order.complete": _("Completed"),
    "order.claim": _("Taken over"),
    "order.hand_over": _("Handed over"),
    "order.person_file": _("Handed out the buyer's data"),
    "buyer.change_account_owner": _("The customer has another keeper"),
}


def detail_text(row: Activity) -> str:
    """What a platform changed in the order, or from which flag to which."""
    if row.verb == "order.flag":
        return f"{flag_name(row.detail.get('was'))} → {flag_name(row.detail.get('flag'))}"
    if row.verb == "order.stop_review":
        return ", ".join(str(Rule(name).label) for name in row.detail.get("rules", []) if name in Rule.values)
    if row.verb == "order.tell":
        return str(row.detail.get("text", ""))
    return changes_text(row.detail.get("changes") or {})


def register() -> None:
    """Called once, when the process starts."""
    timeline.register_states(
        "order",
        OrderState,
        icon="orders",
        good=[OrderState.SHIPPED, OrderState.RECEIVED, OrderState.COMPLETED],
    )
    timeline.register_verbs(VERBS, hidden=["note.add", "note.undo"])  # a note stands there itself
    timeline.register_detail("order", detail_text)
