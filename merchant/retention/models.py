from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet


class Purged(models.Model):
    """What one day's purge took of one kind: the proof that it runs, without a word of what was taken."""

    # None for what belongs to no shop.
    shop = models.ForeignKey("merchant.Shop", models.PROTECT, null=True, db_index=False, related_name="+")
    kind = models.CharField(max_length=24)
    day = models.DateField()
    rows = models.PositiveBigIntegerField(default=0, db_default=0)
    last_at = models.DateTimeField(db_default=Now())

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("purge")
        verbose_name_plural = _("purges")
        constraints = [
            models.UniqueConstraint(fields=["shop", "kind", "day"], nulls_distinct=False, name="purged_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"
