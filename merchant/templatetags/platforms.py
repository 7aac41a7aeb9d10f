"""What pages say about a platform."""

from django import template

from merchant.platforms import registry

register = template.Library()


@register.filter
def platform(code: str) -> str:
    """What people call this platform or payment channel."""
    found = registry.find(code)
    return str(found.label) if found else code
