from dataclasses import dataclass, field
from datetime import datetime

from orders.intake.amounts import Amounts
from orders.intake.normal import NormalOrder
from orders.record.models import Order


@dataclass(slots=True)
class Incoming:
    """One order on its way in, with what is already known of it."""

    order: NormalOrder
    digest: bytes
    amounts: Amounts
    stored: Order | None = None
    # Where it enters our road: the source's state, but review comes first in a shop that prepares orders here.
    state: str = ""
    # Line numbers in the order of `order.lines`; an update keeps a line's number by its sub-order number.
    line_nos: list[int] = field(default_factory=list)
    recipient_id: int | None = None
    clocks: dict[str, datetime | None] = field(default_factory=dict)
