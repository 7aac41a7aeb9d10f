"""The one way a case changes state: transition, lines, clock, version, save, trail, block. Callers hold the row."""

from datetime import datetime
from typing import Any

from aftersales.cases.clocks import start_clock
from aftersales.cases.enums import CLOSED_STATES, GOODS_FIRST_KINDS, CaseKind, CaseState, CaseTag, InterceptionEvent
from aftersales.cases.models import Case, CaseLine
from merchant.clock import now
from merchant.people.models import Actor
from merchant.trail import activity
from orders.record import services as orders
from orders.record.enums import BlockKind, Stop

# What an open case forbids. Before shipping nothing may leave the house; afterwards the order may not end.
STOPS_UNSHIPPED = [Stop.PICK, Stop.SHIP, Stop.RECEIVE, Stop.COMPLETE]
STOPS_SHIPPED = [Stop.RECEIVE, Stop.COMPLETE]


def move(
    case: Case,
    verb: str,
    *,
    by: Actor,
    reason: str = "",
    tag: str | None = None,
    tag_reason: str = "",
    deadline: datetime | None = None,
    activity_verb: str = "",
    **detail: Any,
) -> Case:
    """Run the transition named `verb` on a locked case and everything that always goes with it.

    `tag` None leaves the tag; "" clears it. `deadline` is the platform's own end of the new clock. `detail` goes into
    the trail. Raises TransitionNotAllowed when the table has no such row."""
    before = case.state
    getattr(case, verb)()
    if before == CaseState.INTERCEPTING and not case.last_interception_event:
        # Decided without the courier's answer: should the parcel stop later, somebody is told.
        case.last_interception_event = InterceptionEvent.LEFT
    if tag is not None:
        case.tag, case.tag_reason = tag, tag_reason[:64]
    start_clock(case, deadline=deadline)
    case.version += 1
    crossed = (before in CLOSED_STATES) != (case.state in CLOSED_STATES)
    if crossed:
        case.closed_at = now() if case.state in CLOSED_STATES else None
    case.save()
    if crossed:
        CaseLine.objects.filter(case=case).update(is_open=case.is_open)
    activity.record(
        case,
        activity_verb or f"case.{verb}",
        by=by,
        from_state=before,
        to_state=case.state,
        reason=reason,
        version=case.version,
        **({"tag": case.tag, "tag_reason": case.tag_reason} if tag else {}),
        **detail,
    )
    if crossed:
        hold_order(case, by=by) if case.is_open else free_order(case, by=by)
    return case


def reopen(case: Case, *, by: Actor, **how: Any) -> Case:
    """A refund of a locked case will not go out: the case is back with people, where it came from."""
    came_back = case.kind in GOODS_FIRST_KINDS and not case.is_platform
    return move(case, "reopen_return" if came_back else "reopen", by=by, **how)


def tag(
    case: Case, name: str, *, by: Actor, tag_reason: str = "", due_at: datetime | None = None, clock: str = ""
) -> Case:
    """Mark a locked case for a human queue without moving it. `due_at` and `clock` give a closed case its own clock."""
    case.tag, case.tag_reason = name, tag_reason[:64]
    if due_at is not None:
        case.due_at, case.clock, case.is_late = due_at, clock, False
    elif name == CaseTag.NONE and not case.is_open:
        case.due_at, case.clock = None, ""
    case.version += 1
    case.save()
    activity.record(case, "case.tag", by=by, tag=case.tag, tag_reason=case.tag_reason, version=case.version)
    return case


def hold_order(case: Case, *, by: Actor) -> None:
    """An open case stops the order's next steps; a compensation does not."""
    if case.kind == CaseKind.COMPENSATION:
        return
    stops = STOPS_UNSHIPPED if case.kind == CaseKind.REFUND_ONLY_UNSHIPPED else STOPS_SHIPPED
    orders.place_block(case.order, kind=BlockKind.AFTERSALES, document=case.number, stops=stops, by=by)


def free_order(case: Case, *, by: Actor) -> None:
    """The case is over: the order's clocks go on."""
    orders.lift_block(case.order, kind=BlockKind.AFTERSALES, document=case.number, by=by)
