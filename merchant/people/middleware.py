"""What a signed-in person passes before any page."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

# The pages open to somebody whose password another person knows.
OPEN_TO_THEM = frozenset({"password_change", "logout", "login", "set_language", "health", "second_factor_ask"})


class FirstPasswordIsChanged:
    """A password that somebody else gave out opens one page: the one that changes it. Requests without a session
    (couriers, platforms, programs with a token) are not looked at."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        match = request.resolver_match
        if match is None or match.url_name in OPEN_TO_THEM:
            return None
        if not getattr(request.user, "has_first_password", False):
            return None
        messages.info(request, _("Somebody gave you this password: choose one that only you know."))
        return redirect("password_change")
