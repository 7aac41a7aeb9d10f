"""How each platform's order is said in the intake's words: one file per platform beside this one, which registers
itself. `discover` loads them all."""

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orders.intake.normal import NormalOrder

# Raises ValueError on a status or a row nobody can place in time.
Translator = Callable[[Any], NormalOrder]
_translators: dict[str, Translator] = {}


def register(platform: str, translate: Translator) -> None:
    """Read this platform's orders with `translate` from now on."""
    _translators[platform] = translate


def discover() -> None:
    """Load every platform's file; called once, from `OrdersConfig.ready`."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        importlib.import_module(f"orders.intake.platforms.{module.name}")


def normal_order(platform: str, row: Any) -> NormalOrder:
    """A platform's order in the intake's words. Raises KeyError for a platform whose orders nobody reads here, and
    ValueError on a status or a row nobody can place in time."""
    return _translators[platform](row)
