"""A shop's accounts: the list of all of them, and the pages of one courier account."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from logistics.couriers import connecting, registry
from logistics.couriers.facts import push_guide
from logistics.couriers.forms import ConnectionTestForm, CourierAccountForm, CourierChoiceForm
from logistics.couriers.push_urls import push_address
from merchant.people.rights import Right, can
from merchant.shops.account_pages import AccountPages
from merchant.shops.models import CourierAccount, Shop
from merchant.ui.access import SignedInRequest


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


class CourierAccountPages(AccountPages):
    """Which courier, and through whom it is asked (`?courier=…&via=…`)."""

    kind = "courier"
    model = CourierAccount
    choice_form = CourierChoiceForm
    form = CourierAccountForm
    sentences = connecting.SENTENCES
    saved = gettext_lazy("Saved. Now test whether the courier takes it.")

    def choice(self) -> dict[str, Any]:
        return {"adapters": registry.couriers()}

    def facts(self, account: Any) -> dict[str, Any]:
        return {"adapter": registry.of(account)}

    def test_facts(self, account: Any) -> dict[str, Any]:
        return {"asks_waybill": True, "sample": connecting.sample_waybill(account.courier)}

    def push(self, account: Any) -> dict[str, Any]:
        adapter = registry.of(account)
        if adapter is None:
            return {"address": "", "guide": ""}
        return {"address": push_address(account, for_host=adapter.host()), "guide": push_guide(adapter)}

    def start_test(self, request: SignedInRequest, account: Any) -> None:
        waybill = ConnectionTestForm(request.POST).checked()["waybill"]
        connecting.start_connection_test(account, by=request.user, waybill=waybill)
