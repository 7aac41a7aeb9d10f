"""The one small interface behind which every way of paying money back lives.

A channel is told a refund's number at most once per answer "I do not know it": `refund` orders, `query` only asks.
DENIED is a refusal that asking again cannot change: the number was not taken and never will be. Both return a Receipt
and never raise for what a channel may answer; `Outcome.UNKNOWN` means that nobody knows.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from aftersales.cases.models import Case
from aftersales.channels.enums import RefundOutcome
from merchant.shops.models import Shop
from orders.payments.models import Payment


class RefundToPay(Protocol):
    """What a channel needs to know of a refund. `number` is the key under which it is ordered; amounts in fen."""

    number: str
    amount_fen: int
    shop: Shop
    shop_id: int
    case: Case | None
    payment: Payment


@dataclass(frozen=True)
class Receipt:
    """What a channel said about one refund number. `amount_fen` is what it paid, where it says so; `snapshot` the
    platform's case as read on the way (law 8); `message` the channel's own words, `raw` its answer without secrets."""

    outcome: RefundOutcome
    channel_number: str = ""
    amount_fen: int | None = None
    code: str = ""
    message: str = ""
    request: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)
    snapshot: Any = None


class Channel:
    """One way of paying money back."""

    code: str = ""
    # Channels take at most this many refunds of one payment.
    max_refunds_per_payment: int = 50
    # How long after the payment the channel pays back; None where it does not say.
    window: timedelta | None = None
    # The channel answers at once with the end result of a paid refund; otherwise it is asked until it does.
    is_platform: bool = False
    # It says whether the money went to the buyer's balance or to a card.
    tells_where_it_went: bool = False

    def check_can_pay(self, case: Case) -> None:
        """Whether this case's money could be ordered now. Raises Refused with what is missing and where to set it."""

    def check_can_tell(self, case: Case) -> None:
        """Whether a refusal of this case could be told to the platform now. Raises Refused likewise."""

    def refund(self, refund: RefundToPay) -> Receipt:
        """Order the payment under the refund's number. No transaction is open and no row is locked."""
        raise NotImplementedError

    def find(self, refund: RefundToPay, number: str) -> Receipt:
        """How another number of the same payment stands: a refund made on the channel's own pages. Changes nothing.
        UNKNOWN_NUMBER where the channel does not know it, or it belongs to another payment."""
        return Receipt(RefundOutcome.UNKNOWN_NUMBER)

    def query(self, refund: RefundToPay) -> Receipt:
        """Ask how the number stands. Changes nothing at the channel."""
        raise NotImplementedError
