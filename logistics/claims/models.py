from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from logistics.claims.enums import OPEN, PROVED_BY_TRACK, WAITING, Basis, Cause, Ending, FiledThrough, PaidThrough
from logistics.claims.enums import ClaimState as S
from merchant.fsm import StateMachine, state_constraint
from merchant.people.querysets import ShopQuerySet

IS_OPEN = Q(state__in=[str(state) for state in OPEN])


def values(states: tuple[S, ...]) -> list[str]:
    return [str(state) for state in states]


class ClaimQuerySet(ShopQuerySet):
    def open(self) -> Self:
        """Those that stand in the way of another one for the same parcel and cause."""
        return self.filter(state__in=OPEN)

    def to_file(self) -> Self:
        return self.filter(state=S.DRAFT)

    def waiting(self) -> Self:
        """With the courier: it answers, or pays what it agreed."""
        return self.filter(state__in=WAITING)


class Claim(StateMachine):
    """What a courier owes for goods it broke, lost or gave away: one open claim a parcel and cause (M14)."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    number = models.CharField(_("number"), max_length=20)
    package = models.ForeignKey("logistics.Package", models.PROTECT, related_name="claims")
    interception = models.ForeignKey("logistics.Interception", models.PROTECT, null=True, related_name="claims")
    # Copies of the parcel's, which never change: the report and the lists read this table alone.
    courier = models.CharField(_("courier"), max_length=16)
    order_number = models.CharField(_("order number"), max_length=64)
    cause = models.CharField(_("cause"), max_length=24, choices=Cause)
    state = FSMField(_("state"), max_length=24, choices=S.choices, default=S.DRAFT, protected=True)
    # Drafted by the system and not touched by a person yet: a better known loss may still replace its amounts.
    is_automatic = models.BooleanField(default=False)
    loss_fen = models.BigIntegerField(_("loss (fen)"))
    insured_fen = models.BigIntegerField(_("insured value (fen)"), null=True)
    claimed_fen = models.BigIntegerField(_("claimed (fen)"))
    agreed_fen = models.BigIntegerField(_("agreed (fen)"), null=True)
    paid_fen = models.BigIntegerField(_("paid (fen)"), default=0)
    basis = models.CharField(_("basis of the amount"), max_length=16, choices=Basis)
    note = models.CharField(_("note"), max_length=300, blank=True, default="")
    inspection_number = models.CharField(_("inspection"), max_length=20, blank=True, default="")
    # The row above us whose photos are evidence (merchant.attachments keeps them by kind and id).
    evidence_kind = models.CharField(max_length=32, blank=True, default="")
    evidence_id = models.BigIntegerField(null=True)
    # T-CLAIM-FILE, while it is a draft.
    due_at = models.DateTimeField(null=True)
    filed_at = models.DateTimeField(_("filed at"), null=True)
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    filed_through = models.CharField(_("filed through"), max_length=16, choices=FiledThrough, blank=True, default="")
    courier_reference = models.CharField(_("courier's number"), max_length=64, blank=True, default="")
    answered_at = models.DateTimeField(_("answered at"), null=True)
    courier_words = models.CharField(_("the courier's words"), max_length=300, blank=True, default="")
    # Once only.
    appealed_at = models.DateTimeField(_("appealed at"), null=True)
    paid_at = models.DateTimeField(_("paid at"), null=True)
    paid_through = models.CharField(_("paid through"), max_length=16, choices=PaidThrough, blank=True, default="")
    payment_reference = models.CharField(_("number of the payment"), max_length=64, blank=True, default="")
    closed_at = models.DateTimeField(_("closed at"), null=True)
    ending = models.CharField(_("ending"), max_length=16, choices=Ending, blank=True, default="")
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = ClaimQuerySet.as_manager()
    buyer_path = "package__order__buyer"

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        constraints = [
            models.UniqueConstraint(fields=["shop", "number"], name="claim_number_once"),
            models.UniqueConstraint(fields=["package", "cause"], name="claim_one_open_a_cause", condition=IS_OPEN),
            state_constraint("claim_state_known", S),
            models.CheckConstraint(
                name="claim_amounts_positive",
                condition=Q(loss_fen__gt=0, claimed_fen__gt=0, paid_fen__gte=0)
                & (Q(agreed_fen__isnull=True) | Q(agreed_fen__gt=0))
                & (Q(insured_fen__isnull=True) | Q(insured_fen__gt=0)),
            ),
            models.CheckConstraint(
                name="claim_within_loss",
                condition=Q(claimed_fen__lte=F("loss_fen"), paid_fen__lte=F("claimed_fen"))
                & (Q(agreed_fen__isnull=True) | Q(agreed_fen__lte=F("claimed_fen"))),
            ),
            models.CheckConstraint(name="claim_draft_has_clock", condition=~Q(state=S.DRAFT) | Q(due_at__isnull=False)),
        ]
        indexes = [
            models.Index(fields=["shop", "due_at", "id"], name="claim_to_file", condition=Q(state=S.DRAFT.value)),
            models.Index(
                fields=["shop", "filed_at", "id"],
                name="claim_waiting",
                condition=Q(state__in=values(WAITING)),
            ),
            models.Index(fields=["shop", "state", "created_at"], name="claim_list"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_proved_by_track(self) -> bool:
        return self.cause in PROVED_BY_TRACK

    @property
    def own_loss_fen(self) -> int:
        """What stays with the shop as things stand: the loss less what the courier paid or has agreed to pay."""
        if self.state == S.ACCEPTED:
            return self.loss_fen - (self.agreed_fen or 0)
        return self.loss_fen - self.paid_fen

    @transition(field=state, source=S.DRAFT, target=S.FILED)
    def file(self) -> None:
        """The claim was laid before the courier."""

    @transition(field=state, source=[S.FILED, S.APPEALED], target=S.ACCEPTED)
    def accept(self) -> None:
        """The courier agreed to pay, all or part."""

    @transition(field=state, source=[S.FILED, S.APPEALED], target=S.REJECTED)
    def reject(self) -> None:
        """The courier said no, with its reason."""

    @transition(field=state, source=S.REJECTED, target=S.APPEALED)
    def appeal(self) -> None:
        """We asked the courier once more, with more evidence."""

    @transition(field=state, source=S.ACCEPTED, target=S.PAID)
    def book_payment(self) -> None:
        """The courier's money is there."""

    @transition(field=state, source=S.PAID, target=S.CLOSED)
    def close(self) -> None:
        """Paid and done."""
        self.ending = Ending.PAID

    @transition(field=state, source=[S.DRAFT, S.FILED, S.ACCEPTED, S.REJECTED, S.APPEALED], target=S.CLOSED)
    def give_up(self) -> None:
        """Nothing more is to be had from the courier: the loss is ours."""
        self.ending = Ending.GIVEN_UP

    @transition(field=state, source=[S.DRAFT, S.FILED, S.REJECTED, S.APPEALED], target=S.CLOSED)
    def withdraw(self) -> None:
        """Nothing was lost after all: the parcel was found, or the claim was a mistake."""
        self.ending = Ending.NO_LOSS
