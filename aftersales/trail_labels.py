"""How the audit trail names what happens in this app: states, verbs, reasons (see merchant/trail/timeline.py)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import CaseState, CaseTag
from aftersales.cases.reason_texts import WHY
from aftersales.refunds.enums import RefundState
from merchant.trail import timeline

VERBS: dict[str, Any] = {
    "case.claim": _("Taken over"),
    "case.hand_over": _("Handed over"),
    "case.escalate": _("Escalated"),
    "case.release": _("Given back to everybody"),
    "case.apply": _("Case opened"),
    "case.agree": _("Agreed to the refund"),
    "case.refuse": _("Refused"),
    "case.intercept": _("Interception asked for"),
    "case.hand_back": _("Back with people"),
    "case.withdraw": _("Withdrawn by the buyer"),
    "case.edit": _("Changed by the buyer"),
    "case.propose": _("Offered something else"),
    "case.decline": _("The buyer declined the offer"),
    "case.tag": _("Marked"),
    "case.succeed": _("Case settled"),
    "case.fail": _("Refund failed"),
    "case.reopen": _("Back with people"),
    "case.late": _("The shop answered too late"),
    "case.warn": _("The time is nearly up"),
    "case.ship_back": _("The buyer sends it back"),
    "case.receive": _("The return is in the warehouse"),
    "case.grant": _("The return is fine: refund agreed"),
    "case.exchange": _("The return is fine: the other goods go out"),
    "case.repair": _("The return is fine: it is being repaired"),
    "case.refuse_return": _("What came back differs: nothing is paid yet"),
    "case.settle_return": _("Agreed with the buyer after the return"),
    "case.reopen_return": _("Back with people"),
    "case.goods_differ": _("The stopped parcel came home otherwise than it went"),
    "return_parcel.receive": _("Received in the warehouse"),
    "return_parcel.keep": _("Kept: nobody announced it"),
    "return_parcel.match": _("Its order was found"),
    "inspection.open": _("Waits for its inspection"),
    "inspection.finish": _("Inspected"),
    "refund.create": _("Refund made out"),
    "refund.approve": _("Refund approved"),
    "refund.release": _("Released by finance"),
    "refund.send": _("Handed to the channel"),
    "refund.ask": _("Channel asked"),
    "refund.try_all": _("Funds are back: all tried again"),
    "refund.success": _("Refunded"),
    "refund.settle": _("Refunded"),
    "refund.book": _("Moved by the platform, booked"),
    "refund.take_back": _("Taken back"),
    "refund.void": _("Refund void"),
    "refund.reject": _("Refund rejected"),
    "refund.replace": _("A new number took over"),
    "refund.adopt": _("A refund from the channel's console taken over"),
    "refund.file_payout": _("Offline payout filed"),
    "refund.reject_payout": _("Filed payout refused"),
    "refund.ask_buyer": _("Buyer asked where the money may go"),
    "refund.buyer_answered": _("The buyer answered"),
    "refund.restore_coupon": _("Shop coupon comes back: give it back on the platform by hand"),
    "case.clear_alarm": _("Alarm settled"),
    "case.edit_amount": _("Amount changed by the buyer"),
    "case.intercept_refused": _("Not intercepted by rule"),
    "case.platform_differs": _("The platform says otherwise"),
    "case.tell_refusal": _("Refusal told to the platform"),
    "case.tell_refusal_failed": _("The platform did not take the refusal"),
    "case.withdraw_interception": _("Interception withdrawn"),
    "refund.wait_funds": _("Waits for funds"),
    "refund.resume": _("Funds are back"),
    "case.record_wish": _("The buyer's wish written down"),
    "case.grant_wish": _("Another way of refund granted"),
    "refund.pay_offline": _("Paid offline"),
    "refund.offline": _("Paid offline"),
    "refund.goods_not_back": _("Refunded, goods not back"),
    "refund.subsidy": _("Subsidy returned to the platform"),
}


def register() -> None:
    """Called once, when the process starts."""
    timeline.register_states(
        "case",
        CaseState,
        icon="back",
        good=[CaseState.SUCCESS],
        bad=[CaseState.REFUSED, CaseState.REFUND_FAILED],
    )
    timeline.register_states(
        "refund",
        RefundState,
        icon="money",
        kind="money",
        good=[RefundState.APPROVED, RefundState.SUCCESS, RefundState.OFFLINE_DONE],
        bad=[RefundState.ABNORMAL, RefundState.REJECTED],
    )
    timeline.register_verbs(VERBS)
    timeline.register_reasons({**dict(CaseTag.choices), **WHY})
