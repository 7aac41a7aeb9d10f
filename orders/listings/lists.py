"""The rows of the pages: listings with the orders that wait for them, shortages, and what to order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Sum

from merchant.catalog.models import Sku
from merchant.clock import now
from merchant.policy import services as policy
from merchant.stock.counts import free_units, parts_of
from merchant.stock.purchases import incoming
from orders.record.enums import IN_HOUSE, OrderState
from orders.record.listing_models import Listing
from orders.record.models import OrderLine
from orders.reservation.models import Shortage

SIZE = 50
MOST_SUGGESTED = 200


def waiting_orders(listing_ids: Iterable[int], shop_ids: Iterable[int]) -> dict[int, int]:
    """How many orders want each of these listings: walks the orders in the house, not all that ever were."""
    rows = OrderLine.objects.filter(
        order__shop_id__in=list(shop_ids), order__state__in=IN_HOUSE, listing_id__in=list(listing_ids)
    )
    return dict(rows.order_by().values_list("listing_id").annotate(orders=Count("order_id", distinct=True)))


def listings(user: Any, *, which: str, find: str, after: int | None) -> tuple[list[dict[str, Any]], bool]:
    """A page of listings, newest first, and whether more follow."""
    rows = Listing.objects.visible_to(user).select_related("shop", "sku")
    rows = rows.filter(sku=None) if which == "unmatched" else rows.exclude(sku=None)
    if find:
        rows = rows.filter(title__icontains=find) | rows.filter(sku_code__istartswith=find)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows.order_by("-pk")[: SIZE + 1])
    page = found[:SIZE]
    waiting = waiting_orders([row.pk for row in page], {row.shop_id for row in page}) if page else {}
    return [{"listing": row, "waiting": waiting.get(row.pk, 0)} for row in page], len(found) > SIZE


def shortages(user: Any, *, after: int | None) -> tuple[list[Shortage], bool]:
    """A page of lines that lack something, the oldest first."""
    rows = Shortage.objects.visible_to(user).select_related("order", "shop", "sku")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    found = list(rows.order_by("pk")[: SIZE + 1])
    return found[:SIZE], len(found) > SIZE


@dataclass(frozen=True)
class Suggestion:
    """What to order of a product, with the figures it comes from. `needed` is what sells until the next delivery."""

    sku: Sku
    sold: int
    needed: int
    missing: int
    free: int
    coming: int

    @property
    def units(self) -> int:
        return max(0, self.needed + self.missing - self.free - self.coming)


def suggestions(shop_id: int) -> tuple[list[Suggestion], int, int]:
    """(what to order, days of sales looked at, days until goods come), the most urgent first.

    Sold is what was ordered in those days and is not closed, so a cancelled order lowers it; bundles count as their
    parts. Needed = sold ÷ days of sales × days until goods come, rounded up, and never below the product's "few from".
    """
    rules = policy.current(shop_id)
    days, lead = rules.stock_sales_days, rules.stock_lead_days
    sold = _sold(shop_id, days)
    missing = dict(
        Shortage.objects.filter(shop_id=shop_id, sku__isnull=False)
        .order_by()
        .values_list("sku_id")
        .annotate(units=Sum("missing"))
    )
    watched = set(Sku.objects.filter(shop_id=shop_id, low_at__isnull=False).values_list("pk", flat=True))
    ids = set(sold) | set(missing) | watched
    free, coming = free_units(shop_id, ids), incoming(shop_id)
    found = []
    for sku in Sku.objects.filter(pk__in=ids).exclude(parts__isnull=False):
        units = sold.get(sku.pk, 0)
        needed = max(-(-units * lead // days), sku.low_at or 0)
        found.append(
            Suggestion(sku, units, needed, int(missing.get(sku.pk, 0)), free.get(sku.pk, 0), coming.get(sku.pk, 0))
        )
    wanted = sorted((row for row in found if row.units), key=lambda row: (-row.missing, -row.units, row.sku.code))
    return wanted[:MOST_SUGGESTED], days, lead


def _sold(shop_id: int, days: int) -> dict[int, int]:
    rows = OrderLine.objects.filter(
        order__shop_id=shop_id, order__placed_at__gte=now() - timedelta(days=days), listing__sku__isnull=False
    ).exclude(order__state__in=[OrderState.CLOSED, OrderState.PENDING_PAYMENT])
    whole = dict(rows.order_by().values_list("listing__sku_id").annotate(units=Sum("quantity")))
    parts = parts_of(whole)
    found: dict[int, int] = {}
    for sku_id, units in whole.items():
        for part_id, quantity in parts.get(sku_id, {sku_id: 1}).items():
            found[part_id] = found.get(part_id, 0) + units * quantity
    return found
