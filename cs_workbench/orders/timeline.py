"""What an order's timeline shows beside the audit trail: its own clock, its notes, what was asked for, what the
platform said. The trail itself is `merchant.trail.timeline`, the courier's scans `logistics.parcels.timeline`."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from aftersales.cases.models import Case
from merchant.trail.timeline import Entry, reason_text
from merchant.ui.formatting import money
from orders.record.changes import difference_text
from orders.record.models import Order, SourceDiff
from orders.remarks.models import Note


def from_order(order: Order) -> list[Entry]:
    """What the order's own clock says; files bring orders whose moves nobody recorded."""
    rows = [Entry(order.placed_at, "people", "orders", _("Ordered"), order.buyer_note)]
    if order.paid_at:
        rows.append(
            Entry(order.paid_at, "money", "money", _("Paid, %(sum)s") % {"sum": money(order.paid_fen)}, tone="ok")
        )
    if order.shipped_at:
        rows.append(Entry(order.shipped_at, "goods", "box", _("Sent"), tone="ok"))
    if order.received_at:
        rows.append(Entry(order.received_at, "goods", "check", _("Received"), tone="ok"))
    if order.completed_at:
        rows.append(Entry(order.completed_at, "people", "check", _("Completed"), tone="ok"))
    if order.closed_at:
        rows.append(Entry(order.closed_at, "people", "x", _("Closed"), reason_text(order.close_reason)))
    return rows


def from_differences(rows: Iterable[SourceDiff]) -> list[Entry]:
    """What the platform said and we did not follow."""
    return [Entry(row.at, "people", "info", _("Not followed"), difference_text(row), tone="bad") for row in rows]


def from_notes(notes: Iterable[Note]) -> list[Entry]:
    return [
        Entry(note.at, "people", "note", _("Note"), note.text or str(note.get_flag_display() or ""), note.by_name)
        for note in notes
    ]


def from_cases(cases: Iterable[Case]) -> list[Entry]:
    """The application itself: the trail begins with our first move."""
    return [
        Entry(
            case.applied_at,
            "people",
            "chat",
            _("%(kind)s asked for, %(sum)s") % {"kind": case.get_kind_display(), "sum": money(case.amount_fen)},
            case.reason,
            f"{case.get_opened_by_display()} · {case.number}",
        )
        for case in cases
    ]
