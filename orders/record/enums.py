"""The order's states and the words that stand beside them (domain: order table)."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OrderState(models.TextChoices):
    PENDING_PAYMENT = "pending_payment", pgettext_lazy("order state", "Pending payment")
    PENDING_REVIEW = "pending_review", pgettext_lazy("order state", "Pending review")
    PENDING_ASSIGN = "pending_assign", pgettext_lazy("order state", "Pending assignment")
    PENDING_CONFIRM = "pending_confirm", pgettext_lazy("order state", "Pending confirmation")
    TO_FULFIL = "to_fulfil", pgettext_lazy("order state", "To fulfil")
    PACKED = "packed", pgettext_lazy("order state", "Packed")
    PARTLY_SHIPPED = "partly_shipped", pgettext_lazy("order state", "Partly shipped")
    SHIPPED = "shipped", pgettext_lazy("order state", "Shipped")
    RECEIVED = "received", pgettext_lazy("order state", "Received")
    COMPLETED = "completed", pgettext_lazy("order state", "Completed")
    CLOSED = "closed", pgettext_lazy("order state", "Order closed")
    ARCHIVED = "archived", pgettext_lazy("order state", "Archived")


S = OrderState

# The road forward, in order. CLOSED stands beside it; an order is never moved back along it.
ROAD = (
    S.PENDING_PAYMENT,
    S.PENDING_REVIEW,
    S.PENDING_ASSIGN,
    S.PENDING_CONFIRM,
    S.TO_FULFIL,
    S.PACKED,
    S.PARTLY_SHIPPED,
    S.SHIPPED,
    S.RECEIVED,
    S.COMPLETED,
)
# Paid and still in our house: a full refund here stops packing and closes the order.
IN_HOUSE = (S.PENDING_REVIEW, S.PENDING_ASSIGN, S.PENDING_CONFIRM, S.TO_FULFIL, S.PACKED)
# The promise to ship still runs: something of the order has not left.
TO_SHIP = (*IN_HOUSE, S.PARTLY_SHIPPED)
# At least one parcel left.
SENT = (S.PARTLY_SHIPPED, S.SHIPPED, S.RECEIVED, S.COMPLETED)
# Where nothing more is expected of anybody.
ENDED = (S.COMPLETED, S.CLOSED, S.ARCHIVED)
CLOSABLE = (S.PENDING_PAYMENT, *IN_HOUSE, S.PARTLY_SHIPPED, S.SHIPPED)


def states_before(target: str) -> tuple[OrderState, ...]:
    """From where a platform's report may move an order to `target` (forward only; a row of the order table each)."""
    if target == S.CLOSED:
        return CLOSABLE
    return ROAD[: ROAD.index(OrderState(target))]


class OrderSource(models.TextChoices):
    """How the order reached us."""

    PLATFORM = "platform", pgettext_lazy("order source", "platform")
    FILE = "file", pgettext_lazy("order source", "file")
    MANUAL = "manual", pgettext_lazy("order source", "entered by hand")
    FORM = "form", pgettext_lazy("order source", "order form")


class OrderKind(models.TextChoices):
    """What is owed: goods from the shelf, goods made for this buyer, or work done at the buyer's."""

    GOODS = "goods", pgettext_lazy("order kind", "goods")
    CUSTOM = "custom", pgettext_lazy("order kind", "made to order")
    SERVICE = "service", pgettext_lazy("order kind", "service")


class CategoryClass(models.TextChoices):
    """What the interception rule E06 asks about the goods."""

    NORMAL = "normal", _("ordinary goods")
    FRESH = "fresh", _("fresh goods")
    VIRTUAL = "virtual", _("virtual goods")
    WHOLE_VEHICLE = "whole_vehicle", _("whole vehicle")


class Benefit(StrEnum):
    """A promise to the buyer (权益), as orders and shop settings name it. Each is a rule BEN-… of docs/rules.md, where
    its name stands in both languages."""

    PRICE_MATCH = "price_match"
    HOST_GUARANTEE = "host_guarantee"
    LATE_SHIP = "late_ship"
    PRICE_PROTECTION = "price_protection"
    REFUND_NO_RETURN = "refund_no_return"
    BREAKAGE_RETURN = "breakage_return"
    DAMAGE_RETURN = "damage_return"
    ALLERGY_RETURN = "allergy_return"
    RETURN_FREIGHT = "return_freight"
    COUNTERFEIT = "counterfeit"
    NO_REASON_RETURN = "no_reason_return"
    INSTANT_REFUND = "instant_refund"


class Flag(models.IntegerChoices):
    """Remark flags; stored as the platforms number them."""

    GREY = 0, _("grey")
    RED = 1, _("red")
    YELLOW = 2, _("yellow")
    GREEN = 3, _("green")
    BLUE = 4, _("blue")
    PURPLE = 5, _("purple")


class BlockKind(models.TextChoices):
    HOLD = "hold", _("held")
    AFTERSALES = "aftersales", _("after-sale open")
    EDIT = "edit", _("being edited")
    RISK = "risk", _("under risk control")


class Stop(models.TextChoices):
    """A step that an open block forbids."""

    PICK = "pick", _("pick")
    SHIP = "ship", _("ship")
    RECEIVE = "receive", _("receive")
    COMPLETE = "complete", _("complete")
