"""What proves a claim: the photos on the claim itself and on the row it was drafted from."""

from django.db.models import Q

from logistics.claims.models import Claim
from merchant.attachments.models import Attachment, Purpose

LEAST_PHOTOS = 2


def files_of(claim: Claim) -> list[Attachment]:
    """The claim's own files and those of its inspection, oldest first, without their bytes."""
    wanted = Q(subject_kind="claim", subject_id=claim.pk)
    if claim.evidence_id is not None:
        wanted |= Q(subject_kind=claim.evidence_kind, subject_id=claim.evidence_id)
    rows = Attachment.objects.filter(wanted, shop_id=claim.shop_id, purpose__in=(Purpose.PHOTO, Purpose.EVIDENCE))
    return list(rows.defer("body", "thumb").order_by("pk"))


def photo_count(claim: Claim) -> int:
    return sum(file.is_picture for file in files_of(claim))
