"""What stopping parcels brings, week by week: how soon shops ship, how many orders are cancelled before that, and how
cases with an interception end beside cases without one (R0.5, R0.6, R0.8).

Two aggregates over the rows a reader may see, whatever their number. A week begins on Monday in Shanghai and an order
belongs to the week it was placed in, so that a late shipment or cancellation still counts for its own week.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import TruncWeek
from django.utils.translation import gettext as _

from aftersales.cases.enums import CLOSED_STATES, CaseKind, CaseState
from aftersales.cases.models import Case
from cs_workbench.interceptions.figures import Median
from logistics.interception.enums import EVER_STOPPED, InterceptionState
from merchant.clock import SHANGHAI, now
from merchant.people.models import User
from merchant.trail.models import Activity
from orders.record.enums import OrderState
from orders.record.models import Order

WEEKS = 8
WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
REFUSED = (CaseState.REFUSED, CaseState.REFUSED_AFTER_RETURN)
# The shop has given its answer: over, or refused, or with the platform. The others are still under way.
SETTLED = (*CLOSED_STATES, *REFUSED, CaseState.PLATFORM)


def monday(at: datetime) -> datetime:
    """The Monday, 00:00 in Shanghai, of the week in which `at` lies."""
    local = at.astimezone(SHANGHAI)
    return local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=local.weekday())


def percent(part: int, whole: int) -> float | None:
    """`part` of `whole` in percent; nothing of nothing is not zero but no data."""
    return 100 * part / whole if whole else None


# --- orders: how soon, and how many not at all ------------------------------------------------------------------------


@dataclass(frozen=True)
class Week:
    """Paid orders placed in the seven days from `start`. `wait`: median from payment to shipping of those shipped."""

    start: datetime
    paid: int = 0
    shipped: int = 0
    cancelled: int = 0
    wait: timedelta | None = None
    is_current: bool = False

    @property
    def label(self) -> str:
        return f"{self.start.astimezone(SHANGHAI):%m-%d}"

    @property
    def rate(self) -> float | None:
        """Cancelled before shipping, in percent of the paid orders."""
        return percent(self.cancelled, self.paid)


def weeks(user: User) -> list[Week]:
    """The last eight weeks, oldest first, the running one last; a week without a paid order is there with zeros."""
    this = monday(now())
    starts = [this - WEEK * back for back in reversed(range(WEEKS))]
    rows = (
        # The range of `order_all`: shop, then placed_at.
        Order.objects.visible_to(user, many=True)
        .filter(placed_at__gte=starts[0], placed_at__lt=this + WEEK, paid_at__isnull=False)
        .order_by()
        .annotate(week=TruncWeek("placed_at", tzinfo=SHANGHAI))
        .values("week")
        .annotate(
            paid=Count("pk"),
            # Goods sent before they were paid for (by account, on delivery) have no waiting time.
            shipped=Count("pk", filter=Q(shipped_at__gte=F("paid_at"))),
            wait=Median(F("shipped_at") - F("paid_at"), filter=Q(shipped_at__gte=F("paid_at"))),
            cancelled=Count(
                "pk", filter=Q(shipped_at__isnull=True) & (Q(state=OrderState.CLOSED) | Q(closed_at__isnull=False))
            ),
        )
    )
    found = {row.pop("week"): row for row in rows}
    return [Week(start=start, is_current=start == this, **found.get(start, {})) for start in starts]


# --- cases: with an interception and without --------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """Refund-only cases after shipping. Shares are in percent of `settled`; `took`: median from applied to closed."""

    is_with: bool
    settled: int = 0
    platform: int = 0
    refused: int = 0
    closed: int = 0
    took: timedelta | None = None
    stopped: int = 0
    failed: int = 0
    under_way: int = 0

    @property
    def platform_share(self) -> float | None:
        return percent(self.platform, self.settled)

    @property
    def refused_share(self) -> float | None:
        return percent(self.refused, self.settled)


def groups(user: User) -> list[Group]:
    """Cases applied in the same eight weeks: first those for which an interception was submitted, then the others."""
    this = monday(now())
    start = this - WEEK * (WEEKS - 1)

    def went(*states: str) -> Exists:
        """A move into one of these states stands in the trail, so the case counts wherever it went from there."""
        return Exists(
            Activity.objects.filter(
                subject_kind="case",
                subject_id=OuterRef("pk"),
                at__gte=start,
                verb__startswith="case.",
                to_state__in=states,
            )
        )

    is_settled = Q(state__in=SETTLED)
    rows = (
        Case.objects.visible_to(user, many=True)
        # Every state is named for the sake of `case_tab` (shop, state, applied_at): without it the range has no index.
        .filter(
            state__in=CaseState.values,
            applied_at__gte=start,
            applied_at__lt=this + WEEK,
            kind=CaseKind.REFUND_ONLY_SHIPPED,
        )
        .order_by()
        .alias(was_platform=went(CaseState.PLATFORM), was_refused=went(*REFUSED))
        .annotate(is_with=Q(interception__isnull=False))
        .values("is_with")
        .annotate(
            settled=Count("pk", filter=is_settled),
            platform=Count("pk", filter=is_settled & (Q(state=CaseState.PLATFORM) | Q(was_platform=True))),
            refused=Count("pk", filter=is_settled & (Q(state__in=REFUSED) | Q(was_refused=True))),
            closed=Count("pk", filter=Q(closed_at__gte=F("applied_at"))),
            took=Median(F("closed_at") - F("applied_at"), filter=Q(closed_at__gte=F("applied_at"))),
            stopped=Count("pk", filter=is_settled & Q(interception__state__in=EVER_STOPPED)),
            failed=Count("pk", filter=is_settled & Q(interception__state=InterceptionState.FAILED)),
            under_way=Count("pk", filter=~is_settled),
        )
    )
    found = {row["is_with"]: Group(**row) for row in rows}
    return [found.get(is_with, Group(is_with)) for is_with in (True, False)]


# --- drawings ---------------------------------------------------------------------------------------------------------

# Units of the drawing; at this width its 12px words stay readable on a phone.
WIDTH, TOP, BASE = 320, 26, 108


@dataclass(frozen=True)
class Mark:
    """One week in a drawing: the middle of its column, the height of its value, both in units of the drawing."""

    label: str
    text: str
    x: int
    y: int
    has_value: bool

    @property
    def text_y(self) -> int:
        return self.y - 8

    @property
    def left(self) -> int:
        return self.x - 12

    @property
    def height(self) -> int:
        return BASE - self.y


@dataclass(frozen=True)
class Chart:
    """`lines`: points of each unbroken run of weeks; a week without a value breaks the line."""

    marks: list[Mark]
    lines: list[str]


def chart(values: list[tuple[str, float | None, str]]) -> Chart | None:
    """Draw (label, value, its text) from zero to the highest; nothing where no week has a value."""
    known = [value for _label, value, _text in values if value is not None]
    if not known:
        return None
    peak, step = max(known) or 1, WIDTH // len(values)
    marks = [
        Mark(label, text, step * place + step // 2, BASE - round((BASE - TOP) * (value or 0) / peak), value is not None)
        for place, (label, value, text) in enumerate(values)
    ]
    runs = [list(run) for has_value, run in groupby(marks, key=lambda mark: mark.has_value) if has_value]
    return Chart(marks, [" ".join(f"{mark.x},{mark.y}" for mark in run) for run in runs if len(run) > 1])


def hours(length: timedelta | None) -> float | None:
    return None if length is None else length / HOUR


def one_decimal(value: float | None, unit: str = "") -> str:
    return "–" if value is None else f"{value:.1f}{unit}"


def context(user: User) -> dict[str, Any]:
    """Everything the page shows."""
    found = weeks(user)
    sides = groups(user)
    waits = [(week.label, hours(week.wait), one_decimal(hours(week.wait))) for week in found]
    rates = [(week.label, week.rate, one_decimal(week.rate)) for week in found]
    return {
        "since": found[0].start,
        "weeks": [{"week": week, "rate": one_decimal(week.rate, "%")} for week in found],
        "waits": chart(waits),
        "rates": chart(rates),
        "groups": [
            {
                "group": side,
                "name": _("With an interception") if side.is_with else _("Without an interception"),
                "platform": one_decimal(side.platform_share, "%"),
                "refused": one_decimal(side.refused_share, "%"),
            }
            for side in sides
        ],
        "has_cases": any(side.settled or side.under_way for side in sides),
    }
