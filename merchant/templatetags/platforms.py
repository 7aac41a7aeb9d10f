"""What pages say about a platform, and about the connection of an account."""

from typing import Any

from django import template

from merchant.platforms import registry
from merchant.shops.connection import CHIPS
from merchant.shops.missing import Missing, missing_of

register = template.Library()


@register.filter
def platform(code: str) -> str:
    """What people call this platform or payment channel."""
    found = registry.find(code)
    return str(found.label) if found else code


@register.filter
def connection_chip(account: Any) -> str:
    """The look of what is known of this account's connection."""
    return CHIPS.get(account.connection, "shut")


@register.simple_tag(takes_context=True)
def missing(context: Any, needs: str) -> Missing | None:
    """What keeps an empty page empty for its reader; see `missing_of`. Asked only where a list has no row."""
    return missing_of(context["request"].user, needs)
