"""The supervisor's board, and the rows behind its numbers."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cs_workbench.board import figures, rows
from cs_workbench.board.asked import Asked
from cs_workbench.start.steps import unfinished_of
from merchant.ui.access import SignedInRequest


def _asked(request: SignedInRequest) -> Asked:
    asked = Asked.read(request.GET, request.user)
    if asked is None:
        raise Http404
    return asked


@login_required
@require_safe
def board(request: SignedInRequest) -> HttpResponse:
    context = figures.context(_asked(request))
    if unfinished := unfinished_of(request.user):
        context["unfinished"], context["steps"] = unfinished
    return render(request, "cs_workbench/board.html", context)


def _kept(request: SignedInRequest) -> str:
    """The filters of a list of rows, for the link to its next page."""
    kept = request.GET.copy()
    kept.pop("after", None)
    return kept.urlencode()


@login_required
@require_safe
def board_cases(request: SignedInRequest) -> HttpResponse:
    asked = _asked(request)
    context: dict[str, Any] = {"page": rows.cases(asked, request.GET), "asked": asked, "kept": _kept(request)}
    return render(request, "cs_workbench/board_cases.html", context)


@login_required
@require_safe
def board_orders(request: SignedInRequest) -> HttpResponse:
    asked = _asked(request)
    context: dict[str, Any] = {"page": rows.orders(asked, request.GET), "asked": asked, "kept": _kept(request)}
    return render(request, "cs_workbench/board_orders.html", context)
