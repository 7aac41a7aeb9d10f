"""Couriers, platforms and channels are called by workers and commands, never while a web request waits: one that takes
a call and says nothing would hold the threads that pages and push doors share (docs/decisions/0042)."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

logger = logging.getLogger(__name__)

# The request under way in this thread, as `POST /desk/…`; empty in a worker.
_waiting: ContextVar[str] = ContextVar("request_that_waits", default="")


class CalledInRequest(RuntimeError):
    """Somebody outside was about to be called while a web request waits."""


def check_may_call(whom: str) -> None:
    """What every call to the outside does first. Inside a web request it raises CalledInRequest in tests; elsewhere it
    is logged as an error, since a call too many is better than a verb that fails."""
    if not (request := _waiting.get()):
        return
    if settings.IS_TESTING:
        raise CalledInRequest(f"{whom} is called in {request}: submit an errand instead (merchant.errands)")
    logger.error("%s is called while %s waits", whom, request)


@contextmanager
def in_worker() -> Iterator[None]:
    """A task that runs inline, as in tests, may call: a worker would run it."""
    token = _waiting.set("")
    try:
        yield
    finally:
        _waiting.reset(token)


class NothingOutside:
    """The middleware that marks a request as one that waits."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _waiting.set(f"{request.method} {request.path}")
        try:
            return self.get_response(request)
        finally:
            _waiting.reset(token)
