"""Interceptions: the list with its figures, and one of them with the drawn road."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from aftersales.cases.models import Case
from aftersales.refunds.models import Refund
from aftersales.returns import services as returns
from aftersales.returns.models import Inspection
from cs_workbench.interceptions import effect, figures
from cs_workbench.interceptions.checks import stored
from cs_workbench.interceptions.steps import road, steps
from logistics.couriers.models import CourierCall
from logistics.couriers.names import courier_name
from logistics.interception import errands, policies, services
from logistics.interception.billing import check_can_bill
from logistics.interception.enums import InterceptionState as S
from logistics.interception.forms import GiveUpForm
from logistics.interception.models import Interception
from logistics.parcels.timeline import from_scans
from logistics.parcels.tracking_models import TrackingEvent
from merchant.errands import services as called
from merchant.errands.models import Errand
from merchant.people.models import User
from merchant.people.rights import Right, can, check_right
from merchant.refusals import refusals_as_messages
from merchant.trail import timeline
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import Button, button
from merchant.ui.forms import ReasonGivenForm

WITH = ("package", "package__order", "package__order__buyer", "shop", "submitted_by", "account")


@login_required
@require_safe
def interceptions(request: SignedInRequest) -> HttpResponse:
    """State, courier, age and result of every attempt, newest first; each figure opens the rows behind it."""
    wanted = figures.Filters.read(request.GET)
    page = figures.page(request.user, wanted, request.GET.get("after", ""))
    cases = {case.interception_id: case for case in Case.objects.filter(interception__in=page.rows).order_by("-pk")}
    context = {
        "figures": figures.week(request.user),
        "filters": wanted,
        "rows": [{"row": row, "case": cases.get(row.pk)} for row in page.rows],
        "page": page,
        "groups": figures.GROUPS,
        "couriers": [(code, courier_name(code)) for code in figures.couriers(request.user)],
        "reasons": [choice for choice in Interception._meta.get_field("reason").choices or [] if choice[0]],
        "is_first": not request.GET.get("after"),
    }
    return render(request, "cs_workbench/interceptions.html", context)


@login_required
@require_safe
def interceptions_effect(request: SignedInRequest) -> HttpResponse:
    """Eight weeks: how soon orders ship, how many are cancelled before, and cases with and without an interception."""
    return render(request, "cs_workbench/effect.html", effect.context(request.user))


def _row(request: SignedInRequest, shop_id: int, number: str) -> Interception:
    return get_object_or_404(
        Interception.objects.visible_to(request.user).select_related(*WITH), shop_id=shop_id, number=number
    )


@login_required
@require_safe
def interception_detail(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """The road, the seven steps, and every event with the message it came in; alive by itself until it is over."""
    row = _row(request, shop_id, number)
    if request.htmx and request.GET.get("stamp") == stamp(row):
        return HttpResponse(status=204)
    context = detail_context(request, row)
    template = "cs_workbench/_interception.html" if request.htmx else "cs_workbench/interception_detail.html"
    return render(request, template, context)


def stamp(row: Interception) -> str:
    """Changes when the page would: the row, its parcel, its refund."""
    refund = Refund.objects.filter(interception=row).order_by("-pk").values_list("pk", "state").first()
    return f"{row.version}-{row.state}-{row.package.version}-{row.package.last_event_at}-{refund}".replace(" ", "")


def detail_context(request: SignedInRequest, row: Interception) -> dict[str, Any]:
    events = list(TrackingEvent.objects.filter(package_id=row.package_id).order_by("-event_at", "-event_key")[:100])
    refund = Refund.objects.filter(interception=row).select_related("created_by").order_by("-pk").first()
    cases = list(Case.objects.filter(interception=row).select_related("order", "order__buyer").order_by("pk"))
    calls = list(CourierCall.objects.filter(key=row.number).order_by("started_at"))
    kind = request.GET.get("show", "")
    package = row.package
    start = package.sender_city or _("Warehouse")
    return {
        "row": row,
        "errands": called.about(row, row.package),
        "road": road(row, events, start, package.receiver_city or _("the buyer")),
        "steps": steps(row, refund),
        "refund": refund,
        "cases": cases,
        "calls": calls,
        "checks": stored(row.checks),
        "entries": timeline.merge(
            from_scans(events, {package.pk: package}),
            timeline.entries_of(row, *cases, *([refund] if refund else [])),
            kind=kind if kind in ("goods", "money", "people") else "",
        ),
        "kind": kind,
        "kinds": [("", _("All")), ("goods", _("Logistics")), ("money", _("Money")), ("people", _("People"))],
        "buttons": buttons(row, request.user),
        "inspection": inspection_of(row),
        "bill": button("bill", _("Enter the courier's bill"), check_can_bill, row, request.user),
        "claims": list(row.claims.order_by("pk")),
        "sees_raw": can(request.user, row.shop_id, Right.SEE_MESSAGES),
        "stamp": stamp(row),
        "capabilities": policies.facts_about(row),
    }


def buttons(row: Interception, user: User) -> list[Button]:
    """What this person may do about it now. Only verbs that fit somewhere near its state are drawn at all."""
    found = []
    if row.is_open:
        found.append(button("withdraw", _("Withdraw"), policies.check_can_withdraw, row, by=user))
    if row.state == S.RUNNING and row.is_unknown:
        found.append(button("confirm", _("It is stopped"), check_right, user, row.shop_id, Right.SUBMIT_INTERCEPTION))
        found.append(button("fail", _("It is not stopped"), check_right, user, row.shop_id, Right.SUBMIT_INTERCEPTION))
    is_unpapered = row.state == S.RETURNED and inspection_of(row) is None
    if row.state in (S.SUCCEEDED, S.RETURNING, S.LOST_SUSPECT) or is_unpapered:
        found.append(
            button("receive", _("Received in the warehouse"), check_right, user, row.shop_id, Right.RECEIVE_PARCEL)
        )
    if row.state == S.LOST_SUSPECT:
        found.append(
            button("give-up", _("Give up as lost"), check_right, user, row.shop_id, Right.WITHDRAW_INTERCEPTION)
        )
    return found


def inspection_of(row: Interception) -> Inspection | None:
    """The paper of what was, or will be, found in this parcel."""
    return Inspection.objects.filter(parcel__package_id=row.package_id).select_related("done_by").first()


def _fail(row: Interception, by: User, typed: QueryDict) -> Any:
    return services.fail_interception(row, reason="other", by=by, words=ReasonGivenForm(typed).checked()["reason"])


VERBS: dict[str, Callable[[Interception, User, QueryDict], Any]] = {
    "withdraw": lambda row, by, _typed: errands.submit_withdrawal(row, by=by),
    "confirm": lambda row, by, _typed: services.succeed_interception(row, by=by),
    "fail": _fail,
    "receive": lambda row, by, _typed: returns.receive_parcel(row.package, by=by),
    "give-up": lambda row, by, typed: services.give_up_interception(row, by=by, **GiveUpForm(typed).checked()),
}


@login_required
@require_POST
def interception_verb(request: SignedInRequest, shop_id: int, number: str, verb: str) -> HttpResponse:
    row = _row(request, shop_id, number)
    if verb not in VERBS:
        raise Http404
    with refusals_as_messages(request):
        done = VERBS[verb](row, request.user, request.POST)
        if not isinstance(done, Errand):
            messages.success(request, _("Done."))
    return redirect("interception_detail", shop_id=shop_id, number=number)
