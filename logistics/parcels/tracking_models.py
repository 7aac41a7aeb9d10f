from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet


class TrackingEvent(models.Model):
    """One scan, as the courier told it, or one of ours. Append-only; a repetition has the same key and is no row.

    The package has no foreign key constraint: events arrive in bulk, and months of them can be detached.
    """

    pk = models.CompositePrimaryKey("package", "event_at", "event_key")
    package = models.ForeignKey(
        "logistics.Package", models.PROTECT, db_index=False, db_constraint=False, related_name="events"
    )
    event_at = models.DateTimeField(_("at"))
    # First 8 bytes of a digest of the courier's event id, else of second + code + site.
    event_key = models.BigIntegerField()
    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, db_constraint=False, related_name="+")
    status = models.CharField(max_length=24, blank=True, db_default="")
    raw_code = models.CharField(max_length=48, blank=True, db_default="")
    site = models.CharField(max_length=80, blank=True, db_default="")
    city = models.CharField(max_length=40, blank=True, db_default="")
    text = models.CharField(max_length=300, blank=True, db_default="")
    is_delivering_site = models.BooleanField(null=True)
    is_address_change = models.BooleanField(db_default=False)
    returned_by_sender_side = models.BooleanField(null=True)
    inbox_id = models.BigIntegerField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("tracking event")
        verbose_name_plural = _("tracking events")
        indexes = [BrinIndex(fields=["recorded_at"], name="tracking_recorded_brin")]
