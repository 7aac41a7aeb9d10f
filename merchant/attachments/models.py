from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.encryption.fields import EncryptedBytes
from merchant.people.querysets import ShopQuerySet


class Purpose(models.TextChoices):
    """What a file proves; it also decides who may open it."""

    PHOTO = "photo", _("photo of the goods")
    EVIDENCE = "evidence", _("evidence")
    GOODS = "goods", _("picture of goods on sale")
    PAYOUT_PROOF = "payout_proof", _("proof of payment")


class AttachmentQuerySet(ShopQuerySet):
    def about(self, *subjects: models.Model) -> "AttachmentQuerySet":
        """The files of these rows, oldest first, without their bytes."""
        wanted = models.Q(pk__in=[])
        for subject in subjects:
            wanted |= models.Q(subject_kind=subject._meta.model_name, subject_id=subject.pk)
        return self.filter(wanted).defer("body", "thumb").order_by("pk")


class Attachment(models.Model):
    """A picture or paper that belongs to a document, sealed at rest. Never changed; the purge empties it."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    subject_kind = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose)
    name = models.CharField(_("file name"), max_length=120)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField(_("size in bytes"))
    digest = models.CharField(_("digest"), max_length=64)
    body = EncryptedBytes(null=True)
    thumb = EncryptedBytes(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    at = models.DateTimeField(_("added at"), db_default=Now())

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        constraints = [
            # The same bytes twice on one document are one file: a form sent again adds nothing.
            models.UniqueConstraint(fields=["subject_kind", "subject_id", "purpose", "digest"], name="attachment_once")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_picture(self) -> bool:
        return self.content_type == "image/jpeg"
