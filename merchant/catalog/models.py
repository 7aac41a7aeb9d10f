from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet


class SkuQuerySet(ShopQuerySet):
    def matching(self, term: str) -> Self:
        """By code, barcode or a piece of the title; a shop has a few thousand of them at most."""
        return self.filter(Q(code__istartswith=term) | Q(barcode=term) | Q(title__icontains=term))


class Sku(models.Model):
    """What the shop keeps on its shelves under one merchant code. `cost_fen` is what a unit cost the shop; None is not
    known, and then it is asked for rather than guessed."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    code = models.CharField(_("merchant code"), max_length=80)
    title = models.CharField(_("title"), max_length=300)
    spec = models.CharField(_("specification"), max_length=300, blank=True, default="")
    barcode = models.CharField(_("barcode"), max_length=40, blank=True, default="")
    cost_fen = models.BigIntegerField(_("cost price"), null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = SkuQuerySet.as_manager()

    class Meta:
        verbose_name = _("SKU")
        verbose_name_plural = _("SKUs")
        constraints = [
            models.UniqueConstraint(fields=["shop", "code"], name="sku_code_once"),
            models.CheckConstraint(name="sku_cost_not_negative", condition=Q(cost_fen__gte=0)),
        ]
        indexes = [
            models.Index(fields=["shop", "barcode"], name="sku_barcode", condition=~Q(barcode="")),
            models.Index(fields=["shop", "id"], name="sku_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.spec}".strip()
