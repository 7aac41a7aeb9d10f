"""States, kinds and clocks of a case, and the named groups of states the queries and constraints share."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CaseKind(models.TextChoices):
    """What the buyer asks for."""

    REFUND_ONLY_UNSHIPPED = "refund_only_unshipped", _("Refund before shipping")
    REFUND_ONLY_SHIPPED = "refund_only_shipped", _("Refund only, shipped")
    RETURN_REFUND = "return_refund", _("Return and refund")
    EXCHANGE = "exchange", _("Exchange")
    REPAIR = "repair", _("Repair")
    RESEND = "resend", _("Resend")
    REFUSED_RETURN = "refused_return", _("Refused parcel comes back")
    COMPENSATION = "compensation", _("Compensation")


class CaseState(models.TextChoices):
    """Where a case stands; the whole table is in docs/states."""

    APPLIED = "applied", _("Waiting for the shop")
    WAIT_BUYER_REPLY = "wait_buyer_reply", _("Waiting for the buyer's answer")
    INTERCEPTING = "intercepting", _("Stopping the parcel")
    REFUNDING = "refunding", _("Refunding")
    WAIT_BUYER_RETURN = "wait_buyer_return", _("Waiting for the buyer to return")
    WAIT_SELLER_RECEIVE = "wait_seller_receive", _("Waiting for the return to arrive")
    INSPECTING = "inspecting", _("Inspecting")
    WAIT_SELLER_RESEND = "wait_seller_resend", _("Waiting to be sent again")
    REPAIRING = "repairing", _("Repairing")
    WAIT_BUYER_RECEIVE = "wait_buyer_receive", _("Waiting for the buyer to receive")
    REFUSED = "refused", _("Refused by the shop")
    REFUSED_AFTER_RETURN = "refused_after_return", _("Refused after the return")
    PLATFORM = "platform", _("With the platform")
    REFUND_FAILED = "refund_failed", _("Refund failed")
    SUCCESS = "success", _("Case settled")
    CLOSED = "closed", _("Case closed")
    CANCELLED = "cancelled", _("Withdrawn by the buyer")


class Origin(models.TextChoices):
    """Whose row is the truth: the platform's, or ours (law 8)."""

    PLATFORM = "platform", _("Platform")
    OWN = "own", _("Own channel")


class OpenedBy(models.TextChoices):
    """Who asked. Only a buyer's or a platform's case makes a reveal free (PII-FREE)."""

    BUYER = "buyer", _("Buyer")
    PLATFORM = "platform", _("Platform")
    AGENT = "agent", _("Agent")


class CaseTag(models.TextChoices):
    """Why a case is back with people. An empty tag is an ordinary case."""

    NONE = "", _("No tag")
    INTERCEPTION_FAILED = "interception_failed", _("Interception failed")
    RESULT_UNKNOWN = "result_unknown", _("Result unknown")
    STOPPED = "stopped", _("Parcel stopped, please decide")
    DELIVERED_ANYWAY = "delivered_anyway", _("Delivered after all")
    REFUND_STOPPED = "refund_stopped", _("Refund held back")
    STOPPED_WITHOUT_CASE = "stopped_without_case", _("Stopped without a case")
    GOODS_HOME = "goods_home", _("Goods are back, please decide")
    GOODS_DIFFER = "goods_differ", _("Goods differ, please decide")


class InterceptionEvent(models.TextChoices):
    """What an interception told its case. Stored, so that a late or doubled wake-up changes nothing."""

    NONE = "", _("nothing yet")
    LEFT = "left", _("the case went on without it")
    FAILED = "failed", _("not stopped")
    UNKNOWN = "unknown", _("result unknown")
    WITHDRAWN = "withdrawn", _("withdrawn")
    STOPPED = "stopped", _("stopped")
    DELIVERED_ANYWAY = "delivered_anyway", _("delivered after all")


class Timer(models.TextChoices):
    """The timer that runs on a case, by its name in docs/rules.md."""

    NONE = "", _("No clock")
    AS_HANDLE = "T-AS-HANDLE", _("Shop must answer")
    NEGO = "T-NEGO", _("Buyer must answer the offer")
    BUYER_RETURN = "T-BUYER-RETURN", _("Buyer must send the goods")
    SELLER_RECEIVE = "T-SELLER-RECEIVE", _("Shop must confirm the return")
    INSPECT = "T-INSPECT", _("Goods must be inspected")
    DISPUTE_OPEN = "T-DISPUTE-OPEN", _("Buyer may still call the platform")
    EVIDENCE = "T-EVIDENCE", _("Evidence is due")
    OFFLINE = "T-OFFLINE", _("Refund must be paid another way")
    SHIP = "T-SHIP", _("Goods must be sent")
    AUTO_RECEIVE = "T-AUTO-RECEIVE", _("Buyer receives")
    STOPPED = "T-STOPPED", _("Somebody must decide about the parcel")


CLOSED_STATES = [CaseState.SUCCESS, CaseState.CLOSED, CaseState.CANCELLED]
OPEN_STATES = [state for state in CaseState if state not in CLOSED_STATES]
# The shop owes an answer: what an agent's queue is made of.
TO_DECIDE_STATES = [CaseState.APPLIED, CaseState.INTERCEPTING]
# Money may still leave by the agent's own word from here.
AGREEABLE_STATES = [CaseState.APPLIED, CaseState.INTERCEPTING]

REFUND_ONLY_KINDS = [CaseKind.REFUND_ONLY_UNSHIPPED, CaseKind.REFUND_ONLY_SHIPPED]
# The goods come back before anything is paid or sent.
GOODS_FIRST_KINDS = [CaseKind.RETURN_REFUND, CaseKind.REFUSED_RETURN, CaseKind.EXCHANGE, CaseKind.REPAIR]
# Agreeing to one of these means paying; the others mean goods first.
PAYING_KINDS = [*REFUND_ONLY_KINDS, CaseKind.COMPENSATION]

# The clock that starts when a case enters a state. REFUNDING is absent on purpose: it keeps the deadline the case had,
# because the platform goes on counting until the money has moved.
CLOCK_OF_STATE = {
    CaseState.APPLIED: Timer.AS_HANDLE,
    CaseState.INTERCEPTING: Timer.AS_HANDLE,
    CaseState.WAIT_BUYER_REPLY: Timer.NEGO,
    CaseState.WAIT_BUYER_RETURN: Timer.BUYER_RETURN,
    CaseState.WAIT_SELLER_RECEIVE: Timer.SELLER_RECEIVE,
    CaseState.INSPECTING: Timer.INSPECT,
    CaseState.WAIT_SELLER_RESEND: Timer.SHIP,
    CaseState.REPAIRING: Timer.SHIP,
    CaseState.WAIT_BUYER_RECEIVE: Timer.AUTO_RECEIVE,
    CaseState.REFUSED: Timer.DISPUTE_OPEN,
    CaseState.REFUSED_AFTER_RETURN: Timer.DISPUTE_OPEN,
    CaseState.PLATFORM: Timer.EVIDENCE,
    CaseState.REFUND_FAILED: Timer.OFFLINE,
}

# A refusal for one of these reasons must carry proof (Douyin: some refusal reasons require evidence).
REFUSAL_REASONS = {
    "signed": _("The buyer has signed for the parcel"),
    "used": _("The goods were used or damaged by the buyer"),
    "wrong_goods": _("What came back is not what was sent"),
    "not_agreed": _("Not agreed with the buyer"),
    "not_covered": _("Not covered by the shop's promise"),
    "other": _("Other reason"),
}
REFUSAL_REASON_CHOICES = list(REFUSAL_REASONS.items())
REASONS_WITH_EVIDENCE = {"signed", "used", "wrong_goods"}

MAX_APPLICATIONS = 5
