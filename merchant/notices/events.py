"""What people of a shop are told of: each room registers its own events when the process starts."""

from dataclasses import dataclass
from typing import Any

from merchant.money import yuan


@dataclass(frozen=True)
class Event:
    """`text` is a lazy sentence with `%(name)s` for each of `variables`; one whose name ends in `_fen` is an amount."""

    name: str
    label: Any
    text: Any
    variables: tuple[str, ...]

    def say(self, values: dict[str, Any]) -> str:
        """The sentence in the language of whoever reads."""
        shown = {name: values.get(name, "") for name in self.variables}
        return str(self.text) % {
            name: f"¥{yuan(int(value or 0))}" if name.endswith("_fen") else value for name, value in shown.items()
        }


_events: dict[str, Event] = {}


def register(name: str, *, label: Any, text: Any, variables: tuple[str, ...]) -> None:
    """Called once an event, from a room's `ready`; a second call replaces the first."""
    _events[name] = Event(name, label, text, variables)


def event_of(name: str) -> Event | None:
    """The event of that name, None for one that no room of this version knows."""
    return _events.get(name)
