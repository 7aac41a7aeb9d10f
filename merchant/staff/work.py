"""What somebody who leaves still has in hand: counted and handed over by the rooms above, which know the work."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from merchant.people.models import Actor, Membership


@dataclass(frozen=True)
class Work:
    """`load` counts what one member has, as (words, number) pairs; `hand_over` gives all of it to a colleague and
    raises Refused; `may_get` are the user ids of those who may be given it in a shop."""

    load: Callable[[Membership], list[tuple[Any, int]]]
    hand_over: Callable[..., Any]
    may_get: Callable[[int], list[Any]]


_work: list[Work] = []


def register(work: Work) -> None:
    """Called by the room that knows the work, when the process starts."""
    _work.append(work)


def load_of(membership: Membership) -> list[tuple[Any, int]]:
    """What moves when this member leaves; only what there is."""
    return [(words, count) for work in _work for words, count in work.load(membership) if count]


def colleagues_of(membership: Membership) -> list[Any]:
    """The people who may be given it."""
    found = {person.pk: person for work in _work for person in work.may_get(membership.shop_id)}
    found.pop(membership.user_id, None)
    return list(found.values())


def hand_over(membership: Membership, *, to: Any, by: Actor, reason: str) -> None:
    """All of it, inside the caller's transaction."""
    for work in _work:
        work.hand_over(membership, to=to, by=by, reason=reason)
