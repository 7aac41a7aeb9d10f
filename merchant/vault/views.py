"""解密额度: how many looks at personal data are left today, who looked, and asking for more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from merchant.clock import today
from merchant.people.models import User
from merchant.people.rights import Right, can
from merchant.refusals import Refused, refusals_as_messages
from merchant.shops.models import Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import Button, button
from merchant.ui.query_params import parse_int
from merchant.vault import policies
from merchant.vault import quota as quotas
from merchant.vault import quota_lists as lists
from merchant.vault.forms import AskQuotaForm, RefuseQuotaForm
from merchant.vault.models import QuotaRequest, QuotaState

TABS = ("looks", "people", "searches", "requests")
LISTS = {"looks": lists.looks, "searches": lists.searches, "requests": lists.requests}
RIGHTS = (Right.REVEAL_PII, Right.APPLY_QUOTA, Right.APPROVE_QUOTA)
# Open requests on one page; as many as a shop has people who look, or an administrator a morning.
OPEN = 100


@dataclass(frozen=True)
class Waiting:
    """An open request and what this reader may do about it."""

    request: QuotaRequest
    buttons: list[Button]

    @property
    def is_mine(self) -> bool:
        return any(verb.is_allowed for verb in self.buttons)


def _shops(user: User) -> list[Shop]:
    """The shops whose looks concern this person."""
    rows = Shop.objects.visible_to(user).order_by("name", "pk")
    return [shop for shop in rows if any(can(user, shop, right) for right in RIGHTS)]


@login_required
@require_safe
@never_cache
def quota(request: SignedInRequest) -> HttpResponse:
    """One shop's day: used, left, who looked at what; and every request that waits in this person's shops."""
    shops = _shops(request.user)
    if not shops:
        raise Http404
    waiting = _waiting(request.user, shops)
    wanted = parse_int(request.GET.get("shop", ""))
    shop = next((shop for shop in shops if shop.pk == wanted), None)
    if shop is None:
        shop = next((one.request.shop for one in waiting if one.is_mine), shops[0])
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else TABS[0]
    key = request.GET.get("after", "")
    held = quotas.quota_of(shop)
    context: dict[str, Any] = {
        "shops": shops,
        "shop": shop,
        "today": held,
        "percent": min(100, round(100 * held.used / held.allowed)) if held.allowed else 100,
        "waiting": waiting,
        "ask": button("ask", _("Ask for more"), policies.check_can_ask, shop, request.user),
        "applies": can(request.user, shop, Right.APPLY_QUOTA),
        "may_ask": can(request.user, shop, Right.REVEAL_PII) or can(request.user, shop, Right.APPLY_QUOTA),
        "tab": tab,
        "tabs": [
            ("looks", _("Latest looks")),
            ("people", _("Today by person")),
            ("searches", _("Searches by phone or name")),
            ("requests", _("Requests")),
        ],
        "is_first": not key,
        "fields": lists.FIELDS,
        "day": today(),
    }
    if tab == "people":
        context["people"] = lists.people_today(shop, request.user)
    else:
        context["page"] = LISTS[tab](shop, request.user, key)
    return render(request, "merchant/quota.html", context)


def _waiting(user: User, shops: list[Shop]) -> list[Waiting]:
    """Today's open requests, those this person can decide first."""
    rows = QuotaRequest.objects.open_on(today()).filter(shop__in=shops)
    rows = rows.select_related("shop", "asked_by", "applied_by").order_by("created_at", "pk")
    return sorted((Waiting(row, buttons(row, user)) for row in rows[:OPEN]), key=lambda one: not one.is_mine)


def buttons(row: QuotaRequest, user: User) -> list[Button]:
    """The step that is next, and refusing; each asked of the policy that guards it."""
    if row.state == QuotaState.ASKED:
        step = button("apply", _("Apply for it"), policies.check_can_apply, row, user)
    else:
        step = button("approve", _("Approve"), policies.check_can_approve, row, user)
    return [step, button("refuse", _("Refuse"), policies.check_can_refuse, row, user)]


def _apply(request: SignedInRequest, row: QuotaRequest) -> str:
    quotas.apply_quota(row, by=request.user)
    return _("Applied for. The platform administrator decides.")


def _approve(request: SignedInRequest, row: QuotaRequest) -> str:
    quotas.approve_quota(row, by=request.user)
    return _("Approved: %(wanted)s more looks until midnight.") % {"wanted": row.wanted}


def _refuse(request: SignedInRequest, row: QuotaRequest) -> str:
    quotas.refuse_quota(row, by=request.user, **RefuseQuotaForm(request.POST).checked())
    return _("Refused. Whoever asked reads your answer here.")


VERBS: dict[str, Callable[[SignedInRequest, QuotaRequest], str]] = {
    "apply": _apply,
    "approve": _approve,
    "refuse": _refuse,
}


@login_required
@require_POST
def quota_verb(request: SignedInRequest, pk: int, verb: str) -> HttpResponse:
    row = get_object_or_404(QuotaRequest.objects.visible_to(request.user).select_related("shop"), pk=pk)
    if verb not in VERBS:
        raise Http404
    with refusals_as_messages(request):
        messages.success(request, VERBS[verb](request, row))
    return redirect(f"{reverse('quota')}?shop={row.shop_id}")


@login_required
@require_POST
def quota_ask(request: SignedInRequest, shop_id: int) -> HttpResponse:
    """Ask for more, from the centre or in place beside a refused look."""
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    typed = AskQuotaForm(request.POST).checked()
    if request.htmx:
        return render(request, "merchant/_quota_asked.html", _asked(request.user, shop, **typed))
    with refusals_as_messages(request):
        row = quotas.ask_quota(shop, by=request.user, **typed)
        messages.success(request, said(row))
    return redirect(f"{reverse('quota')}?shop={shop.pk}")


def _asked(user: User, shop: Shop, wanted: int, reason: str) -> dict[str, Any]:
    try:
        return {"said": said(quotas.ask_quota(shop, by=user, wanted=wanted, reason=reason))}
    except Refused as refusal:
        return {"refusal": refusal}


def said(row: QuotaRequest) -> str:
    """What whoever asked reads."""
    if row.state == QuotaState.APPLIED:
        return _("Applied for %(wanted)s more looks. The platform administrator decides.") % {"wanted": row.wanted}
    return _("Asked the shop's owner for %(wanted)s more looks.") % {"wanted": row.wanted}
