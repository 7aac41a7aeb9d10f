"""What is said to a buyer or a platform about an order. It stands in the order's trail; who sends it registers here."""

from collections.abc import Callable
from typing import Any

from merchant.people.models import Actor
from merchant.trail import activity

# (order, event, text) -> None, inside the transaction that says it.
Sender = Callable[[Any, str, str], None]
_senders: dict[str, Sender] = {}


def register(name: str, sender: Sender) -> None:
    """Hand each message to `sender` as well; one of the same name is replaced."""
    _senders[name] = sender


def tell(order: Any, event: str, text: str, *, by: Actor) -> None:
    """Say `text` to the buyer of an order, or to its platform where the buyer is only reached there. `event` is one of
    `review_rejected`, `address_asked`, `order_confirmed`. The caller holds the transaction."""
    activity.record(order, "order.tell", by=by, event=event, text=text[:500])
    for sender in _senders.values():
        sender(order, event, text)
