"""Files people add to a document: read, checked and made harmless before they are kept."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.utils.translation import gettext as _

from merchant.attachments import drawer
from merchant.attachments.models import Attachment, Purpose
from merchant.people.models import Actor
from merchant.people.rights import Right, can
from merchant.refusals import Refused

MAX_BYTES = 8 * 1024 * 1024
MAX_FILES = 12
PDF, JPEG = "application/pdf", "image/jpeg"
# Bank slips name people: only those who handle the money open them. Everything else follows the document.
NEEDED: dict[str, tuple[Right, ...]] = {
    Purpose.PAYOUT_PROOF: (Right.OFFLINE_PAYOUT, Right.RELEASE_REFUND, Right.APPROVE_REFUND)
}


def read_files(uploads: Sequence[UploadedFile], *, allows_pdf: bool = False) -> list[Attachment]:
    """Unsaved attachments of what was uploaded; do it before the transaction, pictures take time.

    Pictures are drawn anew as JPEG by a process with limits, at most 2000 px a side and without what the camera wrote
    about place and owner. Raises Refused FILE naming the file and the reason; nothing is kept then.
    """
    if len(uploads) > MAX_FILES:
        raise Refused("FILE", _("At most %(most)d files at a time.") % {"most": MAX_FILES})
    names, raws = [_name_of(upload) for upload in uploads], [_bytes_of(upload) for upload in uploads]
    papers = {place for place, raw in enumerate(raws) if allows_pdf and raw.startswith(b"%PDF-")}
    pictures = [place for place in range(len(raws)) if place not in papers]
    try:
        drawn = dict(zip(pictures, drawer.draw([raws[place] for place in pictures]), strict=True))
    except drawer.Unfit as unfit:
        raise _unfit(names[pictures[unfit.place or 0]], _why(unfit.code, allows_pdf=allows_pdf)) from unfit
    return [
        _attachment(name, raw, PDF, None)
        if place in papers
        else _attachment(name, drawn[place][0], JPEG, drawn[place][1])
        for place, (name, raw) in enumerate(zip(names, raws, strict=True))
    ]


def _name_of(upload: UploadedFile) -> str:
    return (upload.name or "").rsplit("/", 1)[-1].rsplit("\\", 1)[-1][-120:]


def _bytes_of(upload: UploadedFile) -> bytes:
    if not upload.size:
        raise _unfit(_name_of(upload), _("it is empty"))
    if upload.size > MAX_BYTES:
        raise _unfit(_name_of(upload), _("it is larger than %(most)d MB") % {"most": MAX_BYTES // 1024 // 1024})
    raw: bytes = upload.read()
    return raw


def _why(code: str, *, allows_pdf: bool) -> str:
    if code == "together":
        return _("the pictures together have too many pixels; add fewer at a time")
    if code in ("pixels", "memory"):
        return _("it has too many pixels")
    if code == "time":
        return _("reading the pictures took too long; add fewer at a time, or smaller ones")
    if code == "busy":
        return _("many pictures are being read at this moment; try again in a minute")
    allowed = _("JPEG, PNG, WebP or PDF") if allows_pdf else _("JPEG, PNG or WebP")
    return _("it is not a readable picture (%(allowed)s)") % {"allowed": allowed}


def _attachment(name: str, body: bytes, content_type: str, thumb: bytes | None) -> Attachment:
    digest = hashlib.sha256(body).hexdigest()
    return Attachment(name=name, content_type=content_type, size=len(body), digest=digest, body=body, thumb=thumb)


def _unfit(name: str, why: str) -> Refused:
    return Refused(
        "FILE", _("%(name)s cannot be kept: %(why)s.") % {"name": name or _("A file"), "why": why}, name=name
    )


@transaction.atomic
def attach(subject: Any, files: Sequence[Attachment], *, by: Actor, purpose: str) -> list[Attachment]:
    """Keep what `read_files` returned with a document of a shop. The same bytes a second time add nothing."""
    kept = []
    for row in files:
        row.shop_id, row.by, row.purpose = subject.shop_id, by, purpose
        row.subject_kind, row.subject_id = str(subject._meta.model_name), subject.pk
        kept.append(row)
    Attachment.objects.bulk_create(kept, ignore_conflicts=True)
    return files_of(subject, purpose=purpose)


def files_of(subject: models.Model, *, purpose: str = "") -> list[Attachment]:
    """The document's files, oldest first, without their bytes."""
    rows = Attachment.objects.about(subject)
    return list(rows.filter(purpose=purpose) if purpose else rows)


def is_in_sight(attachment: Attachment, user: Any) -> bool:
    """Whether the document it belongs to is one that `user` sees; a file of a hidden customer is not there."""
    subject: Any = next(model for model in apps.get_models() if model._meta.model_name == attachment.subject_kind)
    return bool(subject._default_manager.visible_to(user).filter(pk=attachment.subject_id).exists())


def check_can_open(attachment: Attachment, user: Any) -> None:
    """Raise Refused RIGHT unless `user`, who sees the shop, may open a file of this purpose."""
    if attachment.purpose == Purpose.GOODS:
        # Whoever sees the shop may see what it sells: warehouses see goods and no orders.
        return
    needed = NEEDED.get(attachment.purpose, (Right.SEE_ORDERS,))
    if not any(can(user, attachment.shop_id, right) for right in needed):
        raise Refused("RIGHT", _("Your role does not include opening this file."))
