"""What is moved into review is looked at soon after the commit; what comes in new, the intake itself announces."""

from typing import Any

from merchant.wakeups import wake_sweep
from orders.record.enums import OrderState
from orders.record.signals import orders_moved
from orders.review.services import SWEEP


def on_move(shop_id: int, moves: Any, **_: Any) -> None:
    if any(after == OrderState.PENDING_REVIEW for _before, after in moves.values()):
        wake_sweep(SWEEP)


def register() -> None:
    """Called once, when the process starts."""
    orders_moved.connect(on_move, dispatch_uid="orders.review.on_move")
