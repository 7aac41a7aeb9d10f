"""Why an order's clocks stand still, as rooms above know it: a parcel of it that comes back. Read, never stored, so
that nothing has to be taken away again."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q

# Each gives the condition, over rows of Order, under which the order is neither received nor complete by itself.
_holds: dict[str, tuple[Callable[[], Q], Any]] = {}


def register(name: str, condition: Callable[[], Q], *, why: Any) -> None:
    """Hold orders back while `condition()` is so; `why` is the sentence. One of the same name is replaced."""
    _holds[name] = (condition, why)


def held_back() -> Q:
    """The condition of all of them together; of nothing registered, one that holds nobody."""
    found = Q(pk__in=[])
    for condition, _why in _holds.values():
        found |= condition()
    return found


def why_held(order: Any) -> Any:
    """The sentence of the first that holds this order; "" when none does."""
    rows = type(order).objects.filter(pk=order.pk)
    return next((why for condition, why in _holds.values() if rows.filter(condition()).exists()), "")
