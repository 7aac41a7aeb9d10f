"""A shop's accounts: the list of all of them, and the page of one courier account."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from logistics.couriers import connecting, registry
from logistics.couriers.facts import push_guide
from logistics.couriers.forms import ConnectionTestForm, CourierAccountForm, CourierChoiceForm
from logistics.couriers.push_urls import push_address
from merchant.people.rights import Right, can
from merchant.refusals import Refused, refusals_as_messages
from merchant.shops import services
from merchant.shops.connection import connection_of
from merchant.shops.models import CourierAccount, Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.way_back import kept_way, way_back


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
    is_new = account.pk is None
    form = CourierAccountForm(request.POST or None, instance=account)
    if request.method == "POST" and form.is_valid():
        account = form.save(commit=False)
        account.rate_card = form.rate_card()
        with refusals_as_messages(request):
            services.save_account(account, by=request.user, secrets=form.secrets())
            if is_new:
                messages.success(request, _("Saved. Now test whether the courier takes it."))
                return redirect(reverse("courier_account_edit", args=[shop.pk, account.pk]) + kept_way(request))
            messages.success(request, _("Saved."))
            return redirect(way_back(request, "accounts", shop_id=shop.pk))
    context: dict[str, Any] = {
        "shop": shop,
        "form": form,
        "account": account,
        "adapter": registry.of(account),
        "may_edit": can(request.user, shop, Right.EDIT_SECRETS),
        "next": way_back(request, "accounts", shop_id=shop.pk),
        **({} if account.pk is None else {**_connection(account), "push": _push(account)}),
    }
    return render(request, "merchant/courier_account.html", context, status=422 if form.errors else 200)


def _connection(account: CourierAccount) -> dict[str, Any]:
    return {
        "connection": connection_of(account, connecting.SENTENCES),
        "connection_url": reverse("courier_connection", args=[account.shop_id, account.pk]),
        "test_url": reverse("courier_connection_test", args=[account.shop_id, account.pk]),
        "asks_waybill": True,
        "sample": connecting.sample_waybill(account.courier),
    }


def _push(account: CourierAccount) -> dict[str, Any]:
    """The push address, and what is to be done with it at the courier."""
    adapter = registry.of(account)
    address = push_address(account, for_host=adapter.host()) if adapter is not None else ""
    return {"address": address, "guide": push_guide(adapter) if adapter is not None else ""}


def _account(request: SignedInRequest, shop_id: int, pk: int) -> CourierAccount:
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    return get_object_or_404(CourierAccount.objects.visible_to(request.user).select_related("shop"), shop=shop, pk=pk)


def _panel(request: SignedInRequest, account: CourierAccount, refusal: str = "") -> HttpResponse:
    may_edit = can(request.user, account.shop, Right.EDIT_SECRETS)
    context = {"account": account, "may_edit": may_edit, "refusal": refusal, **_connection(account)}
    return render(request, "merchant/_connection.html", context)


@login_required
@require_safe
def courier_connection(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    """What is known of the account's connection; the page asks until a test has its answer."""
    return _panel(request, _account(request, shop_id, pk))


@login_required
@require_POST
def courier_connection_test(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    """Have a worker try it."""
    account, refusal = _account(request, shop_id, pk), ""
    try:
        waybill = ConnectionTestForm(request.POST).checked()["waybill"]
        connecting.start_connection_test(account, by=request.user, waybill=waybill)
    except Refused as refused:
        if not request.htmx:
            messages.error(request, str(refused), extra_tags=refused.code)
        refusal = str(refused.message)
    if not request.htmx:
        return redirect("courier_account_edit", shop_id=shop_id, pk=pk)
    account.refresh_from_db()
    return _panel(request, account, refusal)
