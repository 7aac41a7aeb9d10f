"""What a statement's rows are, how they differ from ours, and how a difference ends."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RowKind(models.TextChoices):
    """What a row of a channel's statement is about. Only refunds are held against ours."""

    REFUND = "refund", _("refund")
    REFUND_BACK = "refund_back", _("refund that came back")
    INCOME = "income", _("income")
    OTHER = "other", _("something else")


class FileState(models.TextChoices):
    WAITING = "waiting", _("Waiting to be read")
    READ = "read", _("Read")
    FAILED = "failed", _("Could not be read")


class DifferenceKind(models.TextChoices):
    """How the channel's statement and our books disagree about one payment."""

    UNKNOWN = "unknown", _("The channel paid, we know of no such refund")
    AMOUNT = "amount", _("Paid another amount than ours")
    TWICE = "twice", _("Paid twice for one refund")
    NOT_SETTLED = "not_settled", _("The channel paid, our refund is not settled")
    MISSING = "missing", _("We hold it for paid, the statement does not have it")
    UNBOOKED = "unbooked", _("Paid on both sides, missing in the ledger")


class DifferenceState(models.TextChoices):
    OPEN = "open", _("Open")
    EXPLAINED = "explained", _("Explained")
    WRITTEN_OFF = "written_off", _("Written off")
    GONE = "gone", _("Settled by itself")


# Money that left, or stayed, otherwise than booked: only these can be written off.
WRITABLE = (DifferenceKind.UNKNOWN, DifferenceKind.AMOUNT, DifferenceKind.TWICE)
