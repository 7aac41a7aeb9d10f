"""Who may take an order that is still to be shipped, and pass it on."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.people.rights import Right, check_may_get_work, check_right, rank_of
from merchant.refusals import Refused
from orders.assignment.choosing import Candidate
from orders.record import policies as steps
from orders.record.enums import IN_HOUSE, OrderState, Stop
from orders.record.models import Order


def check_can_claim(order: Order, user: Any) -> None:
    """An order still to be shipped that nobody has, or one's own."""
    _check_in_work(order, user)
    if order.assignee_id not in (None, user.pk):
        raise _taken(order)


def check_can_hand_over(order: Order, user: Any, *, to: Any = None, reason: str | None = None) -> None:
    """One's own order or a free one; anybody's for whoever hands out work."""
    _check_in_work(order, user)
    if order.assignee_id not in (None, user.pk) and rank_of(user, order.shop_id) == 0:
        raise _taken(order)
    if reason is None:
        return
    check_may_get_work(to, order.shop_id)
    if to.pk == order.assignee_id:
        raise Refused("SAME", _("%(name)s has this order already.") % {"name": to})
    if not reason.strip():
        raise Refused("REASON", _("Say why, so that the next person knows."))


def check_can_assign(order: Order, by: Any) -> None:
    """Give an order that waits for a person to one."""
    check_right(by, order.shop_id, Right.ASSIGN_WORK)
    steps.check_step(order, OrderState.PENDING_ASSIGN, OrderState.PENDING_CONFIRM)
    steps.check_not_blocked(order, Stop.PICK)


def check_has_room(one: Candidate | None) -> None:
    """`one`: the person as a candidate of the shop, None where they are none."""
    if one is None:
        raise Refused("MEMBER", _("Choose somebody of this shop who settles cases."))
    if one.is_full:
        raise Refused(
            "CAPACITY",
            _("%(name)s has %(load)s of %(capacity)s orders in hand: choose somebody else, or raise the limit.")
            % {"name": one.name, "load": one.load, "capacity": one.capacity},
        )


def _check_in_work(order: Order, user: Any) -> None:
    check_right(user, order.shop_id, Right.AGREE_CASE)
    if order.state not in (*IN_HOUSE, OrderState.PARTLY_SHIPPED):
        raise Refused("ORDER_STATE", _("Only an order that is still to be shipped is somebody's to work on."))


def _taken(order: Order) -> Refused:
    name = str(order.assignee)
    return Refused("TAKEN", _("%(name)s has this order: ask for a hand-over.") % {"name": name}, name=name)
