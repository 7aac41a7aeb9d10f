"""What lies on the shelves, and why: every count with the papers that made it."""

from collections import Counter
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from merchant.catalog import policies as catalog_policies
from merchant.catalog import services as catalog
from merchant.catalog.forms import CostForm
from merchant.catalog.models import Sku
from merchant.clock import today
from merchant.money import yuan
from merchant.people.rights import Right, check_right
from merchant.people.visibility import shops_of
from merchant.refusals import Refused, refusals_as_messages
from merchant.shops.models import Shop
from merchant.stock import papers
from merchant.stock import services as stock
from merchant.stock.counts import free_units
from merchant.stock.enums import Grade
from merchant.stock.forms import BinForm
from merchant.stock.models import Stock, StockMove
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import button
from merchant.ui.query_params import parse_int

SIZE = 50


@login_required
@require_safe
def stock_list(request: SignedInRequest) -> HttpResponse:
    """Products, newest first, with what lies there; found by code, barcode or a piece of the title."""
    shops = shops_of(request.user)
    term = request.GET.get("find", "").strip()[:80]
    rows = Sku.objects.filter(shop_id__in=shops).select_related("shop").prefetch_related("parts")
    if term:
        rows = rows.matching(term)
    if request.GET.get("list") == "cost":
        rows = rows.filter(cost_fen=None)
    elif request.GET.get("list") == "low":
        rows = _low(rows)
    if (after := parse_int(request.GET.get("after", ""))) is not None:
        rows = rows.filter(pk__lt=after)
    page = list(rows.order_by("-pk")[: SIZE + 1])
    skus, more = page[:SIZE], len(page) > SIZE
    context = {
        "find": term,
        "list": request.GET.get("list", ""),
        "rows": _with_counts(skus),
        "next_key": skus[-1].pk if more else "",
        "is_first": after is None,
        "shops": Shop.objects.filter(pk__in=shops).order_by("name"),
    }
    return render(request, "merchant/stock.html", context)


def _low(rows: Any) -> Any:
    """Products with as few free units as somebody called few, or fewer."""
    lying = Stock.objects.filter(sku=OuterRef("pk"), grade=Grade.SELLABLE, warehouse__is_active=True).order_by()
    free = lying.values("sku").annotate(units=Sum(F("on_hand") - F("reserved"))).values("units")
    rows = rows.filter(low_at__isnull=False, parts__isnull=True)
    return rows.alias(free=Coalesce(Subquery(free), 0)).filter(free__lte=F("low_at"))


def _with_counts(skus: list[Sku]) -> list[dict[str, Any]]:
    """Each product with its counts over all warehouses and its last move; three statements for the page."""
    held: dict[int, Counter[str]] = {sku.pk: Counter() for sku in skus}
    bins: dict[int, list[str]] = {}
    for row in Stock.objects.filter(sku__in=skus).order_by("warehouse__priority", "pk"):
        if row.grade == Grade.DEFECTIVE:
            held[row.sku_id]["defective"] += row.on_hand
            continue
        held[row.sku_id].update(on_hand=row.on_hand, reserved=row.reserved)
        bins.setdefault(row.sku_id, []).extend([row.bin] if row.bin else [])
    made = free_units(skus[0].shop_id, [sku.pk for sku in skus if sku.parts.all()]) if skus else {}
    newest = StockMove.objects.filter(stock__sku__in=skus).order_by("stock__sku_id", "-at", "-pk")
    last = {row.stock.sku_id: row for row in newest.distinct("stock__sku_id").select_related("stock")}
    found = []
    for sku in skus:
        counts = held[sku.pk]
        free = made.get(sku.pk, counts["on_hand"] - counts["reserved"])
        found.append(
            {
                "sku": sku,
                "on_hand": counts["on_hand"],
                "reserved": counts["reserved"],
                "free": free,
                "defective": counts["defective"],
                "bins": " ".join(bins.get(sku.pk, [])[:3]),
                "is_bundle": sku.pk in made,
                "is_low": sku.low_at is not None and free <= sku.low_at,
                "is_presale": sku.presale_date is not None and sku.presale_date >= today(),
                "last": last.get(sku.pk),
            }
        )
    return found


def _sku(request: SignedInRequest, shop_id: int, pk: int) -> Sku:
    return get_object_or_404(Sku.objects.visible_to(request.user).select_related("shop"), shop_id=shop_id, pk=pk)


@login_required
@require_safe
def sku_detail(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    """One product: where it lies, what it cost, and its moves with their papers."""
    sku = _sku(request, shop_id, pk)
    stocks = list(Stock.objects.filter(sku=sku).select_related("warehouse").order_by("warehouse_id", "-grade"))
    moves = list(StockMove.objects.filter(stock__in=stocks).select_related("stock", "by").order_by("-at", "-pk")[:SIZE])
    pages = papers.addresses_of(sku.shop_id, [move.document for move in moves])
    context = {
        "sku": sku,
        "stocks": stocks,
        "moves": [{"move": move, "paper": pages.get(move.document, "")} for move in moves],
        "parts": sku.parts.select_related("part").order_by("pk"),
        "may_edit": button("edit", _("Change the product"), catalog_policies.check_can_edit, sku.shop_id, request.user),
        "cost": button("cost", _("Save the cost price"), catalog_policies.check_can_set_cost, sku, request.user),
        "bin": button("bin", _("Save"), check_right, request.user, sku.shop_id, Right.RECEIVE_PARCEL),
        "cost_yuan": yuan(sku.cost_fen) if sku.cost_fen is not None else "",
    }
    return render(request, "merchant/sku_detail.html", context)


def _set_cost(request: SignedInRequest, sku: Sku) -> str:
    catalog_policies.check_can_set_cost(sku, request.user)
    cost = CostForm(request.POST).checked()["cost"]
    catalog.set_cost(sku, cost_fen=cost, by=request.user)
    return _("Saved: from now on a unit costs ¥%(cost)s.") % {"cost": yuan(cost)}


def _set_bin(request: SignedInRequest, sku: Sku) -> str:
    check_right(request.user, sku.shop_id, Right.RECEIVE_PARCEL)
    typed = BinForm(request.POST).checked()
    row = Stock.objects.filter(sku=sku, pk=typed["stock"] or 0).first()
    if row is None:
        raise Refused("STOCK", _("Nothing of it lies there yet."))
    stock.set_bin(row, name=typed["bin"], by=request.user)
    return _("Saved.")


VERBS = {"cost": _set_cost, "bin": _set_bin}


@login_required
@require_POST
def sku_verb(request: SignedInRequest, shop_id: int, pk: int, verb: str) -> HttpResponse:
    sku = _sku(request, shop_id, pk)
    if verb not in VERBS:
        raise Http404
    with refusals_as_messages(request):
        messages.success(request, VERBS[verb](request, sku))
    return redirect("sku_detail", shop_id=shop_id, pk=pk)
