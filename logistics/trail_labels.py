"""How the audit trail names what happens in this app: states, verbs, reasons (see merchant/trail/timeline.py)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from logistics.claims.enums import ClaimState
from logistics.fulfilment import following
from logistics.fulfilment.enums import ConsignmentState, WaveState
from logistics.interception.enums import InterceptionState, Reason
from logistics.parcels.enums import PackageState
from merchant.trail import timeline

VERBS: dict[str, Any] = {
    "interception.submit": _("Interception submitted"),
    "interception.accept": _("Taken by the courier: accepted is not stopped"),
    "interception.succeed": _("Stopped"),
    "interception.fail": _("Not stopped"),
    "interception.mark_unknown": _("Result unknown, a person is asked"),
    "interception.withdraw": _("Interception withdrawn"),
    "interception.turn_back": _("On its way home"),
    "interception.receive": _("Back in the warehouse"),
    "interception.deliver_anyway": _("Delivered after all"),
    "interception.suspect_loss": _("Perhaps lost"),
    "interception.give_up": _("Given up as lost"),
    "interception.close_ok": _("Inspected, goods fine"),
    "interception.close_damaged": _("Inspected, goods damaged"),
    "interception.bill": _("Billed by the courier"),
    "claim.draft": _("Claim drafted"),
    "claim.edit": _("Claim corrected"),
    "claim.add_photos": _("Photos added"),
    "claim.file": _("Claim filed"),
    "claim.accept": _("The courier agreed to pay"),
    "claim.reject": _("The courier refused to pay"),
    "claim.appeal": _("Appealed"),
    "claim.book_payment": _("The courier paid"),
    "claim.close": _("Claim closed"),
    "claim.give_up": _("Claim given up"),
    "claim.withdraw": _("Claim withdrawn, nothing was lost"),
    "consignment.allocate": _("Put into a box"),
    "consignment.merge": _("Orders packed together"),
    "consignment.split": _("Split into two boxes"),
    "consignment.move": _("Moved to another warehouse"),
    "consignment.find_goods": _("The goods are there"),
    "consignment.choose_courier": _("Courier chosen"),
    "consignment.start_picking": _("Picking began"),
    "consignment.put_back": _("Back on the shelves"),
    "consignment.finish_picking": _("Picked"),
    "consignment.uncheck": _("To be checked anew"),
    "consignment.give_waybill": _("Tracking number given"),
    "consignment.drop_waybill": _("Tracking number dropped"),
    "consignment.weigh": _("Weighed"),
    "consignment.pack": _("Packed"),
    "consignment.unpack": _("Unpacked"),
    "consignment.ship": _("Left the house"),
    "consignment.strike": _("An order taken out of the box"),
    "consignment.take_out_refunded": _("Refunded goods taken out"),
    "consignment.void": _("Box voided"),
    "consignment.confirm_returned": _("Goods back on their shelves"),
    "wave.make": _("Wave made"),
    "wave.finish": _("Wave picked"),
    "wave.dissolve": _("Wave dissolved"),
    "package.register": _("Parcel registered"),
    "package.void": _("Label voided"),
    "package.print": _("Label printed"),
    "package.receive": _("Received in the warehouse"),
    "package.refresh": _("Track read"),
    "package.supersede": _("The courier gave its number out again"),
}


def register() -> None:
    """Called once, when the process starts."""
    timeline.register_states(
        "interception",
        InterceptionState,
        icon="turn",
        good=[InterceptionState.SUCCEEDED, InterceptionState.RETURNED, InterceptionState.CLOSED_OK],
        bad=[
            InterceptionState.FAILED,
            InterceptionState.DELIVERED_ANYWAY,
            InterceptionState.LOST_SUSPECT,
            InterceptionState.CLOSED_LOST,
            InterceptionState.CLOSED_DAMAGED,
        ],
    )
    timeline.register_states(
        "package",
        PackageState,
        icon="box",
        good=[PackageState.RETURNED],
        bad=[PackageState.REFUSED, PackageState.EXCEPTION],
    )
    timeline.register_states("claim", ClaimState, bad=[ClaimState.REJECTED])
    timeline.register_states("consignment", ConsignmentState, icon="box", kind="goods", good=[ConsignmentState.SHIPPED])
    timeline.register_states("wave", WaveState, icon="box", kind="goods")
    timeline.register_reasons(
        {
            "merged": _("merged into another box"),
            following.REVIEW: _("back in review"),
            following.ELSEWHERE: _("sent by another hand"),
        }
    )
    timeline.register_verbs(VERBS)
    timeline.register_reasons(dict(Reason.choices))
