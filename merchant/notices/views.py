"""What one was told: the list behind the bell, opening one, and having read them all."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from merchant.notices import services
from merchant.notices.forms import ReadForm
from merchant.notices.models import Notice
from merchant.ui.access import SignedInRequest
from merchant.ui.query_params import parse_int

SIZE = 50


@login_required
@require_safe
def notices(request: SignedInRequest) -> HttpResponse:
    """One's own, newest first."""
    rows = Notice.objects.visible_to(request.user).select_related("shop")
    if is_unread := request.GET.get("show") == "unread":
        rows = rows.unread()
    if (before := parse_int(request.GET.get("before", ""))) is not None:
        rows = rows.filter(pk__lt=before)
    page = list(rows.order_by("-pk")[: SIZE + 1])
    found, more = page[:SIZE], len(page) > SIZE
    context = {
        "rows": found,
        "rings": services.bell_of(request.user),
        "next_key": found[-1].pk if more else "",
        "is_first": before is None,
        "show": "unread" if is_unread else "",
    }
    return render(request, "merchant/notices.html", context)


@login_required
@require_POST
def notice_open(request: SignedInRequest, pk: int) -> HttpResponse:
    """Read, and on to the page it is about."""
    notice = services.read_notice(get_object_or_404(Notice.objects.visible_to(request.user), pk=pk), by=request.user)
    return redirect(notice.path or "notices")


@login_required
@require_POST
def notices_read(request: SignedInRequest) -> HttpResponse:
    """全部已读: what the page showed and everything before it; what came since stays unread."""
    if (form := ReadForm(request.POST)).is_valid():
        services.read_notices(by=request.user, **form.cleaned_data)
    return redirect("notices")
