"""What others may hear about the stock. Sent once, after the commit that made it so."""

from collections.abc import Iterable

from django.db import transaction
from django.dispatch import Signal

# shop_id, sku_ids: how many of these are free has changed; `grew`: of some there are more.
stock_changed = Signal()


def announce_change(shop_id: int, sku_ids: Iterable[int], *, grew: bool) -> None:
    """Tell it once this transaction is committed."""
    changed = set(sku_ids)
    if changed and stock_changed.has_listeners():

        def tell() -> None:
            stock_changed.send(sender=None, shop_id=shop_id, sku_ids=changed, grew=grew)

        transaction.on_commit(tell)
