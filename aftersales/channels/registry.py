"""Which channel pays an order's money back: the one it came in through, and no other.

A channel registers itself where it is defined; `discover` loads every file of this folder."""

import importlib
import pkgutil
from pathlib import Path

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from aftersales.channels.base import Channel
from aftersales.channels.platform import PlatformChannel
from merchant.refusals import Refused
from orders.payments.enums import PaymentState
from orders.payments.models import Payment
from orders.record.models import Order

_channels: dict[str, Channel] = {}


def register(channel: Channel) -> None:
    """Add a channel; one of the same code is replaced."""
    _channels[channel.code] = channel


def discover() -> None:
    """Load every channel; called once, when the process starts."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        importlib.import_module(f"aftersales.channels.{module.name}")


def codes() -> list[str]:
    """Codes of the channels there are."""
    return list(_channels)


def of_platform(code: str) -> PlatformChannel:
    """The channel of a platform whose cases are read over its own interface. Raises LookupError where none is."""
    channel = _channels.get(code)
    if not isinstance(channel, PlatformChannel):
        raise LookupError(f"nothing reads the cases of {code}")
    return channel


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


def tells_where_it_went(code: str) -> bool:
    """Whether this channel says where the buyer's money went; how long it takes depends on it."""
    channel = _channels.get(code)
    return channel is not None and channel.tells_where_it_went


def payments_of(order: Order) -> QuerySet[Payment]:
    """What the order was paid with, the payment that a refund goes back to first on top: the largest."""
    return Payment.objects.filter(order=order, state=PaymentState.PAID).order_by("-amount_fen", "pk")


def payment_of(order: Order, among: QuerySet[Payment] | None = None) -> Payment:
    """The first of `payments_of`; `among` are those with something read beside them. Raises Refused NO_PAYMENT."""
    if among is None and order.known_payments is not None:
        paid = [row for row in order.known_payments if row.state == PaymentState.PAID]
        payment = min(paid, key=lambda row: (-row.amount_fen, row.pk), default=None)
    else:
        payment = (payments_of(order) if among is None else among).first()
    if payment is None:
        raise Refused("NO_PAYMENT", _("No payment of this order is on record, so nothing can be paid back."))
    return payment


def for_order(order: Order) -> Channel:
    """The channel that pays this order's money back. Raises Refused NO_PAYMENT or NO_CHANNEL."""
    return get(payment_of(order).channel)
