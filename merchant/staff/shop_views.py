"""A shop opened, and its name and state changed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from merchant.people.rights import Right, can
from merchant.refusals import Refused
from merchant.shops import services as shops
from merchant.shops.models import Shop
from merchant.staff import services
from merchant.staff.forms import NewShopForm, ShopForm
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import button
from merchant.ui.forms import add_refusal
from merchant.ui.way_back import way_back


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def shop_add(request: SignedInRequest) -> HttpResponse:
    """A shop with its owner in one form. The owner's way in is shown on the answer, this once."""
    may_add = button("shop_add", "", shops.check_can_open_shop, request.user)
    form = NewShopForm(request.POST or None, may_name_owner=request.user.is_platform_admin)
    if request.method == "POST" and form.is_valid():
        try:
            shop, entrance = services.open_shop(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            if entrance.link or entrance.password:
                return render(request, "merchant/staff_entrance.html", {"shop": shop, "entrance": entrance})
            messages.success(request, _("The shop is open."))
            return redirect(way_back(request, "settings"))
    context = {"form": form, "may_add": may_add}
    return render(request, "merchant/shop_add.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def shop_edit(request: SignedInRequest, shop_id: int) -> HttpResponse:
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    form = ShopForm(request.POST or None, instance=Shop.objects.get(pk=shop.pk))
    if request.method == "POST" and form.is_valid():
        try:
            services_told = {name: form.cleaned_data[name] for name in form.Meta.fields}
            shops.change_shop(shop, by=request.user, **services_told)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(way_back(request, "settings"))
    context = {"shop": shop, "form": form, "may_edit": can(request.user, shop, Right.EDIT_POLICY)}
    return render(request, "merchant/shop_edit.html", context, status=422 if form.errors else 200)
