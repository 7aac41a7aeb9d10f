from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet


class Grade(models.TextChoices):
    """Whether a unit may be sold again."""

    SELLABLE = "sellable", _("sellable")
    DEFECTIVE = "defective", _("defective")


class MoveKind(models.TextChoices):
    """Why units moved; the document says which paper is behind it."""

    RETURNED = "returned", _("came home")
    NOT_SENT = "not_sent", _("taken off the packing bench")


class Warehouse(models.Model):
    """A place where the shop keeps goods."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=60)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")
        constraints = [models.UniqueConstraint(fields=["shop", "code"], name="warehouse_code_once")]

    def __str__(self) -> str:
        return self.name or self.code


class Stock(models.Model):
    """How many units of one product and grade lie in one warehouse. Only `stock.services` changes the two counts."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, db_index=False, related_name="stocks")
    sku = models.ForeignKey("merchant.Sku", models.PROTECT, related_name="stocks")
    grade = models.CharField(_("grade"), max_length=12, choices=Grade)
    on_hand = models.BigIntegerField(_("on hand"), default=0)
    reserved = models.BigIntegerField(_("reserved"), default=0)
    bin = models.CharField(_("bin"), max_length=20, blank=True, default="")

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock")
        verbose_name_plural = _("stock")
        constraints = [
            models.UniqueConstraint(fields=["warehouse", "sku", "grade"], name="stock_once"),
            models.CheckConstraint(
                name="stock_reserved_within_on_hand", condition=Q(reserved__gte=0, on_hand__gte=F("reserved"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} ({self.get_grade_display()})"


class StockMove(models.Model):
    """One change of a stock, with the paper behind it. Append-only; the same line of a paper moves a stock once."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    stock = models.ForeignKey(Stock, models.PROTECT, db_index=False, related_name="moves")
    kind = models.CharField(_("kind"), max_length=16, choices=MoveKind)
    document = models.CharField(_("document"), max_length=40)
    document_line = models.BigIntegerField(default=0)
    on_hand_delta = models.BigIntegerField()
    reserved_delta = models.BigIntegerField(default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    at = models.DateTimeField(db_default=Now())

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock move")
        verbose_name_plural = _("stock moves")
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "stock", "kind", "document", "document_line"], name="stock_move_once"
            )
        ]
        indexes = [
            models.Index(fields=["stock", "at"], name="stock_move_of_stock"),
            models.Index(fields=["shop", "document"], name="stock_move_of_document"),
        ]

    def __str__(self) -> str:
        return f"{self.document} {self.on_hand_delta:+d}"
