"""Which room reads a message: upper apps register themselves in `apps.py: ready()`."""

from collections.abc import Callable
from typing import Any

Handler = Callable[[Any], None]
_handlers: dict[str, Handler] = {}


def register(kind: str, handler: Handler) -> None:
    """`kind` is what stands before the colon of a source: `courier`, `platform`; one handler a kind."""
    _handlers[kind] = handler


def handler_of(source: str) -> Handler:
    """Raises LookupError when no room reads this source; the message is then parked, not lost."""
    try:
        return _handlers[source.partition(":")[0]]
    except KeyError:
        raise LookupError(f"nobody reads {source}") from None
