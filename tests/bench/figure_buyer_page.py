"""The workbench with one case open against its own SQL and an empty page, both through the whole middleware.

The buyer has 500 orders among 20,000 of the shop; the page shows twenty of them.
"""

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

from tests.bench.figures import figure, measure, note

ORDERS, OF_THE_BUYER, PAGES = 20_000, 500, 10
_statements: list[tuple[str, Any]] = []


def empty_page(request: HttpRequest) -> HttpResponse:
    """The floor: the statements the page sends, and a template with nothing in it."""
    assert request.user.is_authenticated
    with connection.cursor() as cursor:
        for sql, values in _statements:
            cursor.execute(sql, values)
            cursor.fetchall()
    return HttpResponse(engines["django"].from_string("<!doctype html><title></title>").render({}, request))


urlpatterns = [path("floor/", empty_page), path("", include("merchant.urls"))]


@contextmanager
def heard():
    """Collects every SELECT that is sent meanwhile."""

    def keep(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        if sql.lstrip("( ").upper().startswith("SELECT"):
            _statements.append((sql, values))
        return execute(sql, values, many, context)

    _statements.clear()
    with connection.execute_wrapper(keep):
        yield


def run() -> None:
    case, user = a_buyer_with_many_orders()
    url = f"/desk/case/{case.shop_id}/{case.number}/"
    with override_settings(ROOT_URLCONF=__name__):
        client = Client()
        client.handler._middleware_chain = WSGIHandler()._middleware_chain
        client.force_login(user)

        def get(address: str) -> None:
            for _ in range(PAGES):
                assert client.get(address).status_code == 200

        get(url)
        with heard():
            client.get(url)
        ours, floor = measure(lambda: get(url), lambda: get("/floor/"), rounds=5)
    note(f"buyer page {ours / PAGES * 1000:.1f} ms, {len(_statements)} statements, floor {floor / PAGES * 1000:.1f} ms")
    figure("buyer page / its SQL + an empty template", ours / floor, 3)


def a_buyer_with_many_orders() -> tuple[Any, Any]:
    from aftersales.cases import services as cases
    from aftersales.cases.enums import CaseKind, OpenedBy, Origin
    from aftersales.cases.models import Case
    from orders.intake.normal import NormalLine, NormalOrder, NormalPackage, NormalPayment, Person
    from orders.intake.services import upsert_orders
    from orders.record.models import Order
    from tests.merchant.factories import make_courier_account, make_shop, make_user

    shop = make_shop("own")
    make_courier_account(shop)
    at = timezone.now() - timedelta(days=2)
    rows = []
    for number in range(ORDERS):
        is_theirs = number % (ORDERS // OF_THE_BUYER) == 0
        placed_at = at - timedelta(minutes=number)
        rows.append(
            NormalOrder(
                number=f"B{number:012d}",
                placed_at=placed_at,
                state="shipped",
                paid_fen=8800,
                paid_at=placed_at,
                shipped_at=placed_at + timedelta(hours=9),
                lines=[
                    NormalLine(
                        title="原木床头小夜灯", spec="暖光", goods_fen=8800, net_fen=8800, external_id=f"L{number}"
                    )
                ],
                payments=[NormalPayment("wechat_pay", f"P{number}", 8800, placed_at)],
                buyer_id="the buyer" if is_theirs else f"buyer-{number}",
                buyer_nickname="晚风" if is_theirs else "别人",
                recipient=Person(name="演示甲", phone="19900001234", address="仓前街道演示路 1 号", city="杭州市"),
                packages=[NormalPackage("zto", f"78{number:012d}")],
            )
        )
    upsert_orders(shop, rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    order = Order.objects.get(shop=shop, number="B000000000000")
    case: Case = cases.apply_case(
        order,
        kind=CaseKind.REFUND_ONLY_SHIPPED,
        amount_fen=8800,
        reason="拍错",
        by=None,
        origin=Origin.OWN,
        opened_by=OpenedBy.BUYER,
    )
    return case, make_user("supervisor", shop)
