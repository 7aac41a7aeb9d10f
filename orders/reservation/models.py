from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet
from orders.record.models import Order
from orders.reservation.enums import Lack


class Shortage(models.Model):
    """短缺: a line of an order for which nothing could be held, and why. The row goes when it is held or needed no
    more. `sku` is the missing part of a bundle; None where the listing means no product yet."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    order = models.ForeignKey(Order, models.PROTECT, db_index=False, related_name="shortages")
    line_no = models.PositiveSmallIntegerField()
    sku = models.ForeignKey("merchant.Sku", models.PROTECT, null=True, related_name="+")
    missing = models.PositiveIntegerField(_("missing"))
    lack = models.CharField(_("why"), max_length=12, choices=Lack)
    since_at = models.DateTimeField(db_default=Now())

    objects = ShopQuerySet.as_manager()
    buyer_path = "order__buyer"

    class Meta:
        verbose_name = _("shortage")
        verbose_name_plural = _("shortages")
        constraints = [
            models.UniqueConstraint(fields=["order", "line_no", "sku"], name="shortage_once", nulls_distinct=False)
        ]
        indexes = [models.Index(fields=["shop", "id"], name="shortage_oldest")]

    def __str__(self) -> str:
        return f"{self.order} × {self.missing}"
