"""Which room reads a message: upper apps register themselves in `apps.py: ready()`."""

from collections.abc import Callable
from typing import Any

Handler = Callable[[Any], None]
_handlers: dict[str, Handler] = {}


def register(source: str, handler: Handler) -> None:
    """`source` is a whole kind (`courier`, `platform`), or one source of it (`courier:…`), which then comes first."""
    _handlers[source] = handler


def handler_of(source: str) -> Handler:
    """Raises LookupError when no room reads this source; the message is then parked, not lost."""
    found = _handlers.get(source) or _handlers.get(source.partition(":")[0])
    if found is None:
        raise LookupError(f"nobody reads {source}")
    return found
