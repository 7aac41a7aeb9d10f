"""One short word an order that changes whenever its card would look different: what a live page compares."""

from collections.abc import Sequence

from django.db import connection

# Each part is one index walk an order. Time alone changes a card too: a promise passes, a benefit's window closes.
_STAMPS = """
SELECT o.id, left(md5(concat_ws('|',
    o.version, o.state, o.flag, o.recipient_id, o.assignee_id, o.refunding_fen, o.refunded_fen,
    o.shipped_at IS NULL AND o.ship_by_at <= now(), date_trunc('hour', now()),
    (SELECT max(n.id) FROM orders_note n WHERE n.order_id = o.id),
    (SELECT string_agg(concat_ws('.', p.version, p.state, p.last_event_at), ',' ORDER BY p.id)
       FROM logistics_package p WHERE p.order_id = o.id),
    (SELECT string_agg(concat_ws('.', i.version, i.state, i.is_unknown), ',' ORDER BY i.id)
       FROM logistics_package p JOIN logistics_interception i ON i.package_id = p.id WHERE p.order_id = o.id),
    (SELECT string_agg(concat_ws('.', c.version, c.state, c.tag), ',' ORDER BY c.id)
       FROM aftersales_case c WHERE c.order_id = o.id),
    (SELECT string_agg(concat_ws('.', r.state, r.updated_at), ',' ORDER BY r.id)
       FROM aftersales_refund r WHERE r.order_id = o.id),
    (SELECT string_agg(b.id::text, ',' ORDER BY b.id)
       FROM orders_block b WHERE b.order_id = o.id AND b.closed_at IS NULL),
    (SELECT string_agg(t.tag, ',' ORDER BY t.id) FROM orders_ordertag t WHERE t.order_id = o.id)
)), 8)
FROM orders_order o WHERE o.id = ANY(%s)
"""


def stamps_of(order_ids: Sequence[int]) -> dict[int, str]:
    """{order id: stamp}; one statement."""
    if not order_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_STAMPS, [list(order_ids)])
        return dict(cursor.fetchall())
