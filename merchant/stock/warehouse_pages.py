"""The shop's warehouses, and the bins on the pickers' way."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchant.people.visibility import shops_of
from merchant.refusals import Refused, refusals_as_messages
from merchant.shops.models import Shop
from merchant.stock import policies, warehouses
from merchant.stock.forms import PlaceForm, WarehouseForm
from merchant.stock.models import Bin, Warehouse
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import button
from merchant.ui.forms import add_refusal

MOST_BINS = 500


@login_required
@require_safe
def warehouse_list(request: SignedInRequest) -> HttpResponse:
    shops = Shop.objects.filter(pk__in=shops_of(request.user)).order_by("name")
    rows = Warehouse.objects.visible_to(request.user).select_related("shop").order_by("shop_id", "priority", "pk")
    return render(request, "merchant/warehouse_list.html", {"rows": rows, "shops": shops})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def warehouse_add(request: SignedInRequest, shop_id: int) -> HttpResponse:
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    return _form_page(request, shop, None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def warehouse_edit(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    """The warehouse, and its bins in the order of the way."""
    warehouse = get_object_or_404(
        Warehouse.objects.visible_to(request.user).select_related("shop"), shop_id=shop_id, pk=pk
    )
    return _form_page(request, warehouse.shop, warehouse)


def _form_page(request: SignedInRequest, shop: Shop, warehouse: Warehouse | None) -> HttpResponse:
    initial = {}
    if warehouse is not None:
        names = ("name", "address", "priority", "is_active")
        initial = {name: getattr(warehouse, name) for name in names} | {"place": warehouse.province + warehouse.city}
    form = WarehouseForm(request.POST or None, initial=initial)
    if warehouse is not None:
        del form.fields["code"]
    else:
        del form.fields["is_active"]
    if request.method == "POST" and form.is_valid():
        try:
            if warehouse is None:
                warehouses.add_warehouse(shop.pk, by=request.user, **form.cleaned_data)
            else:
                warehouses.change_warehouse(warehouse, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("warehouse_list")
    bins = Bin.objects.filter(warehouse=warehouse).order_by("path_order", "code")[:MOST_BINS] if warehouse else ()
    context = {
        "form": form,
        "shop": shop,
        "place": warehouse,
        "bins": bins,
        "may": button("save", _("Save"), policies.check_can_keep, shop.pk, request.user),
        "may_place": button("bin", _("Save"), policies.check_can_work, shop.pk, request.user),
    }
    return render(request, "merchant/warehouse_edit.html", context)


@login_required
@require_POST
def warehouse_verb(request: SignedInRequest, shop_id: int, pk: int, verb: str) -> HttpResponse:
    warehouse = get_object_or_404(Warehouse.objects.visible_to(request.user), shop_id=shop_id, pk=pk)
    if verb != "bin":
        raise Http404
    with refusals_as_messages(request):
        policies.check_can_work(shop_id, request.user)
        told = PlaceForm(request.POST).checked()
        warehouses.set_bin_place(warehouse, code=told["code"], path_order=told["path_order"], by=request.user)
        messages.success(request, _("Saved."))
    return redirect("warehouse_edit", shop_id=shop_id, pk=pk)
