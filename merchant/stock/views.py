"""What lies on the shelves, and why: every count with the papers that made it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from merchant.catalog import policies as catalog_policies
from merchant.catalog import services as catalog
from merchant.catalog.forms import CostForm
from merchant.catalog.models import Sku
from merchant.money import yuan
from merchant.people.rights import Right, check_right
from merchant.people.visibility import shops_of
from merchant.refusals import Refused, refusals_as_messages
from merchant.stock import papers
from merchant.stock import services as stock
from merchant.stock.forms import BinForm
from merchant.stock.models import Grade, Stock, StockMove
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
    rows = Sku.objects.filter(shop_id__in=shops).select_related("shop")
    if term:
        rows = rows.matching(term)
    if request.GET.get("list") == "cost":
        rows = rows.filter(cost_fen=None)
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
    }
    return render(request, "merchant/stock.html", context)


def _with_counts(skus: list[Sku]) -> list[dict[str, Any]]:
    """Each product with its counts by grade and its last move; two statements for the page."""
    held: dict[int, dict[str, Stock]] = {}
    for row in Stock.objects.filter(sku__in=skus):
        held.setdefault(row.sku_id, {})[row.grade] = row
    newest = StockMove.objects.filter(stock__sku__in=skus).order_by("stock__sku_id", "-at", "-pk")
    last = {row.stock.sku_id: row for row in newest.distinct("stock__sku_id").select_related("stock")}
    return [
        {
            "sku": sku,
            "sellable": held.get(sku.pk, {}).get(Grade.SELLABLE),
            "defective": held.get(sku.pk, {}).get(Grade.DEFECTIVE),
            "last": last.get(sku.pk),
        }
        for sku in skus
    ]


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
