"""The words of the stock: grades, why units moved, and how far its papers are."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Grade(models.TextChoices):
    """Whether a unit may be sold again."""

    SELLABLE = "sellable", _("sellable")
    DEFECTIVE = "defective", _("defective")


class MoveKind(models.TextChoices):
    """Why units moved; the document says which paper is behind it."""

    RETURNED = "returned", _("came home")
    NOT_SENT = "not_sent", _("taken off the packing bench")
    RESERVED = "reserved", _("reserved")
    RELEASED = "released", _("set free")
    SHIPPED = "shipped", _("left with a parcel")
    PURCHASED = "purchased", _("came from a supplier")
    COUNTED = "counted", _("counted")
    ADJUSTED = "adjusted", _("adjusted")
    TRANSFER_OUT = "transfer_out", _("sent to another warehouse")
    TRANSFER_IN = "transfer_in", _("came from another warehouse")


class ReservationState(models.TextChoices):
    HELD = "held", pgettext_lazy("reservation", "held")
    RELEASED = "released", pgettext_lazy("reservation", "set free")
    TAKEN = "taken", pgettext_lazy("reservation", "taken out")


class StocktakeKind(models.TextChoices):
    COUNT = "count", pgettext_lazy("stocktake", "count")
    ADJUSTMENT = "adjustment", pgettext_lazy("stocktake", "adjustment")


class StocktakeState(models.TextChoices):
    COUNTING = "counting", pgettext_lazy("stocktake", "being counted")
    FILED = "filed", pgettext_lazy("stocktake", "waits for a second person")
    APPROVED = "approved", pgettext_lazy("stocktake", "approved")
    DISCARDED = "discarded", pgettext_lazy("stocktake", "discarded")


class TransferState(models.TextChoices):
    SENT = "sent", pgettext_lazy("transfer", "on its way")
    RECEIVED = "received", pgettext_lazy("transfer", "received")


class PurchaseState(models.TextChoices):
    EXPECTED = "expected", pgettext_lazy("purchase", "expected")
    RECEIVED = "received", pgettext_lazy("purchase", "received")
    ENDED = "ended", pgettext_lazy("purchase", "ended with less")
