"""The refunds desk: a second person's word, finance's release, and what could not be paid."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from aftersales.cases.models import Case
from aftersales.channels.enums import RefundOutcome
from aftersales.paying import errands, payouts
from aftersales.paying.forms import AdoptRefundForm, ConfirmPayoutForm, FilePayoutForm
from aftersales.refunds import arrivals, calculator, payback_requests, policies, reasons, services
from aftersales.refunds.enums import FAILED_STATES, SENT_STATES, Way
from aftersales.refunds.enums import RefundState as S
from aftersales.refunds.forms import GrantWishForm, WishForm
from aftersales.refunds.models import Refund, RefundCall, RefundWish
from cs_workbench.orders.buyer_links import link_of
from cs_workbench.refunds import lists
from cs_workbench.refunds.steps import steps
from merchant.attachments.services import read_files
from merchant.clock import SHANGHAI, now
from merchant.errands import services as called
from merchant.people.models import User
from merchant.people.rights import Right, check_right
from merchant.people.visibility import shops_of
from merchant.policy import services as policy
from merchant.refusals import refusals_as_messages
from merchant.shops.models import Shop
from merchant.trail import timeline
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import Button, button
from merchant.ui.formatting import money
from merchant.ui.forms import ReasonGivenForm
from orders.payments.enums import PayChannel


def buttons(refund: Refund, user: User, *, outside: set[int] | None = None) -> list[Button]:
    """The verbs near this refund's state, each asked of its own policy. `outside`: cases whose money goes another way
    by a granted wish; a list has read them for all its rows and draws only the quick verbs."""
    of_case = [refund.case_id] if refund.case_id else []
    is_outside = refund.case_id in (payback_requests.granted_among(of_case) if outside is None else outside)
    found = []
    if refund.state == S.CREATED:
        found.append(button("approve", _("Approve"), policies.check_can_approve, refund, user))
        found.append(button("reject", _("Reject"), policies.check_can_reject, refund, user))
    if refund.state == S.APPROVED:
        found.append(
            Button("release", _("Release"), False, payback_requests.GRANTED, "WISH")
            if is_outside
            else button("release", _("Release"), policies.check_can_release, refund, user)
        )
        found.append(button("reject", _("Reject"), policies.check_can_reject, refund, user))
    if refund.state in (S.PROCESSING, S.WAIT_FUNDS):
        label = _("Funds are back: try again") if refund.state == S.WAIT_FUNDS else _("Ask the channel")
        found.append(button("ask", label, check_right, user, refund.shop_id, Right.RELEASE_REFUND))
    if refund.state == S.CLOSED and refund.outcome == RefundOutcome.DENIED:
        found.append(button("adopt", _("Refunded in the channel's console"), policies.check_can_adopt, refund, user))
    if refund.state == S.CLOSED:
        found.append(button("replace", _("Pay under a new number"), policies.check_can_replace, refund, user))
    if outside is None and (refund.state in FAILED_STATES or (is_outside and refund.waits_for_finance)):
        if refund.state in FAILED_STATES and not hasattr(refund, "successor"):
            found.append(button("ask-buyer", _("The buyer was asked"), payback_requests.check_can_ask, refund, user))
            found.append(button("answer", _("Write down the answer"), payback_requests.check_can_ask, refund, user))
        if refund.payout_by_id is None:
            found.append(button("payout", _("Paid another way"), policies.check_can_pay_offline, refund, user))
        else:
            found.append(button("confirm", _("Confirm the payout"), policies.check_can_confirm_payout, refund, user))
            found.append(button("refuse-payout", _("Refuse it"), policies.check_can_reject_payout, refund, user))
    return found


@login_required
@require_safe
def refunds(request: SignedInRequest) -> HttpResponse:
    """What waits for finance or for a second person comes first; one opens it with the failing reason in words."""
    filters = lists.Filters.read(request.GET, request.user)
    counts = lists.counts(request.user, filters)
    wanted = request.GET.get("tab", "")
    default = next((name for name in ("release", "second", "failed", "funds") if counts[name]), "running")
    tab = wanted if wanted in lists.TABS else default
    rows, next_key = lists.page(request.user, tab, filters, request.GET.get("after", ""))
    labels = lists.tab_labels()
    outside = payback_requests.granted_among(row.case_id for row in rows if row.case_id)
    shops = list(Shop.objects.filter(pk__in=shops_of(request.user)).order_by("name", "pk").only("pk", "name"))
    context = {
        "tab": tab,
        "tabs": [(name, labels[name], counts.get(name)) for name in lists.TABS],
        "is_work": tab in lists.WORK,
        "filters": filters,
        "channels": PayChannel.choices,
        "shops": [(shop.pk, shop.name) for shop in shops],
        "shop_name": next((shop.name for shop in shops if shop.pk == filters.shop), ""),
        "rows": [
            {"refund": row, "buttons": buttons(row, request.user, outside=outside), "reason": reasons.explain(row)}
            for row in rows
        ],
        "short": _short(request.user, filters) if tab == "funds" else [],
        "errands": called.about(*rows, *shops),
        "next_key": next_key,
        "is_first": not request.GET.get("after"),
        "total_fen": sum(row.amount_fen for row in rows),
    }
    return render(request, "cs_workbench/refunds.html", context)


def _short(user: User, filters: lists.Filters) -> list[dict[str, Any]]:
    label = _("Funds are back: try them all again")
    return [
        {**row, "button": button("try-all", label, check_right, user, row["shop_id"], Right.RELEASE_REFUND)}
        for row in lists.short(user, filters)
    ]


@login_required
@require_POST
def refund_funds(request: SignedInRequest, shop_id: int, channel: str) -> HttpResponse:
    """Everything of this shop and channel that waits for funds is tried again, each under its own number."""
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    with refusals_as_messages(request):
        errands.submit_try_funds(shop, channel, by=request.user)
    filters = lists.Filters.read(request.POST, request.user)
    return redirect(f"{reverse('refunds')}?tab=funds{filters.more}")


def _refund(request: SignedInRequest, shop_id: int, number: str) -> Refund:
    found = Refund.objects.visible_to(request.user).select_related(
        *lists.WITH, "payment", "released_by", "payout_by", "payout_approved_by", "replaces"
    )
    return get_object_or_404(found, shop_id=shop_id, number=number)


@login_required
@require_safe
def refund_detail(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """One refund: who asked, who agreed, what the channel was told and answered."""
    refund = _refund(request, shop_id, number)
    trail = timeline.rows_about(refund)
    if request.htmx and request.GET.get("stamp") == stamp(refund):
        return HttpResponse(status=204)
    expected = arrivals.estimate(refund, policy.current(refund.shop_id))
    calls = list(RefundCall.objects.filter(refund=refund).order_by("-attempt")[:50])
    successor = Refund.objects.filter(replaces=refund).first()
    context = {
        "refund": refund,
        "errands": called.about(refund),
        "buttons": buttons(refund, request.user),
        "sheet": calculator.sheet_of(refund),
        "calls": [_call(row) for row in calls],
        "steps": steps(
            refund,
            {row.verb: row.at for row in reversed(trail)},
            answered_at=calls[0].answered_at if calls else None,
            expected=expected,
            is_outside=bool(refund.case_id and payback_requests.granted_among([refund.case_id])),
            successor=successor.number if successor else "",
        ),
        "entries": timeline.from_trail(trail),
        "successor": successor,
        "reason": reasons.explain(refund),
        "expected": expected,
        "holidays": arrivals.NOT_KNOWN if expected and expected.counts_days else "",
        "wishes": list(RefundWish.objects.about(refund).select_related("asked_by", "told_by", "granted_by")[:10]),
        "ways": Way.choices,
        "question": question(refund),
        "message": message(refund, expected),
        "files": payouts.proof_files(refund),
        "today": now().astimezone(SHANGHAI).date().isoformat(),
        "is_live": refund.state in SENT_STATES,
        "stamp": stamp(refund),
    }
    if request.htmx:
        return render(request, "cs_workbench/_refund_detail.html", context)
    return render(request, "cs_workbench/refund_detail.html", context)


def stamp(refund: Refund) -> str:
    """Changes when the page would."""
    return f"{refund.state}-{refund.attempts}-{refund.updated_at.timestamp()}"


def _call(row: RefundCall) -> dict[str, Any]:
    """One question to the channel with its own code and words; None where the purge has taken them."""
    answer: Any = row.answer or {}
    said = f"{answer.get('code', '')} {answer.get('message', '')}".strip()
    labels = {"refund": _("told to pay"), "query": _("asked")}
    return {"row": row, "what": labels.get(row.operation, row.operation), "said": said}


def question(refund: Refund) -> str:
    """What to say to a buyer whose card or account cannot take the money."""
    return _(
        "Hello, your refund of %(sum)s (order ending in %(tail)s) could not be paid into the account you paid from. "
        "Please tell us where else it may go: another card, or a wallet. Please do not send a password or a code."
    ) % {"sum": money(refund.amount_fen), "tail": refund.order.number[-4:]}


def message(refund: Refund, expected: arrivals.Arrival | None) -> str:
    """What the buyer may be told, with the time it takes to arrive; empty where nothing is on its way."""
    if expected is None or (refund.sent_at is None and refund.settled_at is None):
        return ""
    return _(
        "Hello, your refund of %(sum)s (order ending in %(tail)s) is on its way back the way you paid. "
        "Expected: %(when)s. You can follow it here: %(link)s"
    ) % {
        "sum": money(refund.amount_fen),
        "tail": refund.order.number[-4:],
        "when": expected.text,
        "link": link_of(refund.order),
    }


def _ask(request: SignedInRequest, refund: Refund) -> str:
    errands.submit_ask(refund, by=request.user)
    return ""


def _approve(request: SignedInRequest, refund: Refund) -> str:
    services.approve_refund(refund, by=request.user)
    return _("Approved.")


def _reject(request: SignedInRequest, refund: Refund) -> str:
    services.reject_refund(refund, by=request.user, **ReasonGivenForm(request.POST).checked())
    return _("Rejected. The case is back with the agents.")


def _release(request: SignedInRequest, refund: Refund) -> str:
    services.release_refund(refund, by=request.user)
    return _("Released. It is refunded when the channel says so.")


def _replace(request: SignedInRequest, refund: Refund) -> str:
    new = services.replace_refund(refund, by=request.user, **ReasonGivenForm(request.POST).checked())
    return _("A new number has taken over: %(number)s.") % {"number": new.number}


def _adopt(request: SignedInRequest, refund: Refund) -> str:
    errands.submit_adoption(refund, by=request.user, **AdoptRefundForm(request.POST).checked())
    return ""


def _payout(request: SignedInRequest, refund: Refund) -> str:
    form = FilePayoutForm(request.POST)
    typed = form.checked()
    files = read_files(request.FILES.getlist("proofs"), allows_pdf=True)
    payouts.file_payout(
        refund,
        by=request.user,
        proof=form.proof(),
        amount_fen=typed["amount"],
        paid_on=typed["paid_on"],
        files=files,
    )
    return _("Filed. A second person must confirm it.")


def _confirm(request: SignedInRequest, refund: Refund) -> str:
    errands.submit_confirmation(refund, by=request.user, **ConfirmPayoutForm(request.POST).checked())
    return ""


def _refuse_payout(request: SignedInRequest, refund: Refund) -> str:
    payouts.reject_payout(refund, by=request.user, **ReasonGivenForm(request.POST).checked())
    return _("Refused. It may be filed anew.")


def _ask_buyer(request: SignedInRequest, refund: Refund) -> str:
    payback_requests.ask_buyer(refund, by=request.user)
    return _("Written down: the buyer was asked.")


def _answer(request: SignedInRequest, refund: Refund) -> str:
    payback_requests.record_answer(refund, by=request.user, **WishForm(request.POST).checked())
    return _("The buyer's answer is written down.")


VERBS: dict[str, Callable[[SignedInRequest, Refund], str]] = {
    "approve": _approve,
    "reject": _reject,
    "release": _release,
    "ask": _ask,
    "replace": _replace,
    "adopt": _adopt,
    "payout": _payout,
    "confirm": _confirm,
    "refuse-payout": _refuse_payout,
    "ask-buyer": _ask_buyer,
    "answer": _answer,
}


@login_required
@require_POST
def refund_verb(request: SignedInRequest, shop_id: int, number: str, verb: str) -> HttpResponse:
    refund = _refund(request, shop_id, number)
    if verb not in VERBS:
        raise Http404
    with refusals_as_messages(request):
        if said := VERBS[verb](request, refund):
            messages.success(request, said)
    if request.POST.get("back") == "list":
        tab = request.POST.get("tab", "")
        filters = lists.Filters.read(request.POST, request.user)
        return redirect(f"{reverse('refunds')}?tab={tab if tab in lists.TABS else ''}{filters.more}")
    return redirect("refund_detail", shop_id=shop_id, number=number)


@login_required
@require_POST
def payback_request_verb(request: SignedInRequest, shop_id: int, number: str, verb: str) -> HttpResponse:
    """How the buyer wishes to be paid back: written down by whoever speaks with them, granted by a second person."""
    case = get_object_or_404(Case.objects.visible_to(request.user), shop_id=shop_id, number=number)
    if verb not in ("record", "grant"):
        raise Http404
    with refusals_as_messages(request):
        if verb == "record":
            payback_requests.record_wish(case, by=request.user, **WishForm(request.POST).checked())
            messages.success(request, _("The buyer's wish is written down."))
        else:
            payback_requests.grant_wish(case, by=request.user, **GrantWishForm(request.POST).checked())
            messages.success(request, _("Granted: finance pays it outside the channel."))
    return redirect("case_detail", shop_id=shop_id, number=number)
