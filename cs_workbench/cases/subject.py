"""What the workbench has open: an order of some buyer, and the case about it where there is one."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from aftersales.cases.enums import OPEN_STATES
from aftersales.cases.models import Case
from merchant.people.visibility import scope_of
from merchant.prepared import first_of
from merchant.shops.models import Shop
from merchant.ui.query_params import parse_int
from orders.buyers.models import Buyer
from orders.record.models import Order

# What every look needs. A person or an interception is read where there is one: most cases have neither yet.
ORDER_WITH = ("shop", "buyer", "recipient")
CASE_WITH = tuple(f"order__{name}" for name in ORDER_WITH)


@dataclass(frozen=True)
class Subject:
    order: Order
    case: Case | None = None

    def __post_init__(self) -> None:
        if self.case is not None:
            self.case.shop = self.order.shop

    @property
    def key(self) -> str:
        """How a page says what it has open: `case/3/AS…` or `order/3/26…`."""
        return f"case/{self.case.shop_id}/{self.case.number}" if self.case else f"order/{self._order_key}"

    @property
    def look_key(self) -> str:
        """What colleagues are counted at: the order, whether they came by its case or not."""
        return str(self.order.pk)

    @property
    def url(self) -> str:
        if self.case is not None:
            return reverse("desk_case", args=[self.case.shop_id, self.case.number])
        return reverse("desk_order", args=[self.order.shop_id, self.order.number])

    @property
    def name(self) -> str:
        return str(self.order.buyer or self.order.number)

    @property
    def shop(self) -> Shop:
        return self.order.shop

    @property
    def _order_key(self) -> str:
        return f"{self.order.shop_id}/{self.order.number}"


def of_case(user: Any, shop_id: int, number: str) -> Subject | None:
    """The case, if this person may see it."""

    def build(shop_id: int, number: str) -> Any:
        rows = Case.objects.visible_to(user).select_related(*CASE_WITH)
        return rows.filter(shop_id=shop_id, number=number).order_by("pk")[:1]

    case = first_of(("subject.of_case", scope_of(user)), build, shop_id=shop_id, number=number)
    return Subject(case.order, case) if case is not None else None


def of_order(user: Any, shop_id: int, number: str) -> Subject | None:
    """The order, with its open case where it has one: whoever comes for the order has to see that."""
    rows = Order.objects.visible_to(user).select_related(*ORDER_WITH)
    order = rows.filter(shop_id=shop_id, number=number).first()
    return with_open_case(user, order) if order is not None else None


def with_open_case(user: Any, order: Order) -> Subject:
    rows = Case.objects.visible_to(user).select_related(*CASE_WITH)
    case = rows.filter(order_id=order.pk, state__in=OPEN_STATES).order_by("-pk").first()
    return Subject(case.order, case) if case is not None else Subject(order)


def of_buyer(user: Any, shop: str, buyer: str) -> Subject | None:
    """The buyer a chat tool names: `shop` is our number of it or the platform's, `buyer` the platform's id of the
    person. Their open case comes first, else their newest order (docs/open-the-workbench.md)."""
    shops = Shop.objects.visible_to(user)
    number = parse_int(shop)
    wanted = shops.filter(pk=number) if number is not None and shops.filter(pk=number).exists() else None
    found = (wanted or shops.filter(external_id=shop)).values_list("pk", flat=True)
    person = Buyer.objects.filter(shop_id__in=list(found), external_id=buyer).order_by("pk").first()
    if person is None:
        return None
    cases = Case.objects.visible_to(user).select_related(*CASE_WITH)
    case = cases.filter(buyer_id=person.pk, state__in=OPEN_STATES).order_by("due_at", "pk").first()
    if case is not None:
        return Subject(case.order, case)
    orders = Order.objects.visible_to(user).select_related(*ORDER_WITH)
    order = orders.filter(buyer_id=person.pk).order_by("-placed_at", "-pk").first()
    return Subject(order) if order is not None else None


def asked(user: Any, key: str) -> Subject | None:
    """What a page says it has open (`key`), read anew."""
    kind, _slash, rest = key.partition("/")
    shop_id, _slash, number = rest.partition("/")
    if parse_int(shop_id) is None or not number or kind not in ("case", "order"):
        return None
    return (of_case if kind == "case" else of_order)(user, int(shop_id), number)
