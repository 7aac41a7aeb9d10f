"""The workbench and the list of orders in a shop of a million orders: a buyer with 500 of them, a queue of sixty tasks.

Each page runs through the whole middleware, against its own SQL and an empty template; then every statement's plan says
how many rows it read for what the page shows. HUICANG_BENCH_ORDERS makes the shop smaller for a quick look.
"""

from contextlib import contextmanager
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client, override_settings
from django.urls import include, path

from tests.bench.figures import figure, measure, note, processor_ms, templates_as_served
from tests.bench.large_shop import ORDERS, a_large_shop
from tests.bench.plans import read_of

PAGES = 10
# Processor time of the list's page, in those of an empty view behind the login: 25 ms where that one takes 2.
LIST_BAR = 12.5
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
    from cs_workbench.orders import search

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
            "order list": ("/orders/", {}, 200),
            **{f"order list, {tab}": ("/orders/", {"tab": tab}, 200) for tab in (*search.TABS, *search.BY_PROMISE)},
            "order list, found by product": ("/orders/", {"q": "床头小夜灯"}, 200),
            "order page": (f"/orders/{case.shop_id}/B{ORDERS // 2:012d}/", {}, 200),
        }
        for name, (address, told, status) in pages.items():
            one(client, name, address, told, status)
        with templates_as_served():
            listed = processor_ms(lambda: client.get("/orders/"))
        empty = processor_ms(lambda: client.get("/signed-in/"))
        note(f"processor time of the order list {listed:.1f} ms, of an empty view behind the login {empty:.1f} ms")
        figure("order list / an empty view behind the login, processor time", listed / empty, LIST_BAR)
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
