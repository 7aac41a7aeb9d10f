"""Whoever has a second step, or has to have one, passes it before any page, the administration included."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from merchant.second_factor import services

# The mark of the person's app in a session that showed a code of it.
SHOWN = "second_factor"
OPEN = frozenset({"second_factor_ask", "logout", "login", "set_language", "health"})
# Who still has to set it up may also choose a password of their own first.
OPEN_WITHOUT = OPEN | {"second_factor", "second_factor_begin", "second_factor_confirm", "password_change"}


class SecondFactorIsShown:
    """Requests without a session (couriers, platforms, programs with a token) are not looked at."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or SESSION_KEY not in request.session:
            return None
        name = request.resolver_match.url_name if request.resolver_match else ""
        user = request.user
        if name in OPEN or not user.is_authenticated:
            return None
        if user.second_factor is not None:
            is_shown = request.session.get(SHOWN) == str(user.second_factor)
            return None if is_shown else _send(request, "second_factor_ask")
        if name in OPEN_WITHOUT or not services.is_required(user):
            return None
        return _send(request, "second_factor")


def _send(request: HttpRequest, name: str) -> HttpResponse:
    """A part of a page takes the whole page there."""
    address = reverse(name)
    if request.headers.get("HX-Request"):
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = address
        return answer
    back = request.get_full_path() if request.method == "GET" else ""
    return redirect(f"{address}?{urlencode({'next': back})}" if back else address)
