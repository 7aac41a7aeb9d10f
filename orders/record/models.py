"""Orders, their lines and what stands in their way."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.db.models.functions import Now, Reverse
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from merchant.encryption.fields import EncryptedText
from merchant.fsm import StateMachine, state_constraint
from merchant.people.querysets import ShopQuerySet
from orders.record.enums import (
    CLOSABLE,
    SENT,
    TO_SHIP,
    BlockKind,
    CategoryClass,
    Flag,
    OrderKind,
    OrderSource,
    OrderState,
    Stop,
)
from orders.record.listing_models import Listing

S = OrderState

# The conditions of the partial indexes; querysets below and Meta use the same object, so they cannot drift apart.
AWAITING_PAYMENT = Q(state=S.PENDING_PAYMENT, pay_by_at__isnull=False)
AWAITING_SHIPMENT = Q(state__in=[*TO_SHIP], ship_by_at__isnull=False)
AWAITING_RECEIPT = Q(state=S.SHIPPED, auto_receive_at__isnull=False)
AWAITING_SETTLEMENT = Q(state=S.RECEIVED, settle_at__isnull=False)
IN_WORK = Q(state__in=[S.PENDING_REVIEW, S.PENDING_ASSIGN, S.PENDING_CONFIRM, S.TO_FULFIL], step_due_at__isnull=False)

# What waits for a word of the office before the warehouse; few rows stand there.
IN_STEPS = Q(state__in=[S.PENDING_REVIEW, S.PENDING_ASSIGN, S.PENDING_CONFIRM])


def fen(**more: Any) -> models.BigIntegerField:
    """A column of money in fen. The default stands in the database too: COPY and raw SQL write these tables."""
    return models.BigIntegerField(default=0, db_default=0, **more)


class OrderQuerySet(ShopQuerySet):
    def awaiting_payment(self) -> Self:
        return self.filter(AWAITING_PAYMENT)

    def awaiting_shipment(self) -> Self:
        return self.filter(AWAITING_SHIPMENT)

    def awaiting_receipt(self) -> Self:
        return self.filter(AWAITING_RECEIPT)

    def awaiting_settlement(self) -> Self:
        return self.filter(AWAITING_SETTLEMENT)

    def promised_after(self, ship_by_at: datetime, pk: int) -> Self:
        """Behind this row where the oldest promise stands first."""
        return self.filter(TupleGreaterThan(Tuple(F("ship_by_at"), F("id")), (ship_by_at, pk)))

    def page_after(self, placed_at: datetime, pk: int, size: int = 50) -> Self:
        """The next keyset page, newest first: one index range, no OR, no OFFSET."""
        return self.newest((placed_at, pk), size)

    def newest(self, after: tuple[datetime, int] | None, size: int) -> Self:
        """The newest orders, or those behind the row that was placed then and has that id."""
        rows = self if after is None else self.filter(TupleLessThan(Tuple(F("placed_at"), F("id")), after))
        return rows.order_by("-placed_at", "-id")[:size]

    def newest_in_state(self, state: str, after: tuple[datetime, int] | None, size: int) -> Self:
        """The same of one state. The state is a range and leads the order: only the index order_tab gives that order.
        By an equality the planner may walk all orders by date past those of every other state."""
        rows = self.filter(state__gte=state, state__lte=state)
        if after is not None:
            rows = rows.filter(TupleLessThan(Tuple(F("state"), F("placed_at"), F("id")), (state, *after)))
        return rows.order_by("-state", "-placed_at", "-id")[:size]

    def number_ends_with(self, tail: str) -> Self:
        """Search by the last digits, through the index on the reversed number."""
        return self.alias(backwards=Reverse("number")).filter(backwards__startswith=tail[::-1])


class Order(StateMachine):
    """An order as the shop keeps it. Personal data stays in the vault, the platform's words come through intake."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    number = models.CharField(_("order number"), max_length=64)
    buyer = models.ForeignKey("orders.Buyer", models.PROTECT, null=True, db_index=False, related_name="orders")
    recipient = models.ForeignKey(
        "merchant.Recipient", models.PROTECT, null=True, db_index=False, related_name="orders"
    )
    state = FSMField(_("state"), max_length=24, default=S.PENDING_PAYMENT, choices=S.choices, protected=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )

    # Money in fen. paid = goods − shop discount − subsidy + freight + adjustment (M1), or 0 while nothing is paid.
    goods_fen = fen()
    shop_discount_fen = fen()
    subsidy_fen = fen()
    freight_fen = fen()
    # What the platform changed by hand: a raised or lowered price, instalment interest. Signed.
    adjustment_fen = fen()
    paid_fen = fen(verbose_name=_("paid"))
    receivable_fen = fen(verbose_name=_("receivable"))
    refunding_fen = fen()
    refunded_fen = fen()
    # The freight inside the two sums above; goes back at most once (M4).
    freight_refunding_fen = fen()
    freight_refunded_fen = fen()
    # The part of refunded_fen that the platform had already returned when the order reached us without a case:
    # no refund document of ours stands behind it.
    refunded_before_fen = fen()

    source = models.CharField(
        _("source"), max_length=12, choices=OrderSource, default=OrderSource.PLATFORM, db_default="platform"
    )
    kind = models.CharField(_("kind"), max_length=12, choices=OrderKind, default=OrderKind.GOODS, db_default="goods")
    # The slot for payment from abroad: only CNY is taken today, all sums are in its fen.
    currency = models.CharField(_("currency"), max_length=3, default="CNY", db_default="CNY")
    pay_method = models.CharField(_("payment method"), max_length=24, blank=True, default="", db_default="")
    flag = models.PositiveSmallIntegerField(_("flag"), choices=Flag, null=True, blank=True)
    host_name = models.CharField(_("host"), max_length=80, blank=True, default="", db_default="")
    buyer_note = EncryptedText(_("buyer's message"))
    benefits = ArrayField(models.CharField(max_length=32), default=list, db_default=[], blank=True)
    # The platform's own word for the state, shown beside ours, never decided upon.
    source_status = models.CharField(_("status on the platform"), max_length=80, blank=True, default="", db_default="")

    placed_at = models.DateTimeField(_("placed"))
    imported_at = models.DateTimeField(_("stored"), db_default=Now())
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    shipped_at = models.DateTimeField(_("shipped at"), null=True, blank=True)
    received_at = models.DateTimeField(_("received at"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)
    close_reason = models.CharField(_("reason of closing"), max_length=200, blank=True, default="", db_default="")

    # The clocks: T-PAY, the working step's timer, T-SHIP or the platform's promise, T-AUTO-RECEIVE, T-AS-PERIOD.
    pay_by_at = models.DateTimeField(_("pay by"), null=True, blank=True)
    step_due_at = models.DateTimeField(_("step due"), null=True, blank=True)
    ship_by_at = models.DateTimeField(_("ship by"), null=True, blank=True)
    auto_receive_at = models.DateTimeField(_("received by itself at"), null=True, blank=True)
    settle_at = models.DateTimeField(_("settles at"), null=True, blank=True)

    source_hash = models.BinaryField(max_length=16, null=True)
    source_updated_at = models.DateTimeField(_("changed on the platform"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)

    objects = OrderQuerySet.as_manager()
    buyer_path = "buyer"
    # Its payments where a page has read them already; a fresh copy, as services lock it, knows none.
    known_payments: Sequence[Any] | None = None

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint(fields=["shop", "number"], name="order_once"),
            state_constraint("order_state_known", S),
            models.CheckConstraint(
                name="order_refunds_within_paid",
                condition=Q(
                    refunding_fen__gte=0, refunded_fen__gte=0, paid_fen__gte=F("refunding_fen") + F("refunded_fen")
                ),
            ),
            models.CheckConstraint(
                name="order_freight_refunds_within_freight",
                condition=Q(
                    freight_refunding_fen__gte=0,
                    freight_refunded_fen__gte=0,
                    freight_fen__gte=F("freight_refunding_fen") + F("freight_refunded_fen"),
                ),
            ),
            models.CheckConstraint(
                name="order_paid_adds_up",
                condition=Q(paid_fen=0)
                | Q(
                    paid_fen=F("goods_fen")
                    - F("shop_discount_fen")
                    - F("subsidy_fen")
                    + F("freight_fen")
                    + F("adjustment_fen")
                ),
            ),
            models.CheckConstraint(
                name="order_amounts_positive",
                condition=Q(
                    goods_fen__gte=0, shop_discount_fen__gte=0, subsidy_fen__gte=0, freight_fen__gte=0, paid_fen__gte=0
                ),
            ),
        ]
        indexes = [
            # Newest first is a walk from the end: what arrives in the order of time fills an ascending index's pages
            # whole, and splits those of a descending one in half.
            models.Index(fields=["shop", "state", "placed_at", "id"], name="order_tab"),
            models.Index(fields=["shop", "placed_at", "id"], name="order_all"),
            models.Index(fields=["buyer", "placed_at", "id"], name="order_of_buyer"),
            models.Index(fields=["recipient"], name="order_of_recipient"),
            # Postgres folds LIKE 'x%' into a range only under this operator class; see number_ends_with.
            models.Index(F("shop"), OpClass(Reverse("number"), name="text_pattern_ops"), name="order_number_tail"),
            models.Index(fields=["shop", "ship_by_at"], name="order_to_ship", condition=AWAITING_SHIPMENT),
            models.Index(fields=["pay_by_at"], name="order_to_pay", condition=AWAITING_PAYMENT),
            models.Index(fields=["auto_receive_at"], name="order_to_receive", condition=AWAITING_RECEIPT),
            models.Index(fields=["settle_at"], name="order_to_settle", condition=AWAITING_SETTLEMENT),
            models.Index(fields=["assignee", "step_due_at"], name="order_in_work", condition=IN_WORK),
            models.Index(fields=["shop", "state", "step_due_at", "id"], name="order_in_steps", condition=IN_STEPS),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_unpaid(self) -> bool:
        return self.state == OrderState.PENDING_PAYMENT and self.paid_fen == 0

    @property
    def refundable_fen(self) -> int:
        """What may still be asked back on this order, freight included (M5)."""
        return self.paid_fen - self.refunding_fen - self.refunded_fen

    @property
    def refundable_freight_fen(self) -> int:
        return self.freight_fen - self.freight_refunding_fen - self.freight_refunded_fen

    @property
    def payable_fen(self) -> int:
        """What the buyer has to pay, whether or not they did (M1)."""
        return self.goods_fen - self.shop_discount_fen - self.subsidy_fen + self.freight_fen + self.adjustment_fen

    @property
    def awaits_shipment(self) -> bool:
        """Paid and not wholly sent yet, so that the promised ship time still counts."""
        return self.state in TO_SHIP

    def is_late_to_ship(self, at: datetime) -> bool:
        """已逾期: the promise has passed (T-SHIP) and something of it is still here."""
        return self.awaits_shipment and self.ship_by_at is not None and self.ship_by_at <= at

    @property
    def is_sent(self) -> bool:
        """At least one parcel left the house."""
        return self.shipped_at is not None or self.state in SENT

    @transition(field=state, source=S.PENDING_PAYMENT, target=S.PENDING_REVIEW)
    def pay(self, *, at: datetime, paid_fen: int, ship_by_at: datetime, step_due_at: datetime) -> None:
        """付款: the whole sum is here; T-PAY ends, T-REVIEW and T-SHIP start."""
        self.paid_at, self.paid_fen = at, paid_fen
        self.pay_by_at, self.ship_by_at, self.step_due_at = None, ship_by_at, step_due_at

    @transition(field=state, source=S.PENDING_REVIEW, target=S.PENDING_ASSIGN)
    def pass_review(self, *, step_due_at: datetime | None) -> None:
        """审核通过; T-ASSIGN starts."""
        self.step_due_at = step_due_at

    @transition(field=state, source=S.PENDING_ASSIGN, target=S.PENDING_CONFIRM)
    def assign(self, *, to: Any, step_due_at: datetime | None) -> None:
        """分配: to a person, or to nobody where the shop does without (`to` None); T-CONFIRM starts."""
        self.assignee = to
        self.step_due_at = step_due_at

    @transition(field=state, source=S.PENDING_CONFIRM, target=S.TO_FULFIL)
    def confirm(self) -> None:
        """确认: with the buyer, or skipped by policy; the warehouse may begin."""
        self.step_due_at = None

    @transition(field=state, source=[S.PENDING_ASSIGN, S.PENDING_CONFIRM, S.TO_FULFIL], target=S.PENDING_REVIEW)
    def return_to_review(self, *, step_due_at: datetime | None) -> None:
        """退回审核: something is in doubt, or the order was edited."""
        self.step_due_at = step_due_at

    @transition(field=state, source=S.TO_FULFIL, target=S.PACKED)
    def pack(self) -> None:
        """打包: the last line of it is in a box with a label."""

    @transition(field=state, source=S.PACKED, target=S.TO_FULFIL)
    def unpack(self) -> None:
        """拆包: a box was opened again before it left."""

    @transition(field=state, source=[S.PACKED, S.PARTLY_SHIPPED], target=S.PARTLY_SHIPPED)
    def ship_part(self, *, at: datetime) -> None:
        """部分发货: a parcel left, others follow."""
        self.shipped_at = self.shipped_at or at

    @transition(field=state, source=[S.PACKED, S.PARTLY_SHIPPED], target=S.SHIPPED)
    def ship(self, *, at: datetime, auto_receive_at: datetime) -> None:
        """发货: the last parcel left; T-SHIP ends, T-AUTO-RECEIVE starts."""
        self.shipped_at = self.shipped_at or at
        self.auto_receive_at = auto_receive_at

    @transition(field=state, source=S.SHIPPED, target=S.RECEIVED)
    def receive(self, *, at: datetime, settle_at: datetime) -> None:
        """确认收货: by the buyer or by T-AUTO-RECEIVE; T-AS-PERIOD starts."""
        self.received_at = at
        self.settle_at = settle_at

    @transition(field=state, source=S.RECEIVED, target=S.COMPLETED)
    def complete(self, *, at: datetime) -> None:
        """交易成功: T-AS-PERIOD is over."""
        self.completed_at = at

    @transition(field=state, source=list(CLOSABLE), target=S.CLOSED)
    def close(self, *, at: datetime, reason: str) -> None:
        """订单关闭: never paid, cancelled before shipping, or every line refunded."""
        self.closed_at = at
        self.close_reason = reason[:200]


class OrderLine(models.Model):
    """One bought item. `net_fen` is what the buyer paid for it: the most that can go back on this line (M5)."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    order = models.ForeignKey(Order, models.PROTECT, db_index=False, related_name="lines")
    line_no = models.PositiveSmallIntegerField()
    external_id = models.CharField(_("sub-order number"), max_length=64, blank=True, default="", db_default="")
    listing = models.ForeignKey(Listing, models.PROTECT, db_index=False, related_name="lines")
    quantity = models.PositiveIntegerField(_("quantity"), default=1, db_default=1)
    shipped_quantity = models.PositiveIntegerField(default=0, db_default=0)
    goods_fen = fen()
    discount_fen = fen()
    subsidy_fen = fen()
    net_fen = fen(verbose_name=_("paid for this line"))
    refunding_fen = fen()
    refunded_fen = fen()
    category_class = models.CharField(
        max_length=16, choices=CategoryClass, default=CategoryClass.NORMAL, db_default="normal"
    )
    custom_spec = models.CharField(max_length=300, blank=True, default="", db_default="")
    # A copy of the order's, so that the newest orders of a listing come from one index.
    placed_at = models.DateTimeField()

    objects = ShopQuerySet.as_manager()
    buyer_path = "order__buyer"

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = [
            models.UniqueConstraint(fields=["order", "line_no"], name="order_line_once"),
            models.CheckConstraint(
                name="order_line_refunds_within_net",
                condition=Q(
                    refunding_fen__gte=0, refunded_fen__gte=0, net_fen__gte=F("refunding_fen") + F("refunded_fen")
                ),
            ),
        ]
        indexes = [models.Index(fields=["listing", "placed_at", "order"], name="order_line_of_listing")]

    def __str__(self) -> str:
        return f"{self.title} × {self.quantity}"

    @property
    def title(self) -> str:
        return str(self.listing)

    @property
    def spec(self) -> str:
        return self.custom_spec or self.listing.spec

    @property
    def refundable_fen(self) -> int:
        return self.net_fen - self.refunding_fen - self.refunded_fen


class OrderTag(models.Model):
    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    order = models.ForeignKey(Order, models.PROTECT, db_index=False, related_name="tags")
    tag = models.CharField(max_length=32)
    placed_at = models.DateTimeField()

    objects = ShopQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "tag"], name="order_tag_once")]
        indexes = [models.Index(fields=["shop", "tag", "placed_at", "order"], name="order_tag_page")]

    def __str__(self) -> str:
        return self.tag


class BlockQuerySet(ShopQuerySet):
    def open(self) -> Self:
        return self.filter(closed_at__isnull=True)

    def stopping(self, step: str) -> Self:
        """Open blocks that forbid this step (Stop)."""
        return self.open().filter(stops__contains=[str(step)])


class Block(models.Model):
    """Somebody's reason why an order may not go on. `document` names it; upper apps place it through the services."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    order = models.ForeignKey(Order, models.PROTECT, db_index=False, related_name="blocks")
    kind = models.CharField(_("kind"), max_length=16, choices=BlockKind)
    document = models.CharField(_("document"), max_length=64)
    stops = ArrayField(models.CharField(max_length=16, choices=Stop), verbose_name=_("forbids"))
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="", db_default="")
    opened_at = models.DateTimeField(db_default=Now())
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")

    objects = BlockQuerySet.as_manager()

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        constraints = [
            models.UniqueConstraint(
                fields=["order", "kind", "document"], name="block_open_once", condition=Q(closed_at__isnull=True)
            )
        ]
        indexes = [models.Index(fields=["order"], name="block_of_order")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.document}"


class SourceDiff(models.Model):
    """What a source said that we did not follow: a lower status later, a sum below what is being refunded (R1.3)."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    order = models.ForeignKey(Order, models.PROTECT, db_index=False, related_name="source_diffs")
    field = models.CharField(_("field"), max_length=40)
    ours = models.CharField(_("ours"), max_length=200)
    theirs = models.CharField(_("theirs"), max_length=200)
    source_updated_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField(db_default=Now())

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("difference to the source")
        verbose_name_plural = _("differences to the source")
        constraints = [models.UniqueConstraint(fields=["order", "field", "theirs"], name="source_diff_once")]

    def __str__(self) -> str:
        return f"{self.field}: {self.ours} / {self.theirs}"
