"""Orders that wait for somebody to look after them, and the rules by which they find one."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from merchant.people.models import User
from merchant.people.rights import Right, check_right
from merchant.refusals import refusals_as_messages
from merchant.shops.models import Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import button
from orders.assignment import assigning, policies, rule_services
from orders.assignment.choosing import choose, none_text
from orders.assignment.forms import AssignForm, RuleForm
from orders.assignment.models import AssignmentRule
from orders.record import step_lists
from orders.record.enums import OrderState
from orders.record.models import Order


@login_required
@require_safe
def assign_list(request: SignedInRequest) -> HttpResponse:
    """What the rules found nobody for, each with why and whom it may be given to."""
    waiting = step_lists.waiting(request.user, OrderState.PENDING_ASSIGN)
    rows, next_key = step_lists.page(waiting, request.GET.get("after", ""))
    people: dict[int, Any] = {}
    rules: dict[int, Any] = {}
    for shop_id in {order.shop_id for order in rows}:
        people[shop_id] = assigning.candidates(shop_id)
        rules[shop_id] = list(AssignmentRule.objects.filter(shop=shop_id).order_by("position"))
    lines = []
    for order in rows:
        choice = choose(assigning.wanted_of(order), people[order.shop_id], rules[order.shop_id])
        lines.append(
            {
                "order": order,
                "why": none_text(choice) if choice.to is None else _("The rules are about to give it to somebody."),
                "people": people[order.shop_id],
                "give": button("assign", _("Assign"), policies.check_can_assign, order, request.user),
            }
        )
    context = {
        "tabs": step_lists.tabs(request.user),
        "here": "assign_list",
        "rows": lines,
        "next_key": next_key,
        "is_first": not request.GET.get("after"),
        "shops": Shop.objects.visible_to(request.user).order_by("pk"),
    }
    return render(request, "orders/assign.html", context)


@login_required
@require_POST
def assign_order(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    order = get_object_or_404(Order.objects.visible_to(request.user), shop_id=shop_id, number=number)
    with refusals_as_messages(request):
        typed = AssignForm(request.POST).checked()
        to = User.objects.filter(pk=typed["to"] or 0).first()
        assigning.assign_by_hand(order, to=to, by=request.user, reason=typed["reason"])
        messages.success(request, _("%(name)s has %(number)s now.") % {"name": to, "number": order.number})
    return redirect("assign_list")


# --- rules ------------------------------------------------------------------------------------------------------------


@login_required
def assignment_rules(request: SignedInRequest, shop_id: int) -> HttpResponse:
    """The rules in the order in which they are asked, the people with room and skills, and a form for one more."""
    shop = _shop(request, shop_id)
    form = RuleForm(request.POST or None, shop=shop)
    if request.method == "POST" and form.is_valid():
        with refusals_as_messages(request):
            rule_services.add_rule(shop, by=request.user, **form.values)
            messages.success(request, _("Added as the last rule."))
        return redirect("assignment_rules", shop_id=shop.pk)
    context = {
        "shop": shop,
        "rules": AssignmentRule.objects.filter(shop=shop).select_related("team").order_by("position"),
        "people": assigning.candidates(shop.pk),
        "form": form,
        "edit": button("edit", _("Add the rule"), check_right, request.user, shop, Right.EDIT_POLICY),
    }
    return render(request, "orders/assignment_rules.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def assignment_rule_verb(request: SignedInRequest, shop_id: int, rule_id: int, verb: str) -> HttpResponse:
    shop = _shop(request, shop_id)
    rule = get_object_or_404(AssignmentRule.objects.select_related("shop"), shop=shop, pk=rule_id)
    verbs = {"raise": rule_services.raise_rule, "remove": rule_services.remove_rule}
    if verb not in verbs:
        raise Http404
    with refusals_as_messages(request):
        verbs[verb](rule, by=request.user)
    return redirect("assignment_rules", shop_id=shop.pk)


def _shop(request: SignedInRequest, shop_id: int) -> Shop:
    shop: Shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    return shop
