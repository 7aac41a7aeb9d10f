"""Changing an order after it was placed: the address so far."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from merchant.locking import lock
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.trail import activity
from merchant.vault import services as vault
from merchant.vault.models import Recipient
from merchant.vault.services import Person
from orders.editing import policies
from orders.editing.addresses import Given, given
from orders.editing.labels import labels_of
from orders.record import services as orders
from orders.record.enums import BlockKind, Stop
from orders.record.models import Order

MASKED = ("name", "phone", "address")


@transaction.atomic
def change_address(
    order: Order,
    *,
    name: str = "",
    phone: str = "",
    province: str = "",
    city: str = "",
    district: str = "",
    detail: str = "",
    by: Actor,
    reason: str = "",
    shown_recipient: int | None = None,
) -> Order:
    """改地址, before packing. Empty fields keep what the order has, unseen; the place is given whole or not at all.

    Raises Refused RIGHT, ORDER_STATE, LABEL, ADDRESS (`detail["fields"]`), ADDRESS_CHANGED."""
    change = given(name=name, phone=phone, province=province, city=city, district=district, detail=detail)
    sealed = seal_address(order.shop, change, by=by)
    return move_address(order, sealed, by=by, reason=reason, shown_recipient=shown_recipient)


def seal_address(shop: Any, change: Given, *, by: Actor) -> Recipient:
    """What was typed, sealed and not stored: a row for `move_address`. A run that lasts saves it, so that nothing lies
    about in plain. Raises Refused RIGHT or ADDRESS."""
    check_right(by, shop, Right.EDIT_ADDRESS)
    policies.check_given(change)
    person = Person(
        name=change.name, phone=change.phone, address=change.line, province=change.province, city=change.city
    )
    return vault.sealed(shop, person)


@transaction.atomic
def move_address(
    order: Order, change: Recipient, *, by: Actor, reason: str = "", shown_recipient: int | None = None
) -> Order:
    """Give the order a new recipient: what `change` says, else what it had. `shown_recipient` is what the page showed.

    A label made before shows the old address: the order may not leave with it until it is voided (R3.44)."""
    order = lock(order)
    labels = labels_of([order.pk])[order.pk]
    policies.check_can_change_address(order, by, labels=labels)
    if shown_recipient is not None and shown_recipient != (order.recipient_id or 0):
        raise Refused(
            "ADDRESS_CHANGED",
            _("The address has changed since this page was drawn: look again."),
            shown=shown_recipient,
        )
    before = order.recipient
    order.recipient = vault.correct(before, change)
    order.version += 1
    order.save(update_fields=["recipient", "version"])
    activity.record(
        order,
        "order.change_address",
        by=by,
        reason=reason[:200],
        changes=_changes(before, order.recipient),
        recipient=[before.pk if before else None, order.recipient.pk],
    )
    for label in labels:
        orders.place_block(
            order,
            kind=BlockKind.EDIT,
            document=label.document,
            stops=[Stop.SHIP],
            by=by,
            reason=str(_("The address has changed: void this label and print a new one.")),
        )
    return order


def _changes(before: Recipient | None, after: Recipient) -> dict[str, list[str]]:
    """What changed, in masks; equal masks of different values are told as well."""
    found = {}
    for field in MASKED:
        index = None if before is None else getattr(before, f"{field}_bidx")
        was, now = getattr(before, f"{field}_mask", ""), getattr(after, f"{field}_mask")
        new_index = getattr(after, f"{field}_bidx")
        if was != now or (index is None) != (new_index is None) or (index and bytes(index) != bytes(new_index)):
            found[field] = [was, now]
    return found
