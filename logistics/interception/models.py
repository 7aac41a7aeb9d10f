from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from logistics.couriers.base import Kind
from logistics.interception.enums import (
    ALARM,
    LIVE,
    OPEN,
    STOPPED_STATES,
    WATCHED,
    Evidence,
    Question,
    Reason,
)
from logistics.interception.enums import InterceptionState as S
from merchant.fsm import StateMachine, state_constraint
from merchant.people.querysets import ShopQuerySet

KINDS = [
    (Kind.RETURN_TO_SITE.value, _("back to the collecting site")),
    (Kind.RETURN_TO_SENDER.value, _("back to the sender")),
    (Kind.RETURN_TO_ADDRESS.value, _("back to a given address")),
    (Kind.CHANGE_ADDRESS.value, _("to a new address")),
]
RETURN_KINDS = (Kind.RETURN_TO_SITE.value, Kind.RETURN_TO_SENDER.value, Kind.RETURN_TO_ADDRESS.value)


class InterceptionQuerySet(ShopQuerySet):
    def live(self) -> Self:
        """Those that stand in the way of another one for the same waybill (E14)."""
        return self.filter(state__in=LIVE)

    def open(self) -> Self:
        """Those whose result is not known yet."""
        return self.filter(state__in=OPEN)

    def watched(self) -> Self:
        """Those whose parcel the courier still moves for us."""
        return self.filter(state__in=WATCHED)

    def of_waybill(self, courier: str, waybill: str) -> Self:
        return self.filter(courier=courier, waybill=waybill)


class Interception(StateMachine):
    """One attempt to stop one parcel. `number` is our idempotency key towards the courier."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    number = models.CharField(_("number"), max_length=20)
    package = models.ForeignKey("logistics.Package", models.PROTECT, related_name="interceptions")
    account = models.ForeignKey("merchant.CourierAccount", models.PROTECT, null=True, db_index=False, related_name="+")
    courier = models.CharField(_("courier"), max_length=16)
    waybill = models.CharField(_("tracking number"), max_length=40)
    kind = models.CharField(_("what was asked for"), max_length=24, choices=KINDS)
    state = FSMField(_("state"), max_length=24, choices=S.choices, default=S.SUBMITTED, protected=True)
    # RUNNING past T-INT-RESULT, or seen something that may not pay by itself: a person decides, the watch goes on.
    is_unknown = models.BooleanField(_("result not known"), default=False)
    question = models.CharField(max_length=24, choices=Question, blank=True, default="")
    # The eligibility list with the values it had when the button was pressed.
    checks = models.JSONField(default=list)
    external_ref = models.CharField(_("courier's number"), max_length=64, blank=True, default="")
    reason = models.CharField(_("reason"), max_length=24, choices=Reason, blank=True, default="")
    courier_words = models.CharField(_("the courier's words"), max_length=300, blank=True, default="")
    evidence = models.CharField(_("evidence"), max_length=24, choices=Evidence, blank=True, default="")
    status_code = models.CharField(max_length=40, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    # When the sender acts next; set while SUBMITTED only. It is also the lease of a call under way.
    next_attempt_at = models.DateTimeField(null=True)
    # The clock people see: T-INT-ACK, T-INT-RESULT, T-RETURN-HOME, T-INSPECT, T-CLAIM-FILE by state.
    due_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(_("submitted at"))
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    accepted_at = models.DateTimeField(_("accepted at"), null=True)
    settled_at = models.DateTimeField(_("result at"), null=True)
    returned_at = models.DateTimeField(_("back in the warehouse at"), null=True)
    fee_fen = models.BigIntegerField(_("interception fee (fen)"), default=0)
    freight_fen = models.BigIntegerField(_("back freight (fen)"), default=0)
    # What the courier named when it took the request; most name nothing.
    quoted_fee_fen = models.BigIntegerField(null=True)
    # From the account's rate card until the courier bills.
    is_cost_estimated = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())

    objects = InterceptionQuerySet.as_manager()
    buyer_path = "package__order__buyer"

    class Meta:
        verbose_name = _("interception")
        verbose_name_plural = _("interceptions")
        constraints = [
            models.UniqueConstraint(fields=["shop", "number"], name="interception_number_once"),
            models.UniqueConstraint(
                fields=["courier", "waybill"],
                name="interception_one_live_a_waybill",
                condition=models.Q(state__in=[str(state) for state in LIVE]),
            ),
            state_constraint("interception_state_known", S),
            models.CheckConstraint(
                name="interception_costs_positive", condition=models.Q(fee_fen__gte=0, freight_fen__gte=0)
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="interception_due",
                condition=models.Q(state__in=[str(state) for state in LIVE]),
            ),
            models.Index(
                fields=["next_attempt_at"], name="interception_ask", condition=models.Q(state=S.SUBMITTED.value)
            ),
            models.Index(fields=["shop", "state", "created_at"], name="interception_list"),
            # Few and never cleared away: the sweep that drafts claims for them reads these alone.
            models.Index(
                fields=["state", "id"],
                name="interception_alarm",
                condition=models.Q(state__in=[str(state) for state in ALARM]),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_stopped(self) -> bool:
        """The courier has the parcel turned round: it comes home, is home, or was."""
        return self.state in STOPPED_STATES

    @property
    def is_return(self) -> bool:
        return self.kind in RETURN_KINDS

    @property
    def may_pay_by_itself(self) -> bool:
        """Whether the stop was proved by evidence on the closed list; otherwise a person decides about the money."""
        return self.is_stopped and self.evidence in (Evidence.STATUS, Evidence.RETURN_SCAN)

    @property
    def cost_fen(self) -> int:
        """Fee and back freight together, in fen (M13)."""
        return self.fee_fen + self.freight_fen

    @transition(field=state, source=S.SUBMITTED, target=S.RUNNING)
    def accept(self) -> None:
        """The courier registered the request. It has not stopped anything yet."""

    @transition(field=state, source=[S.RUNNING, S.FAILED], target=S.SUCCEEDED)
    def succeed(self) -> None:
        """拦截成功: the parcel is stopped; from FAILED by late evidence."""
        self.reason = Reason.NONE
        self.is_unknown = False
        self.question = Question.NONE

    @transition(field=state, source=[S.SUBMITTED, S.RUNNING], target=S.FAILED)
    def fail(self) -> None:
        """拦截失败: refused, too late, signed for, or no answer in time."""
        self.is_unknown = False
        self.question = Question.NONE

    @transition(field=state, source=S.RUNNING, target=S.RUNNING)
    def mark_unknown(self) -> None:
        """结果未知: people decide about the case, the watch goes on."""
        self.is_unknown = True

    @transition(field=state, source=[S.SUBMITTED, S.RUNNING], target=S.WITHDRAWN)
    def withdraw(self) -> None:
        """撤销: the merchant took the request back and the courier agreed."""
        self.is_unknown = False
        self.question = Question.NONE

    @transition(field=state, source=[S.SUCCEEDED, S.FAILED], target=S.RETURNING)
    def turn_back(self) -> None:
        """The track shows the parcel on its way home; from FAILED when it comes back anyway."""

    @transition(field=state, source=[S.RETURNING, S.LOST_SUSPECT], target=S.RETURNED)
    def receive(self) -> None:
        """The warehouse scanned it."""

    @transition(field=state, source=[S.SUCCEEDED, S.RETURNING], target=S.DELIVERED_ANYWAY)
    def deliver_anyway(self) -> None:
        """Signed for on the receiver's side after all."""

    @transition(field=state, source=[S.SUCCEEDED, S.RETURNING], target=S.LOST_SUSPECT)
    def suspect_loss(self) -> None:
        """T-RETURN-HOME passed and the warehouse has not seen it."""

    @transition(field=state, source=S.LOST_SUSPECT, target=S.CLOSED_LOST)
    def give_up(self) -> None:
        """Not found; the loss goes to a claim."""

    @transition(field=state, source=S.RETURNED, target=S.CLOSED_OK)
    def close_ok(self) -> None:
        """Inspected, the goods go back on the shelf."""

    @transition(field=state, source=S.RETURNED, target=S.CLOSED_DAMAGED)
    def close_damaged(self) -> None:
        """Inspected, the goods are damaged: a claim on the courier."""
