from django.db import models
from django.utils.translation import gettext_lazy as _

from logistics.couriers.enums import CallOutcome, Operation
from merchant.encryption.fields import EncryptedJSON
from merchant.people.querysets import ShopQuerySet


class CourierCall(models.Model):
    """One call to a courier, claimed before it is made. Without an answer past its lease its outcome is unknown."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    operation = models.CharField(max_length=24, choices=Operation)
    # The document's number, which is also what the courier was told.
    key = models.CharField(max_length=64)
    subject_id = models.BigIntegerField()
    attempt = models.PositiveIntegerField()
    request = models.JSONField(default=dict)
    # The courier's own words, sealed: they may name the buyer. None before the answer and once it was purged.
    answer = EncryptedJSON(null=True)
    error = models.CharField(max_length=300, blank=True, default="")
    outcome = models.CharField(max_length=16, choices=CallOutcome, default=CallOutcome.CALLING)
    started_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("courier call")
        verbose_name_plural = _("courier calls")
        constraints = [
            models.UniqueConstraint(fields=["operation", "key", "attempt"], name="courier_call_once"),
        ]
        indexes = [models.Index(fields=["key", "started_at"], name="courier_call_key")]
