from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.encryption import crypto
from merchant.encryption.fields import EncryptedText
from merchant.people.querysets import ShopQuerySet
from orders.record.enums import Flag


class Note(models.Model):
    """One remark with its flag. Append-only: a correction is a new note, so that who wrote what and when stays."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    order = models.ForeignKey("orders.Order", models.PROTECT, db_index=False, related_name="notes")
    text = EncryptedText(_("remark"))
    # By which the same wording is known again; equal for equal texts, useless without the index key.
    text_bidx = models.BinaryField(max_length=16, null=True)
    flag = models.PositiveSmallIntegerField(_("flag"), choices=Flag, null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    # The name as it was then; a platform's remark carries the platform's name for its writer.
    by_name = models.CharField(_("written by"), max_length=80, blank=True, default="", db_default="")
    at = models.DateTimeField(_("written at"), db_default=Now())
    # When the remark was sent back to the platform.
    pushed_at = models.DateTimeField(null=True, blank=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")
        indexes = [models.Index(fields=["order", "id"], name="note_of_order")]

    def __str__(self) -> str:
        return f"{self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.text_bidx = wording(self.text)
        super().save(*args, **kwargs)


def wording(text: str) -> bytes | None:
    return crypto.blind_index("note", text) if text else None
