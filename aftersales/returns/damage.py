"""Damage rate (R0.12): parcels stopped on the road beside parcels sent back or refused, by courier and month, and what
the couriers were asked for and paid. Every number has the rows behind it.

Months are Shanghai's, six of them with the running one; an inspection counts on the day it was done, a claim on the day
it was drafted.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Sum, When
from django.db.models.functions import TruncMonth
from django.http import QueryDict

from aftersales.returns.enums import ReturnKind
from aftersales.returns.models import Inspection, InspectionLine
from logistics.claims.enums import ClaimState as S
from logistics.claims.enums import Ending
from logistics.claims.lists import months
from logistics.claims.models import Claim
from logistics.couriers.names import courier_name
from merchant.clock import SHANGHAI, now
from merchant.people.models import User

MONTHS = 6
MOST_ROWS = 200
# No third party had the goods in its hands: from our packing bench to the courier and back.
KINDS: dict[str, tuple[str, ...]] = {
    "stopped": (ReturnKind.STOPPED,),
    "returned": (ReturnKind.REFUSED, ReturnKind.BUYER),
}
# Widest bar of the drawing, in its own units; a tenth of the parcels damaged fills it.
BAR, FULL = 120, 10.0


@dataclass
class Side:
    """`inspected` parcels of one kind, of which `damaged` had at least one broken unit."""

    inspected: int = 0
    damaged: int = 0

    @property
    def rate(self) -> float | None:
        return 100 * self.damaged / self.inspected if self.inspected else None

    @property
    def rate_text(self) -> str:
        return "–" if self.rate is None else f"{self.rate:.1f}%"

    @property
    def bar(self) -> int:
        return min(BAR, round(BAR * (self.rate or 0) / FULL))


@dataclass
class Line:
    """One courier in one month. Money in fen; `loss` is what stays with the shop of the claims drafted then."""

    courier: str
    month: str
    stopped: Side = field(default_factory=Side)
    returned: Side = field(default_factory=Side)
    claims: int = 0
    claimed_fen: int = 0
    paid_fen: int = 0
    loss_fen: int = 0


def first_month() -> datetime:
    at = now().astimezone(SHANGHAI)
    back = at.year * 12 + at.month - 1 - (MONTHS - 1)
    return datetime(back // 12, back % 12 + 1, 1, tzinfo=SHANGHAI)


def inspections(user: User) -> QuerySet[Any]:
    """Finished inspections of parcels a courier carried, with `is_damaged`."""
    broken = InspectionLine.objects.filter(inspection=OuterRef("pk"), defective__gt=0)
    wanted = [kind for kinds in KINDS.values() for kind in kinds]
    return (
        Inspection.objects.visible_to(user, many=True)
        .filter(done_at__gte=first_month(), parcel__kind__in=wanted, parcel__package__isnull=False)
        .annotate(is_damaged=Exists(broken))
    )


def lines(user: User) -> list[Line]:
    """Newest month first, couriers by name; a courier without a parcel home in a month has no line there."""
    found: dict[tuple[str, str], Line] = {}

    def line(courier: str, month: datetime) -> Line:
        key = (f"{month:%Y-%m}", courier)
        return found.setdefault(key, Line(courier, key[0]))

    parcels = (
        inspections(user)
        .order_by()
        .annotate(
            month=TruncMonth("done_at", tzinfo=SHANGHAI),
            is_stopped=Case(When(parcel__kind__in=KINDS["stopped"], then=True), default=False),
        )
        .values("month", "is_stopped", courier=F("parcel__package__courier"))
        .annotate(inspected=Count("pk"), damaged=Count("pk", filter=Q(is_damaged=True)))
    )
    for row in parcels:
        side = Side(row["inspected"], row["damaged"])
        one = line(row["courier"], row["month"])
        one.stopped, one.returned = (side, one.returned) if row["is_stopped"] else (one.stopped, side)
    claims = (
        Claim.objects.visible_to(user, many=True)
        .filter(created_at__gte=first_month())
        .order_by()
        .annotate(month=TruncMonth("created_at", tzinfo=SHANGHAI))
        .values("month", "courier")
        .annotate(
            claims=Count("pk"),
            claimed=Sum("claimed_fen", filter=~Q(ending=Ending.NO_LOSS), default=0),
            paid=Sum("paid_fen", default=0),
            loss=Sum(
                F("loss_fen") - F("paid_fen"),
                filter=Q(state__in=[S.PAID, S.CLOSED]) & ~Q(ending=Ending.NO_LOSS),
                default=0,
            ),
        )
    )
    for row in claims:
        one = line(row["courier"], row["month"])
        one.claims, one.claimed_fen, one.paid_fen, one.loss_fen = (
            row["claims"],
            row["claimed"],
            row["paid"],
            row["loss"],
        )
    return sorted(found.values(), key=lambda one: (one.month, one.courier), reverse=True)


def totals(found: list[Line]) -> list[tuple[str, Side, Side]]:
    """Each courier over all the months: (courier, stopped, returned)."""
    sums: dict[str, tuple[Side, Side]] = defaultdict(lambda: (Side(), Side()))
    for one in found:
        for into, side in zip(sums[one.courier], (one.stopped, one.returned), strict=True):
            into.inspected += side.inspected
            into.damaged += side.damaged
    return [(courier, *sums[courier]) for courier in sorted(sums) if any(side.inspected for side in sums[courier])]


def context(user: User, query: QueryDict) -> dict[str, Any]:
    """Everything the page shows; `kind`, `courier`, `month` and `only` in the address open the rows behind a number."""
    found = lines(user)
    kind = query.get("kind", "") if query.get("kind", "") in KINDS else ""
    span, courier = months(query.get("month", "")), query.get("courier", "")[:16]
    rows: list[Inspection] = []
    if kind:
        wanted = inspections(user).filter(parcel__kind__in=KINDS[kind])
        if courier:
            wanted = wanted.filter(parcel__package__courier=courier)
        if span:
            wanted = wanted.filter(done_at__gte=span[0], done_at__lt=span[1])
        if query.get("only") == "damaged":
            wanted = wanted.filter(is_damaged=True)
        near = ("parcel", "parcel__package", "order", "shop")
        rows = list(wanted.select_related(*near).order_by("-done_at", "-pk")[:MOST_ROWS])
    claims = {claim.inspection_number: claim for claim in _claims_of(rows)}
    return {
        "lines": found,
        "totals": totals(found),
        "since": first_month(),
        "kind": kind,
        "asked": {"courier": courier_name(courier) if courier else "", "month": query.get("month", "") if span else ""},
        "rows": [{"row": row, "claim": claims.get(row.number)} for row in rows],
        "most": MOST_ROWS,
        "full": FULL,
        "bar": BAR,
    }


def _claims_of(rows: list[Inspection]) -> QuerySet[Claim]:
    packages = [row.parcel.package_id for row in rows]
    return Claim.objects.filter(package_id__in=packages, inspection_number__in=[row.number for row in rows])
