"""The page of one account at a platform or payment channel."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from merchant.people.rights import Right, can
from merchant.platforms import connecting
from merchant.platforms.forms import PlatformAccountForm, PlatformChoiceForm
from merchant.refusals import Refused, refusals_as_messages
from merchant.shops import services
from merchant.shops.connection import connection_of
from merchant.shops.models import PlatformAccount, Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.way_back import kept_way, way_back


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
    is_new = account.pk is None
    form = PlatformAccountForm(request.POST or None, instance=account)
    if request.method == "POST" and form.is_valid():
        account = form.save(commit=False)
        with refusals_as_messages(request):
            services.save_account(account, by=request.user, secrets=form.secrets())
            if is_new:
                messages.success(request, _("Saved. Now test whether the platform takes it."))
                return redirect(reverse("platform_account_edit", args=[shop.pk, account.pk]) + kept_way(request))
            messages.success(request, _("Saved."))
            return redirect(way_back(request, "accounts", shop_id=shop.pk))
    context: dict[str, Any] = {
        "shop": shop,
        "form": form,
        "account": account,
        "may_edit": can(request.user, shop, Right.EDIT_SECRETS),
        "next": way_back(request, "accounts", shop_id=shop.pk),
        **({} if account.pk is None else {**_connection(account), "push": _push(account)}),
    }
    return render(request, "merchant/platform_account.html", context, status=422 if form.errors else 200)


def _connection(account: PlatformAccount) -> dict[str, Any]:
    return {
        "connection": connection_of(account, connecting.SENTENCES),
        "connection_url": reverse("platform_connection", args=[account.shop_id, account.pk]),
        "test_url": reverse("platform_connection_test", args=[account.shop_id, account.pk]),
    }


def _push(account: PlatformAccount) -> dict[str, Any]:
    site = str(settings.SITE_URL).rstrip("/")
    return {
        "address": site + reverse("platform_push", args=[account.push_token]),
        "guide": _("Enter it as the address for messages in your application on the platform's site."),
    }


def _account(request: SignedInRequest, shop_id: int, pk: int) -> PlatformAccount:
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    return get_object_or_404(PlatformAccount.objects.visible_to(request.user).select_related("shop"), shop=shop, pk=pk)


def _panel(request: SignedInRequest, account: PlatformAccount, refusal: str = "") -> HttpResponse:
    may_edit = can(request.user, account.shop, Right.EDIT_SECRETS)
    context = {"account": account, "may_edit": may_edit, "refusal": refusal, **_connection(account)}
    return render(request, "merchant/_connection.html", context)


@login_required
@require_safe
def platform_connection(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    """What is known of the account's connection; the page asks until a test has its answer."""
    return _panel(request, _account(request, shop_id, pk))


@login_required
@require_POST
def platform_connection_test(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    """Have a worker try it."""
    account, refusal = _account(request, shop_id, pk), ""
    try:
        connecting.start_connection_test(account, by=request.user)
    except Refused as refused:
        if not request.htmx:
            messages.error(request, str(refused), extra_tags=refused.code)
        refusal = str(refused.message)
    if not request.htmx:
        return redirect("platform_account_edit", shop_id=shop_id, pk=pk)
    account.refresh_from_db()
    return _panel(request, account, refusal)
