"""Quick replies: one's own and the shop's, written and put in order here, used on the workbench."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cs_workbench.replies import policies, services
from cs_workbench.replies.forms import QuickReplyForm
from cs_workbench.replies.models import QuickReply
from cs_workbench.replies.panel import NUMBERED, replies_of
from cs_workbench.replies.variables import VARIABLES, fill
from merchant.refusals import refusals_as_messages
from merchant.shops.models import Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import Button, button
from merchant.ui.query_params import parse_int


def _list(shop: Shop) -> str:
    return f"{reverse('replies')}?shop={shop.pk}"


def _shop(request: SignedInRequest, shop_id: int) -> Shop:
    return get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)


def _reply(request: SignedInRequest, shop_id: int, pk: int) -> QuickReply:
    found = QuickReply.objects.visible_to(request.user).select_related("shop")
    return get_object_or_404(found, shop_id=shop_id, pk=pk)


@login_required
@require_safe
def replies(request: SignedInRequest) -> HttpResponse:
    """The replies of one shop, in the order of their keys."""
    shops = list(Shop.objects.visible_to(request.user).order_by("pk")[:100])
    wanted = parse_int(request.GET.get("shop", ""))
    shop = next((shop for shop in shops if shop.pk == wanted), shops[0] if shops else None)
    if shop is None:
        return render(request, "cs_workbench/replies.html", {"shops": []})
    keys = 0
    lists: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for reply in replies_of(request.user, shop):
        keys += reply.is_active
        key = keys if reply.is_active and keys <= NUMBERED else 0
        lists[reply.owner_id is not None].append({"reply": reply, "parts": fill(reply.text, {}).parts, "key": key})
    own, shared = lists[True], lists[False]
    context = {
        "shops": shops,
        "shop": shop,
        "lists": [
            (_("My own"), own, _may_edit(request, shop, is_shared=False), ""),
            (_("The shop's, for everybody"), shared, _may_edit(request, shop, is_shared=True), "1"),
        ],
        "is_default": all(row["reply"].pk is None for row in shared),
    }
    return render(request, "cs_workbench/replies.html", context)


def _may_edit(request: SignedInRequest, shop: Shop, *, is_shared: bool) -> Button:
    mine = QuickReply(shop=shop, owner=None if is_shared else request.user)
    return button("add", _("Add a reply"), policies.check_can_edit, mine, request.user)


@login_required
def reply_edit(request: SignedInRequest, shop_id: int, pk: int | None = None) -> HttpResponse:
    """Write a new one (`?shared=1` for the shop's) or change one."""
    shop = _shop(request, shop_id)
    if pk:
        reply = _reply(request, shop_id, pk)
    else:
        is_shared = (request.GET.get("shared") or request.POST.get("shared")) == "1"
        reply = QuickReply(shop=shop, owner=None if is_shared else request.user)
    may_save = button("save", _("Save"), policies.check_can_edit, reply, request.user)
    form = QuickReplyForm(request.POST or None, instance=reply)
    if request.method == "POST" and form.is_valid():
        words = {"title": form.cleaned_data["title"], "text": form.cleaned_data["text"], "by": request.user}
        with refusals_as_messages(request):
            if pk:
                services.edit_reply(reply, **words)
            else:
                services.add_reply(shop, owner=reply.owner, **words)
            messages.success(request, _("Saved."))
            return redirect(_list(shop))
    context = {"shop": shop, "form": form, "reply": reply, "may_save": may_save, "variables": VARIABLES}
    return render(request, "cs_workbench/reply_edit.html", context, status=422 if form.errors else 200)


def _move(step: int) -> Any:
    return lambda reply, by: services.move_reply(reply, step=step, by=by)


VERBS: dict[str, Any] = {
    "up": _move(-1),
    "down": _move(1),
    "on": lambda reply, by: services.switch_reply(reply, is_active=True, by=by),
    "off": lambda reply, by: services.switch_reply(reply, is_active=False, by=by),
    "delete": lambda reply, by: services.delete_reply(reply, by=by),
    "used": lambda reply, by: services.count_use(reply, by=by),
}


@login_required
@require_POST
def reply_verb(request: SignedInRequest, shop_id: int, pk: int, verb: str) -> HttpResponse:
    """One press about one reply; a page that only reports a copy (static/js/replies.js) wants nothing back."""
    reply = _reply(request, shop_id, pk)
    if verb not in VERBS:
        raise Http404
    with refusals_as_messages(request):
        VERBS[verb](reply, request.user)
    return HttpResponse(status=204) if request.htmx else redirect(_list(reply.shop))


@login_required
@require_POST
def reply_defaults(request: SignedInRequest, shop_id: int) -> HttpResponse:
    """Make the default set the shop's own, so that it can be changed."""
    shop = _shop(request, shop_id)
    with refusals_as_messages(request):
        services.make_default_replies(shop, by=request.user)
        messages.success(request, _("These replies are the shop's own now: change them as you like."))
    return redirect(_list(shop))
