"""All that a shop holds of one buyer, as one file: what the law lets the buyer ask for.

It follows the references from the buyer's orders to every row of every room, so that a room that is added later is in
it by itself. Opened for whoever may both look at personal data and answer for the shop's looks; each recipient in it
is a look on record."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q

from merchant.attachments.models import Attachment
from merchant.clock import now
from merchant.inbox.models import InboxMessage
from merchant.people.models import User
from merchant.trail import activity
from merchant.trail.models import Activity
from merchant.vault import services as vault
from merchant.vault.models import PiiReveal, Recipient
from orders.intake.models import OrderPayload
from orders.record.models import Order

# Keys of the search, digests, counters: nothing of them is about the person.
NOT_SAID = ("_enc", "_bidx", "_hash", "digest", "bigrams", "fingerprint")
# Rows of people who work here, or of every buyer's at once.
NOT_FOLLOWED = (Activity, InboxMessage, PiiReveal)
DEPTH = 4


def person_file(order: Order, *, by: User) -> bytes:
    """The file for the buyer of this order, as JSON. Every recipient in it becomes a look on record.

    Raises Refused RIGHT without the right to look or to answer for looks."""
    orders = list(_orders_of(order).select_related("recipient", "shop").order_by("pk"))
    numbers = [one.number for one in orders]
    people = Recipient.objects.filter(shop=order.shop).filter(
        Q(pk__in=[one.recipient_id for one in orders]) | Q(corrects__in=[one.recipient_id for one in orders])
    )
    opened = vault.export_people(by, order.shop, people, order_number=order.number)
    rows = _reach(orders)
    with_files = [row for kept in rows.values() for row in kept if isinstance(row.pk, int)]
    found: dict[str, Any] = {
        "made_at": now(),
        "shop": order.shop.name,
        "buyer": _said(order.buyer) if order.buyer else None,
        "recipients": opened,
        "orders as the platform wrote them": [
            bytes(row.body).decode(errors="replace")
            for row in OrderPayload.objects.filter(shop=order.shop, number__in=numbers).order_by("pk")
        ],
        "who looked": list(
            PiiReveal.objects.filter(shop=order.shop, order_number__in=numbers)
            .order_by("pk")
            .values("at", "field", "verdict", "reason", "user__username")
        ),
        **{str(model._meta.label): [_said(row) for row in kept] for model, kept in rows.items()},
        "files": [_said(row) for row in Attachment.objects.about(*with_files)],
    }
    activity.record(order, "order.person_file", by=by)
    return json.dumps(found, ensure_ascii=False, indent=1, default=_plain).encode()


def _orders_of(order: Order) -> Any:
    """Every order of the buyer as the platform names them; without a name those to the same phone."""
    mine = Order.objects.filter(shop=order.shop)
    same = Q(pk=order.pk)
    if order.buyer_id is not None:
        same |= Q(buyer_id=order.buyer_id)
    if order.recipient is not None and order.recipient.phone_bidx is not None:
        same |= Q(recipient__phone_bidx=bytes(order.recipient.phone_bidx))
    return mine.filter(same)


def _reach(orders: list[Order]) -> dict[type[models.Model], list[models.Model]]:
    """The orders, the rows that refer to them, the rows that refer to those."""
    found: dict[type[models.Model], list[models.Model]] = {Order: list(orders)}
    known = {(Order, order.pk) for order in orders}
    edge: dict[type[models.Model], list[models.Model]] = {Order: list(orders)}
    for _step in range(DEPTH):
        following: dict[type[models.Model], list[models.Model]] = {}
        for model, kept in edge.items():
            for child, column in _referring(model):
                rows = child._base_manager.filter(**{f"{column}__in": [row.pk for row in kept]})
                for row in rows:
                    if (child, row.pk) not in known:
                        known.add((child, row.pk))
                        following.setdefault(child, []).append(row)
        for model, kept in following.items():
            found.setdefault(model, []).extend(kept)
        edge = following
    return found


def _referring(model: type[models.Model]) -> Iterable[tuple[type[models.Model], str]]:
    for relation in model._meta.get_fields(include_hidden=True):
        if not (relation.one_to_many or relation.one_to_one) or not relation.auto_created:
            continue
        child = relation.related_model
        if isinstance(child, type) and issubclass(child, models.Model) and child not in NOT_FOLLOWED:
            yield child, relation.field.name  # type: ignore[union-attr]


def _said(row: models.Model) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.name.endswith(NOT_SAID)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return f"({len(bytes(value))} bytes)"
    if isinstance(value, Decimal | UUID):
        return str(value)
    return str(value)
