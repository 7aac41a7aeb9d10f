"""Who has how much now, and what is about to be late: one grouped count over the open cases, one index walk."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import OPEN_STATES, Timer
from aftersales.cases.models import Case
from cs_workbench.board.asked import DAY, Asked, midnight, today
from merchant.clock import now
from merchant.people.models import User

HOUR = timedelta(hours=1)
NEAREST = 10
# Clocks that run against the shop; while another runs, the buyer or the platform has the word.
OUR_CLOCKS = [Timer.AS_HANDLE, Timer.SELLER_RECEIVE, Timer.INSPECT, Timer.SHIP, Timer.EVIDENCE, Timer.OFFLINE]
URGENCY: dict[str, Any] = {
    "overdue": _("Overdue"),
    "hour": _("Within the hour"),
    "today": _("Today"),
    "later": _("Later"),
    "others": _("With others"),
}


def urgency(name: str, at: datetime) -> Q:
    """The open cases of one column; the columns leave none out and count none twice."""
    ours = Q(clock__in=OUR_CLOCKS)
    tonight = max(midnight(today() + DAY), at + HOUR)
    return {
        "overdue": ours & Q(due_at__lte=at),
        "hour": ours & Q(due_at__gt=at, due_at__lte=at + HOUR),
        "today": ours & Q(due_at__gt=at + HOUR, due_at__lt=tonight),
        "later": ours & Q(due_at__gte=tonight) & Q(due_at__gt=at + HOUR),
        "others": ~ours,
    }[name]


@dataclass(frozen=True)
class Row:
    """One person's open cases; `person` None: nobody has them."""

    person: User | None
    counts: dict[str, int] = field(default_factory=dict)
    escalated: int = 0

    @property
    def key(self) -> str:
        return str(self.person.pk) if self.person else "none"

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def cells(self) -> Iterator[tuple[str, Any, int]]:
        for name, label in URGENCY.items():
            yield name, label, self.counts.get(name, 0)


def open_cases(asked: Asked) -> Any:
    rows = asked.rows(Case).filter(state__in=OPEN_STATES)
    return rows.filter(assignee=asked.user) if asked.is_own else rows


def by_person(asked: Asked) -> list[Row]:
    """Nobody's first, then whoever has most that is late."""
    at = now()
    counts: dict[str, Any] = {name: Count("pk", filter=urgency(name, at)) for name in URGENCY}
    grouped = list(
        open_cases(asked)
        .order_by()
        .values("assignee_id")
        .annotate(**counts, escalated=Count("pk", filter=Q(level__gt=0)))
    )
    people = User.objects.in_bulk([row["assignee_id"] for row in grouped if row["assignee_id"]])
    rows = [
        Row(people.get(row["assignee_id"]), {name: row[name] for name in URGENCY}, row["escalated"]) for row in grouped
    ]
    return sorted(rows, key=lambda row: (row.person is not None, *[-row.counts[name] for name in URGENCY]))


def nearest(asked: Asked) -> list[Case]:
    """The clocks that run out next, or ran out already; the longest overdue first."""
    rows = open_cases(asked).filter(clock__in=OUR_CLOCKS).select_related("order", "order__buyer", "shop", "assignee")
    return list(rows.order_by("due_at", "pk")[:NEAREST])
