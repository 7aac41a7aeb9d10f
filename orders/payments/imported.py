"""Refunds the platform made before any document of ours: the set-based twin of reserve and settle for imports."""

from collections.abc import Sequence
from itertools import groupby

from django.db import connection

from orders.payments.allocate import split
from orders.record.models import Order, OrderLine


def raise_refunded(totals: Sequence[tuple[int, int]]) -> None:
    """Bring `refunded` of each (order id, refunded in all) up to what the platform says, sharing the difference over
    what the lines have left (M2), the rest being freight. The caller holds the orders' locks. Never lowers anything,
    never goes above what was paid: money our own refunds have reserved is counted first."""
    if not totals:
        return
    wanted = dict(totals)
    orders = {order.pk: order for order in Order.objects.filter(pk__in=wanted)}
    lines = OrderLine.objects.filter(order_id__in=wanted).order_by("order_id", "line_no")
    order_rows, line_rows = [], []
    for order_id, group in groupby(lines, key=lambda line: line.order_id):
        order, own = orders[order_id], list(group)
        missing = min(wanted[order_id] - order.refunding_fen - order.refunded_fen, order.refundable_fen)
        if missing <= 0:
            continue
        left = [line.refundable_fen for line in own]
        goods = min(missing, sum(left))
        freight = min(missing - goods, order.refundable_freight_fen)
        order_rows.append((order_id, goods + freight, freight))
        line_rows += [(line.pk, part) for line, part in zip(own, split(goods, left), strict=True) if part]
    with connection.cursor() as cursor:
        if order_rows:
            cursor.execute(
                """
                UPDATE orders_order o SET refunded_fen = o.refunded_fen + r.amount,
                    freight_refunded_fen = o.freight_refunded_fen + r.freight,
                    refunded_before_fen = o.refunded_before_fen + r.amount
                FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS r(id, amount, freight) WHERE o.id = r.id
                """,
                [list(column) for column in zip(*order_rows, strict=True)],
            )
        if line_rows:
            cursor.execute(
                """
                UPDATE orders_orderline l SET refunded_fen = l.refunded_fen + r.amount
                FROM unnest(%s::bigint[], %s::bigint[]) AS r(id, amount) WHERE l.id = r.id
                """,
                [list(column) for column in zip(*line_rows, strict=True)],
            )
