"""A channel says that a refund has ended: a wake-up, never the truth. The channel is asked at once."""

from typing import Any

from aftersales.refunds.enums import SENT_STATES
from aftersales.refunds.models import Refund
from merchant.clock import now
from merchant.platforms.base import Hint
from merchant.platforms.messages import on_hint
from merchant.wakeups import wake_now


def read_hint(account: Any, hint: Hint) -> None:
    """Ask about these numbers now. One that is not ours, or is settled, changes nothing; twice costs a question."""
    for number in hint.refund_numbers:
        rows = Refund.objects.filter(
            shop_id=account.shop_id, number=number, channel=account.platform, state__in=SENT_STATES
        )
        pk = rows.values_list("pk", flat=True).first()
        if pk is not None:
            rows.filter(pk=pk, next_at__gt=now()).update(next_at=now())
            wake_now("aftersales.poll_refund", refund_id=pk)


def register() -> None:
    """Called once, from the room's registrations."""
    on_hint("aftersales.refunds", read_hint)
