"""Parts of a layout that need no layout: joined files, specifications, what a source without a status proves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orders.intake.mapping import find
from orders.intake.normal import NormalOrder
from orders.intake.readers import Row
from orders.intake.values import BadValue, structure, text
from orders.record.enums import OrderState

# A cell of a spec column may be a JSON list of name and value; people read it as one line.
SPEC_NAMES = (("name", "value"), ("attr_key", "attr_value"))


@dataclass(frozen=True)
class Join:
    """Another file of the set: its rows belong to the order whose `order_key` equals their `key`."""

    alias: str
    signature: frozenset[str]
    key: str
    order_key: str
    identity: tuple[str, ...]
    is_lookup: bool
    is_required: bool

    def fits(self, header: Sequence[str]) -> int:
        return int(self.signature <= set(header))


def by_key(rows: Iterator[Row], join: Join) -> dict[str, list[Row]]:
    """Rows of a joined file by the order they name. The same item pulled twice (equal `identity`) counts once."""
    found: dict[str, dict[Any, Row]] = {}
    for position, row in enumerate(rows):
        held = found.setdefault(text(row.get(join.key)), {})
        held[tuple(text(row.get(name)) for name in join.identity) or position] = row
    return {key: list(held.values()) for key, held in found.items()}


def what_it_proves(order: NormalOrder) -> str:
    """The state of an order whose source has no status column: no more than its amounts and times show."""
    if order.paid_at is None:
        return OrderState.PENDING_PAYMENT
    if order.paid_fen and order.refunded_fen >= order.paid_fen:
        return OrderState.CLOSED
    if order.completed_at:
        return OrderState.COMPLETED
    if order.received_at:
        return OrderState.RECEIVED
    return OrderState.SHIPPED if order.shipped_at else OrderState.TO_FULFIL


def readable_spec(found: str) -> str:
    """`[{"name": "颜色", "value": "红"}]` → `颜色:红`; anything else stays."""
    if not found.startswith("["):
        return found
    try:
        parts = structure(found, "spec")
    except BadValue:
        return found
    for name, value in SPEC_NAMES:
        if parts and all(isinstance(part, dict) and name in part for part in parts):
            return ";".join(f"{part[name]}:{part.get(value, '')}" for part in parts)
    return "" if parts == [] else found


def line_ids_of(row: Row, path: str) -> tuple[str, ...]:
    """Names of the lines in a parcel: a column, or `list[].column` inside nested JSON."""
    if not path:
        return ()
    head, is_list, rest = path.partition("[].")
    if not is_list:
        value = text(find(row, path))
        return (value,) if value else ()
    inside = structure(find(row, head), head) or []
    return tuple(text(each.get(rest)) for each in inside if isinstance(each, dict) and text(each.get(rest)))
