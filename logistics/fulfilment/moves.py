"""What every verb of a box does around its own line: hold, load, save, record. Lock order: consignment → package →
order → stock."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from logistics.fulfilment import packing, policies
from logistics.fulfilment.allocating import key_of
from logistics.fulfilment.models import Consignment, ConsignmentLine
from merchant.locking import lock, lock_all
from merchant.people.models import Actor
from merchant.trail import activity
from orders.record.models import Order


def hold(box: Consignment) -> Consignment:
    """A fresh copy, held; its packer and parcel read with it."""
    return lock(box, "packer", "package", "warehouse", "account")


def hold_all(ids: Iterable[int]) -> list[Consignment]:
    """Fresh copies of several, held by id; the earliest promise first."""
    rows = lock_all(Consignment.objects.filter(pk__in=list(ids)))
    return sorted(rows, key=lambda box: (box.ship_by_at is None, box.ship_by_at or box.created_at, box.pk))


def lines_in(box: Consignment) -> list[ConsignmentLine]:
    """Its lines with products and order lines, struck ones too, in the order they were bought."""
    rows = ConsignmentLine.objects.filter(consignment=box).select_related("sku", "order_line", "order")
    return list(rows.order_by("order_id", "pk"))


def live(lines: Iterable[ConsignmentLine]) -> list[ConsignmentLine]:
    """Those that belong into the box."""
    return [line for line in lines if line.struck_at is None]


def hold_orders(lines: Iterable[ConsignmentLine]) -> list[Order]:
    """Fresh copies of the orders of the lines, held, by id."""
    ids = {line.order_id for line in lines}
    return lock_all(Order.objects.filter(pk__in=ids).select_related("recipient"))


def check_may_go_on(box: Consignment, lines: Sequence[ConsignmentLine], step: str) -> list[Order]:
    """The orders in the box, held, none of which stops it. Raises Refused REFUNDED, ORDER_STATE, HELD, ADDRESS,
    LINE_REFUNDED."""
    staying = live(lines)
    orders = hold_orders(staying)
    policies.check_orders(orders, step)
    policies.check_recipients(box, orders, [key_of(order) for order in orders] if len(orders) > 1 else [None])
    policies.check_refunded_lines(staying)
    return orders


def recount(box: Consignment, lines: Sequence[ConsignmentLine]) -> None:
    """Its copies follow its lines; the caller saves."""
    staying = live(lines)
    box.units = sum(line.quantity for line in staying)
    box.order_count = max(1, len({line.order_id for line in staying}))
    if staying and box.order_id not in {line.order_id for line in staying}:
        box.order = staying[0].order
    box.expected_g = packing.expected_g(staying, None)


def save(box: Consignment, verb: str, *, by: Actor, before: str = "", reason: str = "", **detail: Any) -> Consignment:
    """Store the held copy and write its line in the trail."""
    box.version += 1
    box.save()
    told = {"from_state": before, "to_state": box.state} if before else {}
    activity.record(box, f"consignment.{verb}", by=by, reason=reason, **told, **detail)
    return box


def move(
    box: Consignment, name: str, *, by: Actor, reason: str = "", do: Callable[[], None] | None = None, **detail: Any
) -> Consignment:
    """One transition of the held copy by its name, saved and recorded."""
    before = box.state
    (do or getattr(box, name))()
    return save(box, name, by=by, before=before, reason=reason, **detail)


def store_counts(lines: Sequence[ConsignmentLine], *names: str) -> None:
    if lines:
        ConsignmentLine.objects.bulk_update(lines, names)
