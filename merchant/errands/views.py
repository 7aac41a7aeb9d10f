"""Errands on pages: whether those a page waits for are over, and trying a failed one again."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from merchant.errands import services
from merchant.errands.kinds import kind_of
from merchant.errands.models import OPEN, Errand
from merchant.refusals import refusals_as_messages
from merchant.ui.access import SignedInRequest

# More than any page waits for.
MOST = 50


@login_required
@require_safe
def errands_over(request: SignedInRequest) -> HttpResponse:
    """Asked every second or two by a page that waits: nothing while all its errands (`number`) are under way, else the
    word to read the page again."""
    numbers = request.GET.getlist("number")[:MOST]
    waiting = Errand.objects.visible_to(request.user).filter(number__in=numbers, state__in=OPEN).count()
    answer = HttpResponse(status=204)
    if waiting < len(set(numbers)):
        answer["HX-Refresh"] = "true"
    return answer


@login_required
@require_POST
def errand_retry(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """再试一次: for whoever sees the row it is about."""
    errand = get_object_or_404(Errand.objects.visible_to(request.user), shop_id=shop_id, number=number)
    rows = kind_of(errand.kind).model._default_manager.visible_to(request.user)  # type: ignore[attr-defined]
    get_object_or_404(rows, pk=errand.subject_id)
    with refusals_as_messages(request):
        services.retry(errand, by=request.user)
        messages.success(request, _("It is tried again; how it ends is shown here."))
    back = request.POST.get("back", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else "home")
