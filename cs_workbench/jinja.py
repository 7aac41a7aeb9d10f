"""What a page draws by the dozen — an order's card, a line of the queue — is drawn by Jinja (docs/decisions/0026).

Only macros live there, under templates/jinja2; pages reach them through tags that call `merchant.ui.drawing.draw`.
Texts are marked as `_("…")` at the start of an expression, where the extraction finds them.
"""

from functools import lru_cache
from typing import Any

from django.db.models import Model
from django.utils.translation import get_language, gettext
from jinja2 import BaseLoader, Environment, StrictUndefined

from logistics.couriers.names import courier_name
from merchant.personal_data import mask_text
from merchant.templatetags import ui
from merchant.ui.formatting import ago, all_notes, kinds, length, money, scans
from merchant.ui.reverse_cache import url

FILTERS = {
    "money": money,
    "minus": ui.minus,
    "instant": ui.instant,
    "ago": ago,
    "lasted": length,
    "courier": courier_name,
    "kinds": kinds,
    "scans": scans,
    "all_notes": all_notes,
}


def label(row: Model, name: str) -> Any:
    """A choice's label, as get_…_display gives it; that one builds the table of all choices for every answer."""
    value = getattr(row, name)
    return _labels(type(row), name).get(value, value)


@lru_cache(maxsize=64)
def _labels(model: type[Model], name: str) -> dict[Any, Any]:
    field: Any = model._meta.get_field(name)
    return dict(field.flatchoices)


def words(message: str) -> str:
    """`_`: a card asks for ninety texts, and gettext looks each up by way of the thread's language."""
    return _words(get_language(), message)


@lru_cache(maxsize=4096)
def _words(_language: str, message: str) -> str:
    return gettext(message)


def environment(*, loader: BaseLoader, auto_reload: bool, **_others: Any) -> Environment:
    """For the Jinja2 entry of TEMPLATES. A name the macro was not given is a fault, not an empty string."""
    env = Environment(
        autoescape=True,
        loader=loader,
        auto_reload=auto_reload,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= FILTERS
    env.globals |= {
        "_": words,
        "label": label,
        "url": url,
        "icon": ui.icon,
        "chip": ui.chip,
        "flag": ui.flag,
        "left": ui.left,
    }
    env.filters["masked"] = mask_text
    return env
