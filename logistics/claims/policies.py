"""Who may do what with a claim, and when; each refusal says what is so and what to do instead."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from logistics.claims.amounts import refunded_fen
from logistics.claims.enums import Basis, Cause
from logistics.claims.enums import ClaimState as S
from logistics.claims.evidence import LEAST_PHOTOS, photo_count
from logistics.claims.models import Claim
from merchant.money import MOST, yuan
from merchant.people.models import Actor
from merchant.people.rights import Right, can, check_right
from merchant.refusals import Refused


def check_can_draft(by: Actor, shop_id: int) -> None:
    """Raise Refused RIGHT: whoever inspects or files may draft."""
    if not can(by, shop_id, Right.FILE_CLAIM):
        check_right(by, shop_id, Right.DRAFT_CLAIM)


def check_amount(fen: int, *, most: int = MOST, why: Any = "") -> None:
    """Raise Refused AMOUNT for what is no amount of money, or more than `most` (`why` says what that is)."""
    if fen <= 0:
        raise Refused("AMOUNT", _("Give an amount above zero."), fen=fen)
    if fen > most:
        raise Refused("AMOUNT", why or _("That is more than an amount can be."), fen=fen, most=most)


def check_can_edit(claim: Claim, by: Actor) -> None:
    """Raise Refused RIGHT, CLAIM-STATE: once filed, the amounts are what the courier was told."""
    check_can_draft(by, claim.shop_id)
    _check_state(claim, S.DRAFT)


def check_can_add_photos(claim: Claim, by: Actor) -> None:
    """Raise Refused RIGHT, CLAIM-STATE: evidence helps until the claim is over."""
    check_can_draft(by, claim.shop_id)
    if claim.state in (S.PAID, S.CLOSED):
        raise wrong_state(claim)


def check_can_file(claim: Claim, by: Actor) -> None:
    """Raise Refused RIGHT, CLAIM-STATE, PHOTOS, INSPECTION, BASIS, NO-LOSS."""
    check_right(by, claim.shop_id, Right.FILE_CLAIM)
    _check_state(claim, S.DRAFT)
    if claim.basis == Basis.OTHER and not claim.note:
        raise Refused("BASIS", _("Write in the note how the amount was found."))
    if not claim.is_proved_by_track:
        if not claim.inspection_number:
            raise Refused("INSPECTION", _("Inspect the parcel first: the courier asks what was found."))
        count = photo_count(claim)
        if count < LEAST_PHOTOS:
            raise Refused(
                "PHOTOS",
                _("A claim needs %(least)d photos at least, it has %(count)d: add them below.")
                % {"least": LEAST_PHOTOS, "count": count},
                count=count,
            )
    if claim.cause == Cause.DELIVERED_ANYWAY:
        _check_refunded(claim)


def _check_refunded(claim: Claim) -> None:
    refunded = refunded_fen(claim.package)
    if refunded == 0:
        raise Refused(
            "NO-LOSS", _("The buyer has the goods and was refunded nothing: there is no loss yet. Withdraw the claim.")
        )
    if claim.loss_fen > refunded:
        raise Refused(
            "NO-LOSS",
            _("Only ¥%(sum)s was refunded: the loss cannot be more.") % {"sum": yuan(refunded)},
            refunded_fen=refunded,
        )


def check_can_answer(claim: Claim, by: Actor) -> None:
    """Recording what the courier said. Raise Refused RIGHT, CLAIM-STATE."""
    check_right(by, claim.shop_id, Right.FILE_CLAIM)
    _check_state(claim, S.FILED, S.APPEALED)


def check_can_appeal(claim: Claim, by: Actor) -> None:
    """Raise Refused RIGHT, CLAIM-STATE, APPEALED: a courier hears an appeal once."""
    check_right(by, claim.shop_id, Right.FILE_CLAIM)
    _check_state(claim, S.REJECTED)
    if claim.appealed_at is not None:
        raise Refused("APPEALED", _("It was appealed already. Give it up, or talk to the courier's contract manager."))


def check_can_book(claim: Claim, by: Actor) -> None:
    """Raise Refused RIGHT, CLAIM-STATE."""
    check_right(by, claim.shop_id, Right.BOOK_CLAIM)
    _check_state(claim, S.ACCEPTED)


def check_can_close(claim: Claim, by: Actor) -> None:
    """Raise Refused RIGHT, CLAIM-STATE."""
    if not can(by, claim.shop_id, Right.BOOK_CLAIM):
        check_right(by, claim.shop_id, Right.FILE_CLAIM)
    _check_state(claim, S.PAID)


def check_can_give_up(claim: Claim, by: Actor) -> None:
    """Raise Refused RIGHT, SECOND_PERSON, CLAIM-STATE: a loss is taken by somebody who answers for money, and not by
    the person who drafted or filed the claim."""
    check_right(by, claim.shop_id, Right.BOOK_CLAIM)
    _check_state(claim, S.DRAFT, S.FILED, S.ACCEPTED, S.REJECTED, S.APPEALED)
    if by is not None and by.pk in (claim.created_by_id, claim.filed_by_id):
        raise Refused("SECOND_PERSON", _("You drafted or filed it: another person takes the loss."))


def check_can_withdraw(claim: Claim, by: Actor) -> None:
    """Raise Refused RIGHT, CLAIM-STATE: to say that nothing was lost is to take it out of the books; and what the
    courier has agreed to pay is settled first."""
    check_right(by, claim.shop_id, Right.BOOK_CLAIM)
    _check_state(claim, S.DRAFT, S.FILED, S.REJECTED, S.APPEALED)


def _check_state(claim: Claim, *states: S) -> None:
    if claim.state not in states:
        raise wrong_state(claim)


def wrong_state(claim: Claim) -> Refused:
    return Refused(
        "CLAIM-STATE",
        _("That does not fit the claim's state: %(state)s.") % {"state": claim.get_state_display()},
        state=str(claim.state),
    )
