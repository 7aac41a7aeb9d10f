"""A refund is one movement of money. Its number is the idempotency key the channel sees, on every try."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, OuterRef, Q
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from aftersales.channels.enums import RefundOutcome, WentTo
from aftersales.refunds.enums import (
    FAILED_STATES,
    LIVE_STATES,
    PAID_STATES,
    WAITING_STATES,
    RefundKind,
    RefundState,
    Source,
    Way,
)
from merchant.encryption.fields import EncryptedJSON
from merchant.fsm import StateMachine, state_constraint
from merchant.people.querysets import ShopQuerySet

S = RefundState


class RefundQuerySet(ShopQuerySet):
    def live(self) -> Self:
        """Money that may still leave or has left."""
        return self.filter(state__in=LIVE_STATES)

    def paid(self) -> Self:
        return self.filter(state__in=PAID_STATES)

    def to_move(self) -> Self:
        """With the parts on the lines read beside each: they are written with the refund and never change."""
        part = JSONObject(line="order_line_id", fen="amount_fen")
        lines = RefundLine.objects.filter(refund=OuterRef("pk")).order_by("pk")
        return self.annotate(read_parts=ArraySubquery(lines.values(part=part)))

    def in_force(self) -> Self:
        """Paid, or still owed: neither given up nor taken over by another number."""
        return self.exclude(state__in=[S.REJECTED, S.VOID]).exclude(state=S.CLOSED, successor__isnull=False)

    def waiting(self) -> Self:
        return self.filter(state__in=WAITING_STATES)

    def for_finance(self) -> Self:
        """Approved, and held until finance releases the money."""
        return self.filter(state=S.APPROVED, next_at__isnull=True).order_by("created_at", "pk")

    def failed(self) -> Self:
        """Could not be paid and nobody has paid another way yet."""
        return self.filter(state__in=FAILED_STATES, successor__isnull=True).order_by("created_at", "pk")


class Refund(StateMachine):
    """退款单. Reserved on the order from the first moment, so Σ refunds never passes what was paid (M5)."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    number = models.CharField(_("refund number"), max_length=32)
    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="refunds")
    # The payment it goes back to. A composite foreign key (migration 0002) holds payment, order and channel together.
    payment = models.ForeignKey("orders.Payment", models.PROTECT, db_index=False, related_name="refunds")
    case = models.ForeignKey("aftersales.Case", models.PROTECT, null=True, related_name="refunds")
    interception = models.ForeignKey(
        "logistics.Interception", models.PROTECT, null=True, db_index=False, related_name="refunds"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=RefundKind, default=RefundKind.REFUND)
    source = models.CharField(_("source"), max_length=16, choices=Source)
    channel = models.CharField(_("channel"), max_length=24)
    state = FSMField(_("state"), max_length=24, choices=RefundState, default=S.CREATED, protected=True)
    amount_fen = models.BigIntegerField(_("amount"))
    freight_fen = models.BigIntegerField(_("freight in the amount"), default=0)
    channel_number = models.CharField(_("channel's number"), max_length=64, blank=True, default="")
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="successor")
    attempts = models.PositiveIntegerField(default=0)
    # When the next step is due: to send (approved), to ask (processing, waiting for funds). Empty = waits for a person.
    next_at = models.DateTimeField(null=True)
    # The channel has been called with this number at least once: from here on we ask before anything else.
    sent_at = models.DateTimeField(_("sent at"), null=True)
    funds_short_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(_("settled at"), null=True)
    # When people must have acted: T-FUNDS while the balance is short, T-OFFLINE once it failed.
    due_at = models.DateTimeField(_("due"), null=True)
    # What the channel last said about this number, and where it says the money went.
    outcome = models.CharField(_("last answer"), max_length=16, choices=RefundOutcome, blank=True, default="")
    went_to = models.CharField(_("paid to"), max_length=12, choices=WentTo, blank=True, default="")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    # Offline payout: asked for with proof by one person, confirmed by another.
    payout_proof = models.JSONField(default=dict, blank=True)
    payout_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    payout_approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    error = models.CharField(max_length=300, blank=True, default="")
    reason = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = RefundQuerySet.as_manager()
    buyer_path = "order__buyer"

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.UniqueConstraint(fields=["shop", "number"], name="refund_number_once"),
            models.UniqueConstraint(
                fields=["case", "payment"], name="refund_live_once_per_payment", condition=Q(state__in=LIVE_STATES)
            ),
            models.CheckConstraint(name="refund_amount_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="refund_freight_within_amount",
                condition=Q(freight_fen__gte=0) & Q(freight_fen__lte=F("amount_fen")),
            ),
            models.CheckConstraint(name="refund_channel_named", condition=~Q(channel="")),
            models.CheckConstraint(
                name="refund_second_person_payout",
                condition=Q(payout_approved_by__isnull=True) | ~Q(payout_approved_by=F("payout_by")),
            ),
            models.CheckConstraint(
                name="refund_offline_has_two_people",
                condition=~Q(state=S.OFFLINE_DONE) | (Q(payout_by__isnull=False) & Q(payout_approved_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="refund_in_flight_has_clock",
                condition=~Q(state__in=[S.PROCESSING, S.WAIT_FUNDS]) | Q(next_at__isnull=False),
            ),
            models.CheckConstraint(
                name="refund_paid_has_time", condition=~Q(state__in=PAID_STATES) | Q(settled_at__isnull=False)
            ),
            state_constraint("refund_state_known", RefundState),
        ]
        indexes = [
            models.Index(fields=["next_at"], name="refund_next", condition=Q(state__in=WAITING_STATES)),
            models.Index(fields=["shop", "state", "created_at"], name="refund_tab"),
            models.Index(
                fields=["approved_by", "created_at"], name="refund_by_person", condition=Q(approved_by__isnull=False)
            ),
            models.Index(fields=["interception"], name="refund_interception", condition=Q(interception__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def parts(self) -> dict[int, int]:
        """{order line id: fen}: how the amount falls on the lines, freight apart."""
        known = self.__dict__.get("read_parts")
        if known is not None:
            return {part["line"]: part["fen"] for part in known}
        return {line.order_line_id: line.amount_fen for line in self.lines.all()}

    @property
    def waits_for_finance(self) -> bool:
        return self.state == S.APPROVED and self.next_at is None

    # --- transitions --------------------------------------------------------------------------------

    @transition(field=state, source=S.CREATED, target=S.APPROVED)
    def approve(self) -> None:
        """同意退款: within the limit, by rule, or by a second person."""

    @transition(field=state, source=[S.CREATED, S.APPROVED], target=S.REJECTED)
    def reject(self) -> None:
        """The second person, or finance, says no."""

    @transition(field=state, source=[S.CREATED, S.APPROVED, S.PROCESSING, S.WAIT_FUNDS], target=S.VOID)
    def void(self) -> None:
        """Overtaken: the case is gone or changed. Once sent, only the channel's own word leads here."""

    @transition(field=state, source=S.APPROVED, target=S.PROCESSING)
    def send(self) -> None:
        """发起退款: claimed for the channel; from now on we ask before we send again."""

    @transition(field=state, source=[S.PROCESSING, S.WAIT_FUNDS, S.ABNORMAL], target=S.SUCCESS)
    def settle(self) -> None:
        """退款成功: the channel says the money has moved."""

    @transition(field=state, source=S.PROCESSING, target=S.WAIT_FUNDS)
    def wait_funds(self) -> None:
        """The shop's balance is short: same number again when there is money."""

    @transition(field=state, source=S.WAIT_FUNDS, target=S.PROCESSING)
    def resume(self) -> None:
        """Funds are back: the same number is asked for, or sent, again."""

    @transition(field=state, source=S.CLOSED, target=S.SUCCESS)
    def adopt(self) -> None:
        """渠道后台已退: the channel had paid it under a number of its own, which is why it refused ours."""

    @transition(field=state, source=[S.PROCESSING, S.WAIT_FUNDS], target=S.ABNORMAL)
    def turn_abnormal(self) -> None:
        """The buyer's card or account cannot take the money."""

    @transition(field=state, source=[S.PROCESSING, S.WAIT_FUNDS], target=S.CLOSED)
    def close(self) -> None:
        """The channel closed it unpaid; a new number may replace it, once."""

    @transition(field=state, source=[S.APPROVED, S.ABNORMAL, S.CLOSED], target=S.OFFLINE_DONE)
    def pay_offline(self) -> None:
        """线下打款: paid another way, with proof, by two people. Unsent only where the buyer's wish was granted."""


class RefundLine(models.Model):
    """The part of a refund that falls on one order line."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    refund = models.ForeignKey(Refund, models.PROTECT, db_index=False, related_name="lines")
    order_line = models.ForeignKey("orders.OrderLine", models.PROTECT, related_name="refund_lines")
    amount_fen = models.BigIntegerField()
    breakdown = models.JSONField(default=dict, blank=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund line")
        verbose_name_plural = _("refund lines")
        constraints = [
            models.UniqueConstraint(fields=["refund", "order_line"], name="refund_line_once"),
            models.CheckConstraint(name="refund_line_positive", condition=Q(amount_fen__gt=0)),
        ]


class RefundCall(models.Model):
    """One question or order to a channel about one refund, with its answer. Append-only; `Refund.attempts` counts the
    calls begun, so a missing attempt is a call nobody heard the end of."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    refund = models.ForeignKey(Refund, models.PROTECT, db_index=False, related_name="calls")
    attempt = models.PositiveIntegerField()
    operation = models.CharField(max_length=12)
    # What was said on the wire, sealed; None once it was purged, the outcome stays.
    request = EncryptedJSON(null=True)
    answer = EncryptedJSON(null=True)
    outcome = models.CharField(max_length=16)
    at = models.DateTimeField()
    answered_at = models.DateTimeField()

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("channel call")
        verbose_name_plural = _("channel calls")
        constraints = [models.UniqueConstraint(fields=["refund", "attempt"], name="refund_call_once")]


class WishQuerySet(ShopQuerySet):
    def about(self, refund: Refund) -> Self:
        """What the buyer of this refund was asked and said, newest first."""
        of_case = Q(case_id=refund.case_id) if refund.case_id else Q(pk__in=[])
        return self.filter(of_case | Q(refund=refund), order_id=refund.order_id).order_by("-pk")


class RefundWish(models.Model):
    """The buyer's word about the way of a refund: asked for, told, and granted by a second person where it is an
    exception. Never changed by a later word; the newest with a `way` counts."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="refund_wishes")
    case = models.ForeignKey("aftersales.Case", models.PROTECT, null=True, db_index=False, related_name="wishes")
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, db_index=False, related_name="wishes")
    asked_at = models.DateTimeField(_("buyer asked at"), null=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    way = models.CharField(_("way"), max_length=12, choices=Way, blank=True, default="")
    note = models.CharField(_("the buyer's words"), max_length=200, blank=True, default="")
    told_at = models.DateTimeField(_("told at"), null=True)
    told_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    granted_at = models.DateTimeField(_("granted at"), null=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )

    objects = WishQuerySet.as_manager()

    class Meta:
        verbose_name = _("buyer's wish")
        verbose_name_plural = _("buyers' wishes")
        constraints = [
            models.CheckConstraint(
                name="wish_asked_or_told", condition=Q(asked_at__isnull=False) | ~Q(way="") & Q(told_at__isnull=False)
            ),
            models.CheckConstraint(
                name="wish_second_person", condition=Q(granted_by__isnull=True) | ~Q(granted_by=F("told_by"))
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_way_display() or _("asked"))

    @property
    def is_exception(self) -> bool:
        return self.way not in ("", Way.ORIGINAL)
