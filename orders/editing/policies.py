"""May this order's address still change, in a sentence when not."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.people.models import Actor
from merchant.people.rights import Right, can, check_right
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.shops.models import Platform
from orders.editing.addresses import Given, faults
from orders.editing.enums import ADDRESS_STATES
from orders.editing.labels import Label, labels_of
from orders.record.enums import IN_HOUSE, SENT, OrderState
from orders.record.models import Order


def check_can_change_address(order: Order, by: Actor, *, labels: Sequence[Label] | None = None) -> None:
    """`labels`: those of this order when the caller has looked already. Raises Refused RIGHT, ORDER_STATE, LABEL."""
    check_right(by, order.shop_id, Right.EDIT_ADDRESS)
    if order.state not in ADDRESS_STATES:
        raise Refused("ORDER_STATE", _why_not(order.state), state=order.state)
    for label in labels_of([order.pk])[order.pk] if labels is None else labels:
        if label.is_gone:
            raise Refused(
                "LABEL",
                _("The parcel %(label)s is with the courier: stop it, or ask the courier to redirect it.")
                % {"label": label.document},
                label=label.document,
            )


def _why_not(state: str) -> Any:
    if state == OrderState.PENDING_PAYMENT:
        return _("Not paid yet: the buyer can still change the address while ordering.")
    if state in SENT:
        return _("Sent already, so the address cannot change: stop the parcel, or ask the courier to redirect it.")
    if state in IN_HOUSE:
        return _("Packed already, so the address cannot change: ask the warehouse to unpack it first.")
    return _("The order is closed: nothing is sent any more.")


def check_given(change: Given) -> None:
    """What was typed can be an address. Raises Refused ADDRESS with `detail["fields"]` {field: sentence}."""
    if change.is_empty:
        raise Refused("ADDRESS", _("Write what changes: a name, a phone or a whole address."), fields={})
    if wrong := faults(change):
        raise Refused(
            "ADDRESS",
            " ".join(str(sentence) for sentence in wrong.values()),
            fields={field: str(sentence) for field, sentence in wrong.items()},
        )


def check_how_many(count: int, shop: Any, by: Actor) -> None:
    """P-BULK-ADDRESS: how many orders one run may touch. Raises Refused P-BULK-ADDRESS."""
    if can(by, shop, Right.EDIT_ADDRESS_MANY):
        return
    most = policy.current(shop).bulk_address_limit
    if count > most:
        raise Refused(
            "P-BULK-ADDRESS",
            _("Your role changes at most %(most)s addresses at once, not %(count)s: tick fewer, or ask a supervisor.")
            % {"most": most, "count": count},
            most=most,
            count=count,
        )


def platform_keeps_the_old(order: Order) -> bool:
    """No platform takes a changed address from here: its own page goes on showing the old one."""
    return order.shop.platform != Platform.OWN
