"""The middle pane: the buyer once, then every order of theirs in this shop, the one at issue first."""

from dataclasses import dataclass
from typing import Any

from aftersales.cases.models import Case
from cs_workbench.cases.subject import Subject
from cs_workbench.desk.stamps import stamps_of
from cs_workbench.orders.cards import Card, cards
from merchant.people.visibility import scope_of
from merchant.prepared import rows_of, tuples_of
from merchant.ui.query_params import key_of_page, page_key
from orders.record.models import Order

# Three cards fill a screen; the next come before one has scrolled to them.
FIRST, MORE = 4, 8
# The figures about a buyer look back no further: whoever needs to know more asks the orders' list.
FIGURES = 100


@dataclass(frozen=True)
class Figures:
    """Of the buyer's newest FIGURES orders; `is_all` when there are no others."""

    orders: int
    paid_fen: int
    cases: int
    is_all: bool

    @property
    def total(self) -> int | None:
        """How many orders there are, where that is known."""
        return self.orders if self.is_all else None


@dataclass(frozen=True)
class Cards:
    """Some of the buyer's orders, and where the next ones begin."""

    cards: list[Card]
    next_key: str = ""


def first(subject: Subject, user: Any) -> Cards:
    """The order at issue, then the newest; an order without a buyer (some files have none) stands alone."""
    order = subject.order
    if order.buyer_id is None:
        return _stamped([order], "", current=order.pk)

    def build(shop_id: int, buyer_id: int) -> Any:
        rows = Order.objects.visible_to(user).filter(shop_id=shop_id, buyer_id=buyer_id).select_related("recipient")
        return rows.order_by("-placed_at", "-pk")[: FIRST + 1]

    rows = rows_of(("panes.first", scope_of(user)), build, shop_id=order.shop_id, buyer_id=order.buyer_id)
    for row in rows:
        # All are of this shop and this buyer, who are read already.
        row.shop, row.buyer = order.shop, order.buyer
    others = [row for row in rows[:FIRST] if row.pk != order.pk]
    next_key = key_of_page(rows[FIRST - 1].placed_at, rows[FIRST - 1].pk) if len(rows) > FIRST else ""
    return _stamped([order, *others], next_key, current=order.pk)


def more(user: Any, shop_id: int, buyer_id: int, *, after: str, current: int | None) -> Cards:
    """The orders after that key, the one at issue left out: it stands at the top already."""
    start = page_key(after)
    if start is None:
        return Cards([])
    rows = list(_of_buyer(user, shop_id, buyer_id).page_after(*start, MORE + 1))
    next_key = key_of_page(rows[MORE - 1].placed_at, rows[MORE - 1].pk) if len(rows) > MORE else ""
    return _stamped([row for row in rows[:MORE] if row.pk != current], next_key)


def some(user: Any, pks: list[int], *, current: int | None) -> list[Card]:
    """These orders' cards anew, as far as the user may see them."""
    rows = Order.objects.visible_to(user).filter(pk__in=pks).select_related("recipient", "shop", "buyer")
    return _stamped(list(rows), "", current=current).cards


def figures(order: Order) -> Figures:
    if order.buyer_id is None:
        return Figures(1, order.paid_fen, Case.objects.filter(order_id=order.pk).count(), is_all=True)
    found = tuples_of("figures.orders", _newest, shop_id=order.shop_id, buyer_id=order.buyer_id)
    asked = len(tuples_of("figures.cases", _asked, buyer_id=order.buyer_id))
    return Figures(
        orders=min(len(found), FIGURES),
        paid_fen=sum(paid_fen for _pk, paid_fen in found[:FIGURES]),
        cases=asked,
        is_all=len(found) <= FIGURES,
    )


def _newest(shop_id: int, buyer_id: int) -> Any:
    theirs = Order.objects.filter(shop_id=shop_id, buyer_id=buyer_id)
    return theirs.order_by("-placed_at", "-pk").values_list("pk", "paid_fen")[: FIGURES + 1]


def _asked(buyer_id: int) -> Any:
    return Case.objects.filter(buyer_id=buyer_id).order_by().values_list("pk")[: FIGURES + 1]


def _of_buyer(user: Any, shop_id: int, buyer_id: int) -> Any:
    rows = Order.objects.visible_to(user).filter(shop_id=shop_id, buyer_id=buyer_id)
    return rows.select_related("recipient", "shop", "buyer")


def _stamped(orders: list[Order], next_key: str, *, current: int | None = None) -> Cards:
    found = cards(orders, current=current)
    known = stamps_of([order.pk for order in orders])
    for card in found:
        card.stamp = known.get(card.order.pk, "")
    return Cards(found, next_key)
