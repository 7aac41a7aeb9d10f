from datetime import datetime
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from logistics.parcels.enums import COMING_BACK, Direction, PackageState, WaybillSource
from merchant.carriers.registry import name_of
from merchant.fsm import state_constraint
from merchant.people.querysets import ShopQuerySet


class PackageQuerySet(ShopQuerySet):
    def outbound(self) -> Self:
        """Parcels on their first way to the buyer; resends and the buyer's returns apart (E07)."""
        return self.filter(direction=Direction.OUTBOUND)

    def current(self) -> Self:
        """In force, and the one its number means today: a courier gives a number out again after a while."""
        return self.in_force().filter(superseded_at=None)

    def in_force(self) -> Self:
        """Parcels whose label was not cancelled."""
        return self.exclude(state=PackageState.VOIDED)

    def coming_back(self, *, since: datetime) -> Self:
        """Sent to the buyer and turned round, or back at our side: whoever expects it, or nobody."""
        return self.outbound().current().filter(state__in=COMING_BACK, last_event_at__gte=since)

    def of_order(self, order_id: int) -> Self:
        """Parcels that carry something of this order, also when another order is the parcel's main one."""
        # Two index walks; an OR over both tables would read every parcel there is.
        own = Package.objects.filter(order_id=order_id).order_by().values("pk")
        carrying = PackageLine.objects.filter(order_id=order_id).order_by().values("package_id")
        return self.filter(pk__in=own.union(carrying))


class Package(models.Model):
    """One parcel. `state` and the times below it have one writer: `tracking.services.recompute`."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="packages")
    account = models.ForeignKey("merchant.CourierAccount", models.PROTECT, null=True, db_index=False, related_name="+")
    direction = models.CharField(max_length=12, choices=Direction, db_default=Direction.OUTBOUND)
    courier = models.CharField(_("courier"), max_length=16)
    waybill = models.CharField(_("tracking number"), max_length=40)
    waybill_source = models.CharField(max_length=20, choices=WaybillSource, db_default=WaybillSource.UNKNOWN)
    state = models.CharField(_("state"), max_length=24, choices=PackageState, db_default=PackageState.LABELLED)
    # Of how many orders this parcel carries goods (E15).
    order_count = models.PositiveSmallIntegerField(db_default=1)
    # What it was insured for (保价), where the source says so; None is not insured, or not known.
    insured_fen = models.BigIntegerField(_("insured value (fen)"), null=True)
    # Cities only: enough to tell the sender's side from the receiver's, and no personal data.
    sender_city = models.CharField(max_length=40, blank=True, db_default="")
    receiver_city = models.CharField(max_length=40, blank=True, db_default="")
    labelled_at = models.DateTimeField(_("labelled at"))
    shipped_at = models.DateTimeField(_("shipped at"), null=True)
    picked_up_at = models.DateTimeField(_("picked up at"), null=True)
    last_event_at = models.DateTimeField(_("last scan at"), null=True)
    signed_at = models.DateTimeField(_("signed at"), null=True)
    track_checked_at = models.DateTimeField(_("track read at"), null=True)
    # The courier has given its number out again, for another parcel: what is told of the number is not about this one.
    superseded_at = models.DateTimeField(_("number given out again at"), null=True)
    last_text = models.CharField(max_length=200, blank=True, db_default="")
    version = models.PositiveIntegerField(db_default=1)

    objects = PackageQuerySet.as_manager()
    buyer_path = "order__buyer"

    class Meta:
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "courier", "waybill"],
                name="package_waybill_once",
                condition=~models.Q(state=PackageState.VOIDED) & models.Q(superseded_at=None),
            ),
            state_constraint("package_state_known", PackageState),
        ]
        indexes = [
            models.Index(fields=["shop", "waybill"], name="package_waybill"),
            models.Index(
                fields=["shop", "last_event_at"],
                name="package_coming_back",
                condition=models.Q(direction=Direction.OUTBOUND, state__in=COMING_BACK),
            ),
        ]

    def __str__(self) -> str:
        return f"{name_of(self.courier)} {self.waybill}"


class PackageLine(models.Model):
    """What is in the parcel; says which orders share it."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    package = models.ForeignKey(Package, models.PROTECT, db_index=False, related_name="lines")
    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="package_lines")
    order_line = models.ForeignKey("orders.OrderLine", models.PROTECT, db_index=False, related_name="package_lines")
    quantity = models.PositiveIntegerField(_("quantity"), db_default=1)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("parcel line")
        verbose_name_plural = _("parcel lines")
        constraints = [models.UniqueConstraint(fields=["package", "order_line"], name="package_line_once")]
