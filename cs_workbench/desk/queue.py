"""The queue: what waits for a person, from every clock, by the time left. A line is a row and keeps no state."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from cs_workbench.desk.sources.base import CAP, Place, Source, Task, View
from cs_workbench.desk.sources.cases import Cases, segment_of
from cs_workbench.desk.sources.orders import LateOrders, ParcelsComingBack
from cs_workbench.desk.sources.quotas import Quotas
from cs_workbench.desk.sources.steps import OfficeSteps
from merchant.clock import SHANGHAI, now
from merchant.people.rights import Right, can
from merchant.people.visibility import shops_of
from merchant.policy import services as policy
from merchant.ui.query_params import parse_int

__all__ = ["SIZE", "Queue", "View", "keys", "read", "segment_of", "view_of"]

SIZE = 50
SOURCES: tuple[Source, ...] = (Cases(), LateOrders(), ParcelsComingBack(), OfficeSteps(), Quotas())
BY_LETTER: Mapping[str, Source] = {source.letter: source for source in SOURCES}
SEGMENTS: dict[str, Any] = {"todo": _("To decide"), "running": _("Under way"), "done": _("Settled")}
WHOSE: dict[str, Any] = {
    "": _("Mine and free"),
    "mine": _("Only mine"),
    "free": _("Unclaimed"),
    "all": _("Everybody's"),
}
KINDS: dict[str, Any] = {
    "": _("Everything"),
    "answer": _("To answer"),
    "road": _("Courier's word"),
    "ship": _("To ship"),
    "back": _("Goods back"),
    "money": _("Refund failed"),
    "escalated": _("Escalated"),
    "step": _("Before the warehouse"),
    "quota": _("Decrypt quota"),
}


def view_of(asked: Mapping[str, Any]) -> View:
    """The view an address or a form names; what is unknown is the working queue."""
    segment, whose, kind = (str(asked.get(name) or "") for name in ("queue", "whose", "kind"))
    return View(
        segment=segment if segment in SEGMENTS else "todo",
        whose=whose if whose in WHOSE else "",
        kind=kind if kind in KINDS else "",
    )


@dataclass
class Queue:
    """The left pane, read once."""

    view: View
    rows: list[Task]
    arrived: int
    counted: dict[str, str]
    kinds: list[tuple[str, Any, str]]
    has_shops: bool
    here: str = ""
    groups: list[tuple[Any, list[Task]]] = field(default_factory=list)
    # More wait than the page holds: the last group's number says "at least".
    is_cut: bool = False

    @property
    def headed(self) -> list[tuple[Any, str, list[Task]]]:
        """(heading, how many, lines): a line that is settled already is not counted, as the tab does not count it."""
        last = len(self.groups) - 1
        return [
            (label, _at_least(waiting) if self.is_cut and at == last else str(waiting), tasks)
            for at, (label, tasks) in enumerate(self.groups)
            for waiting in [sum(not task.is_settled for task in tasks)]
        ]

    @property
    def shown(self) -> str:
        return ",".join(row.key for row in self.rows)

    @property
    def token(self) -> str:
        """Changes when anything the queue shows changes."""
        parts = [row.token for row in self.rows]
        parts += [
            self.here,
            str(self.arrived),
            *self.counted.values(),
            *(f"{kind}{n}" for kind, _label, n in self.kinds),
        ]
        return hashlib.blake2b("|".join(parts).encode(), digest_size=6).hexdigest()

    @property
    def segments(self) -> list[tuple[str, Any, str, str]]:
        return [
            (key, label, self.counted.get(key, ""), View(key, self.view.whose).query) for key, label in SEGMENTS.items()
        ]

    @property
    def whose(self) -> list[tuple[str, Any]]:
        return list(WHOSE.items())

    @property
    def is_filtered(self) -> bool:
        return bool(self.view.kind or self.view.whose)


def keys(user: Any, view: View) -> list[str]:
    """The first page of a view."""
    return _sorted(_placed(user, view), view)


def _placed(user: Any, view: View) -> dict[str, list[Place]]:
    """The first rows of each source: one statement a source, one limited index walk a shop and clock."""
    shops = shops_of(user)
    is_supervisor = supervises(user, shops)
    return {source.letter: source.places(user, view, shops, CAP + 1, is_supervisor=is_supervisor) for source in SOURCES}


def _counted(placed: Mapping[str, list[Place]]) -> Counter[str]:
    """Of each kind, at least: they are the rows that were read to find the first page."""
    places = [place for rows in placed.values() for place in rows]
    return Counter({"": len(places)}) + Counter(kind for place in places for kind in place.kinds)


def _sorted(placed: Mapping[str, list[Place]], view: View) -> list[str]:
    found = [place for places in placed.values() for place in places]
    if view.segment == "done":
        found.sort(key=lambda place: place.at, reverse=True)
    else:
        found.sort(key=lambda place: (place.due_at is None, place.due_at, place.key))
    return [place.key for place in found[:SIZE]]


def supervises(user: Any, shops: Iterable[int]) -> bool:
    """Whether what agents escalate in one of these shops is this person's work."""
    return any(can(user, shop, Right.ASSIGN_WORK) for shop in shops)


@policy.read_once()
def read(user: Any, view: View, *, here: str = "", keep: list[str] | None = None) -> Queue:
    """The queue as it stands, by one version of the rules. `keep`: the lines the reader has before them, which stay;
    others wait as `arrived`.
    A line that left the segment stays too, grey, until the reader moves on."""
    placed = _placed(user, view)
    found = _sorted(placed, view)
    shown = found if keep is None else keep
    tasks = load(shown, user, view)
    rows = [tasks.get(key) or gone(key) for key in shown if key in tasks or keep is not None]
    shops = shops_of(user)
    is_supervisor = supervises(user, shops)
    totals = {
        segment: _counted(placed)
        if segment == view.segment and not view.kind
        else sum(
            (source.counts(user, View(segment, view.whose), shops, is_supervisor=is_supervisor) for source in SOURCES),
            start=Counter[str](),
        )
        for segment in ("todo", "running")
    }
    todo = totals["todo"]
    is_cut = todo[""] > CAP
    return Queue(
        view=view,
        rows=rows,
        arrived=len(set(found) - set(shown)),
        counted={segment: capped(total[""]) for segment, total in totals.items()},
        kinds=[
            (kind, label, _at_least(todo[kind]) if is_cut else capped(todo[kind]))
            for kind, label in KINDS.items()
            if kind and (todo[kind] or is_cut or kind == view.kind)
        ],
        has_shops=bool(shops) or bool(user.is_platform_admin),
        here=here,
        groups=grouped(rows, view.segment),
        is_cut=sum(map(len, placed.values())) > SIZE,
    )


def gone(key: str) -> Task:
    """A line whose customer a colleague has taken meanwhile: it keeps its place and says nothing of them."""
    return Task(
        key=key, url="", subject="", name="–", due_at=None, chip=("case", "", _("with a colleague")), is_settled=True
    )


def _at_least(number: int) -> str:
    """Of a kind when not all rows were counted: there may be more, and where none was met there may be some."""
    return f"{number}+" if number else ""


def capped(number: int) -> str:
    return f"{CAP}+" if number > CAP else str(number)


def load(shown: Iterable[str], user: Any, view: View) -> dict[str, Task]:
    """The lines of these keys; a fixed number of statements a source."""
    pks: dict[str, list[int]] = {letter: [] for letter in BY_LETTER}
    for key in shown:
        pk = parse_int(key[1:])
        if key[:1] in pks and pk is not None:
            pks[key[:1]].append(pk)
    return {
        task.key: task
        for letter, wanted in pks.items()
        if wanted
        for task in BY_LETTER[letter].tasks(wanted, user, view).values()
    }


def grouped(rows: list[Task], segment: str) -> list[tuple[Any, list[Task]]]:
    """Within the hour · today · later, by Shanghai's midnight; settled ones need no groups."""
    if segment == "done":
        return [(_("Last settled first"), rows)] if rows else []
    at = now()
    midnight = (at.astimezone(SHANGHAI) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    bounds: list[tuple[Any, datetime | None]] = [
        (_("Within the hour"), at + timedelta(hours=1)),
        (_("Today"), midnight),
        (_("Later"), None),
    ]
    groups: list[tuple[Any, list[Task]]] = [(label, []) for label, _end in bounds]
    for row in rows:
        due = row.due_at
        place = next(i for i, (_label, end) in enumerate(bounds) if end is None or (due is not None and due < end))
        groups[place][1].append(row)
    return [(label, found) for label, found in groups if found]
