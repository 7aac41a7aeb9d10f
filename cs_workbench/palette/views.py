"""Going anywhere: the palette's search, and the page that says what there is."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cs_workbench.palette.found import find
from merchant.ui.access import SignedInRequest


@login_required
@require_safe
def go(request: SignedInRequest) -> HttpResponse:
    """What `q` leads to; to htmx the list for the palette, else a page of its own."""
    term = request.GET.get("q", "").strip()[:100]
    hits, refusal = find(request.user, term)
    template = "cs_workbench/_palette_found.html" if request.htmx else "cs_workbench/palette.html"
    return render(request, template, {"hits": hits, "refusal": refusal, "term": term})


@login_required
@require_safe
def help_page(request: SignedInRequest) -> HttpResponse:
    """Keys, what each page is for, how the road works."""
    return render(request, "cs_workbench/help.html")
