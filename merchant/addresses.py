from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound


class PlainAddresses:
    """An address with a NUL in it names nothing here, and PostgreSQL would refuse the question with a fault."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseNotFound()
        return self.get_response(request)
