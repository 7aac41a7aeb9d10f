from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet
from orders.record.enums import Flag


class Note(models.Model):
    """One remark with its flag. Append-only: a correction is a new note, so that who wrote what and when stays."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    order = models.ForeignKey("orders.Order", models.PROTECT, db_index=False, related_name="notes")
    text = models.TextField(_("remark"), blank=True, default="", db_default="")
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
        return self.text[:40]
