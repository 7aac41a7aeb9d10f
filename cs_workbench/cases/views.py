"""The after-sale page: the decision first, what speaks for and against it, and how the refundable sum comes about."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from aftersales.cases.enums import TO_DECIDE_STATES
from aftersales.cases.models import Case
from aftersales.refunds import arrivals, calculator, payback_requests
from aftersales.refunds.enums import Way
from aftersales.refunds.models import Refund, RefundWish
from aftersales.refunds.policies import limits_of
from aftersales.refunds.settling import money_of
from aftersales.team import work
from cs_workbench.cases import action
from cs_workbench.cases.subject import CASE_WITH, Subject
from cs_workbench.interceptions.steps import Step
from cs_workbench.orders.buyer_links import link_of
from cs_workbench.orders.cards import Card, cards
from cs_workbench.orders.timeline import from_cases
from cs_workbench.refunds.steps import brief, steps
from merchant.policy import services as policy
from merchant.trail import timeline
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import button
from orders.record.enums import Flag


@login_required
@require_safe
def case_detail(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    case = get_object_or_404(
        Case.objects.visible_to(request.user).select_related(*CASE_WITH), shop_id=shop_id, number=number
    )
    card = cards([case.order], current=case.order_id)[0]
    people = ("approved_by", "released_by", "created_by", "payout_by", "payout_approved_by")
    refunds = list(Refund.objects.filter(case=case).select_related("order", *people).order_by("-pk"))
    subjects = [case, *refunds, *([case.interception] if case.interception else [])]
    order = case.order
    goods_left = sum(line.refundable_fen for line in card.lines)
    act = action.build(case, request.user)
    wish = payback_requests.wish_of(case)
    context = {
        "case": case,
        "card": card,
        "order": order,
        "act": act,
        "opened": Subject(order, case),
        "refunds": [(refund, *_step(refund, wish)) for refund in refunds],
        "limits": limits_of(request.user, case.shop_id),
        "work": work.of_case(case, request.user),
        "entries": timeline.merge(from_cases([case]), timeline.entries_of(*subjects)),
        "flags": Flag.choices,
        "goods_fen": sum(line.net_fen for line in card.lines),
        "given_fen": sum(line.refunded_fen + line.refunding_fen for line in card.lines),
        "left_fen": goods_left,
        "buyer_link": link_of(order),
        "ways": Way.choices,
        "wish": wish,
        "may_record": button("record", _("Write it down"), payback_requests.check_can_record, case, request.user),
        "may_grant": button("grant", _("Grant"), payback_requests.check_can_grant, case, wish, request.user),
        "sheet": _sheet(case, card),
    }
    return render(request, "cs_workbench/case_detail.html", context)


def _step(refund: Refund, wish: RefundWish | None) -> tuple[int, Step]:
    """How far this refund is, in one line."""
    expected = arrivals.estimate(refund, policy.current(refund.shop_id))
    is_outside = wish is not None and wish.is_exception and wish.granted_by_id is not None
    return brief(steps(refund, expected=expected, is_outside=is_outside))


def _sheet(case: Case, card: Card) -> calculator.Sheet | None:
    """How the sum would come about, while nobody has decided."""
    if case.state not in TO_DECIDE_STATES:
        return None
    parts, freight_fen = money_of(case)
    return calculator.sheet(case.order, parts=parts, freight_fen=freight_fen, lines=card.lines)
