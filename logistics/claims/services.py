"""The verbs of a claim on a courier. No courier is known to take claims by machine: a person files by portal or phone
and records here what was said; nothing in this folder leaves the building.

Lock order: a claim is locked after its interception and parcel, before the ledger.
"""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from logistics.claims import bookings, policies
from logistics.claims.amounts import claimable_fen
from logistics.claims.enums import Basis, Cause, FiledThrough, PaidThrough
from logistics.claims.enums import ClaimState as S
from logistics.claims.models import Claim
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from merchant.attachments import services as attachments
from merchant.attachments.models import Attachment, Purpose
from merchant.clock import now
from merchant.locking import lock
from merchant.numbers import new_number
from merchant.people.models import Actor
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.trail import activity


@transaction.atomic
def draft_claim(
    package: Package,
    *,
    by: Actor,
    cause: str,
    loss_fen: int,
    basis: str,
    note: str = "",
    inspection_number: str = "",
    order_number: str = "",
    interception: Interception | None = None,
    evidence: models.Model | None = None,
) -> Claim:
    """Put down what the courier owes for this parcel; T-CLAIM-FILE runs from here. Returns the open claim of this
    parcel and cause if there is one (an automatic draft nobody touched takes over the new amounts).

    `basis` is one of `Basis`; `evidence` is the row whose photos prove it, e.g. the inspection.
    Raises Refused RIGHT, AMOUNT.
    """
    policies.check_can_draft(by, package.shop_id)
    policies.check_amount(loss_fen)
    found = Claim.objects.open().filter(package=package, cause=cause).first()
    if found is not None:
        return _better_known(
            found, loss_fen=loss_fen, basis=basis, evidence=evidence, inspection_number=inspection_number
        )
    claim = Claim(
        shop_id=package.shop_id,
        number=new_number("CL"),
        package=package,
        interception=interception,
        courier=package.courier,
        order_number=order_number or package.order.number,
        cause=Cause(cause),
        is_automatic=by is None,
        loss_fen=loss_fen,
        insured_fen=package.insured_fen,
        claimed_fen=claimable_fen(package, loss_fen=loss_fen, insured_fen=package.insured_fen),
        basis=Basis(basis),
        note=note[:300],
        due_at=now() + policy.timer(policy.current(package.shop_id), "T-CLAIM-FILE"),
        inspection_number=inspection_number,
        evidence_kind=str(evidence._meta.model_name) if evidence is not None else "",
        evidence_id=evidence.pk if evidence is not None else None,
        created_by=by,
    )
    try:
        with transaction.atomic():
            claim.save(force_insert=True)
    except IntegrityError:
        # Somebody drafted it in the same moment.
        return Claim.objects.open().get(package=package, cause=cause)
    activity.record(
        claim,
        "claim.draft",
        by=by,
        to_state=S.DRAFT.value,
        cause=str(claim.cause),
        loss_fen=claim.loss_fen,
        claimed_fen=claim.claimed_fen,
    )
    return claim


def _better_known(
    found: Claim, *, loss_fen: int, basis: str, evidence: models.Model | None, inspection_number: str
) -> Claim:
    claim = lock(found)
    if claim.state != S.DRAFT:
        return claim
    before = (claim.evidence_id, claim.loss_fen)
    if evidence is not None and claim.evidence_id is None:
        claim.evidence_kind, claim.evidence_id = str(evidence._meta.model_name), evidence.pk
        claim.inspection_number = inspection_number
    if claim.is_automatic:
        _value(claim, loss_fen=loss_fen, basis=basis)
    if before == (claim.evidence_id, claim.loss_fen):
        return claim
    return _save(claim, "claim.edit", by=None, loss_fen=claim.loss_fen, claimed_fen=claim.claimed_fen)


def _value(claim: Claim, *, loss_fen: int, basis: str) -> None:
    claim.loss_fen, claim.basis = loss_fen, Basis(basis)
    claim.claimed_fen = claimable_fen(claim.package, loss_fen=loss_fen, insured_fen=claim.insured_fen)


@transaction.atomic
def edit_claim(claim: Claim, *, by: Actor, loss_fen: int, basis: str, insured_fen: int | None, note: str) -> Claim:
    """Correct the draft's amounts; what is asked for follows from them (M14). `insured_fen` None is not insured.

    Raises Refused RIGHT, CLAIM-STATE, AMOUNT, BASIS."""
    claim = lock(claim)
    policies.check_can_edit(claim, by)
    policies.check_amount(loss_fen)
    if insured_fen is not None:
        policies.check_amount(insured_fen)
    if basis not in Basis.values:
        raise Refused("BASIS", _("Say how the amount was found."))
    claim.insured_fen, claim.note, claim.is_automatic = insured_fen, note[:300], False
    _value(claim, loss_fen=loss_fen, basis=basis)
    return _save(claim, "claim.edit", by=by, loss_fen=loss_fen, insured_fen=insured_fen, claimed_fen=claim.claimed_fen)


@transaction.atomic
def add_photos(claim: Claim, *, by: Actor, files: Sequence[Attachment]) -> Claim:
    """More evidence, as `attachments.read_files` returned it. Raises Refused RIGHT, CLAIM-STATE, PHOTOS."""
    claim = lock(claim)
    policies.check_can_add_photos(claim, by)
    if not files:
        raise Refused("PHOTOS", _("Choose at least one photo."))
    attachments.attach(claim, files, by=by, purpose=Purpose.PHOTO)
    return _save(claim, "claim.add_photos", by=by, count=len(files))


@transaction.atomic
def file_claim(claim: Claim, *, by: Actor, through: str, reference: str) -> Claim:
    """提交索赔: it was laid before the courier by portal, phone or the like, under the courier's own `reference`.

    From here on the goods count as lost until the courier pays. Raises Refused RIGHT, CLAIM-STATE, PHOTOS, INSPECTION,
    BASIS, NO-LOSS, REFERENCE."""
    claim = lock(claim)
    policies.check_can_file(claim, by)
    if through not in FiledThrough.values or not reference.strip():
        raise Refused("REFERENCE", _("Say how it was filed, and the number the courier gave it."))
    claim.filed_through, claim.courier_reference = FiledThrough(through), reference.strip()[:64]
    claim.filed_at, claim.filed_by, claim.due_at = now(), by, None
    bookings.lose(claim)
    return _move(
        claim, "file", by=by, through=through, reference=claim.courier_reference, claimed_fen=claim.claimed_fen
    )


@transaction.atomic
def accept_claim(claim: Claim, *, by: Actor, agreed_fen: int) -> Claim:
    """The courier agrees to pay this much. Raises Refused RIGHT, CLAIM-STATE, AMOUNT."""
    claim = lock(claim)
    policies.check_can_answer(claim, by)
    policies.check_amount(
        agreed_fen, most=claim.claimed_fen, why=_("The courier cannot agree to more than was claimed.")
    )
    claim.agreed_fen, claim.answered_at = agreed_fen, now()
    bookings.agreed(claim)
    return _move(claim, "accept", by=by, agreed_fen=agreed_fen)


@transaction.atomic
def reject_claim(claim: Claim, *, by: Actor, reason: str) -> Claim:
    """The courier says no. Raises Refused RIGHT, CLAIM-STATE, REASON."""
    claim = lock(claim)
    policies.check_can_answer(claim, by)
    claim.courier_words, claim.answered_at = _reason(reason, _("Write down what the courier said.")), now()
    return _move(claim, "reject", by=by, reason=claim.courier_words)


@transaction.atomic
def appeal_claim(claim: Claim, *, by: Actor, reason: str) -> Claim:
    """Asked once more, with what speaks against the refusal. Raises Refused RIGHT, CLAIM-STATE, APPEALED, REASON."""
    claim = lock(claim)
    policies.check_can_appeal(claim, by)
    claim.appealed_at = now()
    return _move(claim, "appeal", by=by, reason=_reason(reason, _("Say why the courier is wrong.")))


@transaction.atomic
def book_payment(claim: Claim, *, by: Actor, paid_fen: int, through: str, reference: str = "") -> Claim:
    """The courier has paid, into our account or off its bill; what is missing from the agreed sum is our loss.

    Raises Refused RIGHT, CLAIM-STATE, AMOUNT, THROUGH."""
    claim = lock(claim)
    policies.check_can_book(claim, by)
    if through not in PaidThrough.values:
        raise Refused("THROUGH", _("Say how the courier paid."))
    most = claim.agreed_fen or 0
    policies.check_amount(paid_fen, most=most, why=_("That is more than the courier agreed to."))
    claim.paid_fen, claim.paid_at = paid_fen, now()
    claim.paid_through, claim.payment_reference = PaidThrough(through), reference.strip()[:64]
    bookings.paid(claim)
    return _move(claim, "book_payment", by=by, paid_fen=paid_fen, through=through, loss_fen=claim.loss_fen - paid_fen)


@transaction.atomic
def close_claim(claim: Claim, *, by: Actor) -> Claim:
    """Paid and put away. Raises Refused RIGHT, CLAIM-STATE."""
    claim = lock(claim)
    policies.check_can_close(claim, by)
    claim.closed_at = now()
    return _move(claim, "close", by=by)


@transaction.atomic
def give_up_claim(claim: Claim, *, by: Actor, reason: str) -> Claim:
    """Nothing more is to be had: the loss is ours. Raises Refused RIGHT, SECOND_PERSON, CLAIM-STATE, REASON."""
    claim = lock(claim)
    policies.check_can_give_up(claim, by)
    why = _reason(reason, _("Say why it is given up."))
    if claim.state == S.DRAFT:
        bookings.lose(claim)
    elif claim.state == S.ACCEPTED:
        bookings.unpaid(claim)
    claim.closed_at, claim.due_at = now(), None
    return _move(claim, "give_up", by=by, reason=why, loss_fen=claim.loss_fen)


@transaction.atomic
def withdraw_claim(claim: Claim, *, by: Actor, reason: str) -> Claim:
    """Nothing was lost after all: what was booked as a loss is taken back.

    Raises Refused RIGHT, CLAIM-STATE, REASON."""
    claim = lock(claim)
    policies.check_can_withdraw(claim, by)
    why = _reason(reason, _("Say why nothing was lost."))
    bookings.unlose(claim)
    claim.closed_at, claim.due_at = now(), None
    return _move(claim, "withdraw", by=by, reason=why)


def _reason(text: str, wanted: Any) -> str:
    if not text.strip():
        raise Refused("REASON", wanted)
    return text.strip()[:300]


def _move(claim: Claim, verb: str, *, by: Actor, reason: str = "", **detail: Any) -> Claim:
    before = str(claim.state)
    getattr(claim, verb)()
    return _save(claim, f"claim.{verb}", by=by, from_state=before, to_state=str(claim.state), reason=reason, **detail)


def _save(claim: Claim, verb: str, *, by: Actor, **what: Any) -> Claim:
    claim.version += 1
    claim.save()
    activity.record(claim, verb, by=by, **what)
    return claim
