"""The parts drawn by Jinja, for the pages: an order's card, what stands on it, the lines of the queue."""

from typing import Any

from django import template
from django.http import HttpRequest
from markupsafe import Markup

from cs_workbench.desk.queue import Queue
from cs_workbench.jinja import draw
from cs_workbench.orders.cards import Card
from cs_workbench.orders.search import Goods
from merchant.people.rights import Right, can
from merchant.vault.models import Recipient
from orders.record.enums import Flag
from orders.record.models import Order

register = template.Library()


def _token(context: Any) -> str:
    return str(context.get("csrf_token", ""))


def _may_flag(request: HttpRequest | None, order: Order) -> bool:
    return request is not None and can(request.user, order.shop_id, Right.REMARK_ORDER)


@register.simple_tag(takes_context=True)
def order_card(context: Any, card: Card, on_desk: bool = False, ticks: bool = False, is_oob: bool = False) -> Markup:
    """Everything about one order. `on_desk`: can be opened here; `ticks`: can be taken into a bulk action."""
    return draw(
        "order_card.html",
        "order_card",
        card,
        choices=Flag.choices,
        may_flag=_may_flag(context.get("request"), card.order),
        csrf=_token(context),
        on_desk=on_desk,
        ticks=ticks,
        is_oob=is_oob,
    )


@register.simple_tag(takes_context=True)
def flag_menu(context: Any, order: Order) -> Markup:
    """The order's flag as a small menu; whoever may not flag sees the flag only."""
    may_flag = _may_flag(context.get("request"), order)
    return draw("parts.html", "flag_menu", order, choices=Flag.choices, may_flag=may_flag, csrf=_token(context))


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
def thumb(small: bool = False) -> Markup:
    """The place of a product's picture."""
    return draw("parts.html", "thumb", small=small)


@register.simple_tag
def copy(text: str) -> Markup:
    """A button that copies `text`."""
    return draw("parts.html", "copy", text)


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
