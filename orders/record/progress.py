"""Platform orders only move forward (domain: order table, "imported with a platform status").

The set-based twin of the order's verbs: one guarded UPDATE for a whole chunk, with a line in the trail for each order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from merchant.people.models import Actor
from merchant.trail import activity
from merchant.trail.models import Activity
from orders.record import telling
from orders.record.enums import ROAD, OrderState, states_before
from orders.record.signals import announce_moves

# (source, target) of every step forward.
ALLOWED = frozenset(
    (str(source), str(target)) for target in (*ROAD[1:], OrderState.CLOSED) for source in states_before(target)
)


@dataclass(frozen=True)
class Move:
    """Where the platform says an order is now, with the times it gives and the clocks that follow from them."""

    order_id: int
    target: str
    shipped_at: datetime | None = None
    received_at: datetime | None = None
    completed_at: datetime | None = None
    closed_at: datetime | None = None
    auto_receive_at: datetime | None = None
    settle_at: datetime | None = None
    step_due_at: datetime | None = None


@transaction.atomic
def follow_platform(shop: Any, moves: Sequence[Move], *, by: Actor = None) -> dict[int, tuple[str, str]]:
    """Move each order to its target where that is forward; {order id: (from, to)} of those that moved."""
    if not moves:
        return {}
    times = ("shipped_at", "received_at", "completed_at", "closed_at", "auto_receive_at", "settle_at", "step_due_at")
    columns = ", ".join(times)
    # A working step that is over has no clock; the other times stay as they were first known.
    kept = ", ".join(f"{name} = coalesce(o.{name}, w.{name})" for name in times[:-1]) + ", step_due_at = w.step_due_at"
    sql = f"""
        WITH wanted AS (
            SELECT * FROM unnest(%s::bigint[], %s::text[]{", %s::timestamptz[]" * len(times)})
                AS w(id, target, {columns})
        ), held AS (
            SELECT o.id, o.state FROM orders_order o JOIN wanted USING (id)
            WHERE o.shop_id = %s ORDER BY o.id FOR NO KEY UPDATE OF o
        ), allowed AS (
            SELECT * FROM unnest(%s::text[], %s::text[]) AS a(source, target)
        )
        UPDATE orders_order o SET state = w.target, {kept}, version = o.version + 1
        FROM wanted w JOIN held h USING (id) JOIN allowed a ON a.source = h.state AND a.target = w.target
        WHERE o.id = w.id
        RETURNING o.id, h.state, o.state
    """  # noqa: S608 - column names are constants above
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            [
                [move.order_id for move in moves],
                [str(move.target) for move in moves],
                *[[getattr(move, name) for move in moves] for name in times],
                shop.pk,
                [source for source, _target in ALLOWED],
                [target for _source, target in ALLOWED],
            ],
        )
        moved = {order_id: (before, after) for order_id, before, after in cursor.fetchall()}
    activity.record_many(
        Activity(
            shop=shop,
            subject_kind="order",
            subject_id=order_id,
            verb="order.follow_platform",
            by=by,
            from_state=before,
            to_state=after,
        )
        for order_id, (before, after) in moved.items()
    )
    announce_moves(shop.pk, moved)
    return moved


@dataclass(frozen=True)
class Step:
    """One step of an order inside the house: where it goes, who has it then, when the step after it is due."""

    order_id: int
    target: str
    step_due_at: datetime | None = None
    assignee_id: int | None = None
    reason: str = ""


@transaction.atomic
def take_steps(shop_id: int, steps: Sequence[Step], *, source: str, verb: str, by: Actor = None) -> set[int]:
    """Move orders of one shop from `source`, set-based; the ids that moved. The verb is that of the single order's
    service, and whoever calls has asked its policy. An order that stands elsewhere by now is left out."""
    if not steps:
        return set()
    sql = """
        WITH wanted AS (
            SELECT * FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::bigint[])
                AS w(id, target, step_due_at, assignee_id)
        ), held AS (
            SELECT o.id FROM orders_order o JOIN wanted USING (id)
            WHERE o.shop_id = %s AND o.state = %s ORDER BY o.id FOR NO KEY UPDATE OF o
        )
        UPDATE orders_order o SET state = w.target, step_due_at = w.step_due_at,
            assignee_id = coalesce(w.assignee_id, o.assignee_id), version = o.version + 1
        FROM wanted w JOIN held h USING (id) WHERE o.id = w.id
        RETURNING o.id
    """
    columns = ("order_id", "target", "step_due_at", "assignee_id")
    with connection.cursor() as cursor:
        cursor.execute(sql, [*([getattr(step, name) for step in steps] for name in columns), shop_id, source])
        moved = {order_id for (order_id,) in cursor.fetchall()}
    taken = [step for step in steps if step.order_id in moved]
    activity.record_many(
        Activity(
            shop_id=shop_id,
            subject_kind="order",
            subject_id=step.order_id,
            verb=verb,
            by=by,
            from_state=source,
            to_state=step.target,
            reason=step.reason,
        )
        for step in taken
    )
    telling.tell_assigned(shop_id, [(step.order_id, step.assignee_id) for step in taken], by=by)
    announce_moves(shop_id, {step.order_id: (source, step.target) for step in taken})
    return moved
