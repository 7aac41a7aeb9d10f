"""The way to the first stopped parcel, step by step, and the answer for whom nobody has added to a shop."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from cs_workbench.start import steps
from merchant.refusals import refusals_as_messages
from merchant.shops.models import Shop
from merchant.shops.services import check_can_open_shop
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import button
from merchant.ui.query_params import parse_int


@login_required
@require_safe
def start(request: SignedInRequest) -> HttpResponse:
    """The steps of the shop that is named, else of the first whose way is not behind it."""
    shops = Shop.objects.visible_to(request.user).order_by("pk")
    named = parse_int(request.GET.get("shop", ""))
    if named is not None:
        shop: Shop | None = get_object_or_404(shops, pk=named)
    else:
        unfinished = steps.unfinished_of(request.user)
        shop = unfinished[0] if unfinished else shops.first()
    found = steps.of_shop(shop, request.user)
    context: dict[str, Any] = {
        "shop": shop,
        "steps": found,
        "is_over": steps.is_over(found),
        "connected": steps.connected_of(shop) if shop is not None else [],
        "may_change": shop is not None and steps.may_change(request.user, shop),
        "add": button("shop_add", "", check_can_open_shop, request.user),
    }
    return render(request, "cs_workbench/start.html", context)


@login_required
@require_POST
def start_step(request: SignedInRequest, shop_id: int, name: str, verb: str) -> HttpResponse:
    """Put a step off, or take it up again."""
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    verbs = {"skip": steps.skip_step, "resume": steps.resume_step}
    if verb not in verbs or name not in steps.NAMES:
        raise Http404
    with refusals_as_messages(request):
        verbs[verb](shop, name, by=request.user)
    return redirect(f"{reverse('start')}?shop={shop.pk}")
