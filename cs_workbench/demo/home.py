"""The demo's warehouse: past parcels that were inspected, and one of each kind to scan right away."""

from datetime import timedelta

from django.db.models import F

from aftersales.cases import services as cases
from aftersales.cases.enums import CaseKind
from aftersales.returns import inspecting
from aftersales.returns import services as returns
from aftersales.returns.inspecting import Count
from aftersales.returns.models import Inspection, ReturnParcel
from cs_workbench.demo import outside
from cs_workbench.demo.goods import GOODS
from cs_workbench.demo.orders import OrderMaker, shipped
from cs_workbench.demo.shops import DemoShops
from logistics.couriers.base import Kind
from logistics.interception.enums import InterceptionState
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from logistics.parcels.services import register_package
from merchant.catalog import services as catalog
from merchant.catalog.models import Sku
from merchant.clock import now
from merchant.people.models import User
from merchant.stock.models import StockMove
from orders.intake.normal import NormalOrder, NormalPackage
from orders.intake.services import upsert_orders
from orders.record.enums import OrderState
from orders.record.models import Order

# Made up like the prices: what a unit cost the shop.
COST_PER_CENT = 55


def take_home(package: Package, by: User) -> None:
    """Received and inspected, all fine: on the shelf again."""
    parcel = returns.receive_parcel(package, by=by)
    counts = {line.pk: Count(sellable=units) for line, units in returns.expected_lines(parcel)}
    inspecting.finish_inspection(parcel.inspection, counts=counts, by=by)


def move_back(package_id: int, age: timedelta) -> None:
    """The papers of one parcel, as much earlier as its journey."""
    parcels = ReturnParcel.objects.filter(package_id=package_id)
    numbers = list(Inspection.objects.filter(parcel__in=parcels).values_list("number", flat=True))
    Inspection.objects.filter(number__in=numbers).update(
        **{name: F(name) - age for name in ("opened_at", "done_at", "due_at")}
    )
    StockMove.objects.filter(document__in=numbers).update(at=F("at") - age)
    parcels.update(announced_at=F("announced_at") - age, received_at=F("received_at") - age)


def set_up(shops: DemoShops, maker: OrderMaker) -> None:
    """Costs that finance has entered, and something for every queue of the warehouse."""
    finance, packer = shops.people["finance"], shops.people["warehouse"]
    prices = {f"{9000 + number}": good.price_fen for number, good in enumerate(GOODS)}
    for sku in Sku.objects.order_by("pk")[:8]:
        if sku.code in prices:
            catalog.set_cost(sku, cost_fen=prices[sku.code] * COST_PER_CENT // 100, by=finance)
    on_the_way = Interception.objects.filter(state__in=[InterceptionState.SUCCEEDED, InterceptionState.RETURNING])
    first, second = list(on_the_way.order_by("pk").select_related("package")[:2])
    Interception.objects.filter(pk=first.pk).update(kind=Kind.RETURN_TO_SITE.value)
    returns.receive_parcel(second.package, by=packer)
    _buyer_s_return(shops, maker)
    _on_the_bench(shops, maker)
    returns.keep_unknown_parcel(
        shops.own, waybill="SF1390000077881", courier="sf", note="面单被雨淋花，里面是一只马克杯", by=packer
    )


def _buyer_s_return(shops: DemoShops, maker: OrderMaker) -> None:
    """Two cups the buyer sends back; scan them, and try what happens when one is missing."""
    placed = now() - timedelta(days=6)
    row = maker.order(maker.buyers[3], GOODS[3], placed_at=placed, state=OrderState.SHIPPED, quantity=2)
    order = _stored(shops, shipped(row, [NormalPackage("sf", maker.waybill("sf"))]))
    case = cases.apply_case(
        order, kind=CaseKind.RETURN_REFUND, amount_fen=order.paid_fen, reason="收到的颜色不喜欢", by=None
    )
    cases.agree_case(case, by=shops.agent)
    returns.ship_back(case, courier="zto", waybill=maker.waybill("zto"), by=shops.agent)


def _on_the_bench(shops: DemoShops, maker: OrderMaker) -> None:
    """Packed and labelled when the buyer changed their mind: it must not leave."""
    placed = now() - timedelta(hours=9)
    row = maker.order(maker.buyers[5], GOODS[6], placed_at=placed, state=OrderState.TO_FULFIL)
    order = _stored(shops, row)
    register_package(order, courier="zto", waybill=maker.waybill("zto"), labelled_at=now() - timedelta(hours=3))
    case = cases.apply_case(
        order, kind=CaseKind.REFUND_ONLY_UNSHIPPED, amount_fen=order.paid_fen, reason="拍错了", by=None
    )
    cases.agree_case(case, by=shops.agent)


def _stored(shops: DemoShops, row: NormalOrder) -> Order:
    """The order here, and its payment at the channel's sandbox."""
    upsert_orders(shops.own, [row])
    trade = {"out_trade_no": f"P{row.number}", "total_fen": row.paid_fen}
    outside.platform("/control/bulk", {"orders": [], "refunds": [], "trades": [trade]})
    return Order.objects.get(shop=shops.own, number=row.number)
