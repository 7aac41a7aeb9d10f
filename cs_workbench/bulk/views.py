"""Bulk actions: look at what would happen to each order, press once, watch, and read what became of each."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cs_workbench.bulk import plan, policies, services
from cs_workbench.bulk.enums import DONE, KIND, PRESSED, REFUSED, Verb
from cs_workbench.bulk.forms import FlagForm
from cs_workbench.bulk.selection import load, select
from merchant.jobs.models import Job, JobState
from merchant.people.visibility import shops_of
from merchant.refusals import Refused, refusals_as_messages
from merchant.shops.models import Platform, Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import button
from merchant.ui.forms import ReasonGivenForm
from orders.editing.forms import AddressForm
from orders.editing.regions import PROVINCES
from orders.record.enums import Flag
from orders.record.models import Order

LIST_SIZE = 50
ROWS_SHOWN = 500


def _shop(request: SignedInRequest, shop_id: int, verb: str) -> Shop:
    if verb not in PRESSED:
        raise Http404
    return get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bulk_preview(request: SignedInRequest, shop_id: int, verb: str) -> HttpResponse:
    """What would happen to each order and why not to others. Changes nothing, so a link may lead here too."""
    shop = _shop(request, shop_id, verb)
    asked = request.POST if request.method == "POST" else request.GET
    try:
        selection = select(request.user, shop_id, asked)
        plan.check_buyers(verb, selection)
    except Refused as refusal:
        return _refused(request, refusal)
    found = plan.lines(verb, selection.orders, request.user)
    frozen = plan.freeze(verb, selection, found)
    return _preview(request, shop, frozen, found, _forms(verb))


@login_required
@require_POST
def bulk_start(request: SignedInRequest, shop_id: int, verb: str) -> HttpResponse:
    """Begin what was looked at. A refusal or a wrong field shows the look again, with what was typed."""
    shop = _shop(request, shop_id, verb)
    try:
        frozen = plan.thaw(request.POST.get("plan", ""), request.user, shop_id, verb)
    except Refused as refusal:
        return _refused(request, refusal)
    known = Job.objects.filter(shop=shop, kind=KIND, number=frozen.number).select_related("shop", "by").first()
    if known is not None:
        return _run(request, known)
    form, refused = _forms(verb, request.POST), None
    may = button("start", verb, policies.check_can_start, frozen, request.user)
    if may.is_allowed and form is not None and not form.is_valid():
        return _shown_again(request, shop, frozen, form)
    given: dict[str, Any] = {}
    if isinstance(form, AddressForm) and form.is_valid():
        given = {"address": form.change, **ReasonGivenForm(request.POST).checked()}
    elif isinstance(form, FlagForm) and form.is_valid():
        given = {"flag": form.cleaned_data["flag"], "text": form.cleaned_data["text"]}
    try:
        job = services.start_bulk(frozen, shop, by=request.user, **given)
    except Refused as refusal:
        refused = refusal
    if refused is not None:
        messages.error(request, str(refused), extra_tags=refused.code)
        return _shown_again(request, shop, frozen, form)
    return _run(request, job)


def _run(request: SignedInRequest, job: Job) -> HttpResponse:
    """The run's page; to the workbench's dialog its living part."""
    if request.htmx:
        return render(request, "cs_workbench/_bulk_progress.html", _progress(request, job))
    return redirect("bulk_detail", number=job.number)


def _refused(request: SignedInRequest, refusal: Refused) -> HttpResponse:
    messages.error(request, str(refusal), extra_tags=refusal.code)
    if request.htmx:
        return render(request, "cs_workbench/_bulk_refused.html", status=409)
    return redirect("orders")


def _forms(verb: str, typed: Any = None) -> AddressForm | FlagForm | None:
    if verb == Verb.ADDRESS:
        return AddressForm(typed)
    return FlagForm(typed) if verb == Verb.FLAG else None


def _shown_again(request: SignedInRequest, shop: Shop, frozen: plan.Frozen, form: Any) -> HttpResponse:
    orders = load(request.user, shop.pk, [pk for pk, _shown in frozen.entries])
    found = plan.lines(frozen.verb, orders, request.user)
    return _preview(request, shop, frozen, found, form, status=422)


def _preview(
    request: SignedInRequest, shop: Shop, frozen: plan.Frozen, found: list[plan.Line], form: Any, *, status: int = 200
) -> HttpResponse:
    start = button("start", Verb(frozen.verb).label, policies.check_can_start, frozen, request.user)
    buyer = next((line.order.buyer for line in found if line.order.buyer), None)
    context = {
        "shop": shop,
        "verb": frozen.verb,
        "label": Verb(frozen.verb).label,
        "token": plan.token_of(frozen, request.user),
        "is_all": frozen.is_all,
        "allowed": frozen.allowed,
        "refused": len(found) - frozen.allowed,
        "total": len(found),
        "lines": found[:ROWS_SHOWN],
        "more": max(0, len(found) - ROWS_SHOWN),
        "buyer": buyer if len({line.order.buyer_id for line in found}) == 1 else None,
        "start": start,
        "is_at_once": frozen.verb != Verb.INTERCEPT and len(found) <= services.AT_ONCE,
        "form": form,
        "address_form": form,
        "provinces": PROVINCES,
        "keeps_old": frozen.verb == Verb.ADDRESS and shop.platform != Platform.OWN,
        "flags": Flag.choices,
        "in_dialog": bool(request.htmx),
    }
    if request.htmx:
        # To htmx a conflict: it swaps the form in and leaves the dialog open.
        return render(request, "cs_workbench/_bulk_preview.html", context, status=409 if status == 422 else status)
    return render(request, "cs_workbench/bulk_preview.html", context, status=status)


# --- runs -------------------------------------------------------------------------------------------------------------


def _visible(request: SignedInRequest) -> Any:
    """One's own runs, and everybody's of the shops whose jobs one looks after."""
    rows = Job.objects.visible_to(request.user).filter(kind=KIND).select_related("shop", "by")
    looked_after = [pk for pk in shops_of(request.user) if policies.may_see_all(request.user, pk)]
    return rows.filter(Q(by=request.user) | Q(shop_id__in=looked_after))


@login_required
@require_safe
def bulk_list(request: SignedInRequest) -> HttpResponse:
    rows = [_figures(job) for job in _visible(request).order_by("-created_at")[:LIST_SIZE]]
    return render(request, "cs_workbench/bulk_list.html", {"runs": rows})


@login_required
@require_safe
def bulk_detail(request: SignedInRequest, number: str) -> HttpResponse:
    job = get_object_or_404(_visible(request), number=number)
    return render(request, "cs_workbench/bulk_detail.html", _progress(request, job))


@login_required
@require_safe
def bulk_progress(request: SignedInRequest, number: str) -> HttpResponse:
    """The living part. 204 while nothing moved since the stamp the page holds."""
    job = get_object_or_404(_visible(request), number=number)
    context = _progress(request, job)
    if request.GET.get("stamp") == context["stamp"]:
        return HttpResponse(status=204)
    return render(request, "cs_workbench/_bulk_progress.html", context)


@login_required
@require_POST
def bulk_verb(request: SignedInRequest, number: str, verb: str) -> HttpResponse:
    """Stop, go on, undo."""
    job = get_object_or_404(_visible(request), number=number)
    if verb not in VERBS:
        raise Http404
    with refusals_as_messages(request):
        job = VERBS[verb](job, by=request.user)
    return _run(request, job)


VERBS = {"stop": services.stop_bulk, "resume": services.resume_bulk, "undo": services.undo_bulk}


def _figures(job: Job) -> dict[str, Any]:
    return {
        "job": job,
        "label": Verb(job.options["verb"]).label,
        "share": min(100, job.done * 100 // job.total) if job.total else 100,
        "good": job.figures.get(DONE, 0),
        "is_live": job.state in (JobState.WAITING, JobState.RUNNING),
    }


def _progress(request: SignedInRequest, job: Job) -> dict[str, Any]:
    user, verb = request.user, job.options["verb"]
    seconds_left = None
    if job.state == JobState.RUNNING and job.done and job.total and job.started_at and job.pulse_at:
        spent = (job.pulse_at - job.started_at).total_seconds()
        seconds_left = round(spent / job.done * (job.total - job.done))
    rows = list(job.rows.order_by("row_no")[:ROWS_SHOWN])
    rows.sort(key=lambda row: (row.outcome != REFUSED, row.row_no))
    first = Order.objects.filter(shop_id=job.shop_id, number__in=[row.subject for row in rows[:1]]).first()
    in_dialog = bool(request.htmx) and (request.method == "POST" or bool(request.GET.get("dialog")))
    undo = button("undo", _("Take the flags back"), policies.check_can_undo, job, user)
    return {
        **_figures(job),
        "verb": verb,
        "stamp": f"{job.state}-{job.done}-{job.pulse_at.timestamp() if job.pulse_at else 0:.3f}",
        "seconds_left": seconds_left,
        "rows": rows,
        "more": max(0, job.done - len(rows)),
        "buyer_id": first.buyer_id if first else None,
        "is_pressed": verb in PRESSED,
        "may_stop": button("stop", "", policies.check_can_stop, job, user).is_allowed,
        "may_resume": button("resume", "", policies.check_can_resume, job, user).is_allowed,
        "undo": undo if verb == Verb.FLAG else None,
        "in_dialog": in_dialog,
        "back": urlsplit(request.htmx.current_url or "").path if in_dialog else "",
        "failed": " ".join(row.subject for row in rows if row.outcome == REFUSED),
    }
