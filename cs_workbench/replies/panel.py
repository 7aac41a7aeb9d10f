"""The quick replies beside the open case, filled for it and ready to be copied."""

from dataclasses import dataclass
from typing import Any

from cs_workbench.cases.action import Action
from cs_workbench.orders.cards import Card
from cs_workbench.replies import services, variables
from cs_workbench.replies.models import QuickReply
from merchant.people.rights import Right, can
from merchant.shops.models import Shop

# As many as there are digit keys; a longer list gets a search field.
NUMBERED = 9


@dataclass(frozen=True)
class Row:
    """`number` is its key, 0 beyond the ninth."""

    reply: QuickReply
    filled: variables.Filled
    number: int = 0


@dataclass(frozen=True)
class Panel:
    shop: Shop
    rows: list[Row]

    @property
    def is_long(self) -> bool:
        return len(self.rows) > NUMBERED


def panel(user: Any, shop: Shop, card: Card, action: Action | None = None) -> Panel | None:
    """One's own first, then the shop's; None for whoever does not write to buyers. One statement."""
    if not can(user, shop, Right.REMARK_ORDER):
        return None
    replies = replies_of(user, shop)
    values = variables.values_of(card, action, agent=user)
    rows = [
        Row(reply, variables.fill(reply.text, values), place if place <= NUMBERED else 0)
        for place, reply in enumerate((row for row in replies if row.is_active), start=1)
    ]
    return Panel(shop, rows)


def replies_of(user: Any, shop: Shop) -> list[QuickReply]:
    """Own, then shared, each in its order; the default set where the shop has no shared ones yet."""
    rows = list(QuickReply.objects.visible_to(user).filter(shop=shop).in_order())
    own = [row for row in rows if row.owner_id is not None]
    shared = [row for row in rows if row.owner_id is None]
    return own + (shared or services.unmade_defaults(shop))
