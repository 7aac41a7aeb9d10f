"""Labels already made for an order. Parcels live one room up, which says here how to look."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Label:
    """`document` names it in a block. `is_gone`: a courier has it, so nothing on it can be changed."""

    document: str
    is_gone: bool


Look = Callable[[Sequence[int]], Mapping[int, Sequence[Label]]]
_looks: dict[str, Look] = {}


def register_labels(name: str, look: Look) -> None:
    """`look` takes order ids and answers {order id: labels in force}. Registering a name again replaces it."""
    _looks[name] = look


def labels_of(order_ids: Sequence[int]) -> dict[int, list[Label]]:
    """The labels in force of these orders; one look of each room, however many orders."""
    found: dict[int, list[Label]] = {pk: [] for pk in order_ids}
    for look in _looks.values():
        for pk, labels in look(order_ids).items():
            found[pk] += labels
    return found
