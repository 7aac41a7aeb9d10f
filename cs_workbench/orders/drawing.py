"""An order's card, drawn by Jinja for the page and for what a live page asks for anew."""

from django.http import HttpRequest
from markupsafe import Markup

from cs_workbench.orders.cards import Card
from merchant.people.rights import Right, can
from merchant.ui.drawing import draw
from orders.record.enums import Flag
from orders.record.models import Order


def may_flag(request: HttpRequest | None, order: Order) -> bool:
    return request is not None and can(request.user, order.shop_id, Right.REMARK_ORDER)


def order_card(request: HttpRequest | None, card: Card, *, csrf: str, **looks: bool) -> Markup:
    """Everything about one order. `looks`: `on_desk`: can be opened here; `ticks`: can be taken into a bulk action;
    `is_oob`: takes the place of the card that stands on the page."""
    shown = {"on_desk": False, "ticks": False, "is_oob": False} | looks
    may = may_flag(request, card.order)
    return draw("order_card.html", "order_card", card, choices=Flag.choices, may_flag=may, csrf=csrf, **shown)
