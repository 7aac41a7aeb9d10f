from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from logistics.fulfilment.enums import OPEN, WaveMode, WaveState
from logistics.fulfilment.enums import ConsignmentState as S
from merchant.fsm import StateMachine, state_constraint
from merchant.people.querysets import ShopQuerySet
from merchant.policy.enums import PackCheck

IS_OPEN = Q(state__in=[str(state) for state in OPEN])


class Wave(StateMachine):
    """拣货波次: boxes that one person picks in one walk."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    number = models.CharField(_("number"), max_length=20)
    warehouse = models.ForeignKey("merchant.Warehouse", models.PROTECT, db_index=False, related_name="+")
    mode = models.CharField(_("way of picking"), max_length=8, choices=WaveMode, default=WaveMode.SOW)
    state = FSMField(_("state"), max_length=12, choices=WaveState.choices, default=WaveState.OPEN, protected=True)
    picker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    created_at = models.DateTimeField(_("made"), db_default=Now())
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("wave")
        verbose_name_plural = _("waves")
        constraints = [
            models.UniqueConstraint(fields=["shop", "number"], name="wave_number_once"),
            state_constraint("wave_state_known", WaveState),
        ]
        indexes = [models.Index(fields=["shop", "state", "id"], name="wave_list")]

    def __str__(self) -> str:
        return self.number

    @transition(field=state, source=WaveState.OPEN, target=WaveState.DONE)
    def finish(self) -> None:
        """Nothing in it is left to pick."""

    @transition(field=state, source=WaveState.OPEN, target=WaveState.DISSOLVED)
    def dissolve(self) -> None:
        """解散: its boxes wait for another wave."""


class ConsignmentQuerySet(ShopQuerySet):
    def open(self) -> Self:
        """Whose goods are still in the house."""
        return self.filter(IS_OPEN)

    def of_orders(self, order_ids: Any) -> Self:
        """Those with goods of these orders in them, struck ones too."""
        lines = ConsignmentLine.objects.filter(order_id__in=list(order_ids))
        return self.filter(pk__in=lines.values("consignment_id"))


class Consignment(StateMachine):
    """发货单: what is packed into one box; lines of one order or of several to one recipient, from one warehouse."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    number = models.CharField(_("number"), max_length=20)
    # The first order in it: says whose customer it is.
    order = models.ForeignKey("orders.Order", models.PROTECT, db_index=False, related_name="+")
    order_count = models.PositiveSmallIntegerField(default=1, db_default=1)
    recipient = models.ForeignKey("merchant.Recipient", models.PROTECT, null=True, db_index=False, related_name="+")
    warehouse = models.ForeignKey("merchant.Warehouse", models.PROTECT, db_index=False, related_name="+")
    # A person chose the warehouse, or took boxes apart: no rule changes it again.
    is_by_hand = models.BooleanField(default=False, db_default=False)
    # Goods no warehouse has now; it waits for them and joins no wave.
    is_short = models.BooleanField(default=False, db_default=False)
    state = FSMField(_("state"), max_length=12, choices=S.choices, default=S.WAITING, protected=True)
    courier = models.CharField(_("courier"), max_length=16, blank=True, default="", db_default="")
    account = models.ForeignKey("merchant.CourierAccount", models.PROTECT, null=True, db_index=False, related_name="+")
    # Why this warehouse, why this courier: as `reasons.py` reads them.
    warehouse_reasons = models.JSONField(default=list, blank=True)
    courier_reasons = models.JSONField(default=list, blank=True)
    waybill = models.CharField(_("tracking number"), max_length=40, blank=True, default="", db_default="")
    package = models.ForeignKey("logistics.Package", models.PROTECT, null=True, related_name="+")
    wave = models.ForeignKey(Wave, models.PROTECT, null=True, db_index=False, related_name="consignments")
    basket = models.PositiveSmallIntegerField(_("basket"), null=True)
    # Copies of the orders': the earliest promise says what is picked first.
    ship_by_at = models.DateTimeField(_("ship by"), null=True)
    units = models.PositiveIntegerField(_("units"), default=0, db_default=0)
    expected_g = models.PositiveIntegerField(_("expected weight (g)"), null=True)
    weight_g = models.PositiveIntegerField(_("weight (g)"), null=True)
    material = models.CharField(_("packing material"), max_length=40, blank=True, default="", db_default="")
    checklist = ArrayField(models.CharField(max_length=12, choices=PackCheck), default=list, db_default=[], blank=True)
    packer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    packed_at = models.DateTimeField(_("packed at"), null=True)
    shipped_at = models.DateTimeField(_("shipped at"), null=True)
    void_reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    # Void, but its goods are off the shelves still.
    is_to_return = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(_("made"), db_default=Now())
    version = models.PositiveIntegerField(default=1, db_default=1)

    objects = ConsignmentQuerySet.as_manager()
    buyer_path = "order__buyer"

    class Meta:
        verbose_name = _("consignment")
        verbose_name_plural = _("consignments")
        constraints = [
            models.UniqueConstraint(fields=["shop", "number"], name="consignment_number_once"),
            state_constraint("consignment_state_known", S),
            models.CheckConstraint(name="consignment_sent_has_waybill", condition=~Q(state=S.SHIPPED) | ~Q(waybill="")),
        ]
        indexes = [
            # The queues: what is open, the earliest promise first. SHIPPED and VOIDED leave the index.
            models.Index(
                fields=["shop", "state", "ship_by_at", "id"],
                name="consignment_queue",
                condition=IS_OPEN,
            ),
            models.Index(fields=["shop", "state", "id"], name="consignment_list"),
            models.Index(fields=["wave"], name="consignment_of_wave", condition=Q(wave__isnull=False)),
            models.Index(fields=["shop", "waybill"], name="consignment_waybill", condition=~Q(waybill="")),
            models.Index(fields=["order"], name="consignment_of_order"),
            models.Index(fields=["shop", "id"], name="consignment_to_return", condition=Q(is_to_return=True)),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @transition(field=state, source=S.WAITING, target=S.PICKING)
    def start_picking(self) -> None:
        """It joined a wave, or a packer took it from the shelves without one."""

    @transition(field=state, source=[S.PICKING, S.PICKED], target=S.WAITING)
    def put_back(self) -> None:
        """It left its wave; what was picked goes back on the shelves."""

    @transition(field=state, source=S.PICKING, target=S.PICKED)
    def finish_picking(self) -> None:
        """拣货完成: all of it is off the shelves."""

    @transition(field=state, source=S.PICKED, target=S.PACKED)
    def pack(self) -> None:
        """打包: checked against the order, closed, under its waybill."""

    @transition(field=state, source=S.PACKED, target=S.PICKED)
    def unpack(self) -> None:
        """拆包: the box was opened again before it left."""

    @transition(field=state, source=S.PACKED, target=S.SHIPPED)
    def ship(self) -> None:
        """发货: handed to the courier; its goods are out of the stock."""

    @transition(field=state, source=[S.WAITING, S.PICKING, S.PICKED, S.PACKED], target=S.VOIDED)
    def void(self) -> None:
        """作废: refunded, sent elsewhere, merged into another box or back to review; its goods are free again."""


class ConsignmentLine(models.Model):
    """Units of one product in a box, for one line of an order; a gift stands under its order without a line."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    consignment = models.ForeignKey(Consignment, models.PROTECT, db_index=False, related_name="lines")
    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="consignment_lines")
    order_line = models.ForeignKey("orders.OrderLine", models.PROTECT, null=True, db_index=False, related_name="+")
    sku = models.ForeignKey("merchant.Sku", models.PROTECT, db_index=False, related_name="+")
    quantity = models.PositiveIntegerField(_("quantity"))
    # How many units of the order's line these are; of a bundle's products each says the same.
    line_quantity = models.PositiveIntegerField(default=0, db_default=0)
    picked = models.PositiveIntegerField(_("picked"), default=0, db_default=0)
    checked = models.PositiveIntegerField(_("checked"), default=0, db_default=0)
    # Its order was refunded or went elsewhere while the box was being made: to be taken out.
    struck_at = models.DateTimeField(null=True)

    objects = ShopQuerySet.as_manager()
    buyer_path = "order__buyer"

    class Meta:
        verbose_name = _("consignment line")
        verbose_name_plural = _("consignment lines")
        constraints = [
            models.UniqueConstraint(
                fields=["consignment", "order", "order_line", "sku"],
                name="consignment_line_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="consignment_line_counts_within_quantity",
                condition=Q(quantity__gt=0, picked__lte=F("quantity"), checked__lte=F("quantity")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} × {self.quantity}"

    @property
    def is_gift(self) -> bool:
        return self.order_line_id is None
