"""How long each kind of data is kept, and the purge that takes what is older.

The room that owns a kind registers it when the process starts; the days are a setting of the shop, each with its rule
in docs/rules.md. The purge runs the whole day in slices that a page never feels, and counts what it took."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models import F

from merchant.clock import now, today
from merchant.policy import services as policy
from merchant.policy.models import Policy
from merchant.retention.models import Purged
from merchant.shops.models import Shop

# Rows in one statement, and seconds in one run; the next run goes on.
SLICE = 1000
BUDGET_S = 20.0
# How far back the page looks.
SHOWN_DAYS = 30


@dataclass(frozen=True)
class Kind:
    """`setting` names the shop's days. `purge(shop, before, limit)` takes at most `limit` rows older than `before`, and
    returns how many; `shop` None where `has_homeless`, for rows of no shop."""

    code: str
    label: Any
    setting: str
    purge: Callable[[Shop | None, datetime, int], int]
    has_homeless: bool = False


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """A second call with the same code replaces the first."""
    _kinds[kind.code] = kind


def kinds() -> list[Kind]:
    return list(_kinds.values())


def purge(seconds: float = BUDGET_S) -> int:
    """Take what is past its days, in slices, until nothing is left or the time is up; how many rows."""
    ends, total = monotonic() + seconds, 0
    for shop in (*Shop.objects.order_by("pk"), None):
        rules = policy.current(shop) if shop else Policy()
        for kind in _kinds.values():
            if shop is None and not kind.has_homeless:
                continue
            before = now() - timedelta(days=getattr(rules, kind.setting))
            while monotonic() < ends:
                with transaction.atomic():
                    taken = kind.purge(shop, before, SLICE)
                    note(kind.code, shop, taken)
                total += taken
                if taken < SLICE:
                    break
    return total


def note(kind: str, shop: Shop | None, rows: int) -> None:
    """Count what was taken today."""
    if not rows:
        return
    row, _is_new = Purged.objects.get_or_create(shop=shop, kind=kind, day=today())
    Purged.objects.filter(pk=row.pk).update(rows=F("rows") + rows, last_at=now())


@dataclass(frozen=True)
class Line:
    """One kind on the operations page: the days of each shop, what went today and in the last thirty days."""

    label: Any
    days: str
    today: int
    month: int
    last_at: datetime | None


def lines(shops: list[int], *, is_admin: bool) -> list[Line]:
    """What the purge keeps and took, for these shops; an administrator sees also what belonged to none."""
    rows = [
        row
        for row in Purged.objects.filter(day__gt=today() - timedelta(days=SHOWN_DAYS))
        if row.shop_id in shops or (row.shop_id is None and is_admin)
    ]
    rules = [policy.current(shop) for shop in shops]
    return [_line(kind, [row for row in rows if row.kind == kind.code], rules, today()) for kind in _kinds.values()]


def _line(kind: Kind, rows: list[Purged], rules: list[Policy], day: date) -> Line:
    kept = sorted({getattr(one, kind.setting) for one in rules or [Policy()]})
    return Line(
        label=kind.label,
        days="–".join(map(str, dict.fromkeys((kept[0], kept[-1])))),
        today=sum(row.rows for row in rows if row.day == day),
        month=sum(row.rows for row in rows),
        last_at=max((row.last_at for row in rows), default=None),
    )


def take(rows: Any, limit: int, **emptied: Any) -> int:
    """The usual purge of a queryset: delete its oldest `limit` rows, or empty these columns of them."""
    pks = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
    if not pks:
        return 0
    found = rows.model._default_manager.filter(pk__in=pks)
    if emptied:
        return int(found.update(**emptied))
    found.delete()
    return len(pks)
