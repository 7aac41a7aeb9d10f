"""What others may hear about orders. Sent once, after the commit that made it so."""

from django.db import transaction
from django.dispatch import Signal

# shop_id, moves: {order id: (state before, state after)}.
orders_moved = Signal()


def announce_moves(shop_id: int, moves: dict[int, tuple[str, str]]) -> None:
    """Tell that orders of one shop changed their state, once this transaction is committed."""
    if moves and orders_moved.has_listeners():

        def tell() -> None:
            orders_moved.send(sender=None, shop_id=shop_id, moves=moves)

        transaction.on_commit(tell)
