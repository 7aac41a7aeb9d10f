from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from merchant.attachments import services
from merchant.attachments.models import Attachment
from merchant.refusals import Refused
from merchant.ui.access import SignedInRequest


@login_required
@require_safe
def attachment(request: SignedInRequest, pk: int, size: str = "full") -> HttpResponse:
    """The picture, or its small copy; papers are downloaded, never shown in the page."""
    row = get_object_or_404(Attachment.objects.visible_to(request.user), pk=pk)
    if not services.is_in_sight(row, request.user):
        raise Http404
    try:
        services.check_can_open(row, request.user)
    except Refused as refusal:
        return HttpResponse(str(refusal), status=403, content_type="text/plain; charset=utf-8")
    body = row.thumb if size == "thumb" else row.body
    if body is None:
        raise Http404
    response = HttpResponse(body, content_type="image/jpeg" if size == "thumb" else row.content_type)
    response["Content-Disposition"] = content_disposition_header(not row.is_picture, row.name) or "inline"
    response["Cache-Control"] = "private, max-age=3600"
    return response
