"""Browsers that people have signed in with before. Whoever guesses at a name from many addresses shuts the name for
strangers; the person comes in from a browser of their own all the same, which has a count of its own."""

import secrets
from typing import Any, TypeVar

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from merchant.people.models import User

COOKIE = "huicang_known"
SALT = "known-browser"
KEPT_S = 90 * 86_400
# A browser of a warehouse has many.
PEOPLE = 20
Answer = TypeVar("Answer", bound=HttpResponseBase)


def remember(request: HttpRequest, answer: Answer, user: User) -> Answer:
    """This person has signed in here."""
    held = _held(request) or {"b": secrets.token_urlsafe(12), "u": []}
    people = [*(pk for pk in held["u"] if pk != user.pk), user.pk][-PEOPLE:]
    answer.set_cookie(
        COOKIE,
        signing.dumps({"b": held["b"], "u": people}, salt=SALT),
        max_age=KEPT_S,
        path="/",
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Lax",
    )
    return answer


def browser_of(request: HttpRequest, name: str) -> str:
    """What this browser is called, "" where the person of this name never signed in with it."""
    held = _held(request)
    if held is None or not name:
        return ""
    pk = User.objects.filter(username=name).values_list("pk", flat=True).first()
    return str(held["b"]) if pk in held["u"] else ""


def _held(request: HttpRequest) -> dict[str, Any] | None:
    try:
        held = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=KEPT_S)
    except signing.BadSignature:
        return None
    return held if isinstance(held, dict) else None
