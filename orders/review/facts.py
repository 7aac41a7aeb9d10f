"""What the rules want to know of many orders, by a handful of statements however many they are."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection

from merchant.clock import now
from merchant.policy import services as policy
from merchant.regions import addresses as regions
from merchant.vault import services as vault
from orders.record.enums import CategoryClass
from orders.record.models import Order, OrderLine
from orders.review.rules import Facts, Line


def facts_of(shop_id: int, orders: Sequence[Order], rules: Any) -> dict[int, Facts]:
    """{order id: facts}; the orders come with buyer and recipient."""
    ids = [order.pk for order in orders]
    lines: dict[int, list[Line]] = {pk: [] for pk in ids}
    for row in (
        OrderLine.objects.filter(order_id__in=ids).select_related("listing__sku").order_by("order_id", "line_no")
    ):
        sku = row.listing.sku
        lines[row.order_id].append(
            Line(
                row.listing.title, row.category_class, row.quantity or 1, row.goods_fen, row.discount_fen,
                row.subsidy_fen, row.net_fen, sku.floor_fen if sku else None,
                sku.ceiling_fen if sku else None,
            )
        )  # fmt: skip
    twins = _twins(shop_id, ids, policy.timer(rules, "T-DUPLICATE")) if rules.review_rules["duplicate"] else {}
    return {order.pk: _facts(order, lines[order.pk], twins.get(order.pk, [])) for order in orders}


def _facts(order: Order, lines: list[Line], twins: list[str]) -> Facts:
    person = vault.read_for_rules(order.recipient)
    buyer = order.buyer
    return Facts(
        name=person.name,
        phone=person.phone or person.virtual_phone,
        address=regions.whole_line(person.address, person.province, person.city),
        province=person.province,
        city=person.city,
        buyer_note=order.buyer_note,
        lines=lines,
        goods_fen=order.goods_fen,
        shop_discount_fen=order.shop_discount_fen,
        subsidy_fen=order.subsidy_fen,
        freight_fen=order.freight_fen,
        adjustment_fen=order.adjustment_fen,
        paid_fen=order.paid_fen,
        is_digital=bool(lines) and all(line.category_class == CategoryClass.VIRTUAL for line in lines),
        credit=buyer.credit_score if buyer else 100,
        is_banned=bool(buyer and buyer.banned_until and buyer.banned_until > now()),
        twins=twins,
    )


def _twins(shop_id: int, ids: Sequence[int], within: timedelta) -> dict[int, list[str]]:
    """{order id: numbers of earlier orders of the same buyer or phone for some of the same goods}."""
    alike = """
        t.id <> o.id AND t.placed_at BETWEEN o.placed_at - make_interval(secs => %(within)s::float8) AND o.placed_at
        AND (t.placed_at, t.id) < (o.placed_at, o.id) AND t.state <> 'closed'
        AND EXISTS (SELECT 1 FROM orders_orderline a JOIN orders_orderline b USING (listing_id)
                    WHERE a.order_id = o.id AND b.order_id = t.id)
    """
    sql = f"""
        SELECT o.id, t.number FROM orders_order o
        JOIN orders_order t ON t.buyer_id = o.buyer_id AND {alike} WHERE o.id = ANY(%(ids)s)
        UNION
        SELECT o.id, t.number FROM orders_order o
        JOIN merchant_recipient p ON p.id = o.recipient_id
        JOIN merchant_recipient q ON q.shop_id = %(shop)s AND q.phone_bidx = p.phone_bidx
        JOIN orders_order t ON t.recipient_id = q.id AND {alike} WHERE o.id = ANY(%(ids)s)
        ORDER BY 1, 2
    """  # noqa: S608 - the condition is a constant above
    found: dict[int, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, {"ids": list(ids), "shop": shop_id, "within": str(within.total_seconds())})
        for order_id, number in cursor.fetchall():
            found.setdefault(order_id, []).append(number)
    return found
