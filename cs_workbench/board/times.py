"""How long a buyer waits for the first decision of a person, and for the end of the case.

One statement over the cases applied in the period, by the index (shop, state, applied_at): each looks up its first
decision in the trail by the index of its subject; the grouping sets make every median and p90 of the same rows."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Case as When
from django.db.models import DateTimeField, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models import When as If
from django.db.models.functions import TruncDate

from aftersales.cases.enums import REFUND_ONLY_KINDS, CaseState
from aftersales.cases.models import Case
from cs_workbench.board.asked import Asked
from merchant.clock import SHANGHAI
from merchant.people.models import User
from merchant.trail.models import Activity

# What counts as a decision: the shop's answer to the buyer, given by a person.
DECISIONS = ["case.agree", "case.refuse", "case.propose", "case.intercept", "case.settle_return"]


@dataclass(frozen=True)
class Times:
    """Of `cases`, so many were `decided` by a person and so many `ended`; medians and p90, None where none was."""

    cases: int = 0
    decided: int = 0
    reply: timedelta | None = None
    reply_p90: timedelta | None = None
    ended: int = 0
    end: timedelta | None = None
    end_p90: timedelta | None = None


@dataclass
class Service:
    """`kinds` by whether the case is refund-only; `people` by who decided first, None: no person did."""

    total: Times
    kinds: dict[bool, Times]
    days: dict[date, Times]
    day_kinds: dict[tuple[date, bool], Times]
    people: list[tuple[User | None, Times]]


def first_decision(what: str) -> Subquery:
    rows = Activity.objects.filter(subject_kind="case", subject_id=OuterRef("pk"), verb__in=DECISIONS, by__isnull=False)
    return Subquery(rows.order_by("at", "pk").values(what)[:1])


def applied_in_period(asked: Asked) -> QuerySet[Case]:
    """Every state is named for the sake of `case_tab`: without it the range of instants has no index."""
    rows: QuerySet[Case] = asked.rows(Case).filter(
        state__in=CaseState.values, applied_at__gte=asked.start, applied_at__lt=asked.end
    )
    return rows


def read(asked: Asked) -> Service:
    # A case the buyer took back was not settled by the shop: it has no end here.
    ended = When(If(state=CaseState.CANCELLED, then=None), default=F("closed_at"), output_field=DateTimeField())
    inner = (
        applied_in_period(asked)
        .order_by()
        .annotate(
            day=TruncDate("applied_at", tzinfo=SHANGHAI),
            is_only=When(If(Q(kind__in=REFUND_ONLY_KINDS), then=Value(True)), default=Value(False)),
            first_at=first_decision("at"),
            first_by=first_decision("by"),
            ended_at=ended,
        )
        .values("applied_at", "day", "is_only", "first_at", "first_by", "ended_at")
    )
    sql, params = inner.query.sql_with_params()
    own = "WHERE first_by = %s" if asked.is_own else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH c AS MATERIALIZED ({sql}), t AS (
                SELECT day, is_only, first_by,
                    CASE WHEN first_at IS NOT NULL THEN greatest(first_at - applied_at, '0') END AS reply,
                    CASE WHEN ended_at IS NOT NULL THEN greatest(ended_at - applied_at, '0') END AS took
                FROM c {own}
            )
            SELECT GROUPING(day, is_only, first_by), day, is_only, first_by,
                count(*),
                count(reply),
                percentile_cont(0.5) WITHIN GROUP (ORDER BY reply),
                percentile_cont(0.9) WITHIN GROUP (ORDER BY reply),
                count(took),
                percentile_cont(0.5) WITHIN GROUP (ORDER BY took),
                percentile_cont(0.9) WITHIN GROUP (ORDER BY took)
            FROM t
            GROUP BY GROUPING SETS ((day), (day, is_only), (is_only), (first_by), ())
            """,  # noqa: S608 - `sql` is Django's own, with its parameters apart
            [*params, *([asked.user.pk] if asked.is_own else [])],
        )
        rows = cursor.fetchall()
    return _sorted(rows)


def _sorted(rows: list[tuple[Any, ...]]) -> Service:
    """Put each group where it belongs. A bit of the mask is set where the column was not grouped by."""
    service = Service(Times(), {}, {}, {}, [])
    found: dict[int | None, Times] = {}
    for mask, day, is_only, person, *figures in rows:
        times = Times(*figures)
        if mask == 0b111:
            service.total = times
        elif mask == 0b101:
            service.kinds[is_only] = times
        elif mask == 0b011:
            service.days[day] = times
        elif mask == 0b001:
            service.day_kinds[day, is_only] = times
        else:
            found[person] = times
    names = User.objects.in_bulk([pk for pk in found if pk is not None])
    service.people = [(names.get(pk) if pk is not None else None, times) for pk, times in found.items()]
    service.people.sort(key=lambda row: (row[0] is None, -row[1].cases))
    return service
