"""One kind of goods as a platform lists it: what it is, what follows from its class, who bought it lately."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.db.models import F
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from aftersales.cases.models import Case
from logistics.interception.models import Interception
from merchant.clock import now
from merchant.people.models import User
from merchant.policy import services as policy
from merchant.stock.models import Stock
from merchant.ui.access import SignedInRequest
from merchant.ui.query_params import key_of_page, page_key
from orders.record.goods import known_sku_of
from orders.record.listing_models import Listing
from orders.record.models import OrderLine

SIZE = 20
LATELY = timedelta(days=30)
# The figures look at so many newest lines at most; a best seller shows them with a plus.
CAP = 999


@login_required
@require_safe
def product_detail(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    """The listing, our product behind it, thirty days in figures, and its newest orders by keyset."""
    found = Listing.objects.visible_to(request.user).select_related("shop", "sku")
    listing = get_object_or_404(found, shop_id=shop_id, pk=pk)
    item = listing.product_id or listing.external_id
    template = policy.current(shop_id).product_url
    sku = known_sku_of(listing)
    lines, next_key = _page(request.user, listing, request.GET.get("after", ""))
    context = {
        "listing": listing,
        "item": item,
        "outside_url": template.replace("{item}", quote(item, safe="")) if template and item else "",
        "sku": sku,
        "stocks": list(Stock.objects.filter(sku=sku).select_related("warehouse").order_by("grade", "pk")[:20])
        if sku
        else [],
        "figures": _figures(request.user, listing),
        "lines": lines,
        "next_key": next_key,
        "is_first": not request.GET.get("after"),
    }
    return render(request, "aftersales/product_detail.html", context)


def _page(user: User, listing: Listing, key: str) -> tuple[list[OrderLine], str]:
    """The newest lines with these goods, along the index order_line_of_listing."""
    rows = OrderLine.objects.seen_in(listing.shop_id, user).filter(listing=listing)
    rows = rows.select_related("order", "order__buyer", "order__shop")
    if (start := page_key(key)) is not None:
        rows = rows.filter(TupleLessThan(Tuple(F("placed_at"), F("order_id")), start))
    lines = list(rows.order_by("-placed_at", "-order_id", "line_no")[: SIZE + 1])
    more = len(lines) > SIZE
    return lines[:SIZE], key_of_page(lines[SIZE - 1].placed_at, lines[SIZE - 1].order_id) if more else ""


def _figures(user: User, listing: Listing) -> dict[str, Any]:
    """Orders of the last thirty days with these goods, how many have a case, how many an interception was tried on."""
    mine = OrderLine.objects.seen_in(listing.shop_id, user)
    recent = mine.filter(listing=listing, placed_at__gte=now() - LATELY).order_by("-placed_at")
    ids = set(recent.values_list("order_id", flat=True)[: CAP + 1])
    return {
        "orders": min(len(ids), CAP),
        "is_capped": len(ids) > CAP,
        "cases": Case.objects.filter(order_id__in=ids).values("order_id").distinct().count(),
        "interceptions": Interception.objects.filter(package__order_id__in=ids)
        .values("package__order_id")
        .distinct()
        .count(),
    }
