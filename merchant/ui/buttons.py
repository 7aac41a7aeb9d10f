"""A button and, when it is refused, its sentence: asks the very policy that guards the service."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

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


def attributes(button: Button, sentence_id: str, opens: str = "") -> SafeString | str:
    """What stands in the `<button>`: nothing where it may be pressed (or the dialog it opens), else that it is refused
    and where the sentence stands. Refused, it can still have the focus, and presses nothing."""
    if not button.is_allowed:
        return format_html('type="button" aria-disabled="true" aria-describedby="{}"', sentence_id)
    return format_html('type="button" data-opens="{}"', opens) if opens else ""


def refusal(button: Button, sentence_id: str, look: str = "refusal") -> SafeString | str:
    """The sentence that goes with it, where it is refused: a paragraph below, or a span beside it."""
    if button.is_allowed:
        return ""
    shape = '<p class="{}" id="{}">{}</p>' if look == "refusal" else '<span class="{}" id="{}">{}</span>'
    return format_html(shape, look, sentence_id, button.sentence)
