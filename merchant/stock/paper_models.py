"""The papers behind moves that people make: stocktakes and adjustments, transfers, purchases."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from merchant.fsm import StateMachine, state_constraint
from merchant.people.querysets import ShopQuerySet
from merchant.stock.enums import PurchaseState, StocktakeKind, StocktakeState, TransferState
from merchant.stock.models import Stock, Warehouse

_shop: dict[str, Any] = {"to": "merchant.Shop", "on_delete": models.PROTECT, "db_index": False, "related_name": "+"}


def _person() -> Any:
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")


class Stocktake(StateMachine):
    """A count of the shelves (or one difference that somebody found): what lies there against what the books say.
    Nothing moves before a second person, who counted nothing of it, approves."""

    shop = models.ForeignKey(**_shop)
    number = models.CharField(_("number"), max_length=24, unique=True)
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, db_index=False, related_name="+")
    kind = models.CharField(_("kind"), max_length=12, choices=StocktakeKind, default=StocktakeKind.COUNT)
    state = FSMField(
        _("state"),
        max_length=12,
        default=StocktakeState.COUNTING,
        choices=StocktakeState.choices,
        protected=True,
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    opened_by = _person()
    opened_at = models.DateTimeField(db_default=Now())
    filed_by = _person()
    filed_at = models.DateTimeField(null=True)
    ruled_by = _person()
    ruled_at = models.DateTimeField(null=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("stocktake")
        verbose_name_plural = _("stocktakes")
        constraints = [
            state_constraint("stocktake_state_known", StocktakeState),
            models.CheckConstraint(
                name="stocktake_approved_by_another",
                condition=~Q(state=StocktakeState.APPROVED) | Q(ruled_by=None) | ~Q(ruled_by=F("filed_by")),
            ),
        ]
        indexes = [models.Index(fields=["shop", "id"], name="stocktake_newest")]

    def __str__(self) -> str:
        return self.number

    @transition(field=state, source=StocktakeState.COUNTING, target=StocktakeState.FILED)
    def file(self, *, by: Any, at: datetime) -> None:
        """提交: everything on the sheet is counted."""
        self.filed_by, self.filed_at = by, at

    @transition(field=state, source=StocktakeState.FILED, target=StocktakeState.COUNTING)
    def recount(self) -> None:
        """退回重盘."""
        self.filed_by, self.filed_at = None, None

    @transition(field=state, source=StocktakeState.FILED, target=StocktakeState.APPROVED)
    def approve(self, *, by: Any, at: datetime) -> None:
        """审批通过: the differences are booked."""
        self.ruled_by, self.ruled_at = by, at

    @transition(field=state, source=[StocktakeState.COUNTING, StocktakeState.FILED], target=StocktakeState.DISCARDED)
    def discard(self, *, by: Any, at: datetime) -> None:
        """作废: nothing was moved by it."""
        self.ruled_by, self.ruled_at = by, at


class StocktakeLine(models.Model):
    """`expected` is what the books said at the moment it was counted, so that what moves meanwhile is no difference."""

    shop = models.ForeignKey(**_shop)
    stocktake = models.ForeignKey(Stocktake, models.PROTECT, db_index=False, related_name="lines")
    stock = models.ForeignKey(Stock, models.PROTECT, db_index=False, related_name="+")
    bin = models.CharField(_("bin"), max_length=20, blank=True, default="")
    expected = models.BigIntegerField(_("in the books"), null=True)
    counted = models.PositiveBigIntegerField(_("counted"), null=True)
    counted_by = _person()
    counted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("line of a stocktake")
        verbose_name_plural = _("lines of stocktakes")
        constraints = [
            models.UniqueConstraint(fields=["stocktake", "stock"], name="stocktake_line_once"),
            models.CheckConstraint(
                name="stocktake_line_counted_whole",
                condition=Q(counted=None, expected=None) | Q(counted__isnull=False, expected__isnull=False),
            ),
        ]

    @property
    def difference(self) -> int | None:
        if self.counted is None or self.expected is None:
            return None
        return self.counted - self.expected


class Transfer(StateMachine):
    """Goods that left one warehouse for another; what did not arrive is the difference, told with its note."""

    shop = models.ForeignKey(**_shop)
    number = models.CharField(_("number"), max_length=24, unique=True)
    source = models.ForeignKey(Warehouse, models.PROTECT, db_index=False, related_name="+")
    target = models.ForeignKey(Warehouse, models.PROTECT, db_index=False, related_name="+")
    state = FSMField(
        _("state"), max_length=12, default=TransferState.SENT, choices=TransferState.choices, protected=True
    )
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    sent_by = _person()
    sent_at = models.DateTimeField(db_default=Now())
    received_by = _person()
    received_at = models.DateTimeField(null=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            state_constraint("transfer_state_known", TransferState),
            models.CheckConstraint(name="transfer_between_two", condition=~Q(source=F("target"))),
        ]
        indexes = [models.Index(fields=["shop", "id"], name="transfer_newest")]

    def __str__(self) -> str:
        return self.number

    @transition(field=state, source=TransferState.SENT, target=TransferState.RECEIVED)
    def receive(self, *, by: Any, at: datetime, note: str) -> None:
        """收货."""
        self.received_by, self.received_at, self.note = by, at, note[:200]


class TransferLine(models.Model):
    shop = models.ForeignKey(**_shop)
    transfer = models.ForeignKey(Transfer, models.PROTECT, db_index=False, related_name="lines")
    sku = models.ForeignKey("merchant.Sku", models.PROTECT, db_index=False, related_name="+")
    sent = models.PositiveBigIntegerField(_("sent"))
    received = models.PositiveBigIntegerField(_("received"), null=True)

    class Meta:
        verbose_name = _("line of a transfer")
        verbose_name_plural = _("lines of transfers")
        constraints = [
            models.UniqueConstraint(fields=["transfer", "sku"], name="transfer_line_once"),
            models.CheckConstraint(
                name="transfer_line_within_sent",
                condition=Q(sent__gt=0) & (Q(received=None) | Q(received__lte=F("sent"))),
            ),
        ]

    @property
    def missing(self) -> int:
        return 0 if self.received is None else self.sent - self.received


class Purchase(StateMachine):
    """Goods ordered from a supplier: what is expected, what came so far, and what a unit cost."""

    shop = models.ForeignKey(**_shop)
    number = models.CharField(_("number"), max_length=24, unique=True)
    supplier = models.CharField(_("supplier"), max_length=80)
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, db_index=False, related_name="+")
    state = FSMField(
        _("state"), max_length=12, default=PurchaseState.EXPECTED, choices=PurchaseState.choices, protected=True
    )
    expected_date = models.DateField(_("expected on"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    # How often something of it came; a form made before the last time is out of date.
    receipts = models.PositiveSmallIntegerField(default=0)
    opened_by = _person()
    opened_at = models.DateTimeField(db_default=Now())
    ended_by = _person()
    ended_at = models.DateTimeField(null=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        constraints = [state_constraint("purchase_state_known", PurchaseState)]
        indexes = [
            models.Index(fields=["shop", "id"], name="purchase_newest"),
            models.Index(fields=["shop"], condition=Q(state=PurchaseState.EXPECTED), name="purchase_expected"),
        ]

    def __str__(self) -> str:
        return self.number

    @transition(field=state, source=PurchaseState.EXPECTED, target=PurchaseState.RECEIVED)
    def receive(self, *, by: Any, at: datetime) -> None:
        """到齐: the last of it came."""
        self.ended_by, self.ended_at = by, at

    @transition(field=state, source=PurchaseState.EXPECTED, target=PurchaseState.ENDED)
    def end(self, *, by: Any, at: datetime, note: str) -> None:
        """结束: the rest does not come."""
        self.ended_by, self.ended_at, self.note = by, at, note[:200]


class PurchaseLine(models.Model):
    """`cost_fen` of a unit; None where it is not known yet."""

    shop = models.ForeignKey(**_shop)
    purchase = models.ForeignKey(Purchase, models.PROTECT, db_index=False, related_name="lines")
    sku = models.ForeignKey("merchant.Sku", models.PROTECT, related_name="+")
    expected = models.PositiveBigIntegerField(_("expected"))
    received = models.PositiveBigIntegerField(_("received"), default=0)
    cost_fen = models.BigIntegerField(_("cost price"), null=True)

    class Meta:
        verbose_name = _("line of a purchase")
        verbose_name_plural = _("lines of purchases")
        constraints = [
            models.UniqueConstraint(fields=["purchase", "sku"], name="purchase_line_once"),
            models.CheckConstraint(
                name="purchase_line_positive",
                condition=Q(expected__gt=0) & (Q(cost_fen=None) | Q(cost_fen__gte=0)),
            ),
        ]

    @property
    def open(self) -> int:
        return max(0, self.expected - self.received)
