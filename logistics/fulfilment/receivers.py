"""What this capability does when an order moves; wired in `logistics/receivers.py`."""

from typing import Any

from django.dispatch import receiver

from logistics.fulfilment import following
from merchant.wakeups import wake_now
from orders.record.signals import orders_moved


@receiver(orders_moved, dispatch_uid="logistics.follow_orders")
def on_orders_moved(sender: Any, *, shop_id: int, moves: dict[int, tuple[str, str]], **_: Any) -> None:
    if following.concerns(moves):
        wake_now("logistics.follow_orders", shop_id=shop_id)
