"""The interception agreement: what a shop signs, with the rules that are in force for it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from merchant.people.rights import Right, can
from merchant.policy import services as policy
from merchant.refusals import refusals_as_messages
from merchant.shops import services
from merchant.shops.forms import ReasonForm
from merchant.shops.models import Agreement, AgreementKind, Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.way_back import kept_way, way_back


def _shop(request: SignedInRequest, shop_id: int) -> Shop:
    return get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)


@login_required
@require_GET
def agreement(request: SignedInRequest, shop_id: int) -> HttpResponse:
    """The activation page (R0.16): the agreement's text, its version, who signed when, and the way out."""
    shop = _shop(request, shop_id)
    context = {
        "shop": shop,
        "in_force": services.agreement_in_force(shop),
        "history": shop.agreements.select_related("signed_by", "revoked_by").order_by("-signed_at")[:20],
        "version": services.INTERCEPT_AGREEMENT_VERSION,
        "may_sign": can(request.user, shop, Right.SIGN_AGREEMENT),
        "rules": policy.current(shop),
        "kept_way": kept_way(request),
    }
    return render(request, "merchant/agreement.html", context)


@login_required
@require_POST
def agreement_sign(request: SignedInRequest, shop_id: int) -> HttpResponse:
    shop = _shop(request, shop_id)
    with refusals_as_messages(request):
        services.sign_agreement(shop, by=request.user, kind=AgreementKind.INTERCEPT)
        if shop.courier_accounts.filter(is_active=True).exists():
            messages.success(request, _("Signed: this shop can stop parcels from now on."))
        else:
            said = _("Signed. Before a parcel can be stopped, a courier account is still to be added.")
            messages.success(request, said)
    return redirect(way_back(request, "agreement", shop_id=shop.pk))


@login_required
@require_POST
def agreement_revoke(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    signed = get_object_or_404(Agreement.objects.visible_to(request.user), shop_id=shop_id, pk=pk)
    form = ReasonForm(request.POST)
    if form.is_valid():
        with refusals_as_messages(request):
            services.revoke_agreement(signed, by=request.user, reason=form.cleaned_data["reason"])
            messages.success(request, _("Revoked: no new interception starts; those under way go on."))
    else:
        messages.error(request, _("Say why the agreement is revoked."))
    return redirect("agreement", shop_id=shop_id)
