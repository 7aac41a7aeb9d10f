"""What is known of an order when its promises to the buyer (权益) are weighed, and what a page shows of one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aftersales.cases.enums import GOODS_FIRST_KINDS, CaseState
from aftersales.cases.models import Case
from logistics.parcels.enums import Direction, PackageState
from logistics.parcels.models import Package
from orders.record.enums import OrderState
from orders.record.models import Order, OrderLine

# The buyer's return has been signed for at our door, and was not sent back.
RETURN_HOME = (
    CaseState.INSPECTING,
    CaseState.REFUNDING,
    CaseState.REFUND_FAILED,
    CaseState.WAIT_SELLER_RESEND,
    CaseState.REPAIRING,
    CaseState.WAIT_BUYER_RECEIVE,
    CaseState.SUCCESS,
)


@dataclass(frozen=True)
class BenefitTag:
    """One promise on one order now. It `holds` while the buyer may rely on it; `note` stands beside the name, `why` is
    the sentence, `anchor` the rule. `amount_fen` is what is due, where something is."""

    code: str
    label: str
    anchor: str
    holds: bool
    why: str
    note: str = ""
    since: datetime | None = None
    until: datetime | None = None
    amount_fen: int | None = None


@dataclass(frozen=True)
class Facts:
    """What the rules ask about one order. `sent_at` is when its last parcel left, None while something waits here;
    `received_at` when the buyer had all of it in hand; `settled_at` the end of the after-sale period."""

    words: tuple[str, ...] = ()
    host_name: str = ""
    paid_at: datetime | None = None
    ship_by_at: datetime | None = None
    sent_at: datetime | None = None
    is_sent: bool = False
    is_handed_over: bool = False
    received_at: datetime | None = None
    settled_at: datetime | None = None
    closed_at: datetime | None = None
    is_closed: bool = False
    is_refunded: bool = False
    is_return_home: bool = False
    paid_fen: int = 0
    goods_paid_fen: int = 0
    categories: frozenset[str] = field(default_factory=frozenset)
    credit: int | None = None


def facts_of(
    order: Order, lines: Sequence[OrderLine], cases: Sequence[Case], packages: Sequence[Package], credit: int | None
) -> Facts:
    """The facts of one order from its rows; asks the database nothing."""
    outbound = [one for one in packages if one.direction == Direction.OUTBOUND and one.state != PackageState.VOIDED]
    left = [one.shipped_at for one in outbound if one.shipped_at]
    sent_at = max(left) if len(left) > 1 else order.shipped_at
    return Facts(
        words=tuple(order.benefits),
        host_name=order.host_name,
        paid_at=order.paid_at,
        ship_by_at=order.ship_by_at,
        sent_at=None if order.awaits_shipment else sent_at,
        is_sent=order.is_sent and not order.awaits_shipment,
        is_handed_over=order.is_sent or any(one.picked_up_at for one in outbound),
        received_at=_received_at(outbound) or order.received_at,
        settled_at=order.completed_at or order.settle_at,
        closed_at=order.closed_at,
        is_closed=order.state == OrderState.CLOSED,
        is_refunded=0 < order.paid_fen <= order.refunded_fen,
        is_return_home=any(case.kind in GOODS_FIRST_KINDS and case.state in RETURN_HOME for case in cases),
        paid_fen=order.paid_fen,
        goods_paid_fen=sum(line.net_fen for line in lines),
        categories=frozenset(str(line.category_class) for line in lines),
        credit=credit,
    )


def _received_at(outbound: Sequence[Package]) -> Any:
    """When the last parcel was signed for; None while one is not, or none is known."""
    signed = [one.signed_at for one in outbound if one.state == PackageState.SIGNED and one.signed_at]
    return max(signed) if signed and len(signed) == len(outbound) else None
