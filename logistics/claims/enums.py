"""States, causes and bases of a claim on a courier, and the named groups queries and constraints share."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ClaimState(models.TextChoices):
    """Where a claim on a courier stands (docs/states/logistics.claim.md)."""

    DRAFT = "draft", _("To file")
    FILED = "filed", _("With the courier")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected by the courier")
    APPEALED = "appealed", _("Appealed")
    PAID = "paid", _("Paid by the courier")
    CLOSED = "closed", _("Claim closed")


S = ClaimState

OPEN = (S.DRAFT, S.FILED, S.ACCEPTED, S.REJECTED, S.APPEALED, S.PAID)
# The courier has to answer, or to pay what it agreed.
WAITING = (S.FILED, S.APPEALED, S.ACCEPTED)


class Cause(models.TextChoices):
    """What the courier did to the goods."""

    DAMAGED = "damaged", _("came home damaged")
    LOST = "lost", _("did not come home")
    SHORT = "short", _("came home with goods missing")
    DELIVERED_ANYWAY = "delivered_anyway", _("delivered although it was stopped")


# Nothing came home that could be photographed: the track is the evidence.
PROVED_BY_TRACK = (Cause.LOST, Cause.DELIVERED_ANYWAY)


class Basis(models.TextChoices):
    """How the value of the loss is known."""

    GOODS_COST = "goods_cost", _("what the goods cost the shop")
    PAID_BY_BUYER = "paid_by_buyer", _("what the buyer paid for them")
    REFUND = "refund", _("what was refunded to the buyer")
    OTHER = "other", _("as the note says")


class FiledThrough(models.TextChoices):
    """How the claim reached the courier. No courier is known to take claims by machine."""

    PORTAL = "portal", _("the courier's own portal")
    PHONE = "phone", _("the courier's hotline")
    OUTLET = "outlet", _("our outlet of the courier")
    EMAIL = "email", _("e-mail")


class PaidThrough(models.TextChoices):
    """How the courier paid."""

    SET_OFF = "set_off", _("taken off the courier's bill")
    TRANSFER = "transfer", _("paid into our account")


class Ending(models.TextChoices):
    """How a claim came to its end."""

    NONE = "", _("not over")
    PAID = "paid", _("the courier paid")
    GIVEN_UP = "given_up", _("given up, the loss is ours")
    NO_LOSS = "no_loss", _("withdrawn, nothing was lost")
