"""What pages say about a courier."""

from typing import Any

from django import template

from logistics.couriers import registry
from logistics.couriers.facts import Facts, facts_of
from logistics.couriers.names import courier_name

register = template.Library()
register.filter("courier", courier_name)


@register.simple_tag
def courier_facts(code: str, account: Any = None) -> Facts:
    """What this courier can and cannot do, or what it can through this account."""
    return facts_of(registry.of(account) or registry.find(code), account)
