"""What lies on the demo's shelves: products for what was sold, bins, something low, and a count that waits."""

from typing import Any

from cs_workbench.demo.shops import DemoShops
from merchant.catalog import services as catalog
from merchant.stock import counting, purchases, warehouses
from merchant.stock.models import Stock
from merchant.stock.services import set_bin
from orders.record.goods import sku_of
from orders.record.listing_models import Listing

# Every seventh listing is left for the visitor to match.
LEFT_OUT = 7


def make_stock(shops: DemoShops) -> None:
    """One purchase that came, one on its way, bins in order, and a count with two differences for a second person."""
    shop, packer = shops.kuaishou, shops.people["warehouse"]
    place = warehouses.add_warehouse(
        shop.pk, code="YW", name="义乌仓", place="浙江省义乌市", address="演示路 1 号", priority=10, by=None
    )
    rows = list(Listing.objects.filter(shop=shop).exclude(title="").order_by("pk"))
    skus = {sku_of(row).pk: sku_of(row) for number, row in enumerate(rows, start=1) if number % LEFT_OUT}
    goods = list(skus.values())[:40]
    units: list[tuple[Any, int, int | None]] = [(sku, 12 + 9 * (at % 5), None) for at, sku in enumerate(goods)]
    came = purchases.open_purchase(place, supplier="演示供应商甲", units=units, by=None)
    purchases.receive_purchase(came, came={line.pk: line.expected for line in came.lines.all()}, seen=0, by=None)
    for at, sku in enumerate(goods):
        facts: dict[str, Any] = {"weight_g": 200 + 50 * (at % 8), "category": "家居", "low_at": 15}
        catalog.change_sku(sku, by=None, barcodes=[f"69000000{at:05d}"], **facts)
        stock = Stock.objects.get(warehouse=place, sku=sku)
        set_bin(stock, name=f"{'ABC'[at % 3]}-{at // 3 + 1:02d}", by=None)
    for at, row in enumerate(sorted(place.bins.all(), key=lambda one: one.code)):
        warehouses.set_bin_place(place, code=row.code, path_order=10 * at, by=None)
    few = [sku for sku, quantity, _cost in units if quantity <= 15][:3]
    if few:
        purchases.open_purchase(place, supplier="演示供应商乙", units=[(sku, 60, None) for sku in few], by=None)
    sheet = counting.open_stocktake(place, bins="A", by=packer)
    lines = list(sheet.lines.select_related("stock").order_by("pk"))
    counted = {line.pk: line.stock.on_hand - (at < 2) for at, line in enumerate(lines)}
    counting.count_lines(sheet, counted=counted, by=packer)
    counting.file_stocktake(sheet, by=packer)
