"""Parcels that come home, received and inspected through the real services."""

from typing import Any

from aftersales.returns import inspecting
from aftersales.returns import services as returns
from aftersales.returns.inspecting import Count
from aftersales.returns.models import Inspection
from logistics.parcels.models import Package
from merchant.attachments.models import Purpose
from merchant.attachments.services import attach, read_files
from merchant.catalog.services import set_cost
from orders.record.goods import sku_of
from tests.merchant.factories import make_user, photo_upload


def photos(count: int) -> list[Any]:
    """Pictures as a form sends them."""
    return [photo_upload(f"{n}.jpg", colour=(n * 40, 0, 0)) for n in range(count)]


def inspected(package: Package, *, defective: int, photo_count: int = 3, by: Any = None) -> Inspection:
    """The parcel is received, every unit found fine or, the first `defective`, broken."""
    by = by or make_user("warehouse", package.shop)
    inspection = returns.receive_parcel(package, by=by).inspection
    if photo_count:
        attach(inspection, read_files(photos(photo_count)), by=by, purpose=Purpose.PHOTO)
    counts = {
        line.pk: Count(sellable=units - defective, defective=defective)
        for line, units in returns.expected_lines(inspection.parcel)
    }
    return inspecting.finish_inspection(inspection, counts=counts, by=by)


def cost(package: Package, fen: int) -> None:
    """Each unit of what is in the parcel cost the shop so much."""
    for line in package.lines.select_related("order_line__listing"):
        set_cost(sku_of(line.order_line.listing), cost_fen=fen, by=None)
