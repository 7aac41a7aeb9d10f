from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.shops.querysets import ShopQuerySet
from merchant.vault.fields import EncryptedBytes


class ImportFile(models.Model):
    """An uploaded file as it came, sealed: any worker on any machine can read it, the purge takes it after N days."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    job = models.ForeignKey("merchant.Job", models.CASCADE, related_name="files")
    name = models.CharField(_("file name"), max_length=200)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    digest = models.CharField(_("digest"), max_length=64)
    body = EncryptedBytes(null=True)
    uploaded_at = models.DateTimeField(db_default=Now())
    purged_at = models.DateTimeField(null=True, blank=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("imported file")
        verbose_name_plural = _("imported files")

    def __str__(self) -> str:
        return self.name
