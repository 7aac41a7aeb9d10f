from django.db import models
from django.utils.translation import pgettext_lazy

from orders.record.enums import IN_HOUSE, SENT, OrderState


class Lack(models.TextChoices):
    """Why nothing is held for a line of an order."""

    SHORT = "short", pgettext_lazy("lack", "too few are here")
    PRESALE = "presale", pgettext_lazy("lack", "presale: not here yet")
    UNMATCHED = "unmatched", pgettext_lazy("lack", "not matched to a product")


# What these orders want is kept for them.
RESERVING = (OrderState.PENDING_PAYMENT, *IN_HOUSE)
# All of it has left the house: what is still held has left with it.
LEFT = tuple(state for state in SENT if state != OrderState.PARTLY_SHIPPED)
