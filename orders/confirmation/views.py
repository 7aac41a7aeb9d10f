"""Orders that wait for a word with their buyer."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from merchant.people.models import User
from merchant.refusals import refusals_as_messages
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import button
from orders.assignment.choosing import why_text
from orders.assignment.models import Assignment
from orders.confirmation import policies, services
from orders.confirmation.enums import Channel
from orders.confirmation.forms import ContactForm
from orders.confirmation.models import Contact
from orders.record import step_lists
from orders.record.enums import OrderState
from orders.record.models import Order


@login_required
@require_safe
def confirm_list(request: SignedInRequest) -> HttpResponse:
    """Each with why it is this person's, what was tried so far, and what the buyer will be told."""
    waiting = step_lists.waiting(request.user, OrderState.PENDING_CONFIRM)
    is_mine = request.GET.get("whose") == "mine"
    if is_mine:
        waiting = waiting.filter(assignee=request.user)
    rows, next_key = step_lists.page(waiting, request.GET.get("after", ""))
    given = {row.order_id: row for row in Assignment.objects.filter(order__in=rows).order_by("pk")}
    talks: dict[int, list[Contact]] = {}
    for contact in Contact.objects.filter(order__in=rows).select_related("by").order_by("pk"):
        talks.setdefault(contact.order_id, []).append(contact)
    context = {
        "tabs": step_lists.tabs(request.user),
        "here": "confirm_list",
        "whose": "mine" if is_mine else "",
        "rows": [
            {
                "order": order,
                "why": why_text(given[order.pk].rule_name, given[order.pk].why) if order.pk in given else "",
                "talks": talks.get(order.pk, []),
                "text": services.message_of(order),
                "confirm": button("confirm", _("Confirmed"), policies.check_can_confirm, order, request.user),
                "log": button("no-answer", _("No answer"), policies.check_can_log, order, request.user),
            }
            for order in rows
        ],
        "channels": Channel.choices,
        "next_key": next_key,
        "is_first": not request.GET.get("after"),
    }
    return render(request, "orders/confirm.html", context)


def _confirm(order: Order, by: User, typed: dict[str, Any]) -> str:
    services.confirm_order(order, by=by, **typed)
    return _("%(number)s is confirmed and goes to the warehouse.")


def _no_answer(order: Order, by: User, typed: dict[str, Any]) -> str:
    services.log_contact(order, by=by, channel=typed["channel"], note=typed["note"])
    return _("Written down; %(number)s waits on.")


def _return(order: Order, by: User, typed: dict[str, Any]) -> str:
    services.return_order(order, by=by, channel=typed["channel"], note=typed["note"])
    return _("%(number)s is back in review.")


VERBS: dict[str, Callable[[Order, User, dict[str, Any]], str]] = {
    "confirm": _confirm,
    "no-answer": _no_answer,
    "return": _return,
}


@login_required
@require_POST
def confirm_verb(request: SignedInRequest, shop_id: int, number: str, verb: str) -> HttpResponse:
    order = get_object_or_404(Order.objects.visible_to(request.user), shop_id=shop_id, number=number)
    if verb not in VERBS:
        raise Http404
    with refusals_as_messages(request):
        said = VERBS[verb](order, request.user, ContactForm(request.POST).checked())
        messages.success(request, said % {"number": order.number})
    return redirect("confirm_list")
