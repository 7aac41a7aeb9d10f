"""Promises kept: orders shipped in time, orders overdue now, parcels stopped of those decided; a day at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncDate

from cs_workbench.board.asked import Asked
from logistics.interception.enums import EVER_STOPPED, InterceptionState
from logistics.interception.models import Interception
from merchant.clock import SHANGHAI, now
from orders.record.models import AWAITING_SHIPMENT, Order

# Orders placed longer before the day their promise fell due (long presales) are left out: the index is by placing.
LOOK_BACK = timedelta(days=30)
SOON = timedelta(hours=6)
CAP = 999


@dataclass(frozen=True)
class Share:
    """`good` of `good + bad`."""

    good: int = 0
    bad: int = 0

    @property
    def of(self) -> int:
        return self.good + self.bad

    @property
    def percent(self) -> float | None:
        return 100 * self.good / self.of if self.of else None


def due_between(asked: Asked, start: datetime, end: datetime) -> QuerySet[Order]:
    """Paid orders whose promise to ship fell due then; one that was cancelled before its promise owed nothing."""
    rows: QuerySet[Order] = asked.rows(Order).filter(
        placed_at__gte=start - LOOK_BACK,
        placed_at__lt=end,
        paid_at__isnull=False,
        ship_by_at__gte=start,
        ship_by_at__lt=min(end, now()),
    )
    return rows.exclude(shipped_at__isnull=True, closed_at__lte=F("ship_by_at"))


ON_TIME = Q(shipped_at__lte=F("ship_by_at"))


def shipped_by_day(asked: Asked) -> dict[date, Share]:
    rows = (
        due_between(asked, asked.start, asked.end)
        .order_by()
        .annotate(day=TruncDate("ship_by_at", tzinfo=SHANGHAI))
        .values("day")
        .annotate(good=Count("pk", filter=ON_TIME), due=Count("pk"))
    )
    return {row["day"]: Share(row["good"], row["due"] - row["good"]) for row in rows}


def overdue(asked: Asked) -> QuerySet[Order]:
    """Still to be shipped and past their promise, by the index of what awaits shipment."""
    rows: QuerySet[Order] = asked.rows(Order).filter(AWAITING_SHIPMENT, ship_by_at__lte=now())
    return rows


def overdue_now(asked: Asked) -> tuple[int, int]:
    """(overdue, due within six hours), each at most a thousand."""
    soon = asked.rows(Order).filter(AWAITING_SHIPMENT, ship_by_at__gt=now(), ship_by_at__lte=now() + SOON)
    return overdue(asked).order_by()[: CAP + 1].count(), soon.order_by()[: CAP + 1].count()


def stopped_by_day(asked: Asked) -> dict[date, Share]:
    """Interceptions by the day they were made, as far as the courier has decided them."""
    rows = (
        asked.rows(Interception)
        # Every state is named for the sake of `interception_list` (shop, state, created_at).
        .filter(state__in=InterceptionState.values, created_at__gte=asked.start, created_at__lt=asked.end)
        .order_by()
        .annotate(day=TruncDate("created_at", tzinfo=SHANGHAI))
        .values("day")
        .annotate(
            good=Count("pk", filter=Q(state__in=EVER_STOPPED)),
            bad=Count("pk", filter=Q(state=InterceptionState.FAILED)),
        )
    )
    return {row["day"]: Share(row["good"], row["bad"]) for row in rows}


def total(shares: dict[date, Share]) -> Share:
    return Share(sum(share.good for share in shares.values()), sum(share.bad for share in shares.values()))


def percents(shares: dict[date, Share], days: list[date]) -> Iterator[float | None]:
    for day in days:
        yield shares.get(day, Share()).percent
