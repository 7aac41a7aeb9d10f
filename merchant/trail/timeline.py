"""The audit trail as a page shows it, newest first. Each app names its states, verbs and reasons here when the process
starts (`trail_labels.py` at its root); a page asks for `entries_of` its rows and merges in what stands beside."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from merchant.personal_data import mask_text
from merchant.prepared import named, rows_of
from merchant.trail.models import Activity

LIMIT = 200


@dataclass(frozen=True)
class Entry:
    """`kind`: goods, money or people, which the page can show apart. `tone`: ok, bad, now or nothing. `then` is shown
    without the personal data that people write into remarks and reasons."""

    at: datetime
    kind: str
    icon: str
    what: str
    then: str = ""
    by: str = ""
    tone: str = ""
    raw: str = ""
    inbox_id: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "then", mask_text(str(self.then)))


@dataclass(frozen=True)
class Machine:
    """How the moves of one kind of row are shown: a verb `refund.approve` belongs to the machine `refund`."""

    states: Mapping[str, Any]
    icon: str = "info"
    kind: str = "people"


UNNAMED = Machine({})
_machines: dict[str, Machine] = {}
_verbs: dict[str, Any] = {}
_reasons: dict[str, Any] = {}
_details: dict[str, Callable[[Activity], str]] = {}
_good: set[str] = set()
_bad: set[str] = set()
_hidden: set[str] = set()


def register_states(
    machine: str,
    states: type[models.TextChoices],
    *,
    icon: str = "info",
    kind: str = "people",
    good: Iterable[str] = (),
    bad: Iterable[str] = (),
) -> None:
    """The states of the rows whose verbs begin with `machine`; `good` and `bad` colour the moves that lead there."""
    _machines[machine] = Machine(dict(states.choices), icon, kind)
    _good.update(good)
    _bad.update(bad)


def register_verbs(verbs: Mapping[str, Any], *, hidden: Iterable[str] = ()) -> None:
    """Verbs in words. A verb nobody named shows the state it led to; a hidden one is said elsewhere on the page."""
    _verbs.update(verbs)
    _hidden.update(hidden)


def register_reasons(reasons: Mapping[str, Any]) -> None:
    """Stored reasons in words."""
    _reasons.update(reasons)


def register_detail(machine: str, text_of: Callable[[Activity], str]) -> None:
    """What the details of this machine's moves say, as one sentence; "" for nothing."""
    _details[machine] = text_of


def is_bad(state: str) -> bool:
    return state in _bad


def reason_text(reason: str) -> str:
    """A stored reason in words; free text stays as it was written."""
    return str(_reasons.get(reason, reason)) if reason else ""


def rows_about(*subjects: models.Model) -> list[Activity]:
    """The newest moves of these rows, with who made them; one statement."""
    kinds = [subject._meta.model_name for subject in subjects]

    def build(**ids: int) -> models.QuerySet[Activity]:
        wanted = models.Q(pk__in=[])
        for kind, pk in zip(kinds, ids.values(), strict=True):
            wanted |= models.Q(subject_kind=kind, subject_id=pk)
        return Activity.objects.filter(wanted).select_related("by").order_by("-at", "-pk")[:LIMIT]

    return rows_of(("rows_about", *kinds), build, **named("subject", [subject.pk for subject in subjects]))


def from_trail(rows: Iterable[Activity]) -> list[Entry]:
    """The moves people and the system made; states in words, reasons as given."""
    return [_entry(row) for row in rows if row.verb not in _hidden]


def _entry(row: Activity) -> Entry:
    name = row.verb.partition(".")[0]
    machine = _machines.get(name, UNNAMED)
    states = machine.states
    # A state of another machine, or a verb nobody named, is left out: a code says nothing to a reader.
    what = str(_verbs.get(row.verb) or states.get(row.to_state) or _("Changed"))
    moved = ""
    if row.from_state != row.to_state and row.from_state in states and row.to_state in states:
        moved = f"{states[row.from_state]} → {states[row.to_state]}"
    detail = _details[name](row) if name in _details else ""
    given = _("to %(name)s") % {"name": row.detail["to_name"]} if row.detail.get("to_name") else ""
    then = "; ".join(part for part in (moved, given, detail, reason_text(row.reason)) if part)
    by = str(row.by) if row.by else _("the system")
    tone = "bad" if row.to_state in _bad else "ok" if row.to_state in _good else ""
    return Entry(row.at, machine.kind, machine.icon, what, then, by, tone)


def entries_of(*subjects: models.Model) -> list[Entry]:
    """The whole trail of these rows."""
    return from_trail(rows_about(*subjects))


def merge(*parts: list[Entry], kind: str = "") -> list[Entry]:
    """Newest first; `kind` keeps one sort of entry."""
    rows = [entry for part in parts for entry in part if not kind or entry.kind == kind]
    return sorted(rows, key=lambda entry: entry.at, reverse=True)[:LIMIT]
