"""Where goods lie, how many, for whom they are kept, and every move that made it so."""

from collections.abc import Iterable
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet
from merchant.stock.enums import Grade, MoveKind, ReservationState

# The condition of the partial indexes; the queryset's word and Meta use the same object.
HELD = Q(state=ReservationState.HELD)


class Warehouse(models.Model):
    """A place where the shop keeps goods. `province` and `city` as merchant/regions names them, for distances."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=60)
    province = models.CharField(_("province"), max_length=30, blank=True, default="")
    city = models.CharField(_("city"), max_length=40, blank=True, default="")
    # A business address, nobody's home.
    address = models.CharField(_("address"), max_length=200, blank=True, default="")
    # The lower, the earlier it is asked for goods.
    priority = models.PositiveSmallIntegerField(_("order of preference"), default=100)
    is_active = models.BooleanField(_("in use"), default=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")
        constraints = [models.UniqueConstraint(fields=["shop", "code"], name="warehouse_code_once")]

    def __str__(self) -> str:
        return self.name or self.code


class Bin(models.Model):
    """A place on the shelves of a warehouse. Pickers walk by `path_order`, then by code."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, db_index=False, related_name="bins")
    code = models.CharField(_("bin"), max_length=20)
    path_order = models.PositiveIntegerField(_("place on the way"), default=0)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("bin")
        verbose_name_plural = _("bins")
        constraints = [models.UniqueConstraint(fields=["warehouse", "code"], name="bin_once")]

    def __str__(self) -> str:
        return self.code


class Stock(models.Model):
    """How many units of one product and grade lie in one warehouse, and in which bin (the `code` of a Bin). Only
    `stock.services` and `stock.reserving` change the two counts."""

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

    @property
    def free(self) -> int:
        return self.on_hand - self.reserved


class ReservationQuerySet(ShopQuerySet):
    def held(self) -> Self:
        return self.filter(HELD)

    def of_documents(self, shop_id: int, documents: Iterable[str]) -> Self:
        return self.filter(shop_id=shop_id, document__in=list(documents))


class StockReservation(models.Model):
    """Units of a stock that are kept for one line of a paper (an order's number). `paper` names what took them out."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    stock = models.ForeignKey(Stock, models.PROTECT, related_name="reservations")
    document = models.CharField(_("document"), max_length=64)
    line_no = models.PositiveIntegerField()
    quantity = models.PositiveBigIntegerField(_("quantity"))
    state = models.CharField(_("state"), max_length=12, choices=ReservationState, default=ReservationState.HELD)
    expires_at = models.DateTimeField(_("kept until"), null=True, blank=True)
    paper = models.CharField(max_length=40, blank=True, default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    objects = ReservationQuerySet.as_manager()

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "document", "line_no", "stock"], condition=HELD, name="reservation_held_once"
            ),
            models.CheckConstraint(name="reservation_positive", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="reservation_state_known", condition=Q(state__in=list(ReservationState.values))
            ),
        ]
        indexes = [
            models.Index(fields=["shop", "document"], name="reservation_of_document"),
            models.Index(
                fields=["expires_at"], condition=HELD & Q(expires_at__isnull=False), name="reservation_expires"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document} × {self.quantity}"


class StockMove(models.Model):
    """One change of a stock, with the paper behind it. Append-only; the same line of a paper moves a stock once.
    `document_line` is the paper's line, for what is kept for an order the reservation's id."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    stock = models.ForeignKey(Stock, models.PROTECT, db_index=False, related_name="moves")
    kind = models.CharField(_("kind"), max_length=16, choices=MoveKind)
    document = models.CharField(_("document"), max_length=64)
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
