"""The flag of an order as a small menu: six colours with their words, and none."""

from typing import Any

from django import template

from merchant.people.rights import Right, can
from orders.record.enums import Flag
from orders.record.models import Order

register = template.Library()


@register.inclusion_tag("components/flag_menu.html", takes_context=True)
def flag_menu(context: template.Context, order: Order) -> dict[str, Any]:
    """Whoever may not flag sees the flag only."""
    request = context.get("request")
    return {
        "order": order,
        "choices": Flag.choices,
        "may_flag": request is not None and can(request.user, order.shop_id, Right.REMARK_ORDER),
        "csrf_token": context.get("csrf_token"),
    }
