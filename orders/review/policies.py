"""Who may say what of an order in review, in a sentence when not."""

from django.utils.translation import gettext_lazy as _

from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from orders.record import policies as steps
from orders.record.enums import OrderState, Stop
from orders.record.models import Order
from orders.review.enums import Outcome
from orders.review.models import OPEN, Review

# The hold that a rejection places.
DOCUMENT = "review"


def open_review(order: Order) -> Review | None:
    return Review.objects.filter(OPEN, order=order).first()


def check_in_review(order: Order) -> None:
    if order.state != OrderState.PENDING_REVIEW:
        raise Refused("ORDER_STATE", _("This order is not in review (any more)."), state=order.state)


def check_can_review(order: Order, by: Actor) -> None:
    """For what changes an order's review: reject, ask the buyer, look again, accept the suggestion."""
    check_right(by, order.shop_id, Right.REVIEW_ORDER)
    check_in_review(order)


def check_can_pass(order: Order, by: Actor) -> None:
    check_can_review(order, by)
    if order.blocks.stopping(Stop.PICK).exclude(document=DOCUMENT).exists():
        steps.check_not_blocked(order, Stop.PICK)


def check_can_reject(order: Order, by: Actor, reason: str | None = None) -> None:
    check_can_review(order, by)
    review = open_review(order)
    if review is not None and review.outcome == Outcome.REJECTED:
        raise Refused("REJECTED", _("Rejected already: pass it when the matter is settled, or cancel the order."))
    if reason is not None:
        check_reason(reason)


def check_can_hold(order: Order, by: Actor, reason: str | None = None) -> None:
    steps.check_can_hold(order, by)
    check_in_review(order)
    if reason is not None:
        check_reason(reason)


def check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused("REASON", _("Say why: the buyer or the platform is told so."), field="reason")


def check_can_accept(order: Order, by: Actor) -> None:
    check_can_review(order, by)
    review = open_review(order)
    if review is None or not review.suggestion:
        raise Refused("SUGGESTION", _("There is no better way to write this address: ask the buyer."))
