"""What moves in orders and stock wakes the worker that keeps both in line. The rows are the truth, the sweep finds them
too."""

from collections.abc import Collection, Mapping
from typing import Any

from django.dispatch import receiver

from merchant.policy import services as policy
from merchant.stock.signals import stock_changed
from merchant.wakeups import wake_now
from orders.intake.signals import orders_imported
from orders.record.enums import OrderState
from orders.record.signals import orders_moved
from orders.reservation.enums import LEFT
from orders.reservation.models import Shortage

# The ids that go with one message; more are found by the sweep.
MOST = 200


@receiver(orders_imported, dispatch_uid="orders.reservation.orders_imported")
def on_orders_imported(shop_id: int, order_ids: Collection[int], **_more: Any) -> None:
    _wake(shop_id, order_ids)


@receiver(orders_moved, dispatch_uid="orders.reservation.orders_moved")
def on_orders_moved(shop_id: int, moves: Mapping[int, tuple[str, str]], **_more: Any) -> None:
    """Paid, sent back to review (edited, perhaps), closed or gone: what is kept may be wrong now."""
    news = (OrderState.PENDING_REVIEW, OrderState.CLOSED, *LEFT)
    # What has left took its goods along: its end (refunded on the road, say) is nobody's news here.
    in_house = {pk: move for pk, move in moves.items() if move[0] not in LEFT}
    ids = [pk for pk, (before, after) in in_house.items() if after in news or before == OrderState.PENDING_PAYMENT]
    _wake(shop_id, ids)


@receiver(stock_changed, dispatch_uid="orders.reservation.stock_changed")
def on_stock_changed(shop_id: int, sku_ids: Collection[int], grew: bool, **_more: Any) -> None:
    if grew and Shortage.objects.filter(shop_id=shop_id, sku_id__in=sku_ids).exists():
        wake_now("orders.fill_shortages", shop_id=shop_id)


def _wake(shop_id: int, order_ids: Collection[int]) -> None:
    if not order_ids or not policy.current(shop_id).fulfil_here:
        return
    if len(order_ids) > MOST:
        wake_now("orders.sweep_reservations")
    else:
        wake_now("orders.settle_reservations", shop_id=shop_id, order_ids=",".join(map(str, sorted(order_ids))))
