"""A case as a platform has it, in our words: what every platform is brought down to before anything is decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aftersales.cases.enums import CaseState, OpenedBy

# States whose end a platform names: what it says of any other is somebody else's clock.
WITH_DEADLINE = (
    CaseState.APPLIED,
    CaseState.WAIT_BUYER_RETURN,
    CaseState.WAIT_SELLER_RECEIVE,
    CaseState.WAIT_SELLER_RESEND,
)


@dataclass(frozen=True)
class PlatformCase:
    """A platform's case in our words. `version` only ever grows; `state` is where the platform has it.

    `paid_fen` is what the platform says it has paid the buyer (None: nothing, or it does not say). `line_ids` are the
    platform's sub-order numbers the case is about; empty means the whole order."""

    number: str
    order_number: str
    kind: str
    state: str
    amount_fen: int
    version: int
    status: str
    freight_fen: int = 0
    reason: str = ""
    opened_by: str = OpenedBy.BUYER
    line_ids: tuple[str, ...] = ()
    quantity: int = 0
    applied_at: datetime | None = None
    deadline: datetime | None = None
    paid_fen: int | None = None
    paid_at: datetime | None = None
    channel_number: str = ""
    # What the buyer sends the goods back with, as far as the platform says.
    return_courier: str = ""
    return_waybill: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
