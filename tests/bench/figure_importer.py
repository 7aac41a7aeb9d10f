"""The importer against COPY of the rows it leaves behind, into empty twins with the same indexes and constraints.

The shape is a shop's: one or two lines an order, a third of the buyers come back, few thousand titles, every order with
a recipient. The floor copies exactly the rows the import wrote (orders, lines, listings, buyers, recipients, payments,
discounts, trail, report), so the ratio is what reading, checking, sealing and joining cost.
"""

import io
import time
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from tests.bench.figures import figure, note

ORDERS = 20_000
# Three orders of ten have a second line, and a row of the file is a line.
ROWS = 26_000
BAR, STATEMENTS_BAR, UNCHANGED_BAR = 10.0, 0.05, 2.0
ROUNDS = 3
TABLES = (
    "merchant_recipient", "orders_buyer", "orders_listing", "orders_order", "orders_orderline", "orders_payment",
    "orders_orderdiscount", "merchant_activity", "merchant_jobrow",
)  # fmt: skip


def run() -> None:
    from orders.intake import importer, jobs
    from orders.intake.readers import SourceFile
    from tests.merchant.factories import make_shop

    shop = make_shop("kuaishou")
    took, again, floors, statements = [], [], [], []
    for round_no in range(ROUNDS):
        body = sheet(round_no * ORDERS, ORDERS)
        files = [SourceFile("orders.csv", lambda body=body: body)]
        before = {table: newest(table) for table in TABLES}

        counted = Counted()
        with connection.execute_wrapper(counted):
            began = time.perf_counter()
            job = importer.run(jobs.new_job(shop, ["orders.csv"], by=None), files)
            took.append(time.perf_counter() - began)
        assert job.figures == {"created": ROWS}, (job.figures, job.error)
        # COPY does not pass through the wrapper: nine a chunk.
        statements.append((counted.number + 9 * -(-ORDERS // importer.CHUNK)) / ROWS)

        floors.append(floor({table: rows_since(table, before[table]) for table in TABLES}))

        began = time.perf_counter()
        job = importer.run(jobs.new_job(shop, ["orders.csv"], by=None), files)
        again.append(time.perf_counter() - began)
        assert job.figures == {"unchanged": ROWS}, job.figures

    best, unchanged, copied = sorted(took)[1], sorted(again)[1], sorted(floors)[1]
    note(
        f"import {ORDERS / best:,.0f} orders/s, unchanged {ORDERS / unchanged:,.0f}/s, COPY floor {ORDERS / copied:,.0f}/s"
    )
    figure("import / COPY of the resulting rows, % of its speed", copied / best * 100, BAR, ok_when=">=")
    figure("import, statements a row", sorted(statements)[1], STATEMENTS_BAR)
    figure("unchanged re-import / import, times its speed", best / unchanged, UNCHANGED_BAR, ok_when=">=")


class Counted:
    def __init__(self) -> None:
        self.number = 0

    def __call__(self, execute, sql, params, many, context):
        self.number += 1
        return execute(sql, params, many, context)


def sheet(start: int, count: int) -> bytes:
    """A Kuaishou export, one row an item."""
    header = (
        "订单号,订单创建时间,订单支付时间,订单状态,实付款,快递费,店铺优惠,平台补贴,买家留言,订单备注,商品名称,商品ID,商品规格,SKU编码,"
        "商品单价,成交数量,收货人姓名,收货人电话,收货地址-省,收货地址-市,收货地址-区,收货地址,发货时间,快递公司,快递单号"
    )
    lines = [header]
    day = datetime(2026, 11, 1, tzinfo=UTC)
    for number in range(start, start + count):
        at = day + timedelta(seconds=number)
        for item in range(1 + (number % 10 < 3)):
            sku = (number * 7 + item * 13) % 3000
            lines.append(
                f"2611{number:012d},{at:%Y-%m-%d %H:%M:%S},{at + timedelta(minutes=1):%Y-%m-%d %H:%M:%S},已发货,"
                f"{80 + sku % 50}.50,0,{5 if number % 4 == 0 else 0},0,,,测试毛巾 {sku} 号 三条装,P{sku},{'红' if sku % 2 else '蓝'},S{sku},"
                f"{85 + sku % 50}.50,1,林小满,139{number % 10**8:08d},浙江省,杭州市,余杭区,文一西路 {number % 900} 号 {number % 40} 室,"
                f"{at + timedelta(hours=3):%Y-%m-%d %H:%M:%S},,"
            )
    return "\n".join(lines).encode()


def newest(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")
        return cursor.fetchone()[0]


def rows_since(table: str, last: int) -> str:
    buffer = io.StringIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY (SELECT * FROM {table} WHERE id > {int(last)} ORDER BY id) TO STDOUT", buffer)
    return buffer.getvalue()


def floor(bodies: dict[str, str]) -> float:
    """Seconds to COPY the rows, one transaction a table, into twins with defaults, constraints and indexes."""
    seconds = 0.0
    for table, body in bodies.items():
        twin = f"bench_{table}"
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {twin}; CREATE TABLE {twin} (LIKE {table} INCLUDING ALL)")
            for name, spec in foreign_keys(cursor, table):
                cursor.execute(f"ALTER TABLE {twin} ADD CONSTRAINT b_{name[:50]} {spec}")
        began = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.copy_expert(f"COPY {twin} FROM STDIN", io.StringIO(body))
        seconds += time.perf_counter() - began
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {twin}")
    return seconds


def foreign_keys(cursor, table: str) -> list[tuple[str, str]]:
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass",
        [table],
    )
    return cursor.fetchall()
