"""The seven steps of an interception and the drawn road, both from the rows alone."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from aftersales.refunds.enums import RefundState
from aftersales.refunds.models import Refund
from logistics.interception.enums import EVER_STOPPED
from logistics.interception.enums import InterceptionState as S
from logistics.interception.models import Interception
from logistics.parcels.tracking_models import TrackingEvent
from merchant.ui.formatting import length, money

HOME = (S.RETURNED, S.CLOSED_OK, S.CLOSED_DAMAGED)


@dataclass(frozen=True)
class Step:
    """`kind`: done, now, todo, bad (ended here) or skip (will not be reached)."""

    title: str
    kind: str
    at: datetime | None = None
    note: str = ""
    icon: str = "check"


def _submitted(row: Interception) -> Step:
    who = str(row.submitted_by) if row.submitted_by_id else _("the system")
    return Step(_("Submitted"), "done", row.submitted_at, who)


def _accepted(row: Interception) -> Step:
    if row.accepted_at:
        took = row.accepted_at - row.submitted_at
        return Step(
            _("Taken by the courier"), "done", row.accepted_at, _("after %(length)s") % {"length": length(took)}
        )
    if row.state == S.SUBMITTED:
        note = (
            _("asked %(times)s times, no answer yet") % {"times": row.attempts}
            if row.attempts > 1
            else _("waiting for the courier's answer")
        )
        return Step(_("Courier's answer"), "now", None, note, "clock")
    return Step(_("Courier's answer"), "skip", None, "")


def _stopped(row: Interception) -> Step:
    if row.state in EVER_STOPPED:
        return Step(
            _("Stopped on the road"), "done", row.settled_at, row.get_evidence_display() if row.evidence else ""
        )
    if row.state == S.FAILED:
        return Step(_("Not stopped"), "bad", row.settled_at, row.get_reason_display(), "x")
    if row.state == S.WITHDRAWN:
        return Step(_("Withdrawn"), "bad", row.settled_at, "", "x")
    if row.state == S.RUNNING:
        return Step(
            _("Stopping it on the road"),
            "now",
            None,
            _("result unknown, still asking") if row.is_unknown else _("accepted is not stopped yet"),
            "clock",
        )
    return Step(_("Stopping it on the road"), "todo")


def _refund_steps(row: Interception, refund: Refund | None) -> list[Step]:
    ended = row.state in (S.FAILED, S.WITHDRAWN)
    if refund is None:
        kind = "skip" if ended else "now" if row.state in EVER_STOPPED else "todo"
        return [
            Step(_("Refund agreed"), kind, icon="clock" if kind == "now" else "check"),
            Step(_("Refund"), "skip" if ended else "todo"),
        ]
    agreed = Step(
        _("Refund agreed"),
        "done",
        refund.created_at,
        str(refund.created_by) if refund.created_by_id else _("the system"),
    )
    paid = {
        RefundState.SUCCESS: "done",
        RefundState.OFFLINE_DONE: "done",
        RefundState.REJECTED: "bad",
        RefundState.VOID: "bad",
        RefundState.ABNORMAL: "bad",
        RefundState.CLOSED: "bad",
    }.get(RefundState(refund.state), "now")
    # 已退款 is said only when the channel has said so.
    title = {"done": _("Refunded"), "now": _("Refund under way")}.get(paid, _("Refund"))
    note = money(refund.amount_fen) if paid == "done" else f"{money(refund.amount_fen)}·{refund.get_state_display()}"
    return [agreed, Step(title, paid, refund.settled_at, note, {"bad": "x", "now": "clock"}.get(paid, "check"))]


def _way_home(row: Interception) -> list[Step]:
    if row.state in (S.FAILED, S.WITHDRAWN):
        return [Step(_("Way home"), "skip"), Step(_("Home to the warehouse"), "skip")]
    if row.state == S.DELIVERED_ANYWAY:
        return [
            Step(_("Delivered after all"), "bad", None, _("ask the courier to make good the loss"), "alert"),
            Step(_("Home to the warehouse"), "skip"),
        ]
    if row.state in (S.LOST_SUSPECT, S.CLOSED_LOST):
        return [
            Step(_("On its way home"), "bad", None, row.get_state_display(), "alert"),
            Step(_("Home to the warehouse"), "skip"),
        ]
    going = "done" if row.state in HOME else "now" if row.state == S.RETURNING else "todo"
    note = row.get_state_display() if row.state in (S.CLOSED_OK, S.CLOSED_DAMAGED) else ""
    return [
        Step(
            _("Way home") if going == "todo" else _("On its way home"),
            going,
            icon="truck" if going == "now" else "check",
        ),
        Step(_("Back in the warehouse"), "done", row.returned_at, note, "warehouse")
        if row.state in HOME
        else Step(_("Home to the warehouse"), "todo"),
    ]


def steps(row: Interception, refund: Refund | None) -> list[Step]:
    """Submitted · taken · stopped · agreed · refunded · coming home · home."""
    return [_submitted(row), _accepted(row), _stopped(row), *_refund_steps(row, refund), *_way_home(row)]


@dataclass(frozen=True)
class Road:
    """The drawing: where the parcel came from, where it turned, where it is. Only words and marks move."""

    start: str
    start_at: datetime | None
    last_out: TrackingEvent | None
    turn: str
    turn_at: datetime | None
    turn_kind: str
    last_home: TrackingEvent | None
    end: str
    is_home: bool
    is_running: bool
    summary: str


def place(event: TrackingEvent | None) -> str:
    """The shortest name of where a scan happened."""
    return (event.site or event.city) if event else ""


def road(row: Interception, events: list[TrackingEvent], start: str, end: str) -> Road:
    """`events` newest first. The turn is where the parcel was when it was stopped, or where it is now while it runs."""
    settled = row.settled_at
    is_stopped = row.state in EVER_STOPPED
    out = [event for event in events if not (is_stopped and settled and event.event_at > settled)]
    home = [event for event in events if is_stopped and settled and event.event_at > settled]
    first_scan = out[-1] if out else None
    here = out[0] if out else None
    middle = next((event for event in reversed(out) if event is not first_scan and event is not here), None)
    kind = "turned" if is_stopped else "over" if row.state in (S.FAILED, S.WITHDRAWN) else "running"
    last_home = home[0] if home else None
    is_home = row.state in HOME
    where = place(last_home) or place(here) or start
    summary = {
        "turned": _("Sent from %(start)s, stopped at %(turn)s, now %(state)s.")
        % {"start": start, "turn": place(here) or "–", "state": row.get_state_display()},
        "running": _("Sent from %(start)s, last seen at %(turn)s; the courier has not stopped it yet.")
        % {"start": start, "turn": where},
        "over": _("Sent from %(start)s, last seen at %(turn)s; it was not stopped and goes on to the buyer.")
        % {"start": start, "turn": where},
    }[kind]
    return Road(
        start=start,
        start_at=first_scan.event_at if first_scan else row.submitted_at,
        last_out=middle,
        turn=place(here),
        turn_at=settled if is_stopped else (here.event_at if here else None),
        turn_kind=kind,
        last_home=last_home,
        end=end,
        is_home=is_home,
        is_running=kind == "running",
        summary=summary,
    )
