"""Goods on their way home, as queues with clocks: refunded and not back, stopped without a case, delivered after all,
perhaps lost, to inspect.

None has a table of its own (decision 19): a row stands in a queue because the interception or the case is in that
state, and leaves by the very move that settles it. Each reads a shop's few live rows by an index on the state.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case
from aftersales.refunds.models import Refund
from logistics.claims.enums import Cause
from logistics.claims.enums import ClaimState as C
from logistics.claims.models import Claim
from logistics.interception.enums import InterceptionState as S
from logistics.interception.models import Interception
from merchant.people.visibility import shops_of
from merchant.ui.query_params import key_of_page, page_key

SIZE = 50
CAP = 999
WITH = ("package", "package__order", "package__order__buyer", "shop")
# Gives a model's rows as far as the reader sees them.
Mine = Callable[[Any], Any]
OUT = (S.SUCCEEDED, S.RETURNING, S.LOST_SUSPECT)


def _in_shop(shop: int, user: Any, model: Any) -> Any:
    return model.objects.seen_in(shop, user)


def _in_shops(user: Any, model: Any) -> Any:
    return model.objects.visible_to(user)


def away(mine: Mine) -> QuerySet[Interception]:
    """已退款未回货: money gone, goods neither home nor written off."""
    direct = Refund.objects.paid().filter(interception=OuterRef("pk"))
    by_case = Refund.objects.paid().filter(case__interception=OuterRef("pk"))
    return _clocked(mine, S.SUCCEEDED, S.RETURNING, S.LOST_SUSPECT).filter(Exists(direct) | Exists(by_case))


def delivered(mine: Mine) -> QuerySet[Interception]:
    """Delivered after all, and the courier has not been told yet what that costs it."""
    told = Claim.objects.filter(interception=OuterRef("pk"), cause=Cause.DELIVERED_ANYWAY).exclude(state=C.DRAFT)
    return _clocked(mine, S.DELIVERED_ANYWAY).filter(~Exists(told))


def lost(mine: Mine) -> QuerySet[Interception]:
    return _clocked(mine, S.LOST_SUSPECT)


def to_inspect(mine: Mine) -> QuerySet[Interception]:
    return _clocked(mine, S.RETURNED)


def _clocked(mine: Mine, *states: S) -> QuerySet[Interception]:
    # Past T-RETURN-HOME the clock is over; the row then keeps the place its last news gave it.
    sort_at = Coalesce("due_at", "settled_at", "created_at")
    return mine(Interception).filter(state__in=states).annotate(sort_at=sort_at).select_related(*WITH)


def without_case(mine: Mine) -> QuerySet[Case]:
    """已拦下但售后已撤销: withdraw the interception, send the parcel again, or refund."""
    rows = mine(Case).stopped_without_case().order_by().annotate(sort_at=Coalesce("due_at", "applied_at"))
    return rows.select_related("order", "order__buyer", "shop", "interception", "interception__package")


@dataclass(frozen=True)
class Queue:
    """`timer` is the clock by its name in docs/rules.md; `empty` says when a row would come."""

    name: str
    label: Any
    timer: str
    rows: Callable[[Mine], QuerySet[Any]]
    empty: Any


QUEUES = (
    Queue(
        "away",
        _("Refunded, goods not back"),
        "T-RETURN-HOME",
        away,
        _("A stopped parcel whose buyer has the money back stands here until the warehouse has it in hand."),
    ),
    Queue(
        "without-case",
        _("Stopped without a case"),
        "T-STOPPED",
        without_case,
        _("When a buyer withdraws a case whose parcel is being stopped, somebody must decide about the parcel."),
    ),
    Queue(
        "delivered",
        _("Delivered after all"),
        "T-CLAIM-FILE",
        delivered,
        _("A stopped parcel that reached its buyer all the same stands here until the courier was asked to pay."),
    ),
    Queue(
        "lost",
        _("Perhaps lost"),
        "T-RETURN-HOME",
        lost,
        _("A stopped parcel that is not home in time stands here until it is found or given up."),
    ),
    Queue(
        "inspect",
        _("To inspect"),
        "T-INSPECT",
        to_inspect,
        _("A stopped parcel in the warehouse stands here until somebody has looked into it."),
    ),
)
BY_NAME = {queue.name: queue for queue in QUEUES}


@dataclass(frozen=True)
class Line:
    """One row of a queue: the interception, its case if any, its claim if any, and the clock that runs."""

    row: Interception | None
    case: Case | None
    claim: Claim | None
    due_at: datetime | None
    since: datetime | None


def page(user: Any, queue: Queue, key: str) -> tuple[list[Line], str]:
    """Fifty lines, the most urgent first, and the key of the next page ("" on the last)."""
    start = page_key(key)
    found: list[Any] = []
    for shop in shops_of(user):
        rows = queue.rows(partial(_in_shop, shop, user))
        if start is not None:
            rows = rows.filter(TupleGreaterThan(Tuple(F("sort_at"), F("id")), start))
        found += list(rows.order_by("sort_at", "pk")[: SIZE + 1])
    found.sort(key=lambda row: (row.sort_at, row.pk))
    last = found[SIZE - 1] if len(found) > SIZE else None
    return _lines(found[:SIZE]), key_of_page(last.sort_at, last.pk) if last else ""


def _lines(found: list[Any]) -> list[Line]:
    tried = [row if isinstance(row, Interception) else row.interception for row in found]
    ids = [row.pk for row in tried if row is not None]
    cases = {case.interception_id: case for case in Case.objects.filter(interception__in=ids).order_by("pk")}
    claims = {claim.interception_id: claim for claim in Claim.objects.filter(interception__in=ids).order_by("pk")}
    lines = []
    for source, row in zip(found, tried, strict=True):
        claim = claims.get(row.pk) if row is not None else None
        case = source if isinstance(source, Case) else cases.get(source.pk)
        # Delivered after all: the clock that runs is the claim's.
        due = source.due_at or (claim.due_at if claim is not None else None)
        lines.append(Line(row, case, claim, due, None if due else source.sort_at))
    return lines


def counts(user: Any) -> dict[str, int]:
    """How many stand in each queue, at most a thousand each."""
    return {queue.name: queue.rows(partial(_in_shops, user)).order_by()[: CAP + 1].count() for queue in QUEUES}
