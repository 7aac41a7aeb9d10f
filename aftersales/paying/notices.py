"""A channel says that a refund has ended: a wake-up, never the truth. The channel is asked at once."""

from typing import Any

from aftersales.refunds.enums import SENT_STATES
from aftersales.refunds.models import Refund
from merchant.clock import now
from merchant.platforms.wechat import notices as wechat_notices
from merchant.platforms.wechat.notices import RefundNotice
from merchant.wakeups import wake_now
from orders.payments.enums import PayChannel


def read_wechat_notice(account: Any, notice: RefundNotice) -> None:
    """Ask about this number now. One that is not ours, or is settled, changes nothing; asked twice costs a question."""
    rows = Refund.objects.filter(
        shop_id=account.shop_id,
        number=notice.out_refund_no,
        channel=PayChannel.WECHAT_PAY,
        state__in=SENT_STATES,
    )
    pk = rows.values_list("pk", flat=True).first()
    if pk is not None:
        rows.filter(pk=pk, next_at__gt=now()).update(next_at=now())
        wake_now("aftersales.poll_refund", refund_id=pk)


def register() -> None:
    """Called once, from the room's registrations."""
    wechat_notices.on_refund(read_wechat_notice)
