"""Boxes for tests: orders that wait in the warehouse, allocated and packed through the real services."""

from typing import Any

from logistics.fulfilment import allocating, boxes, scanning
from logistics.fulfilment.models import Consignment
from merchant.catalog.models import Sku
from merchant.catalog.services import ensure_sku
from merchant.people.models import User
from merchant.shops.models import Shop
from merchant.stock.enums import MoveKind
from merchant.stock.models import Warehouse
from merchant.stock.services import Change, main_warehouse, move_stock
from orders.intake.normal import NormalLine
from orders.record.enums import OrderState
from orders.record.models import Order
from tests.logistics.factories import new_waybill
from tests.orders.factories import make_order, order_row

CHECKS = ("sound", "extras", "cushioned", "sealed")


def paid_order(shop: Shop, goods: dict[str, int] | None = None, **row: Any) -> Order:
    """An order in the warehouse's hands: {merchant code: units}, each unit ¥10.00."""
    wanted = goods or {"CUP": 1}
    lines = [
        NormalLine(
            title=f"杯子 {code}", quantity=units, goods_fen=1000 * units, net_fen=1000 * units,
            external_id=f"{code}-{place}", item_id=f"item-{code}", sku_code=code,
        )
        for place, (code, units) in enumerate(wanted.items(), 1)
    ]  # fmt: skip
    total = sum(line.net_fen for line in lines)
    made = order_row(nets=(total,), state=OrderState.TO_FULFIL, **row)
    return make_order(shop, number=made.number, nets=(total,), state=OrderState.TO_FULFIL, **{**row, "lines": lines})


def put_in(shop: Shop, code: str, units: int, warehouse: Warehouse | None = None, *, shelf: str = "") -> Sku:
    """So many units of a product lie there."""
    sku = ensure_sku(shop.pk, code=code, title=f"杯子 {code}")
    warehouse = warehouse or main_warehouse(shop.pk)
    document = f"IN-{code}-{warehouse.pk}"
    [move] = move_stock(
        shop.pk, [Change(sku, units)], kind=MoveKind.RETURNED, document=document, by=None, warehouse=warehouse
    )
    if shelf:
        move.stock.bin = shelf
        move.stock.save(update_fields=["bin"])
    return sku


def allocate(shop: Shop) -> list[Consignment]:
    """Everything that waits is allocated; the boxes in the order they were made."""
    allocating.allocate_shop(shop.pk)
    return list(Consignment.objects.filter(shop=shop).order_by("pk"))


def box_of(shop: Shop, goods: dict[str, int] | None = None, **row: Any) -> Consignment:
    """The only box of a new order."""
    order = paid_order(shop, goods, **row)
    allocating.allocate_orders(shop.pk, [order.pk])
    return Consignment.objects.get(lines__order=order, lines__struck_at=None, lines__order_line__line_no=1)


def checked(box: Consignment, by: User) -> Consignment:
    """Every unit of it is scanned into the box."""
    for line in box.lines.filter(struck_at=None).select_related("sku").order_by("pk"):
        scanning.scan_check(box, line.sku.code, by=by, units=line.quantity - line.checked)
    return again(box)


def packed(box: Consignment, by: User, *, waybill: str = "", **how: Any) -> Consignment:
    """Scanned, labelled and closed."""
    box = checked(box, by)
    if not box.waybill:
        boxes.give_waybill(box, waybill=waybill or new_waybill("zto"), courier=box.courier or "zto", by=by)
    return again(boxes.pack_consignment(box, by=by, checks=CHECKS, **how))


def again(box: Consignment) -> Consignment:
    return Consignment.objects.select_related("packer", "package", "warehouse", "order").get(pk=box.pk)
