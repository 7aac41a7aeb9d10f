"""Finding an order by whatever a person has in hand: number, waybill, phone, buyer, product, name."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from logistics.parcels.models import Package
from merchant.clock import now
from merchant.people.visibility import shops_of
from merchant.policy import services as policy
from merchant.ui.query_params import key_of_page, page_key
from merchant.vault import services as vault
from orders.buyers.models import Buyer
from orders.intake.listings import bigrams
from orders.record.enums import IN_HOUSE, OrderState
from orders.record.models import Order, OrderLine

SIZE = 50
# A counter stops here: nobody reads the difference between 1,000 and 3,000 late orders.
CAP = 999
# The tabs of the list; each is a walk of the index (shop, state, placed).
TABS: dict[str, tuple[str, ...]] = {
    "all": (),
    "pending_payment": (OrderState.PENDING_PAYMENT,),
    "to_ship": tuple(IN_HOUSE),
    "shipped": (OrderState.PARTLY_SHIPPED, OrderState.SHIPPED),
    "received": (OrderState.RECEIVED, OrderState.COMPLETED),
    "closed": (OrderState.CLOSED,),
}
# The two tabs of the promise to ship, the oldest promise first; each is a walk of the index order_to_ship.
BY_PROMISE = ("overdue", "soon")


@dataclass
class Found:
    """A page of orders, how they were found, and where the next page begins."""

    orders: list[Order]
    how: str = ""
    next_key: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


def _ready(rows: QuerySet[Order]) -> QuerySet[Order]:
    return rows.select_related("buyer", "recipient", "shop")


def _key(order: Order) -> str:
    return key_of_page(order.placed_at, order.pk)


def _after(rows: QuerySet[Order], key: str) -> QuerySet[Order]:
    start = page_key(key)
    if start is None:
        return rows.order_by("-placed_at", "-pk")[: SIZE + 1]
    return rows.page_after(*start, SIZE + 1)  # type: ignore[attr-defined]


def _promised(shops: list[int], tab: str) -> list[tuple[list[int], Q]]:
    """Which orders stand in this tab: shops with the same T-SHIP-WARN together, so that many are one condition."""
    at = now()
    if tab == "overdue":
        return [(shops, Q(ship_by_at__lte=at))]
    by_warning: dict[timedelta, list[int]] = {}
    for shop, rules in policy.current_of(shops).items():
        by_warning.setdefault(policy.timer(rules, "T-SHIP-WARN"), []).append(shop)
    return [(some, Q(ship_by_at__gt=at, ship_by_at__lte=at + warning)) for warning, some in by_warning.items()]


def counts(user: Any) -> dict[str, int]:
    """How many stand in each tab of the promise, each counted to one above `CAP` at most."""
    shops = shops_of(user)
    return {
        tab: sum(
            Order.objects.awaiting_shipment().filter(condition, shop_id__in=some).order_by()[: CAP + 1].count()
            for some, condition in _promised(shops, tab)
        )
        for tab in BY_PROMISE
    }


def _page_by_promise(shops: list[int], tab: str, key: str, buyer: int | None) -> Found:
    start = page_key(key)
    found: list[Order] = []
    for shop, condition in [(shop, condition) for some, condition in _promised(shops, tab) for shop in some]:
        rows = Order.objects.awaiting_shipment().filter(condition, shop_id=shop)
        if buyer is not None:
            rows = rows.filter(buyer_id=buyer)
        rows = rows.promised_after(*start) if start else rows
        found += list(_ready(rows.order_by("ship_by_at", "pk")[: SIZE + 1]))
    found.sort(key=lambda order: (order.ship_by_at, order.pk))
    next_key = ""
    if len(found) > SIZE and (last := found[SIZE - 1]).ship_by_at is not None:
        next_key = key_of_page(last.ship_by_at, last.pk)
    return Found(found[:SIZE], next_key=next_key)


def page(user: Any, tab: str, key: str = "", buyer: int | None = None) -> Found:
    """One keyset page of a tab, newest first; several shops are walked one by one and merged."""
    shops = shops_of(user)
    if tab in BY_PROMISE:
        return _page_by_promise(shops, tab, key, buyer)
    states = TABS.get(tab, ())
    found: list[Order] = []
    for shop in shops:
        walks = [Q(state=state) for state in states] or [Q()]
        for condition in walks:
            rows = _ready(Order.objects.seen_in(shop, user).filter(condition))
            if buyer is not None:
                rows = rows.filter(buyer_id=buyer)
            found += list(_after(rows, key))
    found.sort(key=lambda order: (order.placed_at, order.pk), reverse=True)
    next_key = _key(found[SIZE - 1]) if len(found) > SIZE else ""
    return Found(found[:SIZE], next_key=next_key)


def _with_product(shops: list[int], term: str) -> list[int]:
    """Ids of the newest orders with a product of this name: bigrams find the listings, ILIKE confirms the order of the
    characters, and of each listing only the newest lines are read."""
    pattern = term.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT x.order_id FROM orders_listing t
            CROSS JOIN LATERAL (
                SELECT order_id, placed_at FROM orders_orderline
                WHERE listing_id = t.id ORDER BY placed_at DESC LIMIT %s
            ) x
            WHERE t.shop_id = ANY(%s) AND t.bigrams @> %s::varchar[] AND t.title ILIKE %s
            ORDER BY x.placed_at DESC LIMIT %s
            """,
            [SIZE, shops, bigrams(term), f"%{pattern}%", SIZE],
        )
        return [row[0] for row in cursor.fetchall()]


def search(user: Any, term: str) -> Found:
    """Exact things first: order number, waybill, phone; then the end of a number, a nickname, a product, a name."""
    term = term.strip()
    shops = shops_of(user)
    mine = _ready(Order.objects.visible_to(user))
    newest = ("-placed_at", "-pk")
    if orders := list(mine.filter(number=term)[:SIZE]):
        return Found(orders, "number")
    parcels = Package.objects.filter(shop_id__in=shops, waybill=term).values_list("order_id", flat=True)
    if orders := list(mine.filter(pk__in=list(parcels[:SIZE])).order_by(*newest)):
        return Found(orders, "waybill")
    digits = "".join(filter(str.isdigit, term))
    if len(digits) in (4, 11) and digits == term.replace(" ", "").replace("-", ""):
        recipients = vault.find_by_phone(shops, digits)
        if recipients and (orders := list(mine.filter(recipient_id__in=recipients).order_by(*newest)[:SIZE])):
            return Found(orders, "phone")
    if digits == term and len(term) >= 4:
        for shop in shops:
            rows = Order.objects.seen_in(shop, user).number_ends_with(term)
            if orders := list(_ready(rows).order_by(*newest)[:SIZE]):
                return Found(orders, "tail")
    # Buyers and listings first, their orders after: the planner must not be tempted to walk all orders by date.
    buyers = list(Buyer.objects.visible_to(user).filter(nickname__startswith=term).values_list("pk", flat=True)[:SIZE])
    if buyers and (orders := list(mine.filter(buyer_id__in=buyers).order_by(*newest)[:SIZE])):
        return Found(orders, "buyer")
    if len(term) >= 2 and (ids := _with_product(shops, term)):
        return Found(list(mine.filter(pk__in=ids).order_by(*newest)), "product")
    names = vault.find_by_name(shops, term)
    if names and (orders := list(mine.filter(recipient_id__in=names).order_by(*newest)[:SIZE])):
        return Found(orders, "name")
    return Found([], "nothing")


def products_of(orders: list[Order]) -> dict[int, list[OrderLine]]:
    """The lines of these orders with what the goods are called; one statement."""
    found: dict[int, list[OrderLine]] = {}
    for line in OrderLine.objects.filter(order__in=orders).select_related("listing").order_by("line_no"):
        found.setdefault(line.order_id, []).append(line)
    return found
