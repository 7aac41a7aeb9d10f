"""The talk with the buyer before an order is prepared."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from merchant.clock import SHANGHAI, now
from merchant.locking import lock
from merchant.people.models import Actor
from merchant.policy import services as policy
from merchant.policy.working_hours import due_at
from merchant.trail import activity
from orders.confirmation import policies
from orders.confirmation.enums import Channel, Result
from orders.confirmation.models import Contact
from orders.record import services as orders
from orders.record.models import Order
from orders.record.outbound import tell
from orders.review import services as reviews


@transaction.atomic
def confirm_order(
    order: Order,
    *,
    by: Actor,
    channel: str,
    note: str = "",
    ship_at: datetime | None = None,
    deliver_at: datetime | None = None,
    text: str = "",
) -> Order:
    """确认: the buyer agreed, was told when it is sent and arrives, and gets that in a message (`text`; the template's
    words where it is empty). Raises Refused RIGHT, ORDER_STATE, TAKEN, BLOCKED, TIMES."""
    order = lock(order)
    policies.check_can_confirm(order, by)
    policies.check_times(ship_at, deliver_at)
    text = text.strip() or message_of(order, ship_at, deliver_at)
    _log(order, Result.CONFIRMED, by=by, channel=channel, note=note, ship_at=ship_at, deliver_at=deliver_at, text=text)
    tell(order, "order_confirmed", text, by=by)
    return orders.confirm_order(order, by=by, reason=str(Channel(channel).label))


@transaction.atomic
def log_contact(order: Order, *, by: Actor, channel: str, note: str = "") -> Contact:
    """Nobody answered: written down, the order waits on. Raises Refused RIGHT, ORDER_STATE, TAKEN."""
    order = lock(order)
    policies.check_can_log(order, by)
    contact = _log(order, Result.NO_ANSWER, by=by, channel=channel, note=note)
    activity.record(order, "order.no_answer", by=by, reason=note[:200], channel=channel)
    return contact


@transaction.atomic
def return_order(order: Order, *, by: Actor, channel: str, note: str) -> Order:
    """退回审核: something is in doubt or has changed; a person of review looks.

    Raises Refused RIGHT, ORDER_STATE, TAKEN, REASON."""
    order = lock(order)
    policies.check_doubt(order, by, note)
    _log(order, Result.DOUBT, by=by, channel=channel, note=note)
    rules = policy.current(order.shop_id)
    order = orders.return_to_review(order, by=by, step_due_at=due_at(rules, "T-REVIEW", now()), reason=note[:200])
    reviews.open_for_doubt(order, by=by, reason=note)
    return order


def message_of(order: Order, ship_at: datetime | None = None, deliver_at: datetime | None = None) -> str:
    """What the buyer is told, from the template: the number, and the times where they are known."""
    ship_at = ship_at or order.ship_by_at
    said = [_("Your order %(number)s is confirmed.") % {"number": order.number}]
    if ship_at:
        said.append(_("It is sent by %(at)s.") % {"at": _day_and_time(ship_at)})
    if deliver_at:
        said.append(_("It should arrive by %(at)s.") % {"at": _day_and_time(deliver_at)})
    return "".join(said) if said[0].endswith("。") else " ".join(said)


def _day_and_time(at: datetime) -> str:
    """With its day, since nobody knows when a message is read."""
    return at.astimezone(SHANGHAI).strftime("%m-%d %H:%M")


def _log(order: Order, result: str, *, by: Actor, channel: str, note: str, **told: object) -> Contact:
    return Contact.objects.create(
        shop_id=order.shop_id, order=order, by=by, channel=channel, result=result, note=note[:300], **told
    )
