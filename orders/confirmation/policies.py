"""Who may confirm an order with its buyer, in a sentence when not."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from merchant.clock import now
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right, rank_of
from merchant.refusals import Refused
from orders.record import policies as steps
from orders.record.enums import OrderState, Stop
from orders.record.models import Order


def check_can_log(order: Order, by: Actor) -> None:
    """Write down a talk: whoever has the order, or hands out work."""
    check_right(by, order.shop_id, Right.AGREE_CASE)
    if order.state != OrderState.PENDING_CONFIRM:
        raise Refused("ORDER_STATE", _("This order does not wait for a confirmation."), state=order.state)
    if by is not None and order.assignee_id not in (None, by.pk) and rank_of(by, order.shop_id) == 0:
        name = str(order.assignee)
        raise Refused("TAKEN", _("%(name)s has this order: ask for a hand-over.") % {"name": name}, name=name)


def check_can_confirm(order: Order, by: Actor) -> None:
    check_can_log(order, by)
    steps.check_not_blocked(order, Stop.PICK)


def check_times(ship_at: datetime | None, deliver_at: datetime | None) -> None:
    """What the buyer is told lies ahead, and in this order."""
    if any(at is not None and at <= now() for at in (ship_at, deliver_at)):
        raise Refused("TIMES", _("The times the buyer is told lie ahead of now."), field="ship_at")
    if ship_at and deliver_at and deliver_at < ship_at:
        raise Refused("TIMES", _("It arrives after it was sent."), field="deliver_at")


def check_doubt(order: Order, by: Actor, note: str) -> None:
    check_can_log(order, by)
    if not note.strip():
        raise Refused("REASON", _("Say what is in doubt, so that review knows."), field="note")
