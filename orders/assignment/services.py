"""Who works on an order that is late to ship. An assignee is no state; the version stays."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from merchant.locking import lock
from merchant.people.models import Actor, User
from merchant.trail import activity
from orders.assignment import policies
from orders.buyers import services as buyers
from orders.record.models import AWAITING_SHIPMENT, Order
from orders.record.telling import tell_given


@transaction.atomic
def claim_order(order: Order, *, by: User) -> Order:
    """接手. The customer is kept as with a case. Raises Refused RIGHT, ORDER_STATE, TAKEN."""
    # The buyer before the order, as the intake locks them.
    buyers.hold(order.buyer_id)
    order = lock(order)
    policies.check_can_claim(order, by)
    if order.assignee_id != by.pk:
        order.assignee = by
        order.save(update_fields=["assignee"])
        buyers.keep_if_free(order.buyer_id, by=by)
        activity.record(order, "order.claim", by=by)
    return order


@transaction.atomic
def hand_over_order(order: Order, *, to: Any, by: Actor, reason: str) -> Order:
    """转交. Raises Refused RIGHT, ORDER_STATE, TAKEN, MEMBER, SAME, REASON."""
    buyers.hold(order.buyer_id)
    order = lock(order)
    policies.check_can_hand_over(order, by, to=to, reason=reason)
    before = order.assignee_id
    order.assignee = to
    order.save(update_fields=["assignee"])
    if order.buyer_id is not None:
        buyers.move_account_owner(order.buyer_id, to=to)
    activity.record(order, "order.hand_over", by=by, reason=reason, to=to.pk, to_name=str(to), was=before)
    tell_given(order, to=to, by=by)
    return order


def in_work_of(person: Any, shop: Any) -> QuerySet[Order]:
    """The orders somebody (or their id) works on in a shop, by the index of what awaits shipment."""
    return Order.objects.filter(AWAITING_SHIPMENT, shop=shop, assignee=person)
