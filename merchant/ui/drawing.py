"""Macros drawn by Jinja, for tags of pages and for what answers with pieces of a page (docs/decisions/0026)."""

from typing import Any

from django.template import engines
from markupsafe import Markup


def draw(file: str, macro: str, *args: Any, **named: Any) -> Markup:
    """What this macro of templates/jinja2/`file` draws."""
    backend: Any = engines["jinja2"]
    drawn: Markup = getattr(backend.env.get_template(file).module, macro)(*args, **named)
    return drawn
