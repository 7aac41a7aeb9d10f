"""A case is what a buyer asks for after paying; the money it may cost is a Refund, a row of its own."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from aftersales.cases.enums import (
    CLOSED_STATES,
    OPEN_STATES,
    PAYING_KINDS,
    CaseKind,
    CaseState,
    CaseTag,
    InterceptionEvent,
    OpenedBy,
    Origin,
    Timer,
)
from aftersales.cases.querysets import CaseQuerySet
from aftersales.cases.reason_texts import why
from merchant.fsm import StateMachine, state_constraint
from merchant.people.querysets import ShopQuerySet

S = CaseState
OPEN_BUT_REFUNDING = [state for state in OPEN_STATES if state != S.REFUNDING]


class Case(StateMachine):
    """售后单. `number` is the platform's own for platform cases. `version` grows with every move and every edit, so
    that a page drawn before is refused (E16). `due_at` and `clock` name the timer that runs."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    number = models.CharField(_("case number"), max_length=40)
    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="cases")
    buyer = models.ForeignKey("orders.Buyer", models.PROTECT, null=True, db_index=False, related_name="cases")
    kind = models.CharField(_("kind"), max_length=24, choices=CaseKind)
    origin = models.CharField(_("origin"), max_length=12, choices=Origin)
    opened_by = models.CharField(_("opened by"), max_length=12, choices=OpenedBy)
    state = FSMField(_("state"), max_length=24, choices=CaseState, default=S.APPLIED, protected=True)
    tag = models.CharField(_("tag"), max_length=24, choices=CaseTag, blank=True, default="")
    # The code behind the tag: an interception's reason, a refund's error.
    tag_reason = models.CharField(max_length=64, blank=True, default="")
    is_before_receipt = models.BooleanField(_("before receipt"), default=True)
    amount_fen = models.BigIntegerField(_("amount"))
    freight_fen = models.BigIntegerField(_("freight in the amount"), default=0)
    reason = models.CharField(_("buyer's reason"), max_length=200, blank=True, default="")
    refusal = models.JSONField(default=dict, blank=True)
    # What the shop offered instead: {"amount_fen": …, "parts": {line: fen}, "note": …}; empty when nothing.
    offer = models.JSONField(default=dict, blank=True)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    level = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(_("answer due at"), null=True)
    clock = models.CharField(max_length=20, choices=Timer, blank=True, default="")
    # The clock ran out and was acted upon: warned on a platform, marked "merchant late" in our own channel.
    is_late = models.BooleanField(_("late"), default=False)
    warned_at = models.DateTimeField(null=True)
    is_auto = models.BooleanField(_("settled by rule"), default=False)
    interception = models.ForeignKey(
        "logistics.Interception", models.PROTECT, null=True, db_index=False, related_name="cases"
    )
    # What the interception last told this case and was acted upon (`InterceptionEvent`): nothing is told twice.
    last_interception_event = models.CharField(max_length=20, choices=InterceptionEvent, blank=True, default="")
    # The rule `auto_submit` had its one try; the answer stands in the trail.
    auto_tried_at = models.DateTimeField(null=True)
    # Our decision must still be told to the platform (a refusal); the sweep looks at this until it has been.
    platform_sync_at = models.DateTimeField(null=True)
    external_version = models.CharField(max_length=32, blank=True, default="")
    external_status = models.CharField(max_length=32, blank=True, default="")
    # The row of merchant.policy in force when the clock started.
    policy_version = models.BigIntegerField(null=True)
    round_no = models.PositiveSmallIntegerField(default=1)
    applied_at = models.DateTimeField(_("applied at"))
    closed_at = models.DateTimeField(_("closed at"), null=True)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CaseQuerySet.as_manager()
    buyer_path = "buyer"

    class Meta:
        verbose_name = _("after-sale case")
        verbose_name_plural = _("after-sale cases")
        constraints = [
            models.UniqueConstraint(fields=["shop", "number"], name="case_number_once"),
            models.CheckConstraint(name="case_amount_not_negative", condition=Q(amount_fen__gte=0)),
            models.CheckConstraint(
                name="case_money_kind_has_amount", condition=Q(amount_fen__gt=0) | ~Q(kind__in=PAYING_KINDS)
            ),
            models.CheckConstraint(
                name="case_freight_within_amount", condition=Q(freight_fen__gte=0) & Q(freight_fen__lte=F("amount_fen"))
            ),
            models.CheckConstraint(
                name="case_open_has_clock",
                condition=Q(state__in=CLOSED_STATES) | (Q(due_at__isnull=False) & ~Q(clock="")),
            ),
            models.CheckConstraint(
                name="case_closed_has_time",
                condition=Q(state__in=OPEN_STATES, closed_at__isnull=True)
                | Q(state__in=CLOSED_STATES, closed_at__isnull=False),
            ),
            state_constraint("case_state_known", CaseState),
        ]
        indexes = [
            models.Index(fields=["shop", "state", "applied_at", "id"], name="case_tab"),
            # What was settled, the newest first.
            models.Index(fields=["shop", "closed_at", "id"], name="case_done", condition=Q(state__in=CLOSED_STATES)),
            models.Index(fields=["assignee", "due_at"], name="case_mine_due", condition=Q(state__in=OPEN_STATES)),
            models.Index(fields=["shop", "due_at"], name="case_shop_due", condition=Q(state__in=OPEN_STATES)),
            models.Index(fields=["due_at"], name="case_due", condition=Q(state__in=OPEN_STATES)),
            # Has this order an open case? Asked of every order that waits to be shipped.
            models.Index(fields=["order"], name="case_open_order", condition=Q(state__in=OPEN_STATES)),
            models.Index(fields=["buyer", "applied_at"], name="case_buyer"),
            models.Index(fields=["interception"], name="case_interception", condition=Q(interception__isnull=False)),
            models.Index(
                fields=["shop"],
                name="case_to_try",
                condition=Q(state=S.APPLIED, kind=CaseKind.REFUND_ONLY_SHIPPED, auto_tried_at__isnull=True),
            ),
            models.Index(fields=["platform_sync_at"], name="case_to_tell", condition=Q(platform_sync_at__isnull=False)),
            models.Index(fields=["shop", "tag", "due_at"], name="case_tagged", condition=~Q(tag="")),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def is_platform(self) -> bool:
        """The platform's row is the truth for this case (law 8)."""
        return self.origin == Origin.PLATFORM

    @property
    def tag_sentence(self) -> str:
        """Why the case is back with people, in words; empty when it is not."""
        return why(self.tag_reason) if self.tag else ""

    def save(self, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "updated_at"}
        super().save(*args, **kwargs)

    # --- transitions: the table of docs/states, nothing else -----------------------------------------

    @transition(field=state, source=[S.APPLIED, S.INTERCEPTING, S.WAIT_BUYER_REPLY], target=S.REFUNDING)
    def agree(self) -> None:
        """同意退款: the shop, its rule or its clock agrees to pay."""

    @transition(field=state, source=S.APPLIED, target=S.WAIT_BUYER_RETURN)
    def agree_return(self) -> None:
        """同意退货: goods first, then money."""

    @transition(field=state, source=S.APPLIED, target=S.WAIT_SELLER_RESEND)
    def agree_resend(self) -> None:
        """同意补发."""

    @transition(field=state, source=S.APPLIED, target=S.WAIT_BUYER_REPLY)
    def propose(self) -> None:
        """协商: the shop offers another amount and the buyer has T-NEGO to answer."""

    @transition(field=state, source=S.WAIT_BUYER_REPLY, target=S.APPLIED)
    def decline(self) -> None:
        """The buyer says no to the offer, or T-NEGO runs out."""

    @transition(field=state, source=S.APPLIED, target=S.INTERCEPTING)
    def intercept(self) -> None:
        """拦截: the parcel is being stopped; the answer to the buyer waits for the courier."""

    @transition(field=state, source=S.INTERCEPTING, target=S.APPLIED)
    def hand_back(self) -> None:
        """The courier failed, is silent, or the interception was withdrawn: people decide again."""

    @transition(field=state, source=S.APPLIED, target=S.REFUSED)
    def refuse(self) -> None:
        """拒绝: with a reason, and with evidence where the reason demands it."""

    @transition(field=state, source=[S.APPLIED, S.INTERCEPTING, S.WAIT_BUYER_REPLY, S.REFUSED], target=S.APPLIED)
    def edit(self) -> None:
        """The buyer changes amount or type, or applies again after a refusal: earlier checks are void."""

    @transition(field=state, source=OPEN_BUT_REFUNDING, target=S.CANCELLED)
    def withdraw(self) -> None:
        """买家撤销."""

    @transition(field=state, source=S.REFUNDING, target=S.APPLIED)
    def reopen(self) -> None:
        """The refund was rejected by the second person or held back before it was sent: people decide again."""

    @transition(field=state, source=S.REFUNDING, target=S.CANCELLED)
    def cancel_refunding(self) -> None:
        """The channel says the money can no longer be paid because the case is gone there."""

    @transition(field=state, source=[S.REFUNDING, S.REFUND_FAILED], target=S.SUCCESS)
    def succeed(self) -> None:
        """售后成功: the money has moved."""

    @transition(field=state, source=S.REFUNDING, target=S.REFUND_FAILED)
    def fail(self) -> None:
        """退款失败: the channel cannot pay this money in; T-OFFLINE starts."""

    @transition(field=state, source=[S.REFUND_FAILED], target=S.REFUNDING)
    def retry(self) -> None:
        """A successor refund is on its way."""

    @transition(field=state, source=[S.REFUSED, S.REFUSED_AFTER_RETURN], target=S.PLATFORM)
    def escalate(self) -> None:
        """平台介入."""

    @transition(field=state, source=[S.REFUSED, S.REFUSED_AFTER_RETURN, S.WAIT_BUYER_RETURN], target=S.CLOSED)
    def close(self) -> None:
        """The buyer let the time pass."""

    @transition(field=state, source=S.WAIT_BUYER_RETURN, target=S.WAIT_SELLER_RECEIVE)
    def ship_back(self) -> None:
        """The buyer filled in the waybill of the return."""

    @transition(field=state, source=S.WAIT_SELLER_RECEIVE, target=S.INSPECTING)
    def receive(self) -> None:
        """The warehouse scanned the return."""

    @transition(
        field=state, source=[S.INSPECTING, S.WAIT_SELLER_RECEIVE, S.PLATFORM, S.WAIT_SELLER_RESEND], target=S.REFUNDING
    )
    def grant(self) -> None:
        """Inspection passed, the return clock ran out, the platform ruled, or an exchange has no stock: pay."""

    @transition(field=state, source=S.INSPECTING, target=S.WAIT_SELLER_RESEND)
    def exchange(self) -> None:
        """The return passed: the other goods go out."""

    @transition(field=state, source=S.INSPECTING, target=S.REPAIRING)
    def repair(self) -> None:
        """The return passed: it is being repaired."""

    @transition(field=state, source=S.INSPECTING, target=S.REFUSED_AFTER_RETURN)
    def refuse_return(self) -> None:
        """What came back differs or is damaged."""

    @transition(field=state, source=S.REFUSED_AFTER_RETURN, target=S.REFUNDING)
    def settle_return(self) -> None:
        """协商退款: shop and buyer agree what is paid for goods that came back otherwise than they went."""

    @transition(field=state, source=S.REFUNDING, target=S.REFUSED_AFTER_RETURN)
    def reopen_return(self) -> None:
        """That settlement was rejected or held back before it was sent: the agent talks to the buyer again."""

    @transition(field=state, source=[S.WAIT_SELLER_RESEND, S.REPAIRING], target=S.WAIT_BUYER_RECEIVE)
    def resend(self) -> None:
        """Exchanged, repaired or missing goods are on their way to the buyer."""

    @transition(field=state, source=S.WAIT_BUYER_RECEIVE, target=S.SUCCESS)
    def arrive(self) -> None:
        """The buyer has them."""

    @transition(field=state, source=S.PLATFORM, target=S.CLOSED)
    def dismiss(self) -> None:
        """The platform ruled for the shop."""

    @transition(field=state, source="*", target=S.APPLIED)
    def platform_applied(self) -> None:
        """Law 8: the platform's newer version says the buyer waits for the shop."""

    @transition(field=state, source="*", target=S.WAIT_BUYER_REPLY)
    def platform_wait_buyer_reply(self) -> None:
        """Law 8: the platform's newer version says an offer is with the buyer."""

    @transition(field=state, source="*", target=S.REFUNDING)
    def platform_refunding(self) -> None:
        """Law 8: the platform's newer version says it is paying."""

    @transition(field=state, source="*", target=S.WAIT_BUYER_RETURN)
    def platform_wait_buyer_return(self) -> None:
        """Law 8: the platform's newer version says the buyer sends the goods back."""

    @transition(field=state, source="*", target=S.WAIT_SELLER_RECEIVE)
    def platform_wait_seller_receive(self) -> None:
        """Law 8: the platform's newer version says the return is on its way to us."""

    @transition(field=state, source="*", target=S.WAIT_SELLER_RESEND)
    def platform_wait_seller_resend(self) -> None:
        """Law 8: the platform's newer version says we owe the buyer goods."""

    @transition(field=state, source="*", target=S.WAIT_BUYER_RECEIVE)
    def platform_wait_buyer_receive(self) -> None:
        """Law 8: the platform's newer version says goods are on their way to the buyer."""

    @transition(field=state, source="*", target=S.REFUSED)
    def platform_refused(self) -> None:
        """Law 8: the platform's newer version says the shop refused, there or here."""

    @transition(field=state, source="*", target=S.REFUSED_AFTER_RETURN)
    def platform_refused_after_return(self) -> None:
        """Law 8: the platform's newer version says the shop refused after the return."""

    @transition(field=state, source="*", target=S.PLATFORM)
    def platform_platform(self) -> None:
        """Law 8: the platform has taken the case."""

    @transition(field=state, source="*", target=S.SUCCESS)
    def platform_success(self) -> None:
        """Law 8: the platform's newer version says it is settled."""

    @transition(field=state, source="*", target=S.CLOSED)
    def platform_closed(self) -> None:
        """Law 8: the platform's newer version says it is closed."""

    @transition(field=state, source="*", target=S.CANCELLED)
    def platform_cancelled(self) -> None:
        """Law 8: the platform's newer version says the buyer withdrew."""


class CaseLine(models.Model):
    """What a case asks for, line by line. `is_open` follows the case, so that a line has one open case at most."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    case = models.ForeignKey(Case, models.PROTECT, db_index=False, related_name="lines")
    order_line = models.ForeignKey("orders.OrderLine", models.PROTECT, db_index=False, related_name="case_lines")
    quantity = models.PositiveIntegerField(default=1)
    amount_fen = models.BigIntegerField()
    is_open = models.BooleanField(default=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("case line")
        verbose_name_plural = _("case lines")
        constraints = [
            models.UniqueConstraint(fields=["case", "order_line"], name="case_line_once"),
            models.UniqueConstraint(fields=["order_line"], name="case_line_one_open", condition=Q(is_open=True)),
            models.CheckConstraint(name="case_line_amount_not_negative", condition=Q(amount_fen__gte=0)),
        ]
        indexes = [models.Index(fields=["order_line"], name="case_line_order_line")]
