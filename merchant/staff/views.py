"""The people of one shop: who they are, what they may do, how they get in, and how they leave."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchant.people.models import Membership, Team
from merchant.people.rights import Right, can
from merchant.refusals import Refused, refusals_as_messages
from merchant.shops.models import Shop
from merchant.staff import policies, services, work
from merchant.staff.forms import ChangedPersonForm, LeavingForm, NewPersonForm, WayInForm
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import button
from merchant.ui.forms import add_refusal
from merchant.ui.way_back import way_back


def _shop(request: SignedInRequest, shop_id: int) -> Shop:
    return get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)


def _member(request: SignedInRequest, shop_id: int, pk: int) -> Membership:
    rows = Membership.objects.select_related("user", "role", "team", "shop")
    return get_object_or_404(rows, shop=_shop(request, shop_id), pk=pk)


def _teams(shop: Shop) -> list[str]:
    return list(Team.objects.filter(shop=shop).order_by("name").values_list("name", flat=True)[:100])


@login_required
@require_safe
def staff(request: SignedInRequest, shop_id: int) -> HttpResponse:
    """Everybody of the shop, those who work here first."""
    shop = _shop(request, shop_id)
    rows = Membership.objects.filter(shop=shop).select_related("user", "role", "team")
    members = []
    for row in rows.order_by("-is_active", "user__display_name", "pk")[:500]:
        fen, is_own = services.limit_shown(row)
        members.append(
            {
                "row": row,
                "limit_fen": fen,
                "is_own_limit": is_own,
                "is_limited": services.is_limited(row.role),
                "is_invited": row.is_active and row.user.last_login is None,
            }
        )
    context = {"shop": shop, "members": members, "may_manage": can(request.user, shop, Right.MANAGE_STAFF)}
    return render(request, "merchant/staff.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def staff_add(request: SignedInRequest, shop_id: int) -> HttpResponse:
    """A colleague; how they get in is shown on the answer, this once."""
    shop = _shop(request, shop_id)
    form = NewPersonForm(request.POST or None, shop=shop)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            entrance = services.add_member(
                shop,
                by=request.user,
                username=told["username"],
                display_name=told["display_name"],
                role=told["role"],
                team=told["team"],
                limit_fen=told["limit"],
                skills=told["skills"],
                capacity=told["capacity"],
                way=told["way"],
            )
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            return _entrance(request, shop, entrance)
    context = {
        "shop": shop,
        "form": form,
        "teams": _teams(shop),
        "roles": services.roles_of(shop),
        "may_manage": button("staff_add", "", policies.check_can_manage, shop, request.user),
    }
    return render(request, "merchant/staff_add.html", context, status=422 if form.errors else 200)


def _entrance(request: SignedInRequest, shop: Shop, entrance: services.Entrance) -> HttpResponse:
    if not (entrance.link or entrance.password):
        messages.success(
            request,
            _("%(name)s is in this shop now, with the password they have.") % {"name": entrance.membership.user},
        )
        return redirect(way_back(request, "staff", shop_id=shop.pk))
    context = {"shop": shop, "entrance": entrance, "back": way_back(request, "staff", shop_id=shop.pk)}
    return render(request, "merchant/staff_entrance.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def staff_member(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    """One person: changed by a POST to this page; let in again, let go, taken back by the forms beside it."""
    member = _member(request, shop_id, pk)
    form = ChangedPersonForm(request.POST or None, membership=member)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            services.change_member(
                member,
                by=request.user,
                display_name=told["display_name"],
                role=told["role"],
                team=told["team"],
                limit_fen=told["limit"],
                skills=told["skills"],
                capacity=told["capacity"],
            )
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("staff", shop_id=member.shop_id)
    context = _page(request, member, form)
    return render(request, "merchant/staff_member.html", context, status=422 if form.errors else 200)


def _page(request: SignedInRequest, member: Membership, form: ChangedPersonForm) -> dict[str, Any]:
    return {
        "shop": member.shop,
        "member": member,
        "form": form,
        "teams": _teams(member.shop),
        "load": work.load_of(member),
        "way_form": WayInForm(),
        "leaving_form": LeavingForm(colleagues=work.colleagues_of(member)),
        "change": button("change", _("Save"), policies.check_can_change, member, request.user),
        "reset": button("reset", _("Give a new way in"), policies.check_can_reset, member, request.user),
        "forget": button("forget", _("Reset the two-step sign-in"), policies.check_can_reset, member, request.user),
        "leave": button("leave", _("Let go"), policies.check_can_deactivate, member, request.user),
        "back": button("return", _("Take back"), policies.check_can_reactivate, member, request.user),
    }


@login_required
@never_cache
@require_POST
def staff_reset(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    """A new link or a new first password, shown this once."""
    member = _member(request, shop_id, pk)
    form = WayInForm(request.POST)
    with refusals_as_messages(request):
        way = form.cleaned_data["way"] if form.is_valid() else "link"
        return _entrance(request, member.shop, services.reset_password(member, by=request.user, way=way))
    return redirect("staff_member", shop_id=shop_id, pk=pk)


@login_required
@require_POST
def staff_second_factor(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    """The phone is lost: the next sign-in takes the password alone, or sets up a new app where the shop asks for it."""
    member = _member(request, shop_id, pk)
    with refusals_as_messages(request):
        services.reset_second_factor(member, by=request.user)
        messages.success(request, _("%(name)s signs in without a code now.") % {"name": member.user})
    return redirect("staff_member", shop_id=shop_id, pk=pk)


@login_required
@require_POST
def staff_deactivate(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    member = _member(request, shop_id, pk)
    form = LeavingForm(request.POST, colleagues=work.colleagues_of(member))
    with refusals_as_messages(request):
        policies.check_can_deactivate(member, request.user)
        if not form.is_valid():
            messages.error(request, str(next(iter(form.errors.values()))[0]))
            return redirect("staff_member", shop_id=shop_id, pk=pk)
        services.deactivate_member(
            member, by=request.user, to=form.cleaned_data["to"], reason=form.cleaned_data["reason"]
        )
        messages.success(request, _("%(name)s no longer works here.") % {"name": member.user})
        return redirect("staff", shop_id=shop_id)
    return redirect("staff_member", shop_id=shop_id, pk=pk)


@login_required
@require_POST
def staff_reactivate(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    member = _member(request, shop_id, pk)
    with refusals_as_messages(request):
        services.reactivate_member(member, by=request.user)
        messages.success(request, _("%(name)s works here again.") % {"name": member.user})
    return redirect("staff_member", shop_id=shop_id, pk=pk)
