"""How many units may still be sold."""

from collections.abc import Iterable

from django.db.models import F, Sum

from merchant.catalog.models import BundlePart
from merchant.stock.enums import Grade
from merchant.stock.models import Stock


def parts_of(sku_ids: Iterable[int]) -> dict[int, dict[int, int]]:
    """{bundle: {part: quantity}} of those that are bundles, in one statement."""
    found: dict[int, dict[int, int]] = {}
    rows = BundlePart.objects.filter(bundle_id__in=list(sku_ids)).order_by("bundle_id", "part_id")
    for bundle_id, part_id, quantity in rows.values_list("bundle_id", "part_id", "quantity"):
        found.setdefault(bundle_id, {})[part_id] = quantity
    return found


def free_units(shop_id: int, sku_ids: Iterable[int]) -> dict[int, int]:
    """Sellable units in warehouses in use that nobody has reserved, by SKU; of a bundle as many as its parts make.
    Two statements."""
    wanted = set(sku_ids)
    parts = parts_of(wanted)
    single = wanted - set(parts) | {part for recipe in parts.values() for part in recipe}
    rows = Stock.objects.filter(shop_id=shop_id, sku_id__in=single, grade=Grade.SELLABLE, warehouse__is_active=True)
    sums = rows.order_by().values_list("sku_id").annotate(units=Sum(F("on_hand") - F("reserved")))
    free: dict[int, int] = {sku: int(units) for sku, units in sums}
    made = {
        bundle: min(free.get(part, 0) // quantity for part, quantity in recipe.items())
        for bundle, recipe in parts.items()
    }
    return {sku: made.get(sku, free.get(sku, 0)) for sku in wanted}
