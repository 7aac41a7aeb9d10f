"""Orders for tests, walked in through the real intake."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from merchant.clock import SHANGHAI
from merchant.shops.models import Shop
from merchant.vault.services import Person
from orders.intake.normal import NormalLine, NormalOrder, NormalPackage, NormalPayment
from orders.intake.services import upsert_orders
from orders.record.enums import SENT, OrderState
from orders.record.models import Order
from tests.merchant.factories import make_shop

_count = itertools.count(1)
MORNING = datetime(2026, 11, 16, 9, 0, tzinfo=SHANGHAI)


def order_row(
    *,
    number: str | None = None,
    state: str = OrderState.SHIPPED,
    nets: tuple[int, ...] = (8800,),
    freight_fen: int = 0,
    shop_discount_fen: int = 0,
    subsidy_fen: int = 0,
    placed_at: datetime = MORNING,
    is_paid: bool = True,
    packages: tuple[tuple[str, str], ...] = (),
    **more: Any,
) -> NormalOrder:
    """An order as a source would give it: one line for each of `nets`, paid a minute after it was placed, shipped three
    hours later when its state says so. `packages` are (courier, waybill)."""
    number = number or f"26111600{next(_count):06d}"
    is_sent = state in SENT
    lines = [
        NormalLine(
            title=f"测试商品 {position}",
            quantity=1,
            goods_fen=net + (shop_discount_fen + subsidy_fen if position == 1 else 0),
            net_fen=net,
            external_id=f"{number}-{position}",
            item_id=f"sku-{position}",
        )
        for position, net in enumerate(nets, start=1)
    ]
    paid = sum(nets) + freight_fen
    row = NormalOrder(
        number=number,
        placed_at=placed_at,
        state=state,
        lines=lines,
        paid_fen=paid,
        freight_fen=freight_fen,
        shop_discount_fen=shop_discount_fen,
        subsidy_fen=subsidy_fen,
        paid_at=placed_at + timedelta(minutes=1) if is_paid else None,
        shipped_at=placed_at + timedelta(hours=3) if is_sent else None,
        payments=[NormalPayment("kuaishou", number, paid)] if is_paid else [],
        buyer_id="buyer-1",
        buyer_nickname="海边的云",
        recipient=Person(
            name="林小满",
            phone="13900001234",
            address="浙江省杭州市余杭区仓前街道文一西路 1 号",
            province="浙江省",
            city="杭州市",
        ),
        packages=[NormalPackage(courier, waybill, placed_at + timedelta(hours=3)) for courier, waybill in packages],
    )
    for name, value in more.items():
        setattr(row, name, value)
    return row


def make_order(shop: Shop | None = None, **row: Any) -> Order:
    """One stored order (`order_row` says what it is made of)."""
    shop = shop or make_shop()
    wanted = order_row(**row)
    outcome = upsert_orders(shop, [wanted])[0]
    assert outcome.outcome in {"created", "updated"}, outcome
    return Order.objects.get(shop=shop, number=wanted.number)
