from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet


class SkuQuerySet(ShopQuerySet):
    def matching(self, term: str) -> Self:
        """By code, barcode or a piece of the title; a shop has a few thousand of them at most."""
        scanned = Exists(SkuBarcode.objects.filter(sku=OuterRef("pk"), shop_id=OuterRef("shop_id"), code=term))
        return self.filter(Q(code__istartswith=term) | scanned | Q(title__icontains=term))


class Sku(models.Model):
    """What the shop keeps on its shelves under one merchant code. `cost_fen` is what a unit cost the shop; None is not
    known, and then it is asked for rather than guessed. With rows in `parts` it is a bundle and lies nowhere itself."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    code = models.CharField(_("merchant code"), max_length=80)
    title = models.CharField(_("title"), max_length=300)
    spec = models.CharField(_("specification"), max_length=300, blank=True, default="")
    category = models.CharField(_("category"), max_length=60, blank=True, default="")
    # Of goods that were sold under this code; nobody enters it.
    picture = models.ForeignKey("merchant.Attachment", models.PROTECT, null=True, db_index=False, related_name="+")
    cost_fen = models.BigIntegerField(_("cost price"), null=True, blank=True)
    list_price_fen = models.BigIntegerField(_("list price"), null=True, blank=True)
    # What an order may not sell it below or above; review asks.
    floor_fen = models.BigIntegerField(_("floor price"), null=True, blank=True)
    ceiling_fen = models.BigIntegerField(_("ceiling price"), null=True, blank=True)
    weight_g = models.PositiveIntegerField(_("weight (g)"), null=True, blank=True)
    length_mm = models.PositiveIntegerField(_("length (mm)"), null=True, blank=True)
    width_mm = models.PositiveIntegerField(_("width (mm)"), null=True, blank=True)
    height_mm = models.PositiveIntegerField(_("height (mm)"), null=True, blank=True)
    is_fragile = models.BooleanField(_("fragile"), default=False)
    # Sold before it is here: from this day on it is sent.
    presale_date = models.DateField(_("presale: sent from"), null=True, blank=True)
    # As many or fewer free units are few: a badge, and a line in the list.
    low_at = models.PositiveIntegerField(_("few from"), null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = SkuQuerySet.as_manager()

    class Meta:
        verbose_name = _("SKU")
        verbose_name_plural = _("SKUs")
        constraints = [
            models.UniqueConstraint(fields=["shop", "code"], name="sku_code_once"),
            models.CheckConstraint(name="sku_cost_not_negative", condition=Q(cost_fen__gte=0)),
            models.CheckConstraint(
                name="sku_prices_in_order",
                condition=(Q(floor_fen=None) | Q(floor_fen__gte=0))
                & (Q(ceiling_fen=None) | Q(floor_fen=None) | Q(ceiling_fen__gte=F("floor_fen"))),
            ),
        ]
        indexes = [models.Index(fields=["shop", "id"], name="sku_newest")]

    def __str__(self) -> str:
        return f"{self.title} {self.spec}".strip()


class SkuBarcode(models.Model):
    """One of the codes printed on a product; a scan of it means this product and no other of the shop."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    sku = models.ForeignKey(Sku, models.CASCADE, related_name="barcodes")
    code = models.CharField(_("barcode"), max_length=40)

    class Meta:
        verbose_name = _("barcode")
        verbose_name_plural = _("barcodes")
        constraints = [models.UniqueConstraint(fields=["shop", "code"], name="barcode_once")]

    def __str__(self) -> str:
        return self.code


class BundlePart(models.Model):
    """`quantity` units of `part` are in one unit of `bundle`; a part is no bundle itself."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    bundle = models.ForeignKey(Sku, models.PROTECT, db_index=False, related_name="parts")
    part = models.ForeignKey(Sku, models.PROTECT, related_name="in_bundles")
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("part of a bundle")
        verbose_name_plural = _("parts of bundles")
        constraints = [
            models.UniqueConstraint(fields=["bundle", "part"], name="bundle_part_once"),
            models.CheckConstraint(name="bundle_part_positive", condition=Q(quantity__gt=0)),
            models.CheckConstraint(name="bundle_not_of_itself", condition=~Q(bundle=F("part"))),
        ]

    def __str__(self) -> str:
        return f"{self.part} × {self.quantity}"
