"""A shop of a million orders: one order walked in through the intake and cases through the services, then their rows
once more under other numbers, a statement a table. HUICANG_BENCH_ORDERS makes the shop smaller for a quick look."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from tests.bench.figures import note

ORDERS = int(os.environ.get("HUICANG_BENCH_ORDERS", "1000000"))
OF_THE_BUYER, WAITING, LATE, LISTINGS = 500, 50, 10, 3000
# The newest orders wait for their money and for the warehouse; the older they are the further they came.
STATES = f"""CASE
    WHEN n <= 60 THEN 'pending_payment'
    WHEN n BETWEEN 2500 AND 4500 THEN 'to_fulfil'
    WHEN n < 6000 THEN 'shipped'
    WHEN n % 20 = 0 THEN 'closed'
    WHEN n > {ORDERS * 3 // 10} THEN 'completed'
    WHEN n > {ORDERS * 3 // 20} THEN 'received'
    ELSE 'shipped' END"""


def multiply(table: str, where: int, *, count: int = ORDERS - 1, **changed: str) -> None:
    """`count` copies of the row with this id, numbered n = `count` … 1, so that what is older the higher its number is
    comes first: `changed` are SQL expressions of `n` and of the row `t`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position",
            [table],
        )
        columns = [row[0] for row in cursor.fetchall()]
        if "id" not in changed:
            columns.remove("id")
        assert changed.keys() <= {*columns, "id"}, f"{table} has no {', '.join(changed.keys() - set(columns))}"
        values = ", ".join(changed.get(column, f't."{column}"') for column in columns).replace("%", "%%")
        names = ", ".join(f'"{column}"' for column in columns)
        with _indexed_afterwards(table):
            cursor.execute(
                f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} t, generate_series(%s, 1, -1) n"
                " WHERE t.id = %s",
                [count, where],
            )


@contextmanager
def _indexed_afterwards(table: str) -> Iterator[None]:
    """The table's indexes are built when its rows are in, in a third of the time; the unique ones stay."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = %s::regclass AND NOT indisunique",
            [table],
        )
        indexes = cursor.fetchall()
        for name, _made in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        cursor.execute("SET maintenance_work_mem = '256MB'")
        for _name, made in indexes:
            cursor.execute(made)
        cursor.execute("RESET maintenance_work_mem")


def a_large_shop() -> tuple[Any, Any]:
    """One order walked in through the intake, then copied; cases walked in through the services."""
    from aftersales.cases.enums import CaseKind, OpenedBy, Origin
    from aftersales.cases.models import Case
    from aftersales.decisions import services as cases
    from merchant.trail.models import Activity
    from orders.intake.normal import NormalLine, NormalOrder, NormalPackage, NormalPayment, Person
    from orders.intake.services import upsert_orders
    from orders.record.models import Block, Order
    from tests.merchant.factories import make_courier_account, make_shop, make_user

    shop = make_shop("own")
    make_courier_account(shop)
    at = timezone.now() - timedelta(hours=2)
    upsert_orders(
        shop,
        [
            NormalOrder(
                number="B000000000000",
                placed_at=at,
                state="shipped",
                paid_fen=8800,
                paid_at=at,
                shipped_at=at + timedelta(hours=1),
                lines=[NormalLine(title="原木床头小夜灯", spec="暖光", goods_fen=8800, net_fen=8800, external_id="L0")],
                payments=[NormalPayment("wechat_pay", "P0", 8800, at)],
                buyer_id="the buyer",
                buyer_nickname="晚风",
                recipient=Person(name="演示甲", phone="19900001234", address="仓前街道演示路 1 号", city="杭州市"),
                packages=[NormalPackage("zto", "780000000000")],
            )
        ],
    )
    order = Order.objects.get(shop=shop)
    base, step = order.pk, ORDERS // OF_THE_BUYER
    buyer, parcel = order.buyer_id, order.packages.get().pk
    assert buyer is not None
    # Every step-th order is the buyer's, the others belong to people with three orders each.
    person = f"CASE WHEN n % {step} = 0 THEN {buyer} ELSE {buyer} + 1 + n % {ORDERS // 3} END"
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # the copies' keys are right by construction
        multiply("orders_buyer", buyer, id=f"{buyer} + n", external_id="'b' || n", nickname="'别人' || n")
        multiply(
            "merchant_recipient", order.recipient_id or 0, id=f"{order.recipient_id} + n", token="gen_random_uuid()"
        )
        earlier = "t.placed_at - n * interval '40 seconds'"
        multiply(
            "orders_order",
            base,
            id=f"{base} + n",
            number="'B' || lpad(n::text, 12, '0')",
            buyer_id=person,
            recipient_id=f"{order.recipient_id} + n",
            placed_at=earlier,
            paid_at=earlier,
            shipped_at=f"{earlier} + interval '1 hour'",
            state=STATES,
            source_hash="decode(md5(n::text), 'hex')",
        )
        cursor.execute(
            "UPDATE orders_order SET shipped_at = NULL, auto_receive_at = NULL,"
            " ship_by_at = placed_at + interval '10 days' WHERE state = 'to_fulfil'"
        )
        listing = order.lines.get().listing_id
        multiply(
            "orders_listing",
            listing,
            count=LISTINGS - 1,
            id=f"{listing} + n",
            external_id="'I' || n",
            title="'纯棉四件套 ' || n",
            title_hash="decode(md5('L' || n), 'hex')",
            bigrams="ARRAY['纯棉', '四件']::varchar[]",
        )
        line = order.lines.get().pk
        multiply(
            "orders_orderline",
            line,
            id=f"{line} + n",
            order_id=f"{base} + n",
            external_id="'L' || n",
            listing_id=f"{listing} + n % {LISTINGS}",
            placed_at=earlier,
        )
        payment = order.payments.get().pk
        multiply("orders_payment", payment, order_id=f"{base} + n", channel_number="'P' || n")
        multiply(
            "logistics_package",
            parcel,
            id=f"{parcel} + n",
            order_id=f"{base} + n",
            waybill="'78' || lpad(n::text, 10, '0')",
            state="'signed'",
        )
        cursor.execute("SET session_replication_role = DEFAULT")
        for table in (
            "orders_order",
            "orders_orderline",
            "orders_listing",
            "orders_payment",
            "orders_buyer",
            "logistics_package",
            "merchant_recipient",
        ):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        # A few of the newest wait to be sent and are late.
        cursor.execute(
            "UPDATE orders_order SET state = 'to_fulfil', shipped_at = NULL, auto_receive_at = NULL,"
            " ship_by_at = now() - interval '1 hour' WHERE id = ANY(%s)",
            [[base + 2000 + n for n in range(LATE)]],
        )
        cursor.execute("VACUUM ANALYZE")
    opened: list[Case] = [
        cases.apply_case(
            Order.objects.get(pk=base + n),
            kind=CaseKind.REFUND_ONLY_SHIPPED,
            amount_fen=8800,
            reason="拍错",
            by=None,
            origin=Origin.OWN,
            opened_by=OpenedBy.BUYER,
            applied_at=timezone.now() - timedelta(hours=30, minutes=n),
        )
        for n in (0, *range(5000, 5000 + WAITING - 1))
    ]
    one = opened[-1].pk
    old = {"number": "'OLD' || n", "state": "'success'", "closed_at": "now()", "due_at": "NULL", "clock": "''"}
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        # As many settled cases, and lifted holds, as a year brings.
        block = Block.objects.filter(order_id=opened[-1].order_id).values_list("pk", flat=True)[0]
        multiply(
            "orders_block",
            block,
            count=ORDERS // 20,
            order_id=f"{base} + 10000 + n",
            closed_at="now()",
            document="'OLD' || n",
        )
        multiply(
            "aftersales_case", one, count=ORDERS // 20, order_id=f"{base} + 10000 + n", buyer_id=f"{buyer} + n", **old
        )
        # And what people and the product wrote down about older orders.
        written = Activity.objects.values_list("pk", flat=True)[0]
        multiply(
            "merchant_activity",
            written,
            count=ORDERS // 10,
            subject_kind="'order'",
            subject_id=f"{base} + 10000 + n",
            at="now() - n * interval '40 seconds'",
        )
        cursor.execute("SET session_replication_role = DEFAULT")
    connection.cursor().execute("VACUUM ANALYZE")
    note(f"{ORDERS:,} orders, {OF_THE_BUYER} of the buyer, {WAITING} cases and {LATE} late orders wait")
    return opened[0], make_user("supervisor", shop)
