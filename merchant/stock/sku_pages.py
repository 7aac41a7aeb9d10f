"""Adding and changing a product."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from merchant.catalog import policies
from merchant.catalog import services as catalog
from merchant.catalog.models import Sku
from merchant.refusals import Refused
from merchant.shops.models import Shop
from merchant.stock.forms import SkuForm
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import button
from merchant.ui.forms import add_refusal


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sku_add(request: SignedInRequest, shop_id: int) -> HttpResponse:
    """A product by hand; those of a file and those first met in an order come by themselves."""
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    return _form_page(request, shop, Sku(shop=shop))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sku_edit(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    sku = get_object_or_404(Sku.objects.visible_to(request.user).select_related("shop"), shop_id=shop_id, pk=pk)
    return _form_page(request, sku.shop, sku)


def _form_page(request: SignedInRequest, shop: Shop, sku: Sku) -> HttpResponse:
    form = SkuForm(request.POST or None, instance=sku)
    if request.method == "POST" and form.is_valid():
        try:
            saved = _save(request, shop, sku, dict(form.cleaned_data))
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("sku_detail", shop_id=shop.pk, pk=saved.pk)
    context = {
        "form": form,
        "sku": sku,
        "shop": shop,
        "may": button("save", _("Save"), policies.check_can_edit, shop.pk, request.user),
        "back": reverse("sku_detail", args=[shop.pk, sku.pk]) if sku.pk else reverse("stock"),
    }
    return render(request, "merchant/sku_edit.html", context)


def _save(request: SignedInRequest, shop: Shop, sku: Sku, facts: dict[str, Any]) -> Sku:
    parts, barcodes = facts.pop("parts"), facts.pop("barcodes")
    if sku.pk:
        saved = catalog.change_sku(sku, by=request.user, barcodes=barcodes, **facts)
    else:
        saved = catalog.add_sku(shop.pk, code=facts.pop("code"), by=request.user, barcodes=barcodes, **facts)
    return catalog.set_parts(saved, parts=parts, by=request.user)
