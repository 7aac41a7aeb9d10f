"""The queue: what waits for a person, by the time left. A task is a case; its row is the only state it has."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import CLOSED_STATES, CaseState, CaseTag
from aftersales.cases.models import Case
from merchant.clock import SHANGHAI, now
from merchant.people.rights import shops_of

SIZE = 50
# A counter stops here: nobody reads the difference between 1,000 and 3,000 waiting tasks.
CAP = 999

# Each branch repeats the condition of a partial index (aftersales/cases/models.py), a shop at a time.
TO_DECIDE = Q(state__in=[CaseState.APPLIED, CaseState.REFUND_FAILED])
REFUSED_BUT_STOPPED = Q(tag=CaseTag.STOPPED, state=CaseState.REFUSED)
WITHOUT_CASE = Q(tag=CaseTag.STOPPED_WITHOUT_CASE, state__in=CLOSED_STATES)
# What came back is not what was sent, or its settlement was stopped: an agent talks to the buyer.
BACK_TAGS = [CaseTag.GOODS_DIFFER, CaseTag.GOODS_HOME, CaseTag.REFUND_STOPPED]
BACK_STATES = [CaseState.REFUSED_AFTER_RETURN, CaseState.INSPECTING]
GOODS_BACK = Q(tag__in=BACK_TAGS, state__in=BACK_STATES)
UNDER_WAY = Q(state__in=[CaseState.INTERCEPTING, CaseState.REFUNDING])
SEGMENTS: dict[str, tuple[Any, tuple[Q, ...]]] = {
    "todo": (_("To decide"), (TO_DECIDE, REFUSED_BUT_STOPPED, GOODS_BACK, WITHOUT_CASE)),
    "running": (_("Under way"), (UNDER_WAY,)),
    "done": (_("Settled"), (Q(state__in=CLOSED_STATES) & ~Q(tag=CaseTag.STOPPED_WITHOUT_CASE),)),
}
WITH = ("order", "order__buyer", "shop", "interception")


def segment_of(case: Case) -> str:
    """The segment that shows this case now; empty when none does (it waits for the buyer or the platform)."""
    if case.tag == CaseTag.STOPPED_WITHOUT_CASE:
        return "todo"
    if case.state in (CaseState.APPLIED, CaseState.REFUND_FAILED):
        return "todo"
    if case.state == CaseState.REFUSED and case.tag == CaseTag.STOPPED:
        return "todo"
    if case.state in BACK_STATES and case.tag in BACK_TAGS:
        return "todo"
    if case.state in (CaseState.INTERCEPTING, CaseState.REFUNDING):
        return "running"
    return "done" if case.state in CLOSED_STATES else ""


def _branch(user: Any, segment: str, shop: int, condition: Q, size: int) -> QuerySet[Any, Any]:
    rows = Case.objects.seen_in(shop, user).filter(condition)
    order = ("-applied_at", "-pk") if segment == "done" else ("due_at", "pk")
    return rows.order_by(*order).values_list("pk", "due_at", "applied_at")[:size]


def ids(user: Any, segment: str) -> list[int]:
    """The first page of a segment: one statement, one limited index walk a shop and clock."""
    branches = [
        _branch(user, segment, shop, condition, SIZE) for shop in shops_of(user) for condition in SEGMENTS[segment][1]
    ]
    if not branches:
        return []
    first, *rest = branches
    rows = list(first.union(*rest, all=True)) if rest else list(first)
    if segment == "done":
        rows.sort(key=lambda row: (row[2], row[0]), reverse=True)
    else:
        rows.sort(key=lambda row: (row[1] is None, row[1], row[0]))
    return [row[0] for row in rows[:SIZE]]


def counts(user: Any) -> dict[str, str]:
    """How many wait in each working segment, at most 999+; one capped count a clock."""
    mine = Case.objects.visible_to(user).order_by()
    found = {
        segment: sum(mine.filter(condition)[: CAP + 1].count() for condition in SEGMENTS[segment][1])
        for segment in ("todo", "running")
    }
    return {segment: f"{CAP}+" if n > CAP else str(n) for segment, n in found.items()}


@dataclass(frozen=True)
class Task:
    """One line of the queue."""

    case: Case
    is_here: bool
    is_settled: bool

    @property
    def name(self) -> str:
        return str(self.case.order.buyer or self.case.order.number)


def load(wanted: Iterable[int], user: Any) -> dict[int, Case]:
    """The cases of these ids that the user may see, with what a queue line says; one statement."""
    return {case.pk: case for case in Case.objects.visible_to(user).filter(pk__in=list(wanted)).select_related(*WITH)}


def tasks(wanted: list[int], user: Any, segment: str, here: int | None) -> list[Task]:
    """The lines in the given order; one that left the segment stays, grey, until the reader moves on."""
    cases = load(wanted, user)
    return [
        Task(case=cases[pk], is_here=pk == here, is_settled=segment_of(cases[pk]) != segment)
        for pk in wanted
        if pk in cases
    ]


def grouped(rows: list[Task], segment: str) -> list[tuple[Any, list[Task]]]:
    """Within the hour · today · later, by Shanghai's midnight; settled ones need no groups."""
    if segment == "done":
        return [(_("Newest first"), rows)] if rows else []
    at = now()
    midnight = (at.astimezone(SHANGHAI) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    bounds: list[tuple[Any, datetime | None]] = [
        (_("Within the hour"), at + timedelta(hours=1)),
        (_("Today"), midnight),
        (_("Later"), None),
    ]
    groups: list[tuple[Any, list[Task]]] = [(label, []) for label, _end in bounds]
    for row in rows:
        due = row.case.due_at
        place = next(i for i, (_label, end) in enumerate(bounds) if end is None or (due is not None and due < end))
        groups[place][1].append(row)
    return [(label, found) for label, found in groups if found]


def token(rows: list[Task], arrived: int, counted: dict[str, str]) -> str:
    """Changes when anything the queue shows changes; sent back by the page so that an unchanged one costs a 204."""
    parts = [f"{t.case.pk}:{t.case.version}:{t.case.state}:{t.case.tag}:{t.case.due_at}:{t.is_settled}" for t in rows]
    parts += [str(arrived), *counted.values()]
    return hashlib.blake2b("|".join(parts).encode(), digest_size=6).hexdigest()
