"""What every request passes on its way in."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.middleware.locale import LocaleMiddleware
from django.urls import reverse
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from merchant.incoming import is_storable


class RejectNul:
    """PostgreSQL stores no NUL and would answer with a fault: an address with one names nothing here, a form with one
    is a bad request, a cookie with one is none of ours. Doors without CSRF take raw bytes and judge them themselves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseNotFound()
        if "\\0" in request.META.get("HTTP_COOKIE", "") or "\0" in request.META.get("HTTP_COOKIE", ""):
            # `"\\000"` in quotes is how a cookie writes one.
            request.COOKIES = {name: value for name, value in request.COOKIES.items() if is_storable(name + value)}
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return
        if any("\0" in value for _name, values in request.POST.lists() for value in values):
            raise BadRequest("a form field holds a NUL")


def asked_for(header: str) -> str:
    """The first of our languages that an Accept-Language names; any Chinese is ours, and so is a header without any."""
    for code, _weight in parse_accept_lang_header(header):
        if code.startswith("zh"):
            return settings.LANGUAGE_CODE
        if code.partition("-")[0] in dict(settings.LANGUAGES):
            return code.partition("-")[0]
    return settings.LANGUAGE_CODE


class ChineseUnlessChosen(LocaleMiddleware):
    """Chinese until the reader chooses otherwise: a shop's people work in Chinese whatever their browser was set to.
    Only who is not yet signed in is met in the language their browser asks for."""

    def process_request(self, request: HttpRequest) -> None:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if chosen not in dict(settings.LANGUAGES):
            chosen = settings.LANGUAGE_CODE
            if request.path_info == reverse("login"):
                chosen = asked_for(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
        translation.activate(chosen)
        request.LANGUAGE_CODE = translation.get_language()
