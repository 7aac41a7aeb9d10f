"""Which channel pays an order's money back: the one it came in through, and no other."""

from django.utils.translation import gettext_lazy as _

from aftersales.channels.base import Channel
from aftersales.channels.douyin import DouyinChannel
from aftersales.channels.kuaishou import KuaishouChannel
from aftersales.channels.wechat_pay import WeChatPayChannel
from merchant.refusals import Refused
from orders.payments.enums import PaymentState
from orders.payments.models import Payment
from orders.record.models import Order

_channels: dict[str, Channel] = {
    channel.code: channel for channel in (KuaishouChannel(), DouyinChannel(), WeChatPayChannel())
}


def register(channel: Channel) -> None:
    """Add a channel; a second one under the same code replaces the first."""
    _channels[channel.code] = channel


def get(code: str) -> Channel:
    """The channel of this code. Raises Refused NO_CHANNEL where money must be moved on the platform's own pages."""
    try:
        return _channels[code]
    except KeyError:
        raise Refused(
            "NO_CHANNEL",
            _("Huicang cannot move money back through this channel yet: settle the refund on the platform's own page."),
            channel=code,
        ) from None


def payment_of(order: Order) -> Payment:
    """The payment a refund goes back to: the largest one the order was paid with. Raises Refused NO_PAYMENT."""
    payment = Payment.objects.filter(order=order, state=PaymentState.PAID).order_by("-amount_fen", "pk").first()
    if payment is None:
        raise Refused("NO_PAYMENT", _("No payment of this order is on record, so nothing can be paid back."))
    return payment


def for_order(order: Order) -> Channel:
    """The channel that pays this order's money back. Raises Refused NO_PAYMENT or NO_CHANNEL."""
    return get(payment_of(order).channel)
