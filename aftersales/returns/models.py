from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from aftersales.returns.enums import Result, ReturnKind
from merchant.people.querysets import ShopQuerySet

EXPECTED = Q(received_at__isnull=True)
UNMATCHED = Q(order__isnull=True)
TO_INSPECT = Q(done_at__isnull=True)


class ReturnParcelQuerySet(ShopQuerySet):
    def expected(self) -> Self:
        """Announced by the buyer and not here yet."""
        return self.filter(EXPECTED)

    def unmatched(self) -> Self:
        """In our hands, and nobody knows to which order they belong."""
        return self.filter(UNMATCHED)


class ReturnParcel(models.Model):
    """退货包裹: one parcel that comes home, or came. `package` is None where the waybill is none of ours; such a parcel
    waits without an order until somebody knows whose it is."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    number = models.CharField(_("number"), max_length=20)
    kind = models.CharField(_("why it is here"), max_length=16, choices=ReturnKind)
    package = models.ForeignKey("logistics.Package", models.PROTECT, null=True, db_index=False, related_name="+")
    order = models.ForeignKey("orders.Order", models.PROTECT, null=True, related_name="return_parcels")
    case = models.ForeignKey("aftersales.Case", models.PROTECT, null=True, related_name="return_parcels")
    courier = models.CharField(_("courier"), max_length=16, blank=True, default="")
    waybill = models.CharField(_("tracking number"), max_length=40)
    note = models.CharField(_("note"), max_length=300, blank=True, default="")
    announced_at = models.DateTimeField(db_default=Now())
    received_at = models.DateTimeField(_("received at"), null=True)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )

    objects = ReturnParcelQuerySet.as_manager()
    buyer_path = "order__buyer"

    class Meta:
        verbose_name = _("return parcel")
        verbose_name_plural = _("return parcels")
        constraints = [
            models.UniqueConstraint(fields=["shop", "number"], name="return_parcel_number_once"),
            models.UniqueConstraint(
                fields=["package"], name="return_parcel_one_a_package", condition=Q(package__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["shop", "waybill"], name="return_parcel_unknown_once", condition=Q(package__isnull=True)
            ),
            models.CheckConstraint(
                name="return_parcel_without_order_is_unannounced",
                condition=Q(order__isnull=False) | Q(kind=ReturnKind.UNANNOUNCED),
            ),
        ]
        indexes = [
            models.Index(fields=["shop", "received_at", "id"], name="return_parcel_newest"),
            models.Index(fields=["shop", "received_at"], name="return_parcel_unmatched", condition=UNMATCHED),
        ]

    def __str__(self) -> str:
        return self.number


class InspectionQuerySet(ShopQuerySet):
    def open(self) -> Self:
        """Received and not yet looked into."""
        return self.filter(TO_INSPECT)


class Inspection(models.Model):
    """质检单: what was found in a parcel that came home. Done once; T-INSPECT is its clock."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    number = models.CharField(_("number"), max_length=20)
    parcel = models.OneToOneField(ReturnParcel, models.PROTECT, related_name="inspection")
    order = models.ForeignKey("orders.Order", models.PROTECT, db_index=False, related_name="+")
    result = models.CharField(_("result"), max_length=12, choices=Result, blank=True, default="")
    note = models.CharField(_("note"), max_length=300, blank=True, default="")
    due_at = models.DateTimeField(_("due at"))
    opened_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(_("inspected at"), null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")

    objects = InspectionQuerySet.as_manager()
    buyer_path = "order__buyer"

    class Meta:
        verbose_name = _("inspection")
        verbose_name_plural = _("inspections")
        constraints = [
            models.UniqueConstraint(fields=["shop", "number"], name="inspection_number_once"),
            models.CheckConstraint(
                name="inspection_done_has_result",
                condition=Q(done_at__isnull=True, result="") | (Q(done_at__isnull=False) & ~Q(result="")),
            ),
        ]
        indexes = [models.Index(fields=["shop", "due_at"], name="inspection_due", condition=TO_INSPECT)]

    def __str__(self) -> str:
        return self.number

    @property
    def is_done(self) -> bool:
        return self.done_at is not None


class InspectionLine(models.Model):
    """One kind of goods in the parcel. Without an order line it is something that was not sent: `other` units of
    `what`. `cost_fen` is the unit's cost price on that day, None when it was not known."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    inspection = models.ForeignKey(Inspection, models.PROTECT, db_index=False, related_name="lines")
    order_line = models.ForeignKey("orders.OrderLine", models.PROTECT, null=True, db_index=False, related_name="+")
    sku = models.ForeignKey("merchant.Sku", models.PROTECT, null=True, db_index=False, related_name="+")
    what = models.CharField(_("what it is"), max_length=200, blank=True, default="")
    expected = models.PositiveIntegerField(_("expected"), default=0)
    sellable = models.PositiveIntegerField(_("fine"), default=0)
    defective = models.PositiveIntegerField(_("damaged"), default=0)
    missing = models.PositiveIntegerField(_("missing"), default=0)
    other = models.PositiveIntegerField(_("something else"), default=0)
    cost_fen = models.BigIntegerField(_("cost price"), null=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("inspection line")
        verbose_name_plural = _("inspection lines")
        constraints = [
            models.UniqueConstraint(
                fields=["inspection", "order_line"],
                name="inspection_line_once",
                condition=Q(order_line__isnull=False),
            ),
            models.CheckConstraint(
                name="inspection_line_adds_up",
                condition=Q(expected=F("sellable") + F("defective") + F("missing"), order_line__isnull=False, other=0)
                | Q(order_line__isnull=True, expected=0, sellable=0, defective=0, missing=0, other__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return self.what or str(self.order_line)
