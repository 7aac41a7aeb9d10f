"""Short stored reasons, and the sentences people read for them. Codes are stored and never change, the words may."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from logistics.interception.enums import Question, Reason

WHY: dict[str, Any] = {
    # Why a stopped parcel, or a refund about to be sent, came back to a person.
    "AUTO_OFF": _("The shop has switched off paying by itself."),
    "NOT_STOPPED": _("The parcel is not stopped."),
    "NOT_A_RETURN": _("The parcel was sent elsewhere, not back to the shop."),
    "EVIDENCE": _("What proves the stop may not pay by itself."),
    "NOT_HOME": _("This shop pays when the parcel is back."),
    "PARCEL": _("The parcel's track does not fit the stop."),
    "E01": _("The shop is not in normal operation."),
    "E03": _("The interception agreement is not signed."),
    "E15": _("Another case of this parcel is gone: decide again."),
    "M5": _("More than can still be refunded here."),
    "NO_CHANNEL": _(
        "Huicang cannot move money back through this channel yet: settle the refund on the platform's own page."
    ),
    "NO_PAYMENT": _("No payment of this order is on record, so nothing can be paid back."),
    "SHIPPED": _("The order has shipped: this is a refund after shipping now."),
    "CASE_MOVED": _("The case has moved on since this refund was made."),
    "CASE_CHANGED": _("The case asks for something else now."),
    "LATE": _("The parcel was stopped after the case had gone on: look again."),
    "REJECTED": _("The second person said no."),
    "CLOSED": _("The case is closed on the platform."),
    "CHANGED": _("The case has changed on the platform."),
    "BY_HAND": _("The platform takes this decision on its own pages only: settle it there."),
    "TYPE_SETTING": _("The platform account lacks the code that agrees to such a case: set it on the account's page."),
    "PAID_HERE": _("The platform's row and the money we have paid do not agree: compare them."),
    "REFUSAL_NOT_TOLD": _("The platform did not take the refusal: say it on the platform's own page."),
    "HELD_BACK": _("The refund had not gone out and was held back."),
    "GOODS_DIFFER": _("What came back is not as it was sent: look at the photos of the inspection."),
    "INSPECTED": _("The goods are back and fine: say so on the platform's own page."),
    "REFUNDED": _("The money is paid and the goods are not back."),
    # Why somebody or something moved a row.
    "case_withdrawn": _("the buyer withdrew the case"),
    "case_changed": _("the buyer asks for something else"),
    "paid_by_platform": _("the platform has paid it"),
    "moved_by_platform": _("the platform has moved the case"),
    "delivered_anyway": _("delivered after all"),
    "offer_accepted": _("the buyer took the offer"),
    "offer_declined": _("the buyer declined the offer"),
    "stopped_in_house": _("stopped in the warehouse"),
    "refunded": _("everything was refunded"),
    "new_case": _("a new case took its place"),
    "wrong_goods": _("What came back is not what was sent"),
    "used": _("The goods were used or damaged by the buyer"),
    "T-SELLER-RECEIVE": _("the shop did not take the return in in time"),
    "T-AS-HANDLE": _("the shop did not answer in time"),
    "T-NEGO": _("the buyer did not answer in time"),
    "T-DISPUTE-OPEN": _("the buyer did not call the platform in time"),
    "T-BUYER-RETURN": _("the buyer did not send the goods in time"),
    "SECOND_PERSON": _("above the second-person limit, so it waits"),
    "CLOCK": _("its deadline passed unseen long ago, so a person decides"),
    "platform_decides": _("the platform decides"),
    **{str(code): label for code, label in Reason.choices if code},
    **{str(code): label for code, label in Question.choices if code},
}


def why(code: str) -> str:
    """The sentence of a stored reason; free text, and a channel's own words, stay as they were written."""
    return str(WHY.get(code, code)) if code else ""
