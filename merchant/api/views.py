"""What stands beside the resources: the reference page, the document it is drawn from, addresses that are none."""

import json

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from merchant.api import reference
from merchant.api.problems import MEDIA_TYPE, TITLES, problem
from merchant.api.resources import language_of
from merchant.ui.access import SignedInRequest


@login_required
@require_safe
def api_reference(request: SignedInRequest) -> HttpResponse:
    """Every address of the API, what it takes and what it answers."""
    read = reference.reference()
    context = {
        "areas": read.areas,
        "shapes": read.shapes,
        "problems": TITLES.items(),
        "site": settings.SITE_URL.rstrip("/"),
        "per_minute": settings.API_PER_MINUTE,
    }
    return render(request, "merchant/api_reference.html", context)


@require_safe
def api_document(request: HttpRequest) -> HttpResponse:
    """docs/openapi.yaml, for programs that make programs; no secret is in it."""
    return HttpResponse(reference.document(), content_type="application/yaml; charset=utf-8")


@csrf_exempt
def unknown(request: HttpRequest, rest: str) -> HttpResponse:
    """Any other address under /api/v1/: a problem, not a page."""
    translation.activate(language_of(request))
    answer = problem(404, "not-found", "NOT_FOUND", _("There is no such address."))
    return HttpResponse(json.dumps(answer.data, ensure_ascii=False), status=404, content_type=MEDIA_TYPE)
