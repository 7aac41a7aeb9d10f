"""What stands in the queue: a line is a row of some table that waits for a person, and nothing else.

A source is one such table. Whoever builds another kind of work (complaints, follow-ups) adds a source and its letter.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.utils.translation import pgettext

# A counter stops here: it is read every few seconds, and nobody works faster because it says 340.
CAP = 99


@dataclass(frozen=True)
class View:
    """What the reader wants to see. `whose`: "" mine and nobody's, `mine`, `free`, `all`; `kind`: "" every kind."""

    segment: str = "todo"
    whose: str = ""
    kind: str = ""

    @property
    def query(self) -> str:
        """As the address says it, without what is not chosen."""
        told = {"queue": self.segment, "whose": self.whose, "kind": self.kind}
        return urlencode({name: value for name, value in told.items() if value})

    def mine(self, user: Any, *, is_supervisor: bool) -> Q:
        """Whose work it is. What was escalated and nobody has yet is a supervisor's."""
        if self.whose == "mine":
            return Q(assignee=user)
        if self.whose == "free":
            return Q(assignee=None)
        if self.whose == "all" or self.segment == "done":
            return Q()
        return Q(assignee=user) | (Q(assignee=None) if is_supervisor else Q(assignee=None, level=0))


@dataclass(frozen=True)
class Task:
    """One line of the queue. `chip` is (machine, state, label); `alarm` stands in its place when there is one."""

    key: str
    url: str
    subject: str
    name: str
    due_at: datetime | None
    chip: tuple[str, str, Any]
    what: Any = ""
    alarm: Any = ""
    amount_fen: int | None = None
    # When it was settled; the line says so in place of the time left.
    done_at: datetime | None = None
    flag: tuple[int, Any] | None = None
    holder: str = ""
    is_mine: bool = False
    is_escalated: bool = False
    is_settled: bool = False
    # Decided on a page of its own, not in the panes.
    is_elsewhere: bool = False
    version: str = ""

    @property
    def held_by(self) -> str:
        return pgettext("task", "mine") if self.is_mine else self.holder

    @property
    def token(self) -> str:
        """Changes when the line would look different."""
        return f"{self.key}:{self.version}:{self.due_at}:{self.is_settled}:{self.holder}:{self.flag}"


@dataclass(frozen=True)
class Place:
    """Where a row stands: by `due_at`, or newest first where `at` says so; and the filters it answers to."""

    key: str
    due_at: datetime | None
    at: datetime
    kinds: Sequence[str] = ()


class Source(ABC):
    """One table of work. `kinds` are the filters it answers to."""

    letter: str
    kinds: tuple[str, ...] = ()

    @abstractmethod
    def places(self, user: Any, view: View, shops: Sequence[int], size: int, *, is_supervisor: bool) -> list[Place]:
        """The first `size` rows of this view, by their clock, at least; limited index walks only."""

    @abstractmethod
    def counts(self, user: Any, view: View, shops: Sequence[int], *, is_supervisor: bool) -> Counter[str]:
        """How many of each kind wait in a segment that is not shown, or only one kind of it; each at most CAP + 1."""

    @abstractmethod
    def tasks(self, pks: Iterable[int], user: Any, view: View) -> dict[int, Task]:
        """The lines of these rows, as far as the user may see them; a fixed number of statements."""

    def key(self, pk: int) -> str:
        return f"{self.letter}{pk}"
