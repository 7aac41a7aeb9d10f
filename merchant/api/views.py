"""What stands beside the resources: addresses that are none."""

import json

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from merchant.api.problems import MEDIA_TYPE, problem
from merchant.api.resources import language_of


@csrf_exempt
def unknown(request: HttpRequest) -> HttpResponse:
    """Any other address under /api/v1/: a problem, not a page."""
    translation.activate(language_of(request))
    answer = problem(404, "not-found", "NOT_FOUND", _("There is no such address."))
    return HttpResponse(json.dumps(answer.data, ensure_ascii=False), status=404, content_type=MEDIA_TYPE)
