"""The workbench: queue, buyer, decision. One page; every part of it is also a partial with the same address."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from aftersales.refunds.policies import limits_of
from aftersales.team import work
from cs_workbench.cases import action, subject
from cs_workbench.cases.subject import Subject
from cs_workbench.desk import going_on, order_action, panes, queue
from cs_workbench.desk.verbs import VERBS
from cs_workbench.orders import search
from cs_workbench.orders.cards import Card
from cs_workbench.replies.panel import panel
from merchant.policy import services as policy
from merchant.refusals import refusals_as_messages
from merchant.ui.access import SignedInRequest
from merchant.ui.query_params import parse_int
from merchant.vault.quota import quota_of
from orders.buyers.models import Buyer
from orders.record.enums import Flag
from orders.record.models import Order


@policy.read_once()
def context_of(
    request: SignedInRequest, view: queue.View, opened: Subject | None, *, keep: list[str] | None = None
) -> dict[str, Any]:
    """All three panes. `keep`: the queue's lines the reader has before them, which stay."""
    found = queue.read(request.user, view, here=opened.key if opened else "", keep=keep)
    return {"queue": found, "opened": opened} | panes_of(request, opened)


@policy.read_once()
def panes_of(request: SignedInRequest, opened: Subject | None) -> dict[str, Any]:
    """The middle and the right pane."""
    if opened is None:
        return {"case": None}
    pane = panes.first(opened, request.user)
    return {"pane": pane, "figures": panes.figures(opened.order)} | decision_of(request, opened, pane.cards[0])


def decision_of(request: SignedInRequest, opened: Subject, card: Card) -> dict[str, Any]:
    """The right pane alone: the case's decisions, or what can be done about an order without one."""
    act = action.build(opened.case, request.user) if opened.case else None
    return {
        "case": opened.case,
        "order": opened.order,
        "act": act,
        "order_act": order_action.build(opened.order, request.user),
        "flags": Flag.choices,
        "replies": panel(request.user, opened.shop, card, act),
        "work": work.of_case(opened.case, request.user) if opened.case else work.of_order(opened.order, request.user),
        "limits": limits_of(request.user, opened.shop),
        "quota": quota_of(opened.shop),
    }


def shown_in(asked: Any) -> list[str] | None:
    """The queue's lines a page says it shows; None when it says nothing."""
    told = asked.get("shown", "")
    return told.split(",")[: queue.SIZE] if told else None


@login_required
@require_safe
@policy.read_once()
def desk(request: SignedInRequest) -> HttpResponse:
    """The start page: the most urgent task is open already, so that reading starts at once. With `q` what a search
    found, with `shop` and `buyer` the person a chat tool names (docs/open-the-workbench.md)."""
    view = queue.view_of(request.GET)
    if term := request.GET.get("q", "").strip():
        return _found(request, view, term)
    if buyer := request.GET.get("buyer", "").strip():
        opened = subject.of_buyer(request.user, request.GET.get("shop", "").strip(), buyer)
        if opened is None:
            messages.error(request, _("This shop knows no buyer with this number yet, or it is not yours to see."))
            return render(request, "cs_workbench/desk.html", context_of(request, view, None))
        return redirect(opened.url)
    found = queue.read(request.user, view)
    first = next((row.subject for row in found.rows if row.subject), "")
    opened = subject.asked(request.user, first)
    found.here = opened.key if opened else ""
    return render(request, "cs_workbench/desk.html", {"queue": found, "opened": opened} | panes_of(request, opened))


def _found(request: SignedInRequest, view: queue.View, term: str) -> HttpResponse:
    """One exact hit opens at once; several stand in the middle pane."""
    found = search.search(request.user, term)
    if len(found.orders) == 1:
        [order] = found.orders
        if not request.htmx:
            return redirect(subject.with_open_case(request.user, order).url)
        opened = subject.of_order(request.user, order.shop_id, order.number)
        if opened is None:
            raise Http404
        answer = desk_panes(request, view, opened)
        answer["HX-Push-Url"] = opened.url
        return answer
    goods = search.goods_of(found.orders)
    rows = [(order, goods.get(order.pk)) for order in found.orders]
    context = {"found": found, "found_rows": rows, "term": term}
    # Nothing stays open beside what was found: a key or a button would act on a case that is not the one looked for.
    context |= context_of(request, view, None, keep=shown_in(request.GET)) | {"is_asked_for": True}
    template = "cs_workbench/_desk_panes.html" if request.htmx else "cs_workbench/desk.html"
    return render(request, template, context)


@login_required
@require_safe
def desk_case(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """The workbench with this case open; to htmx the three panes that change."""
    opened = subject.of_case(request.user, shop_id, number)
    if opened is None or opened.case is None:
        raise Http404
    view = queue.view_of(request.GET)
    if not request.GET.get("queue"):
        view = queue.View(queue.segment_of(opened.case) or "todo", view.whose)
    return desk_panes(request, view, opened)


@login_required
@require_safe
def desk_order(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """The workbench with this order open; its open case, where it has one, is what can be decided."""
    opened = subject.of_order(request.user, shop_id, number)
    if opened is None:
        raise Http404
    return desk_panes(request, queue.view_of(request.GET), opened)


def desk_panes(
    request: SignedInRequest, view: queue.View, opened: Subject, *, keep: list[str] | None = None
) -> HttpResponse:
    template = "cs_workbench/_desk_panes.html" if request.htmx else "cs_workbench/desk.html"
    return render(request, template, context_of(request, view, opened, keep=keep) | {"is_asked_for": True})


@login_required
@require_safe
def desk_cards(request: SignedInRequest, shop_id: int, buyer_id: int) -> HttpResponse:
    """The buyer's next orders: a partial that the middle pane loads as one scrolls to its end."""
    buyer = get_object_or_404(Buyer.objects.visible_to(request.user), shop_id=shop_id, pk=buyer_id)
    current = parse_int(request.GET.get("open", ""))
    found = panes.more(request.user, shop_id, buyer.pk, after=request.GET.get("after", ""), current=current)
    template = "cs_workbench/_cards.html" if request.htmx else "cs_workbench/cards.html"
    return render(request, template, {"pane": found, "buyer": buyer, "current": current})


@login_required
@require_POST
def desk_verb(request: SignedInRequest, shop_id: int, number: str, verb: str) -> HttpResponse:
    """One decision about a case. The version the page showed goes with it (E16)."""
    opened = subject.of_case(request.user, shop_id, number)
    if opened is None or opened.case is None or verb not in VERBS:
        raise Http404
    said = ""
    with refusals_as_messages(request):
        said = VERBS[verb](request, opened.case)
    acted = subject.of_case(request.user, shop_id, number)
    if (
        said
        and acted is not None
        and (onward := going_on.next_of(request, acted, shown_in(request.POST) or [])) is not None
    ):
        return _onward(request, acted, onward, said)
    if said:
        messages.success(request, said)
    return fresh(request, acted)


@login_required
@require_POST
def desk_order_verb(request: SignedInRequest, shop_id: int, number: str, verb: str) -> HttpResponse:
    """Something done about an order, whether or not a case stands beside it."""
    order = get_object_or_404(
        Order.objects.visible_to(request.user).select_related("shop"), shop_id=shop_id, number=number
    )
    if verb not in order_action.VERBS:
        raise Http404
    with refusals_as_messages(request):
        said = order_action.VERBS[verb](request, order)
        if said:
            messages.success(request, said)
    return fresh(request, subject.of_order(request.user, shop_id, number))


def _onward(request: SignedInRequest, acted: Subject, onward: Subject, said: str) -> HttpResponse:
    """The next task, and below it for a while what became of the one before."""
    view = queue.view_of(request.POST)
    context = context_of(request, view, onward) | {"acted": acted, "said": said}
    answer = render(request, "cs_workbench/_desk_onward.html", context)
    answer["HX-Push-Url"] = f"{onward.url}?{view.query}"
    return answer


def fresh(request: SignedInRequest, opened: Subject | None) -> HttpResponse:
    """After a POST: the re-read panes for htmx, the page for everybody else."""
    if opened is None:
        # Given to somebody whose customers this person does not see.
        return HttpResponseClientRedirect(reverse("desk")) if request.htmx else redirect("desk")
    if not request.htmx:
        return redirect(opened.url)
    return desk_panes(request, queue.view_of(request.POST), opened, keep=shown_in(request.POST))
