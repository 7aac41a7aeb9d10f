"""Gifts (赠品): which orders have one coming, once each."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from logistics.fulfilment.enums import ConsignmentState as S
from logistics.fulfilment.models import ConsignmentLine
from logistics.fulfilment.planning import Need
from logistics.fulfilment.rule_models import GiftRule
from orders.record.models import Order, OrderLine


@dataclass
class Gifts:
    """The shop's gift rules, and which of these orders have their gift already; read once for many orders."""

    shop_id: int
    order_ids: Collection[int]
    rules: list[GiftRule] = field(init=False)
    given: set[int] = field(init=False)
    bought: dict[int, set[int]] = field(init=False)

    def __post_init__(self) -> None:
        rules = GiftRule.objects.filter(shop_id=self.shop_id, is_active=True).select_related("bought", "gift")
        self.rules, self.given, self.bought = list(rules.order_by("pk")), set(), {}
        if not self.rules:
            return
        kept = ConsignmentLine.objects.filter(order_id__in=self.order_ids, order_line=None, struck_at=None)
        self.given = set(kept.exclude(consignment__state=S.VOIDED).values_list("order_id", flat=True))
        for order, sku in OrderLine.objects.filter(order_id__in=self.order_ids).values_list("order_id", "listing__sku"):
            self.bought.setdefault(order, set()).add(sku)

    @property
    def sku_ids(self) -> set[int]:
        return {rule.gift_id for rule in self.rules}

    def due(self, orders: Sequence[Order]) -> Iterable[tuple[Need, dict[str, Any]]]:
        """What these orders get, each with its reason; asked twice, an order gets nothing more."""
        for order in orders:
            if order.pk in self.given:
                continue
            for rule in self.rules:
                if order.paid_fen < rule.least_fen or (
                    rule.bought_id is not None and rule.bought_id not in self.bought.get(order.pk, ())
                ):
                    continue
                self.given.add(order.pk)
                reason = {
                    "code": "gift",
                    "quantity": rule.quantity,
                    "least_fen": rule.least_fen,
                    "bought": str(rule.bought) if rule.bought else "",
                }
                yield Need(order.pk, None, rule.quantity, ((rule.gift_id, 1),)), reason
