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
from orders.record.enums import ROAD, OrderState, states_before

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


@transaction.atomic
def follow_platform(shop: Any, moves: Sequence[Move], *, by: Actor = None) -> dict[int, tuple[str, str]]:
    """Move each order to its target where that is forward; {order id: (from, to)} of those that moved."""
    if not moves:
        return {}
    times = ("shipped_at", "received_at", "completed_at", "closed_at", "auto_receive_at", "settle_at")
    columns = ", ".join(times)
    kept = ", ".join(f"{name} = coalesce(o.{name}, w.{name})" for name in times)
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
    return moved
