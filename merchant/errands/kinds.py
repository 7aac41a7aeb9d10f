"""What kinds of errands there are: each room names its own when the process starts (`errands.py` of a capability)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models


@dataclass(frozen=True)
class Kind:
    """`check` raises Refused where `by` may not, or where it makes no sense now; it asks nobody outside. `run` makes
    the calls, outside any transaction, safely twice, and returns the sentence that says what came of it. `task` is the
    room's own task that runs it, on the queue of whoever is called."""

    name: str
    model: type[models.Model]
    label: Any
    task: str
    check: Callable[..., None]
    run: Callable[..., str]


_kinds: dict[str, Kind] = {}


def register(
    name: str,
    model: type[models.Model],
    *,
    label: Any,
    task: str,
    check: Callable[..., None],
    run: Callable[..., str],
) -> None:
    """Called once a kind, from a room's `ready`. `check` and `run` take the row, `by`, and what the press told."""
    _kinds[name] = Kind(name, model, label, task, check, run)


def kind_of(name: str) -> Kind:
    """The kind of that name. Raises KeyError."""
    return _kinds[name]
