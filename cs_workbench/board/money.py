"""What stopping parcels is worth: goods that came or come home, what couriers take for it, what share of the takings
goes back; in yuan, over the period, and courier by courier."""

from dataclasses import dataclass

from django.db.models import Count, F, Q, Sum

from aftersales.cases.models import Case
from aftersales.refunds.enums import PAID_STATES
from aftersales.refunds.models import Refund
from cs_workbench.board.asked import Asked
from logistics.couriers.names import courier_name
from logistics.interception.enums import STOPPED_STATES, InterceptionState
from logistics.interception.models import Interception
from orders.record.models import Order


@dataclass
class Courier:
    """`stopped` of `stopped + failed` that the courier has decided; sums in fen."""

    name: str
    stopped: int = 0
    failed: int = 0
    saved_fen: int = 0
    cost_fen: int = 0

    @property
    def percent(self) -> float | None:
        decided = self.stopped + self.failed
        return 100 * self.stopped / decided if decided else None


@dataclass(frozen=True)
class Money:
    couriers: list[Courier]
    paid_fen: int
    refunded_fen: int
    estimated: int

    @property
    def saved_fen(self) -> int:
        return sum(row.saved_fen for row in self.couriers)

    @property
    def cost_fen(self) -> int:
        return sum(row.cost_fen for row in self.couriers)

    @property
    def refund_rate(self) -> float | None:
        return 100 * self.refunded_fen / self.paid_fen if self.paid_fen else None


def read(asked: Asked) -> Money:
    """Four statements. Interceptions count by the day they were made; what was lost or delivered after all saved
    nothing. The rate holds money refunded in the period against money paid in it."""
    made = Q(created_at__gte=asked.start, created_at__lt=asked.end)
    # Every state is named for the sake of `interception_list` (shop, state, created_at).
    tried = asked.rows(Interception).filter(made, state__in=InterceptionState.values).order_by()
    rows = tried.values("courier").annotate(
        stopped=Count("pk", filter=Q(state__in=STOPPED_STATES)),
        failed=Count("pk", filter=Q(state=InterceptionState.FAILED)),
        cost=Sum(F("fee_fen") + F("freight_fen")),
        estimated=Count("pk", filter=Q(is_cost_estimated=True, fee_fen__gt=0)),
    )
    found = {
        row["courier"]: (
            Courier(courier_name(row["courier"]), row["stopped"], row["failed"], 0, row["cost"]),
            row["estimated"],
        )
        for row in rows
    }
    worth = Case.objects.filter(interception__in=tried.filter(state__in=STOPPED_STATES).values("pk")).order_by()
    for row in worth.values("interception__courier").annotate(fen=Sum("amount_fen")):
        found[row["interception__courier"]][0].saved_fen = row["fen"]
    couriers = sorted((row for row, _estimated in found.values()), key=lambda row: -(row.stopped + row.failed))
    paid = asked.rows(Order).filter(placed_at__gte=asked.start, placed_at__lt=asked.end, paid_at__isnull=False)
    refunded = asked.rows(Refund).filter(state__in=PAID_STATES, settled_at__gte=asked.start, settled_at__lt=asked.end)
    return Money(
        couriers,
        paid_fen=paid.order_by().aggregate(fen=Sum("paid_fen"))["fen"] or 0,
        refunded_fen=refunded.order_by().aggregate(fen=Sum("amount_fen"))["fen"] or 0,
        estimated=sum(estimated for _row, estimated in found.values()),
    )
