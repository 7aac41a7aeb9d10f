"""Files people add to a document: read, checked and made harmless before they are kept."""

import hashlib
import io
from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from merchant.attachments.models import Attachment, Purpose
from merchant.people.models import Actor
from merchant.people.rights import Right, can
from merchant.refusals import Refused

MAX_BYTES = 8 * 1024 * 1024
MAX_FILES = 12
# A picture of this many pixels unpacks to 200 MB: enough for any phone, too little to choke a worker.
MAX_PIXELS = 50_000_000
# All pictures of one form together, each counted as it is unpacked: a second or two of work, twelve photos of a phone.
MAX_PIXELS_TOGETHER = 160_000_000
SIDE, THUMB_SIDE = 2000, 240
PICTURES = ("JPEG", "PNG", "WEBP")
PDF = "application/pdf"
# Bank slips name people: only those who handle the money open them. Everything else follows the document.
NEEDED: dict[str, tuple[Right, ...]] = {
    Purpose.PAYOUT_PROOF: (Right.OFFLINE_PAYOUT, Right.RELEASE_REFUND, Right.APPROVE_REFUND)
}


def read_files(uploads: Sequence[UploadedFile], *, allows_pdf: bool = False) -> list[Attachment]:
    """Unsaved attachments of what was uploaded; do it before the transaction, pictures take time.

    Pictures are drawn anew as JPEG, at most 2000 px a side and without what the camera wrote about place and owner.
    Raises Refused FILE naming the file and the reason; nothing is kept then.
    """
    if len(uploads) > MAX_FILES:
        raise Refused("FILE", _("At most %(most)d files at a time.") % {"most": MAX_FILES})
    _measure(uploads)
    return [_read(upload, allows_pdf=allows_pdf) for upload in uploads]


def _measure(uploads: Sequence[UploadedFile]) -> None:
    """Refuse together what would take too long together, by the sizes that the files say they have."""
    pixels = 0
    for upload in uploads:
        if not upload.size or upload.size > MAX_BYTES:
            continue
        try:
            with Image.open(upload, formats=PICTURES) as opened:
                opened.draft("RGB", (SIDE, SIDE))
                pixels += opened.width * opened.height
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            # What it is instead of a picture is said where it is read.
            pass
        finally:
            upload.seek(0)
        if pixels > MAX_PIXELS_TOGETHER:
            raise _unfit(upload.name or "", _("the pictures together have too many pixels; add fewer at a time"))


def _read(upload: UploadedFile, *, allows_pdf: bool) -> Attachment:
    name = (upload.name or "").rsplit("/", 1)[-1].rsplit("\\", 1)[-1][-120:]
    if not upload.size:
        raise _unfit(name, _("it is empty"))
    if upload.size > MAX_BYTES:
        raise _unfit(name, _("it is larger than %(most)d MB") % {"most": MAX_BYTES // 1024 // 1024})
    raw = upload.read()
    if allows_pdf and raw.startswith(b"%PDF-"):
        return _attachment(name, raw, PDF, None)
    try:
        with Image.open(io.BytesIO(raw), formats=PICTURES) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise _unfit(name, _("it has too many pixels"))
            # A photo is unpacked no larger than it is kept; other formats cannot be.
            opened.draft("RGB", (SIDE, SIDE))
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except Refused:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        allowed = _("JPEG, PNG, WebP or PDF") if allows_pdf else _("JPEG, PNG or WebP")
        raise _unfit(name, _("it is not a readable picture (%(allowed)s)") % {"allowed": allowed}) from error
    return _attachment(name, _jpeg(picture, SIDE, 85), "image/jpeg", _jpeg(picture, THUMB_SIDE, 80))


def _jpeg(picture: Image.Image, side: int, quality: int) -> bytes:
    small = picture.copy()
    small.thumbnail((side, side))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


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
    needed = NEEDED.get(attachment.purpose, (Right.SEE_ORDERS,))
    if not any(can(user, attachment.shop_id, right) for right in needed):
        raise Refused("RIGHT", _("Your role does not include opening this file."))
