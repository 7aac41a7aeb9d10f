"""What stands in the workbench's middle and right pane for one case."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Sum

from aftersales.cases.models import Case
from cs_workbench.record.cards import Card, cards
from orders.record.models import Order

ORDERS_SHOWN = 20
WITH = ("shop", "order", "order__recipient", "order__buyer", "order__shop", "interception", "interception__package")


@dataclass(frozen=True)
class BuyerPane:
    """The buyer once, then their orders in this shop, the one at issue first."""

    name: str
    figures: dict[str, Any]
    cards: list[Card]

    @property
    def more(self) -> int:
        return max(0, (self.figures["orders"] or 0) - len(self.cards))


def case_of(user: Any, shop_id: int, number: str) -> Case:
    """The case, if this user may see it. Raises Case.DoesNotExist."""
    return Case.objects.visible_to(user).select_related(*WITH).get(shop_id=shop_id, number=number)


def buyer_pane(case: Case) -> BuyerPane:
    """Newest first; an order without a buyer (some files have none) stands alone."""
    order = case.order
    if order.buyer_id is None:
        return BuyerPane(
            order.number, {"orders": 1, "paid": order.paid_fen, "cases": 1}, cards([order], current=order.pk)
        )
    theirs = Order.objects.filter(shop_id=case.shop_id, buyer_id=order.buyer_id)
    others = list(
        theirs.exclude(pk=order.pk)
        .select_related("recipient", "shop")
        .order_by("-placed_at", "-pk")[: ORDERS_SHOWN - 1]
    )
    figures = theirs.aggregate(orders=Count("pk"), paid=Sum("paid_fen"))
    figures["cases"] = Case.objects.filter(buyer_id=order.buyer_id).count()
    return BuyerPane(str(order.buyer), figures, cards([order, *others], current=order.pk))
