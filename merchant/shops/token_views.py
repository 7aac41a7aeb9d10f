"""API tokens of a shop: made, shown once, revoked."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from merchant.api import policies, services
from merchant.api.enums import ApiScope
from merchant.api.models import ApiToken
from merchant.refusals import Refused, refusals_as_messages
from merchant.shops.models import Shop
from merchant.shops.token_forms import TokenForm
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import button


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def api_tokens(request: SignedInRequest, shop_id: int) -> HttpResponse:
    """One's own tokens, the owner's page all of the shop's. A POST makes one and shows its secret, this once: nothing
    of it is kept that a second look could show."""
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    form = TokenForm(request.POST or None, user=request.user, shop_id=shop.pk)
    made, secret = None, ""
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = services.make_token(
                shop.pk,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=form.cleaned_data["days"],
                by=request.user,
            )
        except Refused as refusal:
            field = str(refusal.detail.get("field", ""))
            form.add_error(field if field in form.fields else None, str(refusal.message))
        else:
            form = TokenForm(user=request.user, shop_id=shop.pk)
    context = {
        "shop": shop,
        "form": form,
        "made": made,
        "secret": secret,
        "sees_all": policies.sees_all_tokens(request.user, shop.pk),
        "rows": [_row(token, request) for token in _tokens(request, shop.pk)],
    }
    return render(request, "merchant/api_tokens.html", context, status=422 if form.errors else 200)


def _tokens(request: SignedInRequest, shop_id: int) -> list[ApiToken]:
    """Usable ones first, newest first; of the others the last few."""
    rows = ApiToken.objects.filter(shop_id=shop_id).select_related("user", "revoked_by").order_by("-created_at", "-pk")
    if not policies.sees_all_tokens(request.user, shop_id):
        rows = rows.filter(user=request.user)
    over = rows.exclude(pk__in=rows.usable().values("pk"))
    return [*rows.usable()[:200], *over[:20]]


def _row(token: ApiToken, request: SignedInRequest) -> dict[str, object]:
    return {
        "token": token,
        "scopes": [ApiScope(scope).label for scope in token.scopes if scope in ApiScope.values],
        "revoke": button("revoke", _("Revoke"), policies.check_can_revoke_token, token, request.user),
    }


@login_required
@require_POST
def api_token_revoke(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    token = get_object_or_404(ApiToken, shop=shop, pk=pk)
    with refusals_as_messages(request):
        services.revoke_token(token, by=request.user)
        messages.success(request, _("Revoked: it opens nothing from now on."))
    return redirect("api_tokens", shop_id=shop.pk)
