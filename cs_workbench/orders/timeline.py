"""One list of everything that happened to an order, its parcels, its cases and its money, newest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from aftersales.cases.enums import CaseState, CaseTag
from aftersales.cases.reason_texts import WHY
from aftersales.refunds.enums import RefundState
from cs_workbench.orders.changes import changes_text, difference_text
from cs_workbench.orders.verbs import HIDDEN, VERBS
from logistics.couriers.names import courier_name
from logistics.interception.enums import InterceptionState
from logistics.interception.enums import Reason as StopReason
from logistics.parcels.enums import PackageState
from logistics.parcels.models import Package
from logistics.parcels.tracking_models import TrackingEvent
from merchant.trail.models import Activity
from merchant.ui.formatting import money
from orders.record.enums import Flag, OrderState
from orders.record.models import Order, SourceDiff
from orders.remarks.models import Note

LIMIT = 200
STATES = {
    "order": dict(OrderState.choices),
    "case": dict(CaseState.choices),
    "refund": dict(RefundState.choices),
    "interception": dict(InterceptionState.choices),
    "package": dict(PackageState.choices),
}
REASONS = {**dict(StopReason.choices), **dict(CaseTag.choices), **WHY}
ICONS = {"order": "orders", "case": "back", "refund": "money", "interception": "turn", "package": "box"}
GOOD = {"success", "succeeded", "returned", "closed_ok", "completed", "received", "shipped", "offline_done", "approved"}
BAD = {
    "failed",
    "refused",
    "refund_failed",
    "abnormal",
    "rejected",
    "delivered_anyway",
    "lost_suspect",
    "closed_lost",
    "closed_damaged",
    "exception",
}


@dataclass(frozen=True)
class Entry:
    """`kind`: goods, money or people, which the page can show apart. `tone`: ok, bad, now or nothing."""

    at: datetime
    kind: str
    icon: str
    what: str
    then: str = ""
    by: str = ""
    tone: str = ""
    raw: str = ""
    inbox_id: int | None = None


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
        rows.append(Entry(order.closed_at, "people", "x", _("Closed"), order.close_reason))
    return rows


def from_scans(events: Iterable[TrackingEvent], packages: dict[int, Package]) -> list[Entry]:
    """Courier scans, each with what it means to us and the number of the message that brought it."""
    rows = []
    for event in events:
        package = packages[event.package_id]
        label = STATES["package"].get(event.status, event.site or event.city or event.raw_code)
        rows.append(
            Entry(
                event.event_at,
                "goods",
                "truck",
                f"{label}",
                event.text or event.site,
                f"{courier_name(package.courier)} {package.waybill}",
                "bad" if event.status in BAD else "",
                raw=event.raw_code,
                inbox_id=event.inbox_id,
            )
        )
    return rows


def from_differences(rows: Iterable[SourceDiff]) -> list[Entry]:
    """What the platform said and we did not follow."""
    return [Entry(row.at, "people", "info", _("Not followed"), difference_text(row), tone="bad") for row in rows]


def from_notes(notes: Iterable[Note]) -> list[Entry]:
    return [
        Entry(note.at, "people", "note", _("Note"), note.text or str(note.get_flag_display() or ""), note.by_name)
        for note in notes
    ]


def from_cases(cases: Iterable[Any]) -> list[Entry]:
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


def reason_text(reason: str) -> str:
    """A stored reason in words; free text stays as it was written."""
    return str(REASONS.get(reason, reason)) if reason else ""


def from_trail(rows: Iterable[Activity], names: dict[int, str]) -> list[Entry]:
    """The moves people and the system made; states in words, reasons as given."""
    found = []
    for row in rows:
        machine, _dot, _verb = row.verb.partition(".")
        if row.verb in HIDDEN:
            continue
        states = STATES.get(machine, {})
        what = str(VERBS[row.verb]) if row.verb in VERBS else str(states.get(row.to_state, row.verb))
        moved = ""
        if row.from_state and row.to_state and row.from_state != row.to_state:
            moved = f"{states.get(row.from_state, row.from_state)} → {states.get(row.to_state, row.to_state)}"
        changed = changes_text(row.detail.get("changes") or {}) if machine == "order" else ""
        if row.verb == "order.flag":
            changed = f"{flag_name(row.detail.get('was'))} → {flag_name(row.detail.get('flag'))}"
        given = _("to %(name)s") % {"name": row.detail["to_name"]} if row.detail.get("to_name") else ""
        then = "; ".join(part for part in (moved, given, changed, reason_text(row.reason)) if part)
        found.append(
            Entry(
                row.at,
                "money" if machine == "refund" else "people",
                ICONS.get(machine, "info"),
                what,
                then,
                names.get(row.by_id, "") if row.by_id else _("the system"),
                "bad" if row.to_state in BAD else "ok" if row.to_state in GOOD else "",
            )
        )
    return found


def flag_name(flag: int | None) -> str:
    return _("no flag") if flag is None else str(Flag(flag).label)


def merge(*parts: list[Entry], kind: str = "") -> list[Entry]:
    """Newest first; `kind` keeps one sort of entry."""
    rows = [entry for part in parts for entry in part if not kind or entry.kind == kind]
    return sorted(rows, key=lambda entry: entry.at, reverse=True)[:LIMIT]
