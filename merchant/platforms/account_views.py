"""The page of one account at a platform or payment channel."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from merchant.people.rights import Right, can
from merchant.platforms.forms import PlatformAccountForm, PlatformChoiceForm
from merchant.refusals import refusals_as_messages
from merchant.shops import services
from merchant.shops.models import PlatformAccount, Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.way_back import way_back


@login_required
def platform_account_add(request: SignedInRequest, shop_id: int) -> HttpResponse:
    """First which platform (`?platform=…`), then what such an account must know."""
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    told = request.POST if "platform" in request.POST else request.GET
    choice = PlatformChoiceForm(told if "platform" in told else None)
    if not choice.is_valid():
        context = {"shop": shop, "form": choice}
        return render(request, "merchant/platform_choice.html", context, status=422 if choice.errors else 200)
    return _edit(request, shop, PlatformAccount(shop=shop, platform=choice.cleaned_data["platform"]))


@login_required
def platform_account_edit(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    return _edit(request, shop, get_object_or_404(PlatformAccount.objects.visible_to(request.user), shop=shop, pk=pk))


def _edit(request: SignedInRequest, shop: Shop, account: PlatformAccount) -> HttpResponse:
    form = PlatformAccountForm(request.POST or None, instance=account)
    if request.method == "POST" and form.is_valid():
        account = form.save(commit=False)
        with refusals_as_messages(request):
            services.save_account(account, by=request.user, secrets=form.secrets())
            messages.success(request, _("Saved."))
            return redirect(way_back(request, "accounts", shop_id=shop.pk))
    context = {"shop": shop, "form": form, "account": account, "may_edit": can(request.user, shop, Right.EDIT_SECRETS)}
    return render(request, "merchant/platform_account.html", context, status=422 if form.errors else 200)
