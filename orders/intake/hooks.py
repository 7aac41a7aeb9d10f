"""What upper rooms add to a stored order, in the same transaction: logistics its parcels, later rooms theirs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orders.intake.normal import NormalOrder

# (shop, {order number: order id}, rows that were created or updated) -> None
Hook = Callable[[Any, Mapping[str, int], Sequence[NormalOrder]], None]

_hooks: dict[str, Hook] = {}


def register_after_orders(name: str, hook: Hook) -> None:
    """Call `hook` with each stored chunk. Registering a name again replaces it. A hook reads `packages` and the like
    from the rows; it works on many rows at once and raises nothing for one bad parcel."""
    _hooks[name] = hook


def after_orders(shop: Any, order_ids: Mapping[str, int], rows: Sequence[NormalOrder]) -> None:
    for hook in _hooks.values():
        hook(shop, order_ids, rows)
