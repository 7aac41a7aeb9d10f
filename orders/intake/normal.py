"""An order as every source is brought down to it. Money in fen, times aware, blanks as "" or None, nothing stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from merchant.vault.services import Person
from orders.record.enums import CategoryClass

__all__ = ["NormalLine", "NormalOrder", "NormalPackage", "NormalPayment", "Person", "RowOutcome"]


@dataclass(slots=True)
class NormalLine:
    """One bought item. Amounts the source does not give stay None and are derived (orders.intake.amounts)."""

    title: str = ""
    quantity: int = 1
    # List price × quantity, before every discount.
    goods_fen: int | None = None
    # What the buyer paid for it after all discounts, without freight.
    net_fen: int | None = None
    # Already returned for it according to the source, without a case of its own.
    refunded_fen: int = 0
    # The platform's sub-order number; cases name lines by it.
    external_id: str = ""
    item_id: str = ""
    product_id: str = ""
    sku_code: str = ""
    spec: str = ""
    category_class: str = CategoryClass.NORMAL
    # Where a picture of it lies, as the source says it. Not part of the order: a new one writes no order anew.
    picture_url: str = ""


@dataclass(slots=True)
class NormalPackage:
    """A parcel the source names. Written by logistics, which registers for it (orders.intake.hooks)."""

    courier: str
    waybill: str
    shipped_at: datetime | None = None
    # Sub-order numbers or item ids of the lines inside; empty means all of them.
    line_ids: tuple[str, ...] = ()


@dataclass(slots=True)
class NormalPayment:
    channel: str
    number: str
    # None where the source does not say it: then it is what the order comes to.
    amount_fen: int | None
    paid_at: datetime | None = None


@dataclass(slots=True)
class NormalOrder:
    number: str
    placed_at: datetime
    state: str
    lines: list[NormalLine] = field(default_factory=list)
    # What the buyer has to pay, freight included; counts as paid when paid_at is known.
    paid_fen: int | None = None
    freight_fen: int = 0
    goods_fen: int | None = None
    shop_discount_fen: int | None = None
    subsidy_fen: int = 0
    # Returned according to the source, when it names no cases that would carry the same money.
    refunded_fen: int = 0
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    received_at: datetime | None = None
    completed_at: datetime | None = None
    closed_at: datetime | None = None
    ship_by_at: datetime | None = None
    source_updated_at: datetime | None = None
    source_status: str = ""
    close_reason: str = ""
    pay_method: str = ""
    payments: list[NormalPayment] = field(default_factory=list)
    buyer_id: str = ""
    buyer_nickname: str = ""
    recipient: Person | None = None
    buyer_note: str = ""
    seller_note: str = ""
    flag: int | None = None
    host_name: str = ""
    # The platform's words for promises to the buyer; stored as codes where we know them (orders.intake.benefits).
    benefits: tuple[str, ...] = ()
    packages: list[NormalPackage] = field(default_factory=list)
    # What was left out or is doubtful, in words for the report: the order itself is taken.
    remarks: tuple[str, ...] = ()
    # Rows of the source this order was read from, for the report; not part of the order.
    row_nos: tuple[int, ...] = ()


@dataclass(slots=True, frozen=True)
class RowOutcome:
    """What became of one row: created, updated, unchanged or refused, and in words why where that needs saying."""

    row_no: int
    subject: str
    outcome: str
    reason: str = ""


def outcomes_of(order: NormalOrder, outcome: str, reason: str = "") -> Sequence[RowOutcome]:
    """One outcome for every row the order was read from; remarks on an order that is taken stand in its first."""
    remark = "; ".join(map(str, order.remarks)) if outcome != "refused" else ""
    if remark:
        first, *others = order.row_nos or (0,)
        said = "; ".join(filter(None, (str(reason), remark)))
        return [
            RowOutcome(first, order.number, outcome, said),
            *(RowOutcome(row_no, order.number, outcome, reason) for row_no in others),
        ]
    return [RowOutcome(row_no, order.number, outcome, reason) for row_no in order.row_nos or (0,)]
