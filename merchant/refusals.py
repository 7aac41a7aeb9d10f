"""`Refused`: what we expect to go wrong, in a sentence a person can act on. Anything else reaches the log whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import messages
from django.http import HttpRequest


class Refused(Exception):
    """An action that may not happen now. `code` is a rule's code (docs/rules.md) or a short word in capitals,
    `message` the sentence for the user, `detail` plain values that explain it (never personal data)."""

    def __init__(self, code: str, message: Any, **detail: Any) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"


@contextmanager
def refusals_as_messages(request: HttpRequest) -> Iterator[None]:
    """Turn a refusal inside the block into an error message on the page; nothing else is swallowed."""
    try:
        yield
    except Refused as refusal:
        messages.error(request, str(refusal), extra_tags=refusal.code)
