"""A shop's accounts: the list of all of them, and the page of one courier account."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from logistics.couriers import registry
from logistics.couriers.forms import CourierAccountForm, CourierChoiceForm
from merchant.people.rights import Right, can
from merchant.refusals import refusals_as_messages
from merchant.shops import services
from merchant.shops.models import CourierAccount, Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.way_back import way_back


@login_required
@require_GET
def accounts(request: SignedInRequest, shop_id: int) -> HttpResponse:
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    context = {
        "shop": shop,
        "couriers": shop.courier_accounts.order_by("courier", "pk"),
        "platforms": shop.platform_accounts.order_by("platform", "pk"),
        "may_edit": can(request.user, shop, Right.EDIT_SECRETS),
        "site": settings.SITE_URL.rstrip("/"),
    }
    return render(request, "merchant/accounts.html", context)


@login_required
def courier_account_add(request: SignedInRequest, shop_id: int) -> HttpResponse:
    """First which courier and through whom (`?courier=…&via=…`), then what such an account must know."""
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    told = request.POST if "courier" in request.POST else request.GET
    choice = CourierChoiceForm(told if "courier" in told else None)
    if not choice.is_valid():
        context = {"shop": shop, "form": choice, "adapters": registry.couriers()}
        return render(request, "merchant/courier_choice.html", context, status=422 if choice.errors else 200)
    chosen = choice.cleaned_data
    account = CourierAccount(shop=shop, courier=chosen["courier"], via=chosen["via"])
    return _edit(request, shop, account)


@login_required
def courier_account_edit(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    return _edit(request, shop, get_object_or_404(CourierAccount.objects.visible_to(request.user), shop=shop, pk=pk))


def _edit(request: SignedInRequest, shop: Shop, account: CourierAccount) -> HttpResponse:
    form = CourierAccountForm(request.POST or None, instance=account)
    if request.method == "POST" and form.is_valid():
        account = form.save(commit=False)
        account.rate_card = form.rate_card()
        with refusals_as_messages(request):
            services.save_account(account, by=request.user, secrets=form.secrets())
            messages.success(request, _("Saved."))
            return redirect(way_back(request, "accounts", shop_id=shop.pk))
    context = {"shop": shop, "form": form, "account": account, "may_edit": can(request.user, shop, Right.EDIT_SECRETS)}
    return render(request, "merchant/courier_account.html", context, status=422 if form.errors else 200)
