"""The workbench: queue, buyer, decision. One page; every part of it is also a partial with the same address."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from aftersales.cases import services as cases
from aftersales.cases.models import Case
from aftersales.returns import services as returns
from cs_workbench.desk import action, panes, queue
from cs_workbench.replies.panel import panel
from logistics.tracking import services as tracking
from merchant.asked import whole
from merchant.money import fen
from merchant.refusals import Refused, refusals_as_messages
from merchant.signed_in import SignedInRequest
from orders.record.enums import Flag
from orders.remarks import services as remarks


def case_or_404(request: SignedInRequest, shop_id: int, number: str) -> Case:
    try:
        return panes.case_of(request.user, shop_id, number)
    except Case.DoesNotExist:
        raise Http404 from None


def segment_in(request: SignedInRequest) -> str:
    """The queue's segment this request speaks of; an unknown one is the working queue."""
    wanted = request.GET.get("queue") or request.POST.get("queue") or ""
    return wanted if wanted in queue.SEGMENTS else "todo"


def queue_context(
    request: SignedInRequest, segment: str, here: int | None, *, keep: list[int] | None = None
) -> dict[str, Any]:
    """The queue pane. `keep`: the lines the reader has before them, which stay; others wait behind `arrived`."""
    found = queue.ids(request.user, segment)
    shown = found if keep is None else keep
    arrived = [pk for pk in found if pk not in set(shown)]
    rows = queue.tasks(shown, request.user, segment, here)
    counted = queue.counts(request.user)
    return {
        "segment": segment,
        "segments": [(key, label, counted.get(key, "")) for key, (label, _conditions) in queue.SEGMENTS.items()],
        "groups": queue.grouped(rows, segment),
        "rows": rows,
        "arrived": len(arrived),
        "shown_ids": ",".join(str(row.case.pk) for row in rows),
        "queue_token": queue.token(rows, len(arrived), counted),
        "has_shops": bool(request.user.is_platform_admin or found or rows) or bool(queue.shops_of(request.user)),
    }


def case_context(request: SignedInRequest, case: Case | None) -> dict[str, Any]:
    """The middle and the right pane."""
    if case is None:
        return {"case": None}
    pane, act = panes.buyer_pane(case), action.build(case, request.user)
    return {
        "case": case,
        "pane": pane,
        "act": act,
        "replies": panel(request.user, case.shop, pane.cards[0], act),
        "flags": Flag.choices,
    }


@login_required
@require_safe
def desk(request: SignedInRequest) -> HttpResponse:
    """The start page: the most urgent task is open already, so that reading starts at once."""
    segment = segment_in(request)
    context = queue_context(request, segment, None)
    first = context["rows"][0].case if context["rows"] else None
    case = panes.case_of(request.user, first.shop_id, first.number) if first else None
    if case is not None:
        context |= queue_context(request, segment, case.pk)
    return render(request, "cs_workbench/desk.html", context | case_context(request, case))


@login_required
@require_safe
def desk_case(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """The workbench with this case open; to htmx the three panes that change."""
    case = case_or_404(request, shop_id, number)
    segment = segment_in(request) if request.GET.get("queue") else queue.segment_of(case) or "todo"
    context = queue_context(request, segment, case.pk) | case_context(request, case)
    template = "cs_workbench/_desk_case.html" if request.htmx else "cs_workbench/desk.html"
    return render(request, template, context)


@login_required
@require_safe
def desk_pulse(request: SignedInRequest) -> HttpResponse:
    """What changed since the page last looked: nothing is a 204. Lines keep their place; new ones are announced."""
    segment = segment_in(request)
    keep = _ids(request.GET.get("shown", ""))
    shop_id, _slash, number = request.GET.get("case", "").partition("/")
    case = None
    if whole(shop_id) is not None and number:
        case = (
            Case.objects.visible_to(request.user)
            .select_related(*panes.WITH)
            .filter(shop_id=int(shop_id), number=number)
            .first()
        )
    context = queue_context(request, segment, case.pk if case else None, keep=keep)
    parts = []
    if context["queue_token"] != request.GET.get("token"):
        parts.append("cs_workbench/_queue.html")
    if case is not None and action.stamp(case) != request.GET.get("stamp"):
        parts.append("cs_workbench/_case_live.html")
        context |= case_context(request, case)
    if not parts:
        return HttpResponse(status=204)
    context["is_oob"] = True
    return HttpResponse("".join(render_to_string(part, context, request) for part in parts))


@login_required
@require_POST
def desk_verb(request: SignedInRequest, shop_id: int, number: str, verb: str) -> HttpResponse:
    """One decision about a case. The version the page showed goes with it (E16)."""
    case = case_or_404(request, shop_id, number)
    if verb not in VERBS:
        raise Http404
    with refusals_as_messages(request):
        said = VERBS[verb](request, case)
        if said:
            messages.success(request, said)
    return fresh(request, shop_id, number)


def _ids(text: str) -> list[int]:
    """The lines a page says it shows."""
    return [pk for part in text.split(",")[: queue.SIZE] if (pk := whole(part)) is not None]


def fresh(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """After a POST: the re-read panes for htmx, the page for everybody else."""
    if not request.htmx:
        return redirect("desk_case", shop_id=shop_id, number=number)
    case = case_or_404(request, shop_id, number)
    segment = segment_in(request)
    keep = _ids(request.POST.get("shown", ""))
    context = queue_context(request, segment, case.pk, keep=keep or None) | case_context(request, case)
    return render(request, "cs_workbench/_desk_case.html", context)


def shown_version(request: SignedInRequest) -> int:
    version = whole(request.POST.get("version", ""))
    if version is None:
        raise Refused("E16", _("The page did not say which version it showed; reload it."))
    return version


def _intercept(request: SignedInRequest, case: Case) -> str:
    cases.start_interception(case, by=request.user, shown_version=shown_version(request))
    return _("Sent to the courier. Accepted is not stopped: the refund waits for the result.")


def _withdraw(request: SignedInRequest, case: Case) -> str:
    cases.withdraw_interception(case, by=request.user)
    return _("The courier was asked to let the parcel go on.")


def _agree(request: SignedInRequest, case: Case) -> str:
    cases.agree_case(
        case, by=request.user, shown_version=shown_version(request), reason=request.POST.get("reason", "").strip()
    )
    return ""


def _refuse(request: SignedInRequest, case: Case) -> str:
    evidence = request.POST.get("evidence", "").strip()
    cases.refuse_case(
        case,
        by=request.user,
        shown_version=shown_version(request),
        reason=request.POST.get("reason", ""),
        evidence={"note": evidence} if evidence else None,
    )
    return _("Refused. The buyer may call in the platform.")


def _recheck(request: SignedInRequest, case: Case) -> str:
    for package in action.packages_of(case):
        tracking.refresh_track(package, by=request.user)
    return _("The track was read again.")


def _note(request: SignedInRequest, case: Case) -> str:
    flag = whole(request.POST.get("flag", ""))
    remarks.add_note(case.order, text=request.POST.get("text", ""), flag=flag, by=request.user)
    return ""


def _stop_in_house(request: SignedInRequest, case: Case) -> str:
    cases.stop_in_house(case, by=request.user, shown_version=shown_version(request))
    return _("Taken off the bench; the label is void and the refund is on its way.")


def _propose(request: SignedInRequest, case: Case) -> str:
    try:
        amount = fen(request.POST.get("amount", ""))
    except ValueError:
        raise Refused("AMOUNT", _("Write the amount as yuan, for example 88.00.")) from None
    note = request.POST.get("note", "").strip()
    cases.propose_case(case, by=request.user, shown_version=shown_version(request), amount_fen=amount, note=note)
    return _("Offered. The buyer has the time of T-NEGO to answer.")


def _clear_alarm(request: SignedInRequest, case: Case) -> str:
    cases.clear_alarm(case, by=request.user, reason=request.POST.get("reason", ""))
    return _("Settled; the queue lets it go.")


def _ship_back(request: SignedInRequest, case: Case) -> str:
    returns.ship_back(
        case,
        courier=request.POST.get("courier", ""),
        waybill=request.POST.get("waybill", ""),
        by=request.user,
        shown_version=shown_version(request),
    )
    return _("Written down: the warehouse expects it.")


def _settle_return(request: SignedInRequest, case: Case) -> str:
    """So many units of each line, or an amount where one was written."""
    version, written = shown_version(request), request.POST.get("amount", "").strip()
    amount = None
    units: dict[int, int] = {}
    try:
        if written:
            amount = fen(written)
    except ValueError:
        raise Refused("AMOUNT", _("Write the amount as yuan, for example 88.00.")) from None
    for name in request.POST:
        kind, _dash, line = name.partition("-")
        value = request.POST.get(name, "").strip()
        if kind == "units" and (pk := whole(line)) is not None and value:
            count = whole(value)
            units[pk] = -1 if count is None else count
    cases.settle_return_case(
        case,
        by=request.user,
        shown_version=version,
        units=units,
        amount_fen=amount,
        reason=request.POST.get("reason", "").strip(),
    )
    return _("Agreed: the refund is on its way, or waits for a second person.")


VERBS = {
    "ship-back": _ship_back,
    "settle-return": _settle_return,
    "stop-in-house": _stop_in_house,
    "propose": _propose,
    "clear-alarm": _clear_alarm,
    "intercept": _intercept,
    "withdraw": _withdraw,
    "agree": _agree,
    "refuse": _refuse,
    "recheck": _recheck,
    "note": _note,
}
