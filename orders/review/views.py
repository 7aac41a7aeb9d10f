"""The queue of review: what the rules found against each order, and what a person says to it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from merchant.clock import today
from merchant.people.models import User
from merchant.refusals import Refused, refusals_as_messages
from merchant.shops.models import Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import Button, button
from orders.record import step_lists
from orders.record.enums import OrderState
from orders.record.models import Block, Order
from orders.review import policies, services
from orders.review.enums import Rule
from orders.review.forms import BulkForm, ReviewForm
from orders.review.models import OPEN, Review, ReviewTally

REPORT_DAYS = 30

LABELS: dict[str, Any] = {
    "pass": lambda: _("Pass"),
    "hold": lambda: _("Hold"),
    "reject": lambda: _("Reject"),
}


@login_required
@require_safe
def review_list(request: SignedInRequest) -> HttpResponse:
    """Every order that waits for a person, with the reasons; the earliest due first."""
    rows, next_key = step_lists.page(
        step_lists.waiting(request.user, OrderState.PENDING_REVIEW), request.GET.get("after", "")
    )
    found = {row.order_id: row for row in Review.objects.filter(OPEN, order__in=rows)}
    holds = _holds_of(rows)
    context = {
        "tabs": step_lists.tabs(request.user),
        "here": "review_list",
        "rows": [
            {
                "order": order,
                "review": found.get(order.pk),
                "holds": holds.get(order.pk, []),
                "buttons": _buttons(order, found.get(order.pk), request.user),
                "question": services.question_of(order),
            }
            for order in rows
        ],
        "next_key": next_key,
        "is_first": not request.GET.get("after"),
        "bulk": [(name, label()) for name, label in LABELS.items()],
    }
    return render(request, "orders/review.html", context)


def _holds_of(rows: list[Order]) -> dict[int, list[Block]]:
    found: dict[int, list[Block]] = {}
    for block in Block.objects.open().filter(order__in=rows):
        found.setdefault(block.order_id, []).append(block)
    return found


def _buttons(order: Order, review: Review | None, user: User) -> dict[str, Button]:
    found = {
        # The first one is what Enter in the reason's field presses: a hold takes nothing away.
        "hold": button("hold", _("Hold"), policies.check_can_hold, order, user),
        "reject": button("reject", _("Reject"), policies.check_can_reject, order, user),
        "ask": button("ask", _("Ask the buyer"), policies.check_can_review, order, user),
        "pass": button("pass", _("Pass"), policies.check_can_pass, order, user),
        "again": button("again", _("Look again"), policies.check_can_review, order, user),
    }
    if review is not None and review.suggestion:
        found["accept"] = button("accept", _("Accept the suggestion"), policies.check_can_accept, order, user)
    return found


def _pass(order: Order, by: User, reason: str) -> str:
    services.pass_order(order, by=by, reason=reason)
    return _("%(number)s passed.")


def _hold(order: Order, by: User, reason: str) -> str:
    services.hold_order(order, by=by, reason=reason)
    return _("%(number)s is held.")


def _reject(order: Order, by: User, reason: str) -> str:
    services.reject_order(order, by=by, reason=reason)
    return _("%(number)s is rejected; the reason goes to the buyer.")


def _ask(order: Order, by: User, reason: str) -> str:
    services.ask_buyer(order, by=by, text=reason)
    return _("The buyer of %(number)s is asked.")


def _accept(order: Order, by: User, _reason: str) -> str:
    services.accept_suggestion(order, by=by)
    return _("The address of %(number)s is written in full.")


def _again(order: Order, by: User, _reason: str) -> str:
    services.recheck_order(order, by=by)
    return _("%(number)s was looked at again.")


VERBS: dict[str, Callable[[Order, User, str], str]] = {
    "pass": _pass,
    "hold": _hold,
    "reject": _reject,
    "ask": _ask,
    "accept": _accept,
    "again": _again,
}


@login_required
@require_POST
def review_verb(request: SignedInRequest, shop_id: int, number: str, verb: str) -> HttpResponse:
    order = get_object_or_404(Order.objects.visible_to(request.user), shop_id=shop_id, number=number)
    if verb not in VERBS:
        raise Http404
    with refusals_as_messages(request):
        reason = ReviewForm(request.POST).checked()["reason"]
        messages.success(request, VERBS[verb](order, request.user, reason) % {"number": order.number})
    return redirect("review_list")


@login_required
@require_POST
def review_bulk(request: SignedInRequest) -> HttpResponse:
    """Several at once: first what would come of each, then what came of it."""
    form = BulkForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return redirect("review_list")
    verb, reason, sure = form.cleaned_data["verb"], form.cleaned_data["reason"], form.cleaned_data["sure"]
    orders = list(
        Order.objects.visible_to(request.user).filter(pk__in=form.cleaned_data["ids"]).order_by("step_due_at", "pk")
    )
    lines = [_outcome(order, verb, reason, request.user, is_done=sure) for order in orders]
    context = {
        "verb": verb,
        "label": LABELS[verb](),
        "reason": reason,
        "lines": lines,
        "done": sure,
        "good": sum(line["is_good"] for line in lines),
        "needs_reason": verb != "pass",
    }
    return render(request, "orders/review_bulk.html", context)


def _outcome(order: Order, verb: str, reason: str, by: User, *, is_done: bool) -> dict[str, Any]:
    checks = {"pass": policies.check_can_pass, "hold": policies.check_can_hold, "reject": policies.check_can_reject}
    try:
        if is_done:
            said = VERBS[verb](order, by, reason) % {"number": order.number}
        else:
            checks[verb](order, by)
            said = ""
    except Refused as refusal:
        return {"order": order, "is_good": False, "said": str(refusal.message)}
    return {"order": order, "is_good": True, "said": said}


@login_required
@require_safe
def review_report(request: SignedInRequest) -> HttpResponse:
    """How often each rule hit, by version of the rules, over thirty days; and how many came in late (T-RECEIVE)."""
    since = today() - timedelta(days=REPORT_DAYS)
    rows = ReviewTally.objects.visible_to(request.user).filter(day__gte=since)
    sums = (
        rows.order_by("shop_id", "-policy_version")
        .values("shop_id", "policy_version", "rule")
        .annotate(n=Sum("orders"))
    )
    shops = {shop.pk: shop for shop in Shop.objects.visible_to(request.user)}
    found: dict[tuple[int, int], dict[str, int]] = {}
    for row in sums:
        found.setdefault((row["shop_id"], row["policy_version"]), {})[row["rule"]] = row["n"]
    groups = [
        {
            "shop": shops[shop_id],
            "version": version,
            "seen": hits.get("", 0),
            "passed": hits.get("passed", 0),
            "passed_share": _share(hits.get("passed", 0), hits.get("", 0)),
            "late": hits.get("late", 0),
            "late_share": _share(hits.get("late", 0), hits.get("", 0)),
            "rules": [
                {"label": Rule(name).label, "hits": n, "share": _share(n, hits.get("", 0))}
                for name, n in sorted(hits.items(), key=lambda pair: -pair[1])
                if name in Rule.values and n
            ],
        }
        for (shop_id, version), hits in found.items()
        if shop_id in shops
    ]
    return render(request, "orders/review_report.html", {"groups": groups, "days": REPORT_DAYS})


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"
