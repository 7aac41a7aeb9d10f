"""Which room reads a message: upper apps register themselves in `apps.py: ready()`."""

from collections.abc import Callable
from typing import Any

Handler = Callable[[Any], None]
_handlers: dict[str, Handler] = {}


def register(source: str, handler: Handler) -> None:
    """`source` is `courier:zto`, `platform:kuaishou` …; one handler a source."""
    _handlers[source] = handler


def handler_of(source: str) -> Handler:
    """Raises LookupError when no room reads this source; the message is then parked, not lost."""
    try:
        return _handlers[source]
    except KeyError:
        raise LookupError(f"nobody reads {source}") from None
