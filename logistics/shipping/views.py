"""One parcel by itself: its track, what is inside, how often somebody tried to stop it."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from logistics.interception.models import Interception
from logistics.labels import services as labels
from logistics.labels.forms import PrintForm
from logistics.labels.policies import check_can_print
from logistics.parcels.models import Package
from logistics.parcels.timeline import from_scans, newest_scans
from logistics.tracking import errands as tracking
from merchant.errands import services as errands
from merchant.people.rights import Right, can
from merchant.refusals import refusals_as_messages
from merchant.trail import timeline
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import button


@login_required
@require_safe
def parcel_detail(request: SignedInRequest, shop_id: int, courier: str, waybill: str) -> HttpResponse:
    """One parcel: its whole track, what is inside, how often somebody tried to stop it."""
    package = _package(request, shop_id, courier, waybill)
    stops = list(Interception.objects.filter(package=package).select_related("submitted_by").order_by("-pk"))
    entries = timeline.merge(
        from_scans(newest_scans(package), {package.pk: package}), timeline.entries_of(package, *stops)
    )
    lines = package.lines.select_related("order", "order_line", "order_line__listing").order_by("order_id", "pk")
    context = {
        "package": package,
        "entries": entries,
        "stops": stops,
        "lines": list(lines),
        "errands": errands.about(package),
        "print": button("print", _("Print"), check_can_print, package, by=request.user),
        "print_form": PrintForm(),
        "sees_raw": can(request.user, package.shop_id, Right.SEE_MESSAGES),
    }
    return render(request, "logistics/parcel_detail.html", context)


def _package(request: SignedInRequest, shop_id: int, courier: str, waybill: str) -> Package:
    """The parcel in force with this waybill; a voided one only where there is no other."""
    found = Package.objects.visible_to(request.user).select_related("order", "order__shop", "account", "watch")
    rows = list(found.filter(shop_id=shop_id, courier=courier, waybill=waybill).order_by("-pk"))
    if not rows:
        raise Http404
    return next((row for row in rows if row.state != "voided"), rows[0])


@login_required
@require_POST
def parcel_refresh(request: SignedInRequest, shop_id: int, courier: str, waybill: str) -> HttpResponse:
    """立即重查: ask the courier where the parcel is."""
    package = _package(request, shop_id, courier, waybill)
    with refusals_as_messages(request):
        tracking.submit_refresh(package, by=request.user)
    return redirect("parcel_detail", shop_id=shop_id, courier=courier, waybill=waybill)


@login_required
@require_POST
@never_cache
def parcel_print(request: SignedInRequest, shop_id: int, courier: str, waybill: str) -> HttpResponse:
    """打印面单: label and packing slip as a PDF; the first time and again."""
    package = _package(request, shop_id, courier, waybill)
    with refusals_as_messages(request):
        body = labels.print_parcels([package], by=request.user, **PrintForm(request.POST).checked())
        answer = HttpResponse(body, content_type="application/pdf")
        answer["Content-Disposition"] = content_disposition_header(False, f"{package.waybill}.pdf") or "inline"
        return answer
    return redirect("parcel_detail", shop_id=shop_id, courier=courier, waybill=waybill)
