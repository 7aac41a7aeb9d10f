"""Where a box gets its tracking number from. A courier's label service registers itself here by name when the process
starts; until one does, a number is typed by hand or scanned from a preprinted label."""

from collections.abc import Callable
from typing import Any

# Whether a box can be given a number by this service now, and what is asked of it then.
Offers = Callable[[Any], bool]
Asks = Callable[..., Any]
_services: dict[str, tuple[Any, Offers, Asks]] = {}


def register_waybills(name: str, *, label: Any, offers: Offers, ask: Asks) -> None:
    """`offers(consignment)` says whether the service can give this box a number; `ask(consignment, by=…)` submits the
    wish (an errand: nothing calls outside in a request) and its result comes back by `boxes.give_waybill`."""
    _services[name] = (label, offers, ask)


def services_for(consignment: Any) -> list[tuple[str, Any]]:
    """(name, label) of the services that can give this box a number now."""
    return [(name, label) for name, (label, offers, _ask) in _services.items() if offers(consignment)]


def ask(name: str, consignment: Any, *, by: Any) -> Any:
    """Have the service `name` give the box a number. Raises KeyError for one that is not registered."""
    return _services[name][2](consignment, by=by)
