"""What a shop lays down for its warehouse: what couriers cost, which courier takes what, gifts, boxes."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet

HEAVIEST_G = 1_000_000


def _provinces() -> "ArrayField":
    return ArrayField(models.CharField(max_length=10), verbose_name=_("provinces"), default=list, blank=True)


def _grams(label: object, **more: object) -> models.PositiveIntegerField:
    return models.PositiveIntegerField(label, validators=[MaxValueValidator(HEAVIEST_G)], **more)  # type: ignore[arg-type]


class CourierRate(models.Model):
    """A line of a courier account's rate card: first weight and each step after it, for a group of provinces; an empty
    group is every province no other line names."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    account = models.ForeignKey("merchant.CourierAccount", models.CASCADE, related_name="rates")
    provinces = _provinces()
    first_g = _grams(_("first weight (g)"), default=1000)
    first_fen = models.BigIntegerField(_("first weight costs"))
    step_g = models.PositiveIntegerField(_("each further (g)"), default=1000, validators=[MinValueValidator(1)])
    step_fen = models.BigIntegerField(_("each further costs"))

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("courier rate")
        verbose_name_plural = _("courier rates")
        constraints = [
            models.UniqueConstraint(fields=["account", "provinces"], name="courier_rate_once"),
            models.CheckConstraint(
                name="courier_rate_positive",
                condition=Q(first_g__gt=0, step_g__gt=0, first_fen__gte=0, step_fen__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {'、'.join(self.provinces)}".strip()

    def cost_fen(self, weight_g: int) -> int:
        """What a parcel of this weight costs; a step that is begun counts whole."""
        over = max(0, weight_g - self.first_g)
        return self.first_fen + -(-over // self.step_g) * self.step_fen


class CourierRule(models.Model):
    """指定快递: of several the lowest place that fits decides; it stands before cost and speed."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    place = models.PositiveSmallIntegerField(_("place"), default=1)
    provinces = _provinces()
    least_g = _grams(_("from (g)"), null=True, blank=True)
    most_g = _grams(_("up to (g)"), null=True, blank=True)
    account = models.ForeignKey("merchant.CourierAccount", models.CASCADE, related_name="+")
    is_active = models.BooleanField(_("active"), default=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("courier rule")
        verbose_name_plural = _("courier rules")
        indexes = [models.Index(fields=["shop", "place", "id"], name="courier_rule_order")]

    def __str__(self) -> str:
        return str(self.account)


class GiftRule(models.Model):
    """赠品: an order that reaches a sum, or holds a product, gets something with it."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    least_fen = models.BigIntegerField(_("paid at least"), default=0)
    bought = models.ForeignKey("merchant.Sku", models.PROTECT, null=True, blank=True, related_name="+")
    gift = models.ForeignKey("merchant.Sku", models.PROTECT, related_name="+")
    quantity = models.PositiveSmallIntegerField(_("quantity"), default=1, validators=[MinValueValidator(1)])
    is_active = models.BooleanField(_("active"), default=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("gift rule")
        verbose_name_plural = _("gift rules")
        constraints = [models.CheckConstraint(name="gift_rule_positive", condition=Q(least_fen__gte=0, quantity__gt=0))]

    def __str__(self) -> str:
        return f"{self.gift} × {self.quantity}"


class PackingMaterial(models.Model):
    """A bag or box of the packing desk: what fits in, what it weighs, whether it protects."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    name = models.CharField(_("name"), max_length=40)
    most_cm3 = models.PositiveIntegerField(_("holds up to (cm³)"), validators=[MinValueValidator(1)])
    most_g = _grams(_("carries up to (g)"))
    own_g = _grams(_("its own weight (g)"), default=0)
    is_protective = models.BooleanField(_("protects fragile goods"), default=False)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("packing material")
        verbose_name_plural = _("packing materials")
        constraints = [models.UniqueConstraint(fields=["shop", "name"], name="packing_material_once")]

    def __str__(self) -> str:
        return self.name


class CourierSpeed(models.Model):
    """How long a courier took to a province, as this shop's own parcels show; counted anew each night."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    courier = models.CharField(_("courier"), max_length=16)
    province = models.CharField(_("province"), max_length=10)
    # Of the median parcel, from leaving us to being signed for.
    hours = models.PositiveIntegerField(_("hours"))
    parcels = models.PositiveIntegerField(_("parcels"))
    counted_at = models.DateTimeField()

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("courier speed")
        verbose_name_plural = _("courier speeds")
        constraints = [models.UniqueConstraint(fields=["shop", "courier", "province"], name="courier_speed_once")]

    def __str__(self) -> str:
        return f"{self.courier} {self.province}"
