"""What people call a courier or a way of asking one, also one we do not speak with."""

from logistics.couriers import registry
from merchant.carriers import registry as carriers


def courier_name(code: str) -> str:
    """What people call it; a name nobody knows stays as its source gave it."""
    adapter = registry.find(code)
    return str(adapter.label) if adapter else carriers.name_of(code)
