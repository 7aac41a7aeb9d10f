"""Every answer that is not what was asked for: RFC 9457 `application/problem+json`, in the reader's language."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import set_rollback

from merchant.refusals import Refused

MEDIA_TYPE = "application/problem+json"

# The kinds of problem; `type` is the reference page at this anchor, `title` says the same for every problem of a kind.
TITLES = {
    "refused": _("The shop's rules refuse this now"),
    "right": _("Not in your role"),
    "invalid": _("The request is not as this address takes it"),
    "token": _("No usable token"),
    "scope": _("Not what the token was made for"),
    "not-found": _("Not here, or not yours to see"),
    "idempotency": _("The idempotency key cannot be used so"),
    "throttled": _("Too many requests"),
    "http": _("This address takes no such request"),
}


class KeyMisused(exceptions.APIException):
    """The `Idempotency-Key` stands for something else, or its first request is not over."""

    def __init__(self, status: int, code: str, sentence: Any) -> None:
        super().__init__(sentence, code)
        self.status_code = status


class FieldError(serializers.Serializer):
    field = serializers.CharField(help_text="Where: `lines.0.units`; `non_field_errors` for the whole.")
    code = serializers.CharField(help_text="A short word: `required`, `invalid`, `max_value`.")
    detail = serializers.CharField(help_text="The sentence, in the reader's language.")


class ProblemSerializer(serializers.Serializer):
    """RFC 9457."""

    type = serializers.URLField(help_text="The kind of problem; leads to its explanation.")
    title = serializers.CharField(help_text="The kind in words.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What is so, and what to do instead, in the reader's language.")
    code = serializers.CharField(help_text="A rule's code (docs/rules.md) or a short word in capitals.")
    field = serializers.CharField(required=False, help_text="The member of the request it is about, where it is one.")
    errors = FieldError(many=True, required=False, help_text="Every member that does not fit (`INVALID` only).")
    extra = serializers.DictField(required=False, help_text="Plain values that explain a refusal, such as a limit.")

    class Meta:
        ref_name = "Problem"


def problem(status: int, kind: str, code: str, detail: Any, **more: Any) -> Response:
    """One problem as an answer."""
    body = {
        "type": f"{settings.SITE_URL.rstrip('/')}/api/v1/#problem-{kind}",
        "title": force_str(TITLES[kind]),
        "status": status,
        "detail": force_str(detail),
        "code": code,
        **more,
    }
    return Response(body, status=status, content_type=MEDIA_TYPE)


def as_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """The DRF exception handler. None for what nobody expected: it reaches the log whole."""
    if isinstance(error, Refused):
        return _refused(error)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    if isinstance(error, exceptions.ValidationError):
        errors = list(_field_errors(error.detail, error.get_codes()))
        first = errors[0]
        return problem(400, "invalid", "INVALID", first["detail"], field=first["field"], errors=errors)
    kind, code = _kind_of(error)
    answer = problem(error.status_code, kind, code, error.detail)
    if header := getattr(error, "auth_header", None):
        answer["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        answer["Retry-After"] = f"{int(wait) or 1}"
    return answer


def _refused(refusal: Refused) -> Response:
    """409, or 403 where the person's role is what is missing; nothing has changed."""
    extra = {name: value for name, value in refusal.detail.items() if name != "field"}
    more: dict[str, Any] = {"extra": _plain(extra)} if extra else {}
    if "field" in refusal.detail:
        more["field"] = str(refusal.detail["field"])
    is_right = refusal.code == "RIGHT"
    return problem(403 if is_right else 409, "right" if is_right else "refused", refusal.code, refusal.message, **more)


def _kind_of(error: exceptions.APIException) -> tuple[str, str]:
    if isinstance(error, KeyMisused):
        return "idempotency", str(error.get_codes())
    kinds: dict[type[exceptions.APIException], tuple[str, str]] = {
        exceptions.NotAuthenticated: ("token", "TOKEN"),
        exceptions.AuthenticationFailed: ("token", "TOKEN"),
        exceptions.PermissionDenied: ("scope", "SCOPE"),
        exceptions.NotFound: ("not-found", "NOT_FOUND"),
        exceptions.Throttled: ("throttled", "THROTTLED"),
        exceptions.ParseError: ("invalid", "UNREADABLE"),
        exceptions.MethodNotAllowed: ("http", "METHOD"),
        exceptions.NotAcceptable: ("http", "ACCEPT"),
        exceptions.UnsupportedMediaType: ("http", "CONTENT_TYPE"),
    }
    return next((found for kind, found in kinds.items() if isinstance(error, kind)), ("http", "HTTP"))


def _field_errors(detail: Any, codes: Any, path: str = "") -> Iterator[dict[str, str]]:
    """The tree of a validation error, flat and in order."""
    if isinstance(detail, Mapping):
        for name, below in detail.items():
            yield from _field_errors(below, codes[name], f"{path}.{name}" if path else str(name))
    elif isinstance(detail, list):
        for place, below in enumerate(detail):
            is_leaf = isinstance(below, str)
            yield from _field_errors(
                below, codes[place], path if is_leaf else f"{path}.{place}" if path else f"{place}"
            )
    else:
        yield {"field": path or "non_field_errors", "code": str(codes), "detail": force_str(detail)}


def _plain(value: Any) -> Any:
    """Sentences in it are still to be translated; the rest is plain already."""
    if isinstance(value, Mapping):
        return {str(name): _plain(below) for name, below in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(below) for below in value]
    return value if value is None or isinstance(value, bool | int | float | str) else force_str(value)
