"""The verbs of a claim on a courier. No courier is known to take claims by machine: a person files by portal or phone
and records here what was said; nothing in this folder leaves the building.

Lock order: a claim is locked after its interception and parcel, before the ledger.
"""

from typing import Any

from django.db import IntegrityError, models, transaction

from logistics.claims import policies
from logistics.claims.amounts import claimable_fen
from logistics.claims.enums import Basis, Cause
from logistics.claims.enums import ClaimState as S
from logistics.claims.models import Claim
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from merchant.clock import now
from merchant.locking import lock
from merchant.numbers import new_number
from merchant.policy import services as policy
from merchant.trail import activity


@transaction.atomic
def draft_claim(
    package: Package,
    *,
    by: Any,
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
        return _found_again(
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


def _found_again(
    found: Claim, *, loss_fen: int, basis: str, evidence: models.Model | None, inspection_number: str
) -> Claim:
    claim = lock(found)
    if claim.state != S.DRAFT:
        return claim
    if evidence is not None and claim.evidence_id is None:
        claim.evidence_kind, claim.evidence_id = str(evidence._meta.model_name), evidence.pk
        claim.inspection_number = inspection_number
    if claim.is_automatic and claim.loss_fen != loss_fen:
        claim.loss_fen, claim.basis = loss_fen, Basis(basis)
        claim.claimed_fen = claimable_fen(claim.package, loss_fen=loss_fen, insured_fen=claim.insured_fen)
        activity.record(claim, "claim.edit", by=None, loss_fen=claim.loss_fen, claimed_fen=claim.claimed_fen)
    claim.version += 1
    claim.save()
    return claim
