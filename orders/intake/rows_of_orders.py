"""The statements that write a chunk's orders, lines, listings, payments, discounts, remarks and trail."""

from collections.abc import Mapping, Sequence
from typing import Any

from merchant.encryption.fields import sealed
from merchant.people.models import Actor
from merchant.pg_copy import copy_rows
from orders.intake.benefits import codes_of
from orders.intake.incoming import Incoming
from orders.intake.listings import bigrams, title_hash
from orders.intake.normal import NormalLine, NormalOrder
from orders.intake.stage import make_stage
from orders.payments.enums import Bearer, DiscountKind
from orders.pictures import services as pictures
from orders.record.enums import SENT, OrderState
from orders.record.models import Order
from orders.remarks.models import Note, wording

ORDER_COLUMNS = {
    "number": "varchar", "buyer_id": "bigint", "recipient_id": "bigint", "state": "varchar",
    "goods_fen": "bigint", "shop_discount_fen": "bigint", "subsidy_fen": "bigint", "freight_fen": "bigint",
    "adjustment_fen": "bigint", "paid_fen": "bigint", "receivable_fen": "bigint",
    "refunded_fen": "bigint", "freight_refunded_fen": "bigint", "refunded_before_fen": "bigint",
    "pay_method": "varchar", "flag": "smallint", "host_name": "varchar", "buyer_note": "bytea", "benefits": "varchar[]",
    "source_status": "varchar", "close_reason": "varchar", "placed_at": "timestamptz", "paid_at": "timestamptz",
    "shipped_at": "timestamptz", "received_at": "timestamptz", "completed_at": "timestamptz",
    "closed_at": "timestamptz", "pay_by_at": "timestamptz", "step_due_at": "timestamptz", "ship_by_at": "timestamptz",
    "auto_receive_at": "timestamptz", "settle_at": "timestamptz",
    "source_hash": "bytea", "source_updated_at": "timestamptz",
}  # fmt: skip
# What a newer version of a stored order may change. State, refunds and the times of progress have writers of their own.
ORDER_UPDATES = (
    "goods_fen", "shop_discount_fen", "subsidy_fen", "freight_fen", "adjustment_fen", "paid_fen", "receivable_fen",
    "pay_method", "buyer_note", "source_status", "placed_at", "paid_at", "pay_by_at",
    "ship_by_at", "source_hash", "source_updated_at",
)  # fmt: skip
# Kept when the newer version does not say it; our own flag is not taken away by an older one of the platform's.
ORDER_KEPT = ("buyer_id", "recipient_id")
# The same, where not saying is an empty value: an export names the host, the platform's interface does not.
ORDER_KEPT_FILLED = {"host_name": "''", "benefits": "'{}'::varchar[]"}

LINE_COLUMNS = {
    "order_id": "bigint", "line_no": "smallint", "external_id": "varchar", "listing_id": "bigint",
    "quantity": "integer", "shipped_quantity": "integer", "goods_fen": "bigint", "discount_fen": "bigint",
    "subsidy_fen": "bigint", "net_fen": "bigint", "refunded_fen": "bigint", "category_class": "varchar",
    "custom_spec": "varchar", "placed_at": "timestamptz",
}  # fmt: skip
LINE_UPDATES = (
    "external_id", "listing_id", "quantity", "shipped_quantity", "goods_fen", "discount_fen", "subsidy_fen", "net_fen",
    "category_class", "placed_at",
)  # fmt: skip
LISTING_COLUMNS = {
    "external_id": "varchar", "product_id": "varchar", "sku_code": "varchar", "title": "varchar", "spec": "varchar",
    "title_hash": "bytea", "category_class": "varchar", "bigrams": "varchar[]",
}  # fmt: skip
PAYMENT_COLUMNS = {
    "order_id": "bigint", "channel": "varchar", "channel_number": "varchar", "amount_fen": "bigint",
    "paid_at": "timestamptz",
}  # fmt: skip
DISCOUNT_COLUMNS = {"order_id": "bigint", "kind": "varchar", "bearer": "varchar", "amount_fen": "bigint"}
NOTE_COLUMNS = {"order_id": "bigint", "text": "bytea", "text_bidx": "bytea", "flag": "smallint"}

ListingKey = tuple[str, bytes]


def listing_key(line: NormalLine) -> ListingKey:
    return (line.item_id or line.product_id)[:64], title_hash(line.title[:300], line.spec[:300])


def listings(cursor: Any, shop: Any, orders: Sequence[NormalOrder]) -> dict[ListingKey, int]:
    """{(item id, title digest): listing id}; missing ones are made."""
    named: dict[ListingKey, NormalLine] = {}
    for order in orders:
        for line in order.lines:
            named.setdefault(listing_key(line), line)
    make_stage(cursor, "stage_listing", LISTING_COLUMNS)
    rows = [
        (key[0], line.product_id[:64], line.sku_code[:80], line.title[:300], line.spec[:300], key[1],
         str(line.category_class), bigrams(line.title[:300]))
        for key, line in sorted(named.items(), key=lambda pair: pair[0])
    ]  # fmt: skip
    copy_rows(cursor, "stage_listing", tuple(LISTING_COLUMNS), rows)
    columns = ", ".join(LISTING_COLUMNS)
    cursor.execute(
        f"""
        WITH made AS (
            INSERT INTO orders_listing (shop_id, {columns})
            SELECT %(shop)s, {columns} FROM stage_listing s
            WHERE NOT EXISTS (SELECT 1 FROM orders_listing l WHERE l.shop_id = %(shop)s
                              AND l.external_id = s.external_id AND l.title_hash = s.title_hash)
            ORDER BY external_id, title_hash
            ON CONFLICT (shop_id, external_id, title_hash) DO UPDATE SET title = excluded.title
            RETURNING id, external_id, title_hash
        )
        SELECT external_id, title_hash, id FROM made
        UNION ALL
        SELECT l.external_id, l.title_hash, l.id
        FROM orders_listing l JOIN stage_listing s USING (external_id, title_hash)
        WHERE l.shop_id = %(shop)s
        """,  # noqa: S608 - column names are constants above
        {"shop": shop.pk},
    )
    found = {(external_id, bytes(digest)): pk for external_id, digest, pk in cursor.fetchall()}
    shown = {found[key]: pictures.web_address(line.picture_url) for key, line in named.items() if line.picture_url}
    pictures.remember(cursor, shop, {pk: url for pk, url in shown.items() if url})
    return found


def orders(
    cursor: Any, shop: Any, changed: Sequence[Incoming], buyers: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, bool]]:
    """Insert what is new, update what differs. ({order number: order id}, {order number: whether it was created} of
    those this statement wrote; a number missing there was written alike by somebody else a moment ago.)"""
    make_stage(cursor, "stage_order", ORDER_COLUMNS)
    copy_rows(cursor, "stage_order", tuple(ORDER_COLUMNS), (_order_row(item, buyers) for item in changed))
    columns = ", ".join(ORDER_COLUMNS)
    updates = ", ".join(
        [f"{name} = excluded.{name}" for name in ORDER_UPDATES]
        + [f"{name} = coalesce(excluded.{name}, o.{name})" for name in ORDER_KEPT]
        + [f"{name} = coalesce(nullif(excluded.{name}, {nil}), o.{name})" for name, nil in ORDER_KEPT_FILLED.items()]
        + ["flag = coalesce(o.flag, excluded.flag)", "version = o.version + 1"]
    )
    cursor.execute(
        f"""
        INSERT INTO orders_order AS o (shop_id, {columns})
        SELECT %(shop)s, {columns} FROM stage_order ORDER BY number
        ON CONFLICT (shop_id, number) DO UPDATE SET {updates} WHERE o.source_hash IS DISTINCT FROM excluded.source_hash
        RETURNING number, xmax = 0
        """,  # noqa: S608 - column names are constants above
        {"shop": shop.pk},
    )
    written = dict(cursor.fetchall())
    cursor.execute(
        "SELECT o.number, o.id FROM orders_order o JOIN stage_order s USING (number) WHERE o.shop_id = %s", [shop.pk]
    )
    return dict(cursor.fetchall()), written


def _order_row(item: Incoming, buyers: Mapping[str, int]) -> tuple[Any, ...]:
    order, amounts, clocks = item.order, item.amounts, item.clocks
    return (
        order.number, buyers.get(order.buyer_id[:128]), item.recipient_id, str(item.state),
        amounts.goods_fen, amounts.shop_discount_fen, amounts.subsidy_fen, amounts.freight_fen,
        amounts.adjustment_fen, amounts.paid_fen, amounts.receivable_fen,
        amounts.refunded_fen, amounts.freight_refunded_fen, amounts.refunded_fen,
        order.pay_method[:24], order.flag, order.host_name[:80],
        sealed(Order, "buyer_note", order.buyer_note), codes_of(order.benefits),
        order.source_status[:80], order.close_reason[:200], order.placed_at, order.paid_at,
        order.shipped_at, order.received_at, order.completed_at, order.closed_at,
        clocks["pay_by_at"], clocks["step_due_at"], clocks["ship_by_at"], clocks["auto_receive_at"],
        clocks["settle_at"],
        item.digest, order.source_updated_at,
    )  # fmt: skip


def _is_sent(order: NormalOrder) -> bool:
    """Every line left: a source that says "partly shipped" does not say which did."""
    return order.state in SENT and order.state != OrderState.PARTLY_SHIPPED


def lines(
    cursor: Any, shop: Any, changed: Sequence[Incoming], ids: Mapping[str, int], listing_ids: Mapping[ListingKey, int]
) -> None:
    make_stage(cursor, "stage_line", LINE_COLUMNS)
    copy_rows(
        cursor,
        "stage_line",
        tuple(LINE_COLUMNS),
        (
            (ids[item.order.number], line_no, line.external_id[:64], listing_ids[listing_key(line)], line.quantity,
             line.quantity if _is_sent(item.order) else 0, money.goods_fen, money.discount_fen, money.subsidy_fen,
             money.net_fen, money.refunded_fen, str(line.category_class), "", item.order.placed_at)
            for item in changed
            for line_no, line, money in zip(item.line_nos, item.order.lines, item.amounts.lines, strict=True)
        ),
    )  # fmt: skip
    columns = ", ".join(LINE_COLUMNS)
    updates = ", ".join(f"{name} = excluded.{name}" for name in LINE_UPDATES)
    cursor.execute(
        f"""
        INSERT INTO orders_orderline (shop_id, {columns})
        SELECT %s, {columns} FROM stage_line ORDER BY order_id, line_no
        ON CONFLICT (order_id, line_no) DO UPDATE SET {updates}
        """,  # noqa: S608 - column names are constants above
        [shop.pk],
    )


def payments_and_discounts(cursor: Any, shop: Any, changed: Sequence[Incoming], ids: Mapping[str, int]) -> None:
    payments, discounts = [], []
    for item in changed:
        order, order_id = item.order, ids[item.order.number]
        for payment in order.payments if item.amounts.paid_fen else ():
            paid_at = payment.paid_at or order.paid_at
            amount_fen = item.amounts.paid_fen if payment.amount_fen is None else payment.amount_fen
            payments.append((order_id, payment.channel, payment.number[:80], amount_fen, paid_at))
        for kind, bearer, amount in (
            (DiscountKind.SHOP, Bearer.SHOP, item.amounts.shop_discount_fen),
            (DiscountKind.PLATFORM, Bearer.PLATFORM, item.amounts.subsidy_fen),
        ):
            if amount:
                discounts.append((order_id, str(kind), str(bearer), amount))
    if payments:
        make_stage(cursor, "stage_payment", PAYMENT_COLUMNS)
        copy_rows(cursor, "stage_payment", tuple(PAYMENT_COLUMNS), payments)
        if any(item.stored for item in changed):
            # The channel's number became known: it takes the place of the order number that stood in for it.
            cursor.execute(
                """
                UPDATE orders_payment p SET channel = s.channel, channel_number = s.channel_number
                FROM stage_payment s JOIN orders_order o ON o.id = s.order_id
                WHERE p.order_id = s.order_id AND p.channel_number = o.number AND s.channel_number <> o.number
                  AND (SELECT count(*) FROM stage_payment t WHERE t.order_id = s.order_id) = 1
                  AND NOT EXISTS (SELECT 1 FROM orders_payment q WHERE q.order_id = s.order_id
                                  AND q.channel = s.channel AND q.channel_number = s.channel_number)
                """
            )
        cursor.execute(
            """
            INSERT INTO orders_payment AS p (shop_id, order_id, channel, channel_number, amount_fen, paid_at)
            SELECT %s, s.order_id, s.channel, s.channel_number, sum(s.amount_fen), min(s.paid_at)
            FROM stage_payment s JOIN orders_order o ON o.id = s.order_id
            -- A stand-in (the order's own number) adds nothing beside a channel's number that is known already.
            WHERE s.channel_number <> o.number OR NOT EXISTS (SELECT 1 FROM orders_payment q
                WHERE q.order_id = s.order_id AND q.channel_number <> o.number)
            GROUP BY s.order_id, s.channel, s.channel_number ORDER BY s.channel, s.channel_number, s.order_id
            ON CONFLICT (shop_id, channel, channel_number, order_id) DO UPDATE
                SET amount_fen = excluded.amount_fen, paid_at = excluded.paid_at
                WHERE (p.amount_fen, p.paid_at) IS DISTINCT FROM (excluded.amount_fen, excluded.paid_at)
            """,
            [shop.pk],
        )
    if discounts:
        make_stage(cursor, "stage_discount", DISCOUNT_COLUMNS)
        copy_rows(cursor, "stage_discount", tuple(DISCOUNT_COLUMNS), discounts)
        cursor.execute(
            """
            INSERT INTO orders_orderdiscount AS d (shop_id, order_id, kind, bearer, amount_fen)
            SELECT %s, order_id, kind, bearer, amount_fen FROM stage_discount ORDER BY order_id, kind
            ON CONFLICT (order_id, kind, coupon_number) DO UPDATE SET amount_fen = excluded.amount_fen
                WHERE d.amount_fen <> excluded.amount_fen
            """,
            [shop.pk],
        )


def notes(cursor: Any, shop: Any, changed: Sequence[Incoming], ids: Mapping[str, int]) -> None:
    """The seller's remark on the platform becomes a note of ours, once for each wording."""
    said = [
        (ids[item.order.number], sealed(Note, "text", text), wording(text), item.order.flag)
        for item in changed
        if (text := item.order.seller_note)
    ]
    if not said:
        return
    make_stage(cursor, "stage_note", NOTE_COLUMNS)
    copy_rows(cursor, "stage_note", tuple(NOTE_COLUMNS), said)
    cursor.execute(
        """
        INSERT INTO orders_note (shop_id, order_id, text, text_bidx, flag)
        SELECT %s, order_id, text, text_bidx, flag FROM stage_note s
        WHERE NOT EXISTS (SELECT 1 FROM orders_note n WHERE n.order_id = s.order_id AND n.text_bidx = s.text_bidx)
        ORDER BY order_id
        """,
        [shop.pk],
    )


def created_activity(cursor: Any, shop: Any, order_ids: Sequence[int], *, by: Actor) -> None:
    """One line in the trail for each order that now exists."""
    if not order_ids:
        return
    cursor.execute(
        """
        INSERT INTO merchant_activity (shop_id, subject_kind, subject_id, verb, by_id, to_state)
        SELECT shop_id, 'order', id, 'order.import', %s, state FROM orders_order WHERE id = ANY(%s) ORDER BY id
        """,
        [by.pk if by else None, list(order_ids)],
    )
