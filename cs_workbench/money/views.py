"""The refunds desk: a second person's word, finance's release, and what could not be paid."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import F, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from aftersales.refunds import policies, sending, services
from aftersales.refunds.enums import RefundState as S
from aftersales.refunds.models import Refund, RefundCall
from cs_workbench.buttons import Button, button
from cs_workbench.record import timeline
from merchant.asked import page_key
from merchant.people.models import User
from merchant.people.rights import Right, check_right, shops_of
from merchant.refusals import refusals_as_messages
from merchant.signed_in import SignedInRequest
from merchant.trail.models import Activity

SIZE = 50
CAP = 999
WITH = ("order", "order__buyer", "case", "shop", "created_by", "approved_by", "interception")
TABS: dict[str, Q] = {
    "second": Q(state=S.CREATED),
    "release": Q(state=S.APPROVED, next_at__isnull=True),
    "failed": Q(state__in=[S.ABNORMAL, S.CLOSED], successor__isnull=True),
    "running": Q(state__in=[S.PROCESSING, S.WAIT_FUNDS]) | Q(state=S.APPROVED, next_at__isnull=False),
    "paid": Q(state__in=[S.SUCCESS, S.OFFLINE_DONE]),
    "over": Q(state__in=[S.REJECTED, S.VOID]) | Q(state=S.CLOSED, successor__isnull=False),
}


def tab_labels() -> dict[str, str]:
    return {
        "second": _("Second person"),
        "release": _("To release"),
        "failed": _("Could not be paid"),
        "running": _("Being paid"),
        "paid": _("Refunded"),
        "over": _("Void or rejected"),
    }


def _page(user: User, tab: str, key: str) -> tuple[list[Refund], str]:
    """Work to do comes oldest first and is short; what is over comes newest first, by keyset pages."""
    rows: QuerySet[Refund] = Refund.objects.visible_to(user).filter(TABS[tab]).select_related(*WITH)
    if tab in ("second", "release", "failed"):
        return list(rows.order_by("created_at", "pk")[: SIZE * 2]), ""
    start = page_key(key)
    if start is not None:
        rows = rows.filter(TupleLessThan(Tuple(F("created_at"), F("id")), start))
    found = list(rows.order_by("-created_at", "-pk")[: SIZE + 1])
    last = found[SIZE - 1] if len(found) > SIZE else None
    return found[:SIZE], f"{int(last.created_at.timestamp() * 1_000_000)}-{last.pk}" if last else ""


def buttons(refund: Refund, user: User) -> list[Button]:
    """The verbs near this refund's state, each asked of its own policy."""
    found = []
    if refund.state == S.CREATED:
        found.append(button("approve", _("Approve"), policies.check_can_approve, refund, user))
        found.append(button("reject", _("Reject"), policies.check_can_reject, refund, user))
    if refund.state == S.APPROVED:
        found.append(button("release", _("Release"), policies.check_can_release, refund, user))
        found.append(button("reject", _("Reject"), policies.check_can_reject, refund, user))
    if refund.state in (S.PROCESSING, S.WAIT_FUNDS):
        found.append(button("ask", _("Ask the channel"), check_right, user, refund.shop_id, Right.RELEASE_REFUND))
    if refund.state == S.CLOSED:
        found.append(button("replace", _("Pay under a new number"), policies.check_can_replace, refund, user))
    if refund.state in (S.ABNORMAL, S.CLOSED):
        if refund.payout_by_id is None:
            found.append(button("payout", _("Paid another way"), policies.check_can_pay_offline, refund, user))
        else:
            found.append(button("confirm", _("Confirm the payout"), policies.check_can_confirm_payout, refund, user))
    return found


@login_required
@require_safe
def refunds(request: SignedInRequest) -> HttpResponse:
    """What waits for finance or for a second person comes first; one opens it with the failing reason in words."""
    counts = {
        name: Refund.objects.filter(TABS[name], shop_id__in=shops_of(request.user)).order_by()[: CAP + 1].count()
        for name in ("second", "release", "failed", "running")
    }
    wanted = request.GET.get("tab", "")
    default = next((name for name in ("release", "second", "failed") if counts[name]), "running")
    tab = wanted if wanted in TABS else default
    rows, next_key = _page(request.user, tab, request.GET.get("after", ""))
    labels = tab_labels()
    context = {
        "tab": tab,
        "tabs": [(name, labels[name], counts.get(name)) for name in TABS],
        "rows": [{"refund": row, "buttons": buttons(row, request.user)} for row in rows],
        "next_key": next_key,
        "is_first": not request.GET.get("after"),
        "total_fen": sum(row.amount_fen for row in rows),
    }
    return render(request, "cs_workbench/refunds.html", context)


def _refund(request: SignedInRequest, shop_id: int, number: str) -> Refund:
    found = Refund.objects.visible_to(request.user).select_related(*WITH, "payment", "released_by", "payout_by")
    return get_object_or_404(found, shop_id=shop_id, number=number)


@login_required
@require_safe
def refund_detail(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """One refund: who asked, who agreed, what the channel was told and answered."""
    refund = _refund(request, shop_id, number)
    trail = list(Activity.objects.about(refund)[: timeline.LIMIT])
    names = {person.pk: str(person) for person in User.objects.filter(pk__in={row.by_id for row in trail if row.by_id})}
    context = {
        "refund": refund,
        "buttons": buttons(refund, request.user),
        "lines": list(refund.lines.select_related("order_line", "order_line__listing").order_by("pk")),
        "calls": list(RefundCall.objects.filter(refund=refund).order_by("-attempt")[:50]),
        "entries": timeline.from_trail(trail, names),
        "successor": Refund.objects.filter(replaces=refund).first(),
    }
    return render(request, "cs_workbench/refund_detail.html", context)


def _reason(request: SignedInRequest) -> str:
    return request.POST.get("reason", "").strip()


def _ask(request: SignedInRequest, refund: Refund) -> str:
    fresh = sending.ask_refund(refund, by=request.user)
    return _("The channel was asked: %(state)s.") % {"state": fresh.get_state_display()}


def _approve(request: SignedInRequest, refund: Refund) -> str:
    services.approve_refund(refund, by=request.user)
    return _("Approved.")


def _reject(request: SignedInRequest, refund: Refund) -> str:
    services.reject_refund(refund, by=request.user, reason=_reason(request))
    return _("Rejected. The case is back with the agents.")


def _release(request: SignedInRequest, refund: Refund) -> str:
    services.release_refund(refund, by=request.user)
    return _("Released. It is refunded when the channel says so.")


def _replace(request: SignedInRequest, refund: Refund) -> str:
    new = services.replace_refund(refund, by=request.user, reason=_reason(request))
    return _("A new number has taken over: %(number)s.") % {"number": new.number}


def _payout(request: SignedInRequest, refund: Refund) -> str:
    proof = {name: request.POST.get(name, "").strip() for name in ("method", "reference")}
    services.file_payout(refund, by=request.user, proof=proof)
    return _("Filed. A second person must confirm it.")


def _confirm(request: SignedInRequest, refund: Refund) -> str:
    services.confirm_payout(refund, by=request.user, shown=request.POST.get("shown"))
    return _("Confirmed: paid offline.")


VERBS: dict[str, Callable[[SignedInRequest, Refund], str]] = {
    "approve": _approve,
    "reject": _reject,
    "release": _release,
    "ask": _ask,
    "replace": _replace,
    "payout": _payout,
    "confirm": _confirm,
}


@login_required
@require_POST
def refund_verb(request: SignedInRequest, shop_id: int, number: str, verb: str) -> HttpResponse:
    refund = _refund(request, shop_id, number)
    if verb not in VERBS:
        raise Http404
    with refusals_as_messages(request):
        messages.success(request, VERBS[verb](request, refund))
    if request.POST.get("back") == "list":
        tab = request.POST.get("tab", "")
        return redirect(f"{reverse('refunds')}?tab={tab if tab in TABS else ''}")
    return redirect("refund_detail", shop_id=shop_id, number=number)
