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
    """What this courier can and cannot do, or what it can through this (saved) account."""
    saved = account if account is not None and account.pk else None
    return facts_of((registry.of(saved) if saved else None) or registry.find(code), saved)
