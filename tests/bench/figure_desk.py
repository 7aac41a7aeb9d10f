"""The workbench in a shop of a million orders: a buyer with 500 of them, a queue of sixty tasks.

Each page runs through the whole middleware, against its own SQL and an empty template; then every statement's plan says
how many rows it read for what the page shows. HUICANG_BENCH_ORDERS makes the shop smaller for a quick look.
"""

import os
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client, override_settings
from django.urls import include, path
from django.utils import timezone

from tests.bench.figures import figure, measure, note, templates_as_served
from tests.bench.plans import read_of

ORDERS = int(os.environ.get("HUICANG_BENCH_ORDERS", "1000000"))
OF_THE_BUYER, WAITING, LATE, PAGES = 500, 50, 10, 10
FETCHED = ("opened from the queue", "older orders", "search by product")
_statements: list[tuple[str, Any]] = []


def empty_page(request: HttpRequest) -> HttpResponse:
    """The floor: the statements the page sends, and a template with nothing in it."""
    with connection.cursor() as cursor:
        for sql, values in _statements:
            cursor.execute(sql, values)
            cursor.fetchall()
    return HttpResponse(engines["django"].from_string("<!doctype html><title></title>").render({}, request))


def signed_in(request: HttpRequest) -> HttpResponse:
    assert request.user.is_authenticated
    return HttpResponse(status=204)


urlpatterns = [path("floor/", empty_page), path("signed-in/", signed_in), path("", include("merchant.urls"))]


@contextmanager
def heard():
    """Collects every SELECT that is sent meanwhile."""

    def keep(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        if sql.lstrip("( \n").upper().startswith(("SELECT", "WITH")):
            _statements.append((sql, values))
        return execute(sql, values, many, context)

    _statements.clear()
    with connection.execute_wrapper(keep):
        yield


def run() -> None:
    from cs_workbench.desk import queue

    case, user = a_large_shop()
    url = f"/desk/case/{case.shop_id}/{case.number}/"
    with override_settings(ROOT_URLCONF=__name__):
        client = Client()
        client.handler._middleware_chain = WSGIHandler()._middleware_chain
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

        page = client.get(url)
        shown = page.context["queue"]
        assert len(shown.rows) == queue.SIZE, len(shown.rows)
        pane = page.context["pane"]
        pulse = {
            "queue": "todo",
            "shown": shown.shown,
            "token": shown.token,
            "open": page.context["opened"].key,
            "look": page.context["opened"].look_key,
            "stamp": page.context["act"].stamp,
            "cards": ",".join(f"{card.order.pk}:{card.stamp}" for card in pane.cards),
        }
        older = f"/desk/buyer/{case.shop_id}/{case.order.buyer_id}/?after={pane.next_key}"
        pages = {
            "buyer's page": (url, {}, 200),
            "opened from the queue": (url, {}, 200),
            "older orders": (older, {}, 200),
            "look that finds nothing new": ("/desk/pulse/", pulse, 204),
            "search by order number": ("/desk/", {"q": f"B{ORDERS // 2:012d}"}, 302),
            "search by product": ("/desk/", {"q": "床头小夜灯"}, 200),
        }
        for name, (address, told, status) in pages.items():
            one(client, name, address, told, status)
        told = dict(pulse)

        def look() -> None:
            for _ in range(PAGES):
                answer = client.get("/desk/pulse/", told)
                assert answer.status_code == 204
                told["seen"] = answer["HX-Trigger"].split('"')[5]

        look()
        ours, floor = measure(look, lambda: [client.get("/signed-in/") for _ in range(PAGES)], rounds=5)
        note(f"quiet look {ours / PAGES * 1000:.1f} ms; an empty view behind the login {floor / PAGES * 1000:.1f} ms")
        figure("look while nothing moves / an empty view behind the login", ours / floor, 2)


def one(client: Client, name: str, address: str, told: dict[str, str], status: int) -> None:
    # What the page fetches by itself comes without the frame around it.
    headers = {"HX-Request": "true"} if name in FETCHED else {}

    def get(url: str, more: dict[str, str], expected: int) -> None:
        for _ in range(PAGES):
            assert client.get(url, more, headers=headers).status_code == expected

    get(address, told, status)
    with heard():
        client.get(address, told, headers=headers)
    with templates_as_served():
        ours, floor = measure(lambda: get(address, told, status), lambda: get("/floor/", {}, 200), rounds=15)
    reads = [read_of(sql, values) for sql, values in _statements]
    read, given = sum(row.read for row in reads), sum(row.given for row in reads)
    scanned = sorted({table for row in reads for table in row.scanned})
    note(
        f"{name}: {ours / PAGES * 1000:.1f} ms, {len(_statements)} statements, floor {floor / PAGES * 1000:.1f} ms; "
        f"{read} rows read for {given}{', scanned whole: ' + ', '.join(scanned) if scanned else ''}"
    )
    for row in sorted(reads, key=lambda row: -row.read)[:3]:
        note(f"    {row.read} for {row.given}: {' '.join(row.sql.split())[:160]}")
    figure(f"{name} / its SQL + an empty template", ours / floor, 3)
    figure(f"{name}: rows read / rows shown", read / max(given, 1), 5)
    figure(f"{name}: growing tables scanned whole", len(scanned), 0)


def multiply(table: str, where: int, *, count: int = ORDERS - 1, **changed: str) -> None:
    """`count` copies of the row with this id, numbered n = 1 …: `changed` are SQL expressions of `n` and of the row `t`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position",
            [table],
        )
        columns = [row[0] for row in cursor.fetchall()]
        if "id" not in changed:
            columns.remove("id")
        values = ", ".join(changed.get(column, f't."{column}"') for column in columns).replace("%", "%%")
        names = ", ".join(f'"{column}"' for column in columns)
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} t, generate_series(1, %s) n WHERE t.id = %s",
            [count, where],
        )


def a_large_shop() -> tuple[Any, Any]:
    """One order walked in through the intake, then copied; cases walked in through the services."""
    from aftersales.cases.enums import CaseKind, OpenedBy, Origin
    from aftersales.cases.models import Case
    from aftersales.decisions import services as cases
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
            source_hash="decode(md5(n::text), 'hex')",
        )
        line = order.lines.get().pk
        multiply(
            "orders_orderline",
            line,
            id=f"{line} + n",
            order_id=f"{base} + n",
            external_id="'L' || n",
            placed_at=earlier,
        )
        payment = order.payments.get().pk
        multiply("orders_payment", payment, order_id=f"{base} + n", channel_ref="'P' || n")
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
        cursor.execute("SET session_replication_role = DEFAULT")
    connection.cursor().execute("VACUUM ANALYZE")
    note(f"{ORDERS:,} orders, {OF_THE_BUYER} of the buyer, {WAITING} cases and {LATE} late orders wait")
    return opened[0], make_user("supervisor", shop)
