"""Puts the demo's cases on the road: orders here, parcels at the courier's sandbox, refunds at the platform's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aftersales.cases.enums import CaseKind, OpenedBy, Origin
from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from cs_workbench.demo import outside
from cs_workbench.demo.goods import GOODS, REASONS
from cs_workbench.demo.orders import OrderMaker, shipped
from cs_workbench.demo.scenes import Scene
from cs_workbench.demo.shops import DemoShops, merchant_of
from merchant.clock import now
from merchant.platforms.registry import spoken_with
from merchant.platforms.sandbox.accounts import DOUYIN_APP_KEY, KUAISHOU_APP_KEY
from merchant.shops.models import Shop
from merchant.shops.services import courier_account
from orders.intake.normal import NormalOrder, NormalPackage
from orders.intake.services import upsert_orders
from orders.record.enums import CategoryClass, OrderState
from orders.record.models import Order

APP_KEYS = {"kuaishou": KUAISHOU_APP_KEY, "douyin": DOUYIN_APP_KEY}
# The platform names its categories; these words tell the classes of rule E06.
CATEGORIES: dict[str, str] = {CategoryClass.FRESH: "生鲜", CategoryClass.VIRTUAL: "虚拟商品"}


@dataclass
class Staged:
    """One scene with its order; `case` once it is here."""

    scene: Scene
    order: NormalOrder
    shop: Shop
    case: Case | None = None


class Stage:
    def __init__(self, shops: DemoShops, seed: int) -> None:
        self.shops = shops
        self.makers = {shop.pk: OrderMaker(shop, seed + shop.pk) for shop in self.all}

    @property
    def all(self) -> tuple[Shop, ...]:
        return (self.shops.kuaishou, self.shops.own, self.shops.douyin)

    def set_up(self, scenes: Sequence[Scene], *, is_told: bool = True) -> list[Staged]:
        """Orders first, then parcels, then the buyers' requests; `is_told` lets the platform push them as well."""
        staged = [self._order(scene, number) for number, scene in enumerate(scenes)]
        for shop in self.all:
            upsert_orders(shop, [one.order for one in staged if one.shop == shop])
        parcels = [parcel for one in staged for parcel in self._parcels(one)]
        if parcels:
            outside.courier("/control/parcels", parcels)
        outside.platform("/control/bulk", self._platform_rows(staged, is_told=is_told))
        for one in staged:
            if one.shop == self.shops.own:
                one.case = self._own_case(one)
        return staged

    def send_on(self, orders: Sequence[NormalOrder], shop: Shop) -> None:
        """Ordinary parcels still on the road: the sandbox leads them."""
        ordinary = Scene(0, 0, life="delivered")
        moving = [Staged(ordinary, order, shop) for order in orders if order.state == OrderState.SHIPPED]
        outside.courier("/control/parcels", [parcel for one in moving for parcel in self._parcels(one)])

    def _order(self, scene: Scene, number: int) -> Staged:
        shop = self.shops.own if scene.is_own else self.shops.douyin if scene.is_douyin else self.shops.kuaishou
        maker = self.makers[shop.pk]
        placed_at = now() - timedelta(hours=scene.hours_ago + 20)
        order = maker.order(
            maker.buyers[number % len(maker.buyers)],
            GOODS[scene.good],
            placed_at=placed_at,
            state=OrderState.SHIPPED if scene.is_shipped else OrderState.TO_FULFIL,
            paid_fen=scene.paid_fen,
        )
        if scene.is_shipped:
            packages = [NormalPackage(scene.courier, maker.waybill(scene.courier)) for _ in range(scene.parcels)]
            order = shipped(order, packages)
        return Staged(scene, order, shop)

    def _parcels(self, one: Staged) -> list[dict[str, Any]]:
        assert one.order.recipient is not None
        return [
            {
                "courier": package.courier,
                "waybill": package.waybill,
                "script": one.scene.life,
                "start": one.scene.start,
                "age_s": 15 * 3600,
                "account": merchant_of(one.shop),
                "sender_city": "义乌市",
                "receiver_city": one.order.recipient.city,
            }
            for package in one.order.packages
            if courier_account(one.shop, package.courier) is not None
        ]

    def _platform_rows(self, staged: Sequence[Staged], *, is_told: bool) -> dict[str, Any]:
        rows: dict[str, Any] = {"orders": [], "refunds": [], "trades": []}
        for one in staged:
            if one.shop.platform in spoken_with():
                rows["orders"].append(platform_order(one.order, app_key=APP_KEYS[one.shop.platform]))
                rows["refunds"].append(platform_refund(one.scene, one.order, is_told=is_told))
            else:
                rows["trades"].append({"out_trade_no": f"P{one.order.number}", "total_fen": one.order.paid_fen})
        return rows

    def _own_case(self, one: Staged) -> Case:
        return cases.apply_case(
            Order.objects.get(shop=one.shop, number=one.order.number),
            kind=CaseKind.REFUND_ONLY_SHIPPED,
            amount_fen=one.scene.refund_fen or one.scene.paid_fen,
            reason=REASONS[one.scene.reason],
            by=None,
            origin=Origin.OWN,
            opened_by=OpenedBy.BUYER,
            applied_at=now() - timedelta(hours=one.scene.hours_ago),
        )


def _ms(at: Any) -> int:
    return int(at.timestamp() * 1000) if at else 0


def platform_order(order: NormalOrder, *, app_key: str = KUAISHOU_APP_KEY) -> dict[str, Any]:
    """The order as the platform's control door takes it."""
    line, person = order.lines[0], order.recipient
    assert person is not None
    return {
        "oid": order.number,
        "app_key": app_key,
        "status": 40 if order.packages else 30,
        "total_fee": order.paid_fen,
        "discount_fee": order.shop_discount_fen or 0,
        "packages": [{"courier": package.courier, "waybill": package.waybill} for package in order.packages],
        "item": {
            "title": line.title,
            "picture_url": line.picture_url,
            "spec": line.spec,
            "num": line.quantity,
            "price": (line.goods_fen or 0) // line.quantity,
            "order_item_id": line.external_id,
            "item_id": line.item_id,
            "sku_id": line.item_id,
            "category": CATEGORIES.get(line.category_class, ""),
        },
        "buyer": {"open_id": order.buyer_id, "nick": order.buyer_nickname},
        "address": {"province": person.province, "city": person.city},
        "create_time": _ms(order.placed_at),
        "pay_time": _ms(order.paid_at),
        "send_time": _ms(order.shipped_at),
    }


def platform_refund(scene: Scene, order: NormalOrder, *, is_told: bool) -> dict[str, Any]:
    """The buyer's request as the platform's control door takes it."""
    return {
        "oid": order.number,
        "refund_fee": scene.refund_fen or scene.paid_fen,
        "reason": REASONS[scene.reason],
        "submit_time": _ms(now() - timedelta(hours=scene.hours_ago)),
        "plan": list(scene.plan),
        "push": is_told,
    }
