"""The demo's warehouse: one parcel of each kind to scan right away."""

from datetime import timedelta

from aftersales.cases.enums import CaseKind
from aftersales.decisions import services as cases
from aftersales.returns import services as returns
from cs_workbench.demo import outside
from cs_workbench.demo.goods import GOODS
from cs_workbench.demo.orders import OrderMaker, shipped
from cs_workbench.demo.shops import DemoShops
from logistics.couriers.base import Kind
from logistics.interception.enums import InterceptionState
from logistics.interception.models import Interception
from logistics.shipping.services import register_package
from merchant.clock import now
from orders.intake.normal import NormalOrder, NormalPackage
from orders.intake.services import upsert_orders
from orders.record.enums import OrderState
from orders.record.models import Order


def set_up(shops: DemoShops, maker: OrderMaker) -> None:
    """Something for every queue of the warehouse."""
    packer = shops.people["warehouse"]
    stopped = Interception.objects.filter(shop=shops.kuaishou).select_related("package").order_by("pk")
    on_the_way = stopped.filter(state__in=[InterceptionState.SUCCEEDED, InterceptionState.RETURNING])
    for row in on_the_way[:1]:
        Interception.objects.filter(pk=row.pk).update(kind=Kind.RETURN_TO_SITE.value)
    # In the house since a while, and nobody has looked inside.
    for row in stopped.filter(state=InterceptionState.RETURNED):
        returns.receive_parcel(row.package, by=packer)
    _buyer_s_return(shops, maker)
    _on_the_bench(shops, maker)
    returns.keep_unknown_parcel(
        shops.own, waybill="SF1390000077881", courier="sf", note="面单被雨淋花，里面是一只马克杯", by=packer
    )


def _buyer_s_return(shops: DemoShops, maker: OrderMaker) -> None:
    """Two cups the buyer sends back; scan them, and try what happens when one is missing."""
    placed = now() - timedelta(days=6)
    row = maker.order(maker.buyers[3], GOODS[3], placed_at=placed, state=OrderState.SHIPPED, quantity=2)
    order = stored(shops, shipped(row, [NormalPackage("sf", maker.waybill("sf"))]))
    case = cases.apply_case(
        order, kind=CaseKind.RETURN_REFUND, amount_fen=order.paid_fen, reason="收到的颜色不喜欢", by=None
    )
    cases.agree_case(case, by=shops.agent)
    returns.ship_back(case, courier="zto", waybill=maker.waybill("zto"), by=shops.agent)


def _on_the_bench(shops: DemoShops, maker: OrderMaker) -> None:
    """Packed and labelled when the buyer changed their mind: it must not leave."""
    placed = now() - timedelta(hours=9)
    row = maker.order(maker.buyers[5], GOODS[6], placed_at=placed, state=OrderState.TO_FULFIL)
    order = stored(shops, row)
    register_package(order, courier="zto", waybill=maker.waybill("zto"), labelled_at=now() - timedelta(hours=3))
    case = cases.apply_case(
        order, kind=CaseKind.REFUND_ONLY_UNSHIPPED, amount_fen=order.paid_fen, reason="拍错了", by=None
    )
    cases.agree_case(case, by=shops.agent)


def stored(shops: DemoShops, row: NormalOrder) -> Order:
    """The order here, and its payment at the channel's sandbox."""
    upsert_orders(shops.own, [row])
    trade = {"out_trade_no": f"P{row.number}", "total_fen": row.paid_fen}
    outside.platform("/control/bulk", {"orders": [], "refunds": [], "trades": [trade]})
    return Order.objects.get(shop=shops.own, number=row.number)
