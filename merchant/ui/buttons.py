"""A button and, when it is refused, its sentence: asks the very policy that guards the service."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from merchant.refusals import Refused


@dataclass(frozen=True)
class Button:
    """`name` is the verb in the address; `sentence` stands beside a disabled button."""

    name: str
    label: Any
    is_allowed: bool = True
    sentence: Any = ""
    code: str = ""


def button(name: str, label: Any, check: Callable[..., Any], *args: Any, **named: Any) -> Button:
    """Draw it allowed unless the check refuses."""
    try:
        check(*args, **named)
    except Refused as refusal:
        return Button(name, label, False, refusal.message, refusal.code)
    return Button(name, label)
