"""Who may ask for more looks, pass the wish on, and decide it (PII-EXTRA)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.clock import today
from merchant.people.models import Actor
from merchant.people.rights import Right, can, check_right
from merchant.refusals import Refused
from merchant.vault.models import MOST_WANTED, QuotaRequest, QuotaState


def check_can_ask(shop: Any, by: Actor) -> None:
    """Raise Refused: RIGHT, QUOTA_ASKED."""
    if not can(by, shop, Right.APPLY_QUOTA):
        check_right(by, shop, Right.REVEAL_PII)
    if QuotaRequest.objects.open_on(today()).filter(shop=shop, asked_by=by).exists():
        raise already_asked()


def already_asked() -> Refused:
    return Refused("QUOTA_ASKED", _("You have asked already today; that request is still to be decided."))


def check_words(wanted: int, reason: str) -> None:
    """Raise Refused: QUOTA_WANTED, REASON."""
    if not 1 <= wanted <= MOST_WANTED:
        raise Refused("QUOTA_WANTED", _("Ask for a whole number of looks, from 1 to %(most)s.") % {"most": MOST_WANTED})
    if not reason.strip():
        raise Refused("REASON", _("Say in a few words what the looks are for."))


def check_can_apply(request: QuotaRequest, by: Actor) -> None:
    """The owner passes an ask on to the platform. Raise Refused: RIGHT, QUOTA_STATE, QUOTA_DAY."""
    check_right(by, request.shop, Right.APPLY_QUOTA)
    if request.state == QuotaState.APPLIED:
        raise Refused("QUOTA_STATE", _("It is with the platform administrator already."))
    _check_open(request)


def check_can_approve(request: QuotaRequest, by: Actor) -> None:
    """Raise Refused: RIGHT, QUOTA_STATE, QUOTA_DAY."""
    check_right(by, request.shop, Right.APPROVE_QUOTA)
    if request.state == QuotaState.ASKED:
        raise Refused("QUOTA_STATE", _("The shop's owner has not passed it on yet."))
    _check_open(request)


def check_can_refuse(request: QuotaRequest, by: Actor) -> None:
    """Whoever it waits for may refuse it. Raise Refused: RIGHT, QUOTA_STATE, QUOTA_DAY."""
    waits_for_owner = request.state == QuotaState.ASKED
    check_right(by, request.shop, Right.APPLY_QUOTA if waits_for_owner else Right.APPROVE_QUOTA)
    _check_open(request)


def _check_open(request: QuotaRequest) -> None:
    if not request.is_open:
        raise Refused(
            "QUOTA_STATE", _("It has been decided already: %(state)s.") % {"state": request.get_state_display()}
        )
    if request.day != today():
        raise Refused("QUOTA_DAY", _("It was for a day that is over; ask again if it is still needed."))
