"""States, sources and channels of a refund, and the named groups the constraints and queries share."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RefundState(models.TextChoices):
    """Where the money stands; the whole table is in docs/states."""

    CREATED = "created", _("Waiting for a second person")
    APPROVED = "approved", _("Approved")
    PROCESSING = "processing", _("Paying")
    SUCCESS = "success", _("Refunded")
    WAIT_FUNDS = "wait_funds", _("Waiting for funds")
    ABNORMAL = "abnormal", _("Cannot be paid in")
    CLOSED = "closed", _("Closed unpaid")
    REJECTED = "rejected", _("Rejected")
    VOID = "void", _("Void")
    OFFLINE_DONE = "offline_done", _("Paid offline")


class RefundKind(models.TextChoices):
    """What the money is for."""

    REFUND = "refund", _("Refund")
    COMPENSATION = "compensation", _("Compensation")


class Source(models.TextChoices):
    """Why the money goes out."""

    INTERCEPTION = "interception", _("Parcel stopped")
    MANUAL = "manual", _("Agreed by a person")
    TIMER = "timer", _("Shop answered too late")
    BENEFIT = "benefit", _("Promise to the buyer")
    CANCEL = "cancel", _("Order cancelled")
    PLATFORM = "platform", _("Moved by the platform")
    AUTO = "auto", _("By rule")


class Way(models.TextChoices):
    """How the buyer wishes to be paid back; only the first is not an exception (R3.21)."""

    ORIGINAL = "original", _("the way it was paid")
    BALANCE = "balance", _("to the wallet's balance")
    OTHER_CARD = "other_card", _("to another card")
    OFFLINE = "offline", _("outside the channel")


# Money of these may still leave or has left: at most one such row a case and payment, all of them together within what
# the case asks for, so a case never pays twice.
LIVE_STATES = [
    RefundState.CREATED,
    RefundState.APPROVED,
    RefundState.PROCESSING,
    RefundState.SUCCESS,
    RefundState.WAIT_FUNDS,
    RefundState.ABNORMAL,
    RefundState.OFFLINE_DONE,
]
PAID_STATES = [RefundState.SUCCESS, RefundState.OFFLINE_DONE]
# The channel has been told the number: the outcome is asked for, never guessed.
SENT_STATES = [RefundState.PROCESSING, RefundState.WAIT_FUNDS]
# Not yet told to anybody: may be rejected or voided without asking the channel.
UNSENT_STATES = [RefundState.CREATED, RefundState.APPROVED]
FAILED_STATES = [RefundState.ABNORMAL, RefundState.CLOSED]
# What the sweeps look at; the same list stands in the partial index.
WAITING_STATES = [RefundState.APPROVED, RefundState.PROCESSING, RefundState.WAIT_FUNDS]
# A policy decided, so the system itself may send.
POLICY_SOURCES = [Source.INTERCEPTION, Source.TIMER, Source.BENEFIT, Source.CANCEL, Source.PLATFORM, Source.AUTO]
