"""The parts drawn by Jinja, for the pages: an order's card, what stands on it, the lines of the queue."""

from typing import Any

from django import template
from markupsafe import Markup

from cs_workbench.desk.queue import Queue
from cs_workbench.orders import drawing
from cs_workbench.orders.cards import Card
from cs_workbench.orders.search import Goods
from merchant.ui.drawing import draw
from merchant.vault.models import Recipient
from orders.record.enums import Flag
from orders.record.models import Order

register = template.Library()


def _token(context: Any) -> str:
    return str(context.get("csrf_token", ""))


@register.simple_tag(takes_context=True)
def order_card(context: Any, card: Card, on_desk: bool = False, ticks: bool = False, is_oob: bool = False) -> Markup:
    """Everything about one order. `on_desk`: can be opened here; `ticks`: can be taken into a bulk action."""
    looks = {"on_desk": on_desk, "ticks": ticks, "is_oob": is_oob}
    return drawing.order_card(context.get("request"), card, csrf=_token(context), **looks)


@register.simple_tag(takes_context=True)
def flag_menu(context: Any, order: Order) -> Markup:
    """The order's flag as a small menu; whoever may not flag sees the flag only."""
    may = drawing.may_flag(context.get("request"), order)
    return draw("parts.html", "flag_menu", order, choices=Flag.choices, may_flag=may, csrf=_token(context))


@register.simple_tag(takes_context=True)
def recipient(context: Any, card: Card) -> Markup:
    """The masked recipient, each field with its door."""
    return draw("parts.html", "recipient", card, csrf=_token(context))


@register.simple_tag(takes_context=True)
def pii(context: Any, order: Order, field: str, mask: str) -> Markup:
    """One masked field anew, in the place where it stands on the page."""
    csrf = _token(context)
    return draw("parts.html", "pii", order, order.recipient, field, mask, is_shut=False, csrf=csrf, is_oob=True)


@register.simple_tag(takes_context=True)
def pii_mask(context: Any, order: Order, person: Recipient, field: str, mask: str, is_shut: bool) -> Markup:
    """The mask and its door, without the place around it."""
    return draw("parts.html", "pii_mask", order, person, field, mask, is_shut=is_shut, csrf=_token(context))


@register.simple_tag
def benefits(card: Card, in_full: bool = False) -> Markup:
    """The promises to the buyer; `in_full` with each one's why beside it."""
    return draw("parts.html", "benefits", card, in_full=in_full)


@register.simple_tag
def queue_group(queue: Queue, tasks: list[Any]) -> Markup:
    """The lines of one group of the queue."""
    return draw("lines.html", "queue_group", tasks, query=queue.view.query, here=queue.here)


@register.simple_tag
def found_orders(rows: list[tuple[Order, Goods | None]]) -> Markup:
    """What a search found: an order a line, with its first product."""
    return draw("lines.html", "found_orders", rows)


@register.simple_tag(takes_context=True)
def order_rows(context: Any, rows: list[dict[str, Any]]) -> Markup:
    """The rows of the order list; the shop is named to whoever sees several, and ticked in a list of one."""
    return draw(
        "lines.html",
        "order_rows",
        rows,
        has_shop=len(context.get("shop_ids") or ()) > 1,
        has_ticks=context.get("bulk_shop") is not None,
        ticked=context.get("ticked") or (),
    )
