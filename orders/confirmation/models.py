from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.encryption.fields import EncryptedText
from merchant.people.querysets import ShopQuerySet
from orders.confirmation.enums import Channel, Result


class Contact(models.Model):
    """One talk with a buyer about an order, and what they were promised."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    order = models.ForeignKey("orders.Order", models.PROTECT, db_index=False, related_name="contacts")
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    result = models.CharField(_("result"), max_length=12, choices=Result)
    note = EncryptedText(_("what was said"))
    # What the buyer was told; None where nothing was.
    ship_at = models.DateTimeField(_("expected to be sent"), null=True, blank=True)
    deliver_at = models.DateTimeField(_("expected to arrive"), null=True, blank=True)
    text = models.CharField(_("message to the buyer"), max_length=500, blank=True, default="")
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")

    objects = ShopQuerySet.as_manager()
    buyer_path = "order__buyer"

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [
            models.CheckConstraint(
                name="contact_sent_before_it_arrives",
                condition=Q(ship_at__isnull=True) | Q(deliver_at__isnull=True) | Q(deliver_at__gte=F("ship_at")),
            )
        ]
        indexes = [models.Index(fields=["order", "id"], name="contact_of_order")]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.get_result_display()}"
