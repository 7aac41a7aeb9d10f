"""Finding an order by whatever a person has in hand: number, waybill, phone, buyer, product, name."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from logistics.parcels.models import Package
from merchant.carriers import waybills
from merchant.clock import now
from merchant.people.querysets import union
from merchant.people.visibility import scope_of, shops_of
from merchant.policy import services as policy
from merchant.prepared import rows_of
from merchant.refusals import Refused
from merchant.ui.query_params import key_of_page, page_key
from merchant.vault import phones, searching
from orders.buyers.models import Buyer
from orders.intake.listings import bigrams
from orders.record.enums import IN_HOUSE, OrderState
from orders.record.listing_models import title_of
from orders.record.models import Order

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
# What a line of a list shows, and no more: fifty whole orders take longer to build than to read.
SHOWN = (
    *("shop_id", "number", "state", "flag", "paid_fen", "refunded_fen", "placed_at", "ship_by_at"),
    *("buyer__nickname", "buyer__external_id", "shop__name"),
    *("recipient__name_mask", "recipient__province", "recipient__city"),
)


@dataclass
class Found:
    """A page of orders with the columns of SHOWN, how they were found, and where the next page begins."""

    orders: list[Order]
    how: str = ""
    next_key: str = ""
    # Why a phone was not looked for.
    refusal: str = ""


@dataclass(frozen=True)
class Goods:
    """What a line of a list says about the goods of an order: its first line, and how many lines there are."""

    title: str
    spec: str
    quantity: int
    kinds: int
    picture: int | None = None


def _ready(rows: QuerySet[Order]) -> QuerySet[Order]:
    return rows.select_related("buyer", "recipient", "shop").only(*SHOWN)


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
            Order.objects.seen_in(shop, user, many=True)
            .awaiting_shipment()
            .filter(condition)
            .order_by()[: CAP + 1]
            .count()
            for some, condition in _promised(shops, tab)
            for shop in some
        )
        for tab in BY_PROMISE
    }


def _page_by_promise(user: Any, shops: list[int], tab: str, key: str, buyer: int | None) -> Found:
    start = page_key(key)
    found: list[Order] = []
    for shop, condition in [(shop, condition) for some, condition in _promised(shops, tab) for shop in some]:
        rows = Order.objects.seen_in(shop, user).awaiting_shipment().filter(condition)
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
    """One keyset page of a tab, newest first; several shops and states are walked in one statement and merged."""
    shops = shops_of(user)
    if tab in BY_PROMISE:
        return _page_by_promise(user, shops, tab, key, buyer)
    start = page_key(key)
    told: dict[str, Any] = {"placed_at": start[0], "pk": start[1]} if start is not None else {}
    told |= {"buyer": buyer} if buyer is not None else {}
    states = TABS.get(tab, ())

    def walks(buyer: int | None = None, **after: Any) -> list[QuerySet[Order]]:
        behind = (after["placed_at"], after["pk"]) if after else None
        found: list[QuerySet[Order]] = []
        for shop in shops:
            rows = Order.objects.seen_in(shop, user)
            if buyer is not None:
                rows = rows.filter(buyer_id=buyer)
            found += [rows.newest_in_state(one, behind, SIZE + 1) for one in states] or [rows.newest(behind, SIZE + 1)]
        return found

    if len(shops) * max(len(states), 1) == 1:
        found = rows_of(("order list", scope_of(user), states), lambda **told: _ready(walks(**told)[0]), **told)
    else:
        places = union([walk.values_list("placed_at", "pk") for walk in walks(**told)])
        wanted = sorted(places, reverse=True)[: SIZE + 1]
        found = list(_ready(Order.objects.filter(pk__in=[pk for _placed_at, pk in wanted])))
        found.sort(key=lambda order: (order.placed_at, order.pk), reverse=True)
    next_key = key_of_page(found[SIZE - 1].placed_at, found[SIZE - 1].pk) if len(found) > SIZE else ""
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


def tidy(term: str) -> str:
    """What was pasted, without what stood around it: a spreadsheet's apostrophe, 「订单号：」, full-width digits."""
    found = unicodedata.normalize("NFKC", term).strip().strip("'`\"‘’“”").strip()
    return re.sub(r"^(?:主?订单(?:编号|号)|运单号|快递单号|单号|手机号?|电话|order)\s*[:：]\s*", "", found, flags=re.I)


def search(user: Any, term: str) -> Found:
    """Exact things first: order number, waybill, phone; then the end of a number, a nickname, a product, a name.

    Phones and names are found through the vault's door, which counts them (PII-SEARCH); where it refuses, `refusal`
    says so and the rest is still searched."""
    term, refusal = tidy(term), ""
    shops = shops_of(user)
    mine = _ready(Order.objects.visible_to(user))
    newest = ("-placed_at", "-pk")
    if orders := list(mine.filter(number=term)[:SIZE]):
        return Found(orders, "number")
    numbers = {term, *waybills.numbers_in(term)[0]}
    if len(numbers) > 1 and (orders := list(mine.filter(number__in=numbers).order_by(*newest)[:SIZE])):
        return Found(orders, "number")
    parcels = Package.objects.filter(shop_id__in=shops, waybill__in=numbers).values_list("order_id", flat=True)
    if orders := list(mine.filter(pk__in=list(parcels[:SIZE])).order_by(*newest)):
        return Found(orders, "waybill")
    if phones.is_one(term):
        people = searching.find_by_phone(user, shops, term)
        refusal = people.refusal
        if people.recipients:
            rows = mine.filter(recipient_id__in=people.recipients)
            if orders := list(rows.order_by(*newest)[:SIZE]):
                return Found(orders, "phone", refusal=refusal)
    if term.isdigit() and len(term) >= 4:
        for shop in shops:
            rows = Order.objects.seen_in(shop, user).number_ends_with(term)
            if orders := list(_ready(rows).order_by(*newest)[:SIZE]):
                return Found(orders, "tail", refusal=refusal)
    # Buyers and listings first, their orders after: the planner must not be tempted to walk all orders by date.
    buyers = list(Buyer.objects.visible_to(user).filter(nickname__startswith=term).values_list("pk", flat=True)[:SIZE])
    if buyers and (orders := list(mine.filter(buyer_id__in=buyers).order_by(*newest)[:SIZE])):
        return Found(orders, "buyer")
    if len(term) >= 2 and (ids := _with_product(shops, term)):
        return Found(list(mine.filter(pk__in=ids).order_by(*newest)), "product")
    people = searching.find_by_name(user, shops, term)
    if people.recipients and (orders := list(mine.filter(recipient_id__in=people.recipients).order_by(*newest)[:SIZE])):
        return Found(orders, "name")
    return Found([], "nothing", refusal=refusal)


def orders_or_refusal(user: Any, term: str) -> list[Order]:
    """The orders `search` finds. Raises Refused PII-SEARCH where none is found because a phone was not looked for."""
    found = search(user, term)
    if found.refusal and not found.orders:
        raise Refused("PII-SEARCH", found.refusal)
    return found.orders


def goods_of(orders: list[Order]) -> dict[int, Goods]:
    """The goods of each order, for a line of a list; one statement.

    Written out: joined to its lines the planner reads every listing of the house for fifty of them."""
    if not orders:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT ON (l.order_id) l.order_id, t.title, coalesce(nullif(l.custom_spec, ''), t.spec),
                l.quantity, count(*) OVER (PARTITION BY l.order_id), t.picture_id
            FROM orders_orderline l
            CROSS JOIN LATERAL (SELECT title, spec, picture_id FROM orders_listing WHERE id = l.listing_id OFFSET 0) t
            WHERE l.order_id = ANY(%s) ORDER BY l.order_id, l.line_no
            """,
            [[order.pk for order in orders]],
        )
        return {order_id: Goods(title_of(title), *more) for order_id, title, *more in cursor.fetchall()}
