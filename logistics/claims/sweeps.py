"""Claims the system drafts and takes back by itself: what a wake-up does for one interception, a timer does for all
that need it. A bad row is logged and the rest go on."""

import logging
from collections.abc import Callable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from logistics.claims import services
from logistics.claims.amounts import refunded_fen, value_of
from logistics.claims.enums import Basis, Cause
from logistics.claims.enums import ClaimState as S
from logistics.claims.models import Claim
from logistics.interception.enums import ALARM
from logistics.interception.enums import InterceptionState as I
from logistics.interception.models import Interception
from merchant.locking import lock

logger = logging.getLogger(__name__)
BATCH = 500
CAUSE_OF = {I.DELIVERED_ANYWAY: Cause.DELIVERED_ANYWAY, I.LOST_SUSPECT: Cause.LOST}
# States in which an interception has news for claims: one to draft, or one to take back.
HEARD_STATES = (*CAUSE_OF, I.RETURNED)
FOUND = "found"


def sweep_claims() -> dict[str, int]:
    """Everything that is due. Returns how many rows each part looked at."""
    return {"drafted": draft_missing(), "refunded": follow_refunds(), "found": withdraw_found()}


def draft_missing() -> int:
    """Stopped and not home: delivered after all, or perhaps lost, and no claim was ever drafted for it."""
    count = 0
    for state, cause in CAUSE_OF.items():
        mine = Claim.objects.filter(interception=OuterRef("pk"), cause=cause)
        rows = Interception.objects.filter(state__in=ALARM).filter(state=state).exclude(Exists(mine))
        count += _each(rows, draft_for)
    return count


def follow_refunds() -> int:
    """Automatic drafts for goods delivered after all ask for what was refunded meanwhile."""
    rows = Claim.objects.to_file().filter(cause=Cause.DELIVERED_ANYWAY, is_automatic=True, interception__isnull=False)
    return _each(rows, _follow)


def withdraw_found() -> int:
    """Drafts for lost parcels that have come home."""
    rows = Claim.objects.to_file().filter(cause=Cause.LOST, interception__returned_at__isnull=False)
    return _each(rows, _withdraw_found)


def settle_interception(interception_id: int) -> None:
    """The same work for one interception, after news of it."""
    draft_for(interception_id)
    for pk in Claim.objects.to_file().filter(interception_id=interception_id).values_list("pk", flat=True):
        _withdraw_found(pk)


def draft_for(interception_id: int) -> Claim | None:
    """The claim an interception's end calls for, drafted once; None when nothing is to be claimed."""
    with transaction.atomic():
        row = lock(Interception(pk=interception_id))
        cause = CAUSE_OF.get(I(row.state))
        ever = Claim.objects.filter(interception=row, cause=cause)
        if cause is None or ever.exclude(state=S.DRAFT).exists():
            return None
        loss, basis = _loss(row, cause)
        if loss <= 0:
            return None
        return services.draft_claim(row.package, by=None, cause=cause, loss_fen=loss, basis=basis, interception=row)


def _loss(row: Interception, cause: Cause) -> tuple[int, Basis]:
    """What is gone: the goods; of goods that reached their buyer the money given back for them."""
    if cause == Cause.DELIVERED_ANYWAY:
        refunded = refunded_fen(row.package)
        if refunded > 0:
            return refunded, Basis.REFUND
    return value_of(row.package)


def _follow(claim_id: int) -> None:
    interception_id = Claim.objects.values_list("interception_id", flat=True).get(pk=claim_id)
    draft_for(interception_id)


def _withdraw_found(claim_id: int) -> None:
    with transaction.atomic():
        claim = lock(Claim(pk=claim_id))
        returned_at = claim.interception.returned_at if claim.interception else None
        if claim.state == S.DRAFT and claim.cause == Cause.LOST and returned_at is not None:
            services.withdraw_claim(claim, by=None, reason=FOUND)


def _each(rows: QuerySet, work: Callable[[int], object]) -> int:
    count = 0
    for pk in list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        try:
            work(pk)
            count += 1
        except Exception:
            logger.exception("sweep of claims, row %s", pk)
    return count
