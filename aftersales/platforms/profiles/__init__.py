"""Layouts of after-sales rows for the importer: one module a platform, each registers its own."""

import importlib
import pkgutil
from pathlib import Path


def discover() -> None:
    """Load every layout; called once, when the process starts."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        importlib.import_module(f"aftersales.platforms.profiles.{module.name}")
