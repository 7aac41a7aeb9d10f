"""What the people of a case are told (merchant/notices): how an interception ended, what was handed to them, and that
the time is nearly up. Called where it happens, in the same transaction."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case
from logistics.interception.models import Interception
from merchant.clock import now
from merchant.notices import events
from merchant.notices.services import notify

RESULTS = {
    "stopped_paid": (
        _("Stopped and refunded"),
        _("%(waybill)s is stopped, %(amount_fen)s is refunded."),
    ),
    "stopped_unpaid": (
        _("Stopped, not refunded"),
        _("%(waybill)s is stopped; %(amount_fen)s is not refunded by itself: decide."),
    ),
    "not_stopped": (
        _("Not stopped"),
        _("%(waybill)s was not stopped; the case over %(amount_fen)s is back with you."),
    ),
    "stop_unknown": (
        _("Result unknown"),
        _("Nobody says whether %(waybill)s was stopped; the case over %(amount_fen)s is back with you."),
    ),
}


def register() -> None:
    """Called once, from the room's registrations."""
    for name, (label, text) in RESULTS.items():
        events.register(name, label=label, text=text, variables=("waybill", "amount_fen"))
    events.register(
        "case_given",
        label=_("Work for you"),
        text=_("%(by)s handed you case %(number)s."),
        variables=("by", "number"),
    )
    events.register(
        "case_raised",
        label=_("Escalated to you"),
        text=_("%(by)s escalated case %(number)s to you."),
        variables=("by", "number"),
    )
    events.register(
        "cases_given",
        label=_("Work for you"),
        text=_("%(by)s handed you all work of %(was)s: %(cases)s cases, %(orders)s orders."),
        variables=("by", "was", "cases", "orders"),
    )
    events.register(
        "case_late_soon",
        label=_("Nearly late"),
        text=_("Case %(number)s over %(amount_fen)s must be answered soon."),
        variables=("number", "amount_fen"),
    )


def tell_result(event: str, case: Case, interception: Interception) -> None:
    """How the interception of a case ended: to whoever asked for it and whoever has the case."""
    notify(
        case.shop_id,
        event,
        [interception.submitted_by_id, case.assignee_id],
        key=f"{case.number} {interception.number}",
        page="desk_case",
        subject=case.number,
        waybill=interception.waybill,
        amount_fen=case.amount_fen,
    )


def tell_given(case: Case, *, to: Any, by: Any, is_raised: bool = False) -> None:
    """A case is somebody's now because a colleague said so."""
    if to is not None and (by is None or to.pk != by.pk):
        notify(
            case.shop_id,
            "case_raised" if is_raised else "case_given",
            [to.pk],
            key=f"{case.number} {now().isoformat()}",
            page="desk_case",
            subject=case.number,
            by=str(by or ""),
            number=case.number,
        )


def tell_all_given(shop_id: int, *, to: Any, by: Any, was: Any, cases: int, orders: int) -> None:
    """A colleague's whole work is somebody's now: one notice, not one a case."""
    if by is None or to.pk != by.pk:
        notify(
            shop_id,
            "cases_given",
            [to.pk],
            key=now().isoformat(),
            by=str(by or ""),
            was=str(was),
            cases=cases,
            orders=orders,
        )


def tell_late_soon(case: Case) -> None:
    """T-AS-WARN: to whoever has it."""
    notify(
        case.shop_id,
        "case_late_soon",
        [case.assignee_id],
        key=f"{case.number} {case.due_at.isoformat() if case.due_at else ''}",
        page="desk_case",
        subject=case.number,
        number=case.number,
        amount_fen=case.amount_fen,
    )
