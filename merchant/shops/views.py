from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from merchant.people.rights import Right, can
from merchant.refusals import refusals_as_messages
from merchant.shops import services
from merchant.shops.forms import CourierAccountForm, PlatformAccountForm
from merchant.shops.models import Agreement, CourierAccount, PlatformAccount, Shop
from merchant.ui.access import SignedInRequest


def _shop(request: SignedInRequest, shop_id: int) -> Shop:
    return get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)


@login_required
@require_GET
def settings_home(request: SignedInRequest) -> HttpResponse:
    """The shops I see, each with what stands between it and its first interception."""
    shops = list(Shop.objects.visible_to(request.user).order_by("pk")[:100])
    signed = set(Agreement.objects.filter(shop__in=shops, revoked_at__isnull=True).values_list("shop_id", flat=True))
    with_ewaybill = set(
        CourierAccount.objects.filter(shop__in=shops, has_ewaybill=True, is_active=True).values_list(
            "shop_id", flat=True
        )
    )
    rows = [{"shop": shop, "is_signed": shop.pk in signed, "has_ewaybill": shop.pk in with_ewaybill} for shop in shops]
    return render(request, "merchant/settings.html", {"rows": rows})


@login_required
@require_GET
def accounts(request: SignedInRequest, shop_id: int) -> HttpResponse:
    shop = _shop(request, shop_id)
    context = {
        "shop": shop,
        "couriers": shop.courier_accounts.order_by("courier", "pk"),
        "platforms": shop.platform_accounts.order_by("platform", "pk"),
        "may_edit": can(request.user, shop, Right.EDIT_SECRETS),
        "site": settings.SITE_URL.rstrip("/"),
    }
    return render(request, "merchant/accounts.html", context)


def _edit(request: SignedInRequest, shop_id: int, model: Any, form_class: Any, pk: int | None) -> HttpResponse:
    shop = _shop(request, shop_id)
    account = get_object_or_404(model.objects.visible_to(request.user), shop=shop, pk=pk) if pk else model(shop=shop)
    form = form_class(request.POST or None, instance=account)
    if request.method == "POST" and form.is_valid():
        account = form.save(commit=False)
        if isinstance(form, CourierAccountForm):
            account.rate_card = form.rate_card()
        with refusals_as_messages(request):
            services.save_account(account, by=request.user, secrets=form.cleaned_data["secrets_json"])
            messages.success(request, _("Saved."))
            return redirect("accounts", shop_id=shop.pk)
    context = {"shop": shop, "form": form, "account": account, "may_edit": can(request.user, shop, Right.EDIT_SECRETS)}
    return render(request, "merchant/account_edit.html", context, status=422 if form.errors else 200)


@login_required
def courier_account_edit(request: SignedInRequest, shop_id: int, pk: int | None = None) -> HttpResponse:
    return _edit(request, shop_id, CourierAccount, CourierAccountForm, pk)


@login_required
def platform_account_edit(request: SignedInRequest, shop_id: int, pk: int | None = None) -> HttpResponse:
    return _edit(request, shop_id, PlatformAccount, PlatformAccountForm, pk)


@login_required
@require_POST
def push_token_renew(request: SignedInRequest, shop_id: int, kind: str, pk: int) -> HttpResponse:
    model: Any = {"courier": CourierAccount, "platform": PlatformAccount}.get(kind, CourierAccount)
    account = get_object_or_404(model.objects.visible_to(request.user), shop_id=shop_id, pk=pk)
    with refusals_as_messages(request):
        services.renew_push_token(account, by=request.user)
        messages.success(
            request, _("The push address is new; give it to the other side now, the old one answers no more.")
        )
    return redirect("accounts", shop_id=shop_id)
