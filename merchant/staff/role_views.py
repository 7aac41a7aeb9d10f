"""The roles of a shop: what each may do, and those the shop made itself."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from merchant.people.models import Role
from merchant.people.rights import Right, new_rights
from merchant.refusals import Refused
from merchant.shops.models import Shop
from merchant.staff import policies, roles, services
from merchant.staff.forms import RoleForm
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import button
from merchant.ui.forms import add_refusal


def _shop(request: SignedInRequest, shop_id: int) -> Shop:
    return get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)


@login_required
@require_safe
def role_list(request: SignedInRequest, shop_id: int) -> HttpResponse:
    """The default roles and the shop's own, each with what it may do."""
    shop, labels = _shop(request, shop_id), dict(Right.choices)
    rows = [
        {
            "role": role,
            "rights": [labels[right] for right in role.rights if right in labels],
            "new": [labels[right] for right in new_rights(role)],
            "limit_fen": next((fen for right in services.LIMITED if (fen := role.limits.get(str(right)))), None),
            "is_limited": services.is_limited(role),
            "is_own": role.shop_id is not None,
        }
        for role in services.roles_of(shop)
    ]
    may = button("role_add", _("Make a role"), policies.check_can_manage, shop, request.user)
    return render(request, "merchant/roles.html", {"shop": shop, "rows": rows, "may": may})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def role_add(request: SignedInRequest, shop_id: int) -> HttpResponse:
    """A new role; `?like=` fills in what another one may do."""
    shop = _shop(request, shop_id)
    like = request.GET.get("like", "")
    model = Role.objects.filter(Q(shop=shop) | Q(shop=None), slug=like[:32]).first() if like else None
    return _edit(request, shop, None, model)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def role_edit(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    shop = _shop(request, shop_id)
    role = get_object_or_404(Role, shop=shop, pk=pk)
    return _edit(request, shop, role, role)


def _edit(request: SignedInRequest, shop: Shop, role: Role | None, model: Role | None) -> HttpResponse:
    form = RoleForm(request.POST or None, role=model, is_copy=role is None)
    if role is None:
        may = button("save", "", policies.check_can_manage, shop, request.user)
    else:
        may = button("save", "", roles.check_can_change_role, shop, role, request.user)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            roles.save_role(
                shop,
                role,
                by=request.user,
                name=told["name"],
                rights=told["rights"],
                limit_fen=told["limit"],
                scope=told["scope"],
            )
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("roles", shop_id=shop.pk)
    context: dict[str, Any] = {"shop": shop, "role": role, "form": form, "may": may}
    return render(request, "merchant/role_edit.html", context, status=422 if form.errors else 200)
