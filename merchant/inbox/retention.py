"""How long what was said on the wire is kept: as long as raw messages (P-KEEP-RAW), then its columns are emptied.

The row stays, since who asked what, when, and with which outcome is the record; only the other side's words go."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Q

from merchant.clock import now

BATCH = 2000


@dataclass(frozen=True)
class Words:
    """Sealed, nullable columns of `model` that go once `at` is past the shop's days."""

    model: type[models.Model]
    at: str
    columns: tuple[str, ...]


_kept: list[Words] = []


def retain_as_long_as_messages(model: type[models.Model], *columns: str, at: str) -> None:
    """Called when the process starts, by the room that owns `model`; a second call changes nothing."""
    words = Words(model, at, columns)
    if words not in _kept:
        _kept.append(words)


def purge(keep: timedelta, *, shop: Any) -> int:
    """Empty the words of `shop` older than `keep`; how many rows lost some."""
    return sum(_purge(words, keep, shop) for words in _kept)


def _purge(words: Words, keep: timedelta, shop: Any) -> int:
    holds_some = Q()
    for column in words.columns:
        holds_some |= Q(**{f"{column}__isnull": False})
    rows = words.model._default_manager.filter(holds_some, shop=shop, **{f"{words.at}__lt": now() - keep})
    total = 0
    while pks := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        total += words.model._default_manager.filter(pk__in=pks).update(**dict.fromkeys(words.columns))
    return total
