from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from merchant.refusals import refusals_as_messages
from merchant.shops import services
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
