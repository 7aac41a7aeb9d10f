"""Why a refund stands where it stands, in words, and what to do next (R3.24). The channel's own code and words stay
beside ours: they are what its hotline asks for."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.cases.reason_texts import WHY
from aftersales.channels.enums import RefundOutcome
from aftersales.refunds.enums import FAILED_STATES, SENT_STATES, RefundState
from aftersales.refunds.models import Refund
from aftersales.refunds.policies import TOO_MANY, TOO_OLD

S = RefundState


@dataclass(frozen=True)
class Reason:
    """`tone`: wait (goes on by itself), act (a person must), bad (failed). `do` names the verb that helps, of the
    refund's page; `then` is that in a sentence. `said` is the channel's own code and words."""

    title: Any
    then: Any
    tone: str = "wait"
    do: str = ""
    said: str = ""


# What the channel's own code tells beyond the outcome.
CODES: dict[str, tuple[Any, Any, str]] = {
    "ABNORMAL": (
        _("The card or account it was paid with is void or frozen and cannot take the money."),
        _("Ask the buyer where else it may go; then another card, or pay outside the channel with proof."),
        "ask-buyer",
    ),
    "USER_ACCOUNT_ABNORMAL": (
        _("The buyer's account at the channel is closed."),
        _("Ask the buyer where else it may go; then pay outside the channel with proof."),
        "ask-buyer",
    ),
    "AMOUNT:": (
        _("The channel has paid another sum than was asked."),
        _("Compare with the channel's own page before anything else is paid."),
        "ask",
    ),
    "NOT_ENOUGH": (
        _("The shop's balance at the channel was short until the time ran out."),
        _("Top up, then pay under a new number; the old one can never pay again."),
        "replace",
    ),
    "FREQUENCY_LIMITED": (
        _("The channel takes one refund of an order a minute and asks to come later."),
        _("The same number is tried again by itself."),
        "ask",
    ),
    "ACCOUNT": (
        _("No account of this channel is connected any more."),
        _("Connect it under Settings, then ask the channel."),
        "ask",
    ),
    "CASE": (
        _("This platform pays back cases only, and this refund has none."),
        _("Settle it on the platform's own page."),
        "",
    ),
    "RESOURCE_NOT_EXISTS": (
        _("The connected account does not know this payment."),
        _("Connect the account it was paid through, then pay under a new number."),
        "replace",
    ),
    "SIGN_ERROR": (
        _("The channel does not accept our signature."),
        _("Check the account's keys under Settings, then ask the channel."),
        "ask",
    ),
    "NO_AUTH": (
        _("The account may not pay refunds."),
        _("Grant it in the channel's console, then ask the channel."),
        "ask",
    ),
}
OUTCOMES: dict[str, tuple[Any, Any, str]] = {
    RefundOutcome.UNKNOWN: (
        _("Nobody knows yet whether the channel has taken it: no answer came."),
        _("It is asked again by itself; it is never sent twice before the channel says it does not know the number."),
        "ask",
    ),
    RefundOutcome.UNKNOWN_NUMBER: (
        _("The channel does not know the number: nothing was paid."),
        _("The same number is told again by itself."),
        "ask",
    ),
    RefundOutcome.THROTTLED: (
        _("The channel asks to come later."),
        _("The same number is tried again by itself."),
        "ask",
    ),
    RefundOutcome.REFUSED: (
        _("The channel refused the call; nothing was paid."),
        _("Mend what its words name, then ask the channel: the same number is tried again."),
        "ask",
    ),
    RefundOutcome.DENIED: (
        _("The channel refuses it for good: the payment is refunded already, or has less left than is asked for."),
        _("Look it up in the channel's console. A refund made there is taken over here; nothing is paid twice."),
        "adopt",
    ),
    RefundOutcome.WAIT_FUNDS: (
        _("The shop's balance at the channel is too low."),
        _("Top up; the same number is tried again by itself, or at once by the button."),
        "ask",
    ),
    RefundOutcome.ABNORMAL: (
        _("The buyer's account cannot take the money."),
        _("Ask the buyer where else it may go; then pay outside the channel with proof."),
        "ask-buyer",
    ),
    RefundOutcome.CLOSED: (
        _("The channel has closed this number unpaid."),
        _("Pay under a new number; the old one can never pay again."),
        "replace",
    ),
}
# The channel's words that name a limit, whatever code they come under.
LIMITS: tuple[tuple[tuple[str, ...], Any, Any], ...] = (
    (
        TOO_OLD,
        _("The payment is older than the channel pays back (365 days)."),
        _("Ask the buyer where else it may go, and pay outside the channel with proof."),
    ),
    (
        TOO_MANY,
        _("This payment has had 50 refunds; the channel takes no more."),
        _("Ask the buyer where else it may go, and pay outside the channel with proof."),
    ),
)
NOT_ASKED = Reason(_("The channel was told and has not answered yet."), _("It is asked by itself."), do="ask")


def explain(refund: Refund) -> Reason | None:
    """Why this refund has not arrived, None where nothing needs saying."""
    if refund.state in (S.VOID, S.REJECTED):
        return _ended(refund)
    if refund.state == S.WAIT_FUNDS:
        return _of(refund, OUTCOMES[RefundOutcome.WAIT_FUNDS], "act")
    if refund.state in SENT_STATES:
        return _under_way(refund)
    if refund.state in FAILED_STATES:
        if refund.outcome == RefundOutcome.DENIED:
            row = CODES.get(_code(refund)) or OUTCOMES[RefundOutcome.DENIED]
            return _limit(refund, "bad") or _of(refund, row, "bad")
        code = _code(refund)
        row = CODES.get(code) or OUTCOMES[RefundOutcome.CLOSED if refund.state == S.CLOSED else RefundOutcome.ABNORMAL]
        return _of(refund, row, "bad")
    return None


def _under_way(refund: Refund) -> Reason | None:
    if refund.outcome == RefundOutcome.PROCESSING:
        return None
    if not refund.outcome:
        return NOT_ASKED
    if refund.outcome == RefundOutcome.REFUSED and (limit := _limit(refund, "act")):
        return limit
    row = CODES.get(_code(refund)) or OUTCOMES.get(refund.outcome)
    tone = "act" if refund.outcome == RefundOutcome.REFUSED else "wait"
    return _of(refund, row, tone) if row else None


def _limit(refund: Refund, tone: str) -> Reason | None:
    for words, title, then in LIMITS:
        if any(word in refund.error for word in words):
            return Reason(title, then, tone, "", refund.error)
    return None


def _ended(refund: Refund) -> Reason | None:
    if not refund.reason:
        return None
    code = refund.reason.split(" ", 1)[0].rstrip(":")
    return Reason(WHY.get(code, refund.reason), "", "bad", said=refund.reason if code in WHY else "")


def _of(refund: Refund, row: tuple[Any, Any, str], tone: str) -> Reason:
    title, then, do = row
    return Reason(title, then, tone, do, refund.error)


def _code(refund: Refund) -> str:
    return refund.error.split(" ", 1)[0]
