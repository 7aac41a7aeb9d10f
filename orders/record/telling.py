"""What the people who work on an order are told (merchant/notices), in the transaction that makes it so."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.clock import now
from merchant.notices import events
from merchant.notices.services import notify
from orders.record.models import Order


def register() -> None:
    """Called once, when the process starts."""
    events.register(
        "order_given",
        label=_("Work for you"),
        text=_("Order %(number)s is yours now, given by %(by)s."),
        variables=("number", "by"),
    )
    events.register(
        "order_assigned",
        label=_("Work for you"),
        text=_("Order %(number)s was assigned to you."),
        variables=("number",),
    )
    events.register(
        "orders_assigned",
        label=_("Work for you"),
        text=_("%(count)s orders were assigned to you."),
        variables=("count",),
    )


def tell_given(order: Order, *, to: Any, by: Any) -> None:
    """R1.16: whoever gets an order hears of it at once, unless they took it themselves."""
    if to is None or (by is not None and to.pk == by.pk):
        return
    told = {"by": str(by)} if by is not None else {}
    notify(
        order.shop_id,
        "order_given" if by is not None else "order_assigned",
        [to.pk],
        key=f"{order.number} {now().isoformat()}",
        page="order_detail",
        subject=order.number,
        number=order.number,
        **told,
    )


def tell_assigned(shop_id: int, given: Iterable[tuple[int, int | None]], *, by: Any) -> None:
    """The same for orders that were assigned together, (order id, user id): one notice a person, however many."""
    orders_of: dict[int, list[int]] = {}
    for order_id, user_id in given:
        if user_id is not None and (by is None or by.pk != user_id):
            orders_of.setdefault(user_id, []).append(order_id)
    alone = [orders[0] for orders in orders_of.values() if len(orders) == 1]
    numbers = dict(Order.objects.filter(pk__in=alone).values_list("pk", "number")) if alone else {}
    for user_id, orders in orders_of.items():
        key = f"{orders[0]} {now().isoformat()}"
        if number := numbers.get(orders[0]):
            notify(shop_id, "order_assigned", [user_id], key=key, page="order_detail", subject=number, number=number)
        else:
            notify(shop_id, "orders_assigned", [user_id], key=key, count=len(orders))
