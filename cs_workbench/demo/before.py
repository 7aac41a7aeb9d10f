"""A shop's world before the shop is here: orders and refund requests at the platform, parcels at the couriers, all of the
merchant whose accounts the sandboxes show. What `make demo EMPTY=1` begins with."""

from datetime import timedelta

from cs_workbench.demo import outside
from cs_workbench.demo.goods import GOODS
from cs_workbench.demo.orders import OrderMaker, shipped
from cs_workbench.demo.scenarios import platform_order, platform_refund
from cs_workbench.demo.scenes import Scene
from merchant.clock import now
from merchant.shops.models import Platform, Shop
from orders.intake.normal import NormalPackage
from orders.record.enums import OrderState

SEED = 20_261_130
# What the shop meets when it connects: two that can be stopped, one that comes too late, one that has not been shipped.
SCENES = (
    Scene(0, 8_800, "zto", "stopped", hours_ago=20.0),
    Scene(3, 4_580, "zto", "stopped", hours_ago=12.0, reason=1),
    Scene(8, 12_900, "yto", "too_late", hours_ago=8.0, reason=4),
    Scene(6, 2_980, hours_ago=5.0, is_shipped=False),
)


def make_outside() -> None:
    """Tell both sandboxes. A second start finds everything there and changes nothing."""
    if outside.has_refunds():
        return
    maker = OrderMaker(Shop(pk=0, platform=Platform.KUAISHOU), SEED)
    rows: dict[str, list[object]] = {"orders": [], "refunds": [], "trades": []}
    parcels = []
    for number, scene in enumerate(SCENES):
        placed_at = now() - timedelta(hours=scene.hours_ago + 20)
        state = OrderState.SHIPPED if scene.is_shipped else OrderState.TO_FULFIL
        order = maker.order(
            maker.buyers[number], GOODS[scene.good], placed_at=placed_at, state=state, paid_fen=scene.paid_fen
        )
        if scene.is_shipped:
            order = shipped(order, [NormalPackage(scene.courier, maker.waybill(scene.courier))])
        rows["orders"].append(platform_order(order))
        rows["refunds"].append(platform_refund(scene, order, is_told=False))
        assert order.recipient is not None
        parcels += [
            {
                "courier": package.courier,
                "waybill": package.waybill,
                "script": scene.life,
                "start": scene.start,
                "age_s": 15 * 3600,
                "account": "demo",
                "sender_city": "义乌市",
                "receiver_city": order.recipient.city,
            }
            for package in order.packages
        ]
    outside.courier("/control/parcels", parcels)
    outside.platform("/control/bulk", rows)
