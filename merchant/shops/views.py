from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from merchant.refusals import refusals_as_messages
from merchant.shops import health, services
from merchant.shops.models import CourierAccount, PlatformAccount, Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import button


def _shop(request: SignedInRequest, shop_id: int) -> Shop:
    return get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)


@login_required
@require_GET
def settings_home(request: SignedInRequest) -> HttpResponse:
    """The shops I see, each with its settings and how it goes: whoever looks after many sees where to look first."""
    shops = list(Shop.objects.visible_to(request.user).order_by("pk")[:100])
    found = health.of_shops([shop.pk for shop in shops])
    context = {
        "rows": [{"shop": shop, "health": found[shop.pk]} for shop in shops],
        "add": button("shop_add", "", services.check_can_open_shop, request.user),
    }
    return render(request, "merchant/settings.html", context)


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
