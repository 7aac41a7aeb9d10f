"""What others may hear about refunds. Sent once, after the commit that made it so."""

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import Signal

# refund: the money has moved.
refund_paid = Signal()


def announce_paid(refund: Any) -> None:
    """Tell that a refund was paid, once this transaction is committed. A receiver that fails is logged."""
    if refund_paid.has_listeners():
        transaction.on_commit(partial(refund_paid.send_robust, sender=None, refund=refund), robust=True)
