"""Claiming, handing over, escalating; whose customer a buyer is; the team and its load."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from aftersales.cases.models import Case
from aftersales.decisions import assigning
from aftersales.team import members as figures
from merchant.people.models import Membership, User
from merchant.people.rights import Right, members_with
from merchant.people.visibility import shops_of
from merchant.refusals import refusals_as_messages
from merchant.ui.access import SignedInRequest
from orders.assignment import services as order_work
from orders.assignment.forms import AssignForm
from orders.buyers.models import Buyer
from orders.record.models import Order


def _assigned(request: SignedInRequest) -> dict[str, Any]:
    """`to`, None where the form names nobody who exists, and `reason`."""
    typed = AssignForm(request.POST).checked()
    to = None if typed["to"] is None else User.objects.filter(pk=typed["to"]).first()
    return {"to": to, "reason": typed["reason"]}


def _claim_case(request: SignedInRequest, case: Case) -> str:
    assigning.claim_case(case, by=request.user)
    return _("You have this case now.")


def _hand_over_case(request: SignedInRequest, case: Case) -> str:
    given = assigning.hand_over_case(case, by=request.user, **_assigned(request))
    return _("%(name)s has this case now.") % {"name": given.assignee}


def _escalate_case(request: SignedInRequest, case: Case) -> str:
    assigning.escalate_case(case, by=request.user, **_assigned(request))
    return _("Escalated; you go on seeing it.")


def _release_case(request: SignedInRequest, case: Case) -> str:
    assigning.release_case(case, by=request.user)
    return _("Anybody may take this case now.")


def _claim_order(request: SignedInRequest, order: Order) -> str:
    order_work.claim_order(order, by=request.user)
    return _("You have this order now.")


def _hand_over_order(request: SignedInRequest, order: Order) -> str:
    given = order_work.hand_over_order(order, by=request.user, **_assigned(request))
    return _("%(name)s has this order now.") % {"name": given.assignee}


# What changes who works on a case, and on an order that is still to be shipped; the sentence that says so.
CASE_VERBS: dict[str, Callable[[SignedInRequest, Case], str]] = {
    "claim": _claim_case,
    "hand-over": _hand_over_case,
    "escalate": _escalate_case,
    "release": _release_case,
}
ORDER_VERBS: dict[str, Callable[[SignedInRequest, Order], str]] = {
    "claim": _claim_order,
    "hand-over": _hand_over_order,
}


@login_required
@require_POST
def case_assign(request: SignedInRequest, shop_id: int, number: str, verb: str) -> HttpResponse:
    """One change of who works on a case. Whoever gave it out of sight goes back to their queue."""
    rows = Case.objects.visible_to(request.user)
    case = get_object_or_404(rows, shop_id=shop_id, number=number)
    if verb not in CASE_VERBS:
        raise Http404
    with refusals_as_messages(request):
        messages.success(request, CASE_VERBS[verb](request, case))
    if not rows.filter(pk=case.pk).exists():
        return redirect("desk")
    return redirect("case_detail", shop_id=shop_id, number=number)


@login_required
@require_POST
def order_assign(request: SignedInRequest, shop_id: int, number: str, verb: str) -> HttpResponse:
    """The same for an order that is still to be shipped."""
    rows = Order.objects.visible_to(request.user)
    order = get_object_or_404(rows, shop_id=shop_id, number=number)
    if verb not in ORDER_VERBS:
        raise Http404
    with refusals_as_messages(request):
        messages.success(request, ORDER_VERBS[verb](request, order))
    if not rows.filter(pk=order.pk).exists():
        return redirect("orders")
    return redirect("order_detail", shop_id=shop_id, number=number)


@login_required
@require_POST
def customer_account_owner(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    """Give a customer to a colleague, or to everybody."""
    buyer = get_object_or_404(Buyer.objects.visible_to(request.user), shop_id=shop_id, pk=pk)
    with refusals_as_messages(request):
        given = _assigned(request)
        assigning.change_account_owner(buyer, by=request.user, **given)
        if given["to"] is None:
            messages.success(request, _("Nobody keeps this customer now: everybody sees them."))
        else:
            messages.success(request, _("%(name)s keeps this customer now.") % {"name": given["to"]})
    order = Order.objects.seen_in(shop_id, request.user).filter(number=request.POST.get("order", "")[:64]).first()
    if order is None:
        return redirect("orders")
    return redirect("order_detail", shop_id=shop_id, number=order.number)


@login_required
@require_safe
def team(request: SignedInRequest) -> HttpResponse:
    """Everybody of the shops one leads: role, limits, customers, cases."""
    if not figures.led_by(request.user):
        raise Http404
    return render(request, "aftersales/team.html", {"shops": figures.shops(request.user)})


def _member(request: SignedInRequest, pk: int) -> Membership:
    rows = Membership.objects.select_related("user", "role", "team", "shop")
    return get_object_or_404(rows, pk=pk, shop_id__in=shops_of(request.user))


@login_required
@require_safe
def team_hand_over(request: SignedInRequest, pk: int) -> HttpResponse:
    """What would move, before it moves."""
    member = _member(request, pk)
    if not figures.leads(request.user, member):
        raise Http404
    context: dict[str, Any] = {
        "member": member,
        "load": assigning.load_of(member.user, member.shop),
        "colleagues": [
            one.user
            for one in members_with(member.shop_id, Right.SEE_ORDERS, Right.AGREE_CASE)
            if one.user_id != member.user_id
        ],
    }
    return render(request, "aftersales/team_hand_over.html", context)


@login_required
@require_POST
def team_hand_over_all(request: SignedInRequest, pk: int) -> HttpResponse:
    """Everything of one member to one colleague, and what it was."""
    member = _member(request, pk)
    with refusals_as_messages(request):
        given = _assigned(request)
        figures.check_leads(request.user, member)
        moved = assigning.hand_over_all(member, by=request.user, **given)
        messages.success(
            request,
            _("%(name)s has it all now: %(customers)s customers, %(cases)s cases, %(orders)s orders.")
            % {"name": given["to"], "customers": moved.customers, "cases": moved.cases, "orders": moved.orders},
        )
        return redirect("team")
    return redirect("team_hand_over", pk=pk)
