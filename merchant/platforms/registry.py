"""The platforms and payment channels there are. An adapter registers itself where it is defined; `discover` loads the
`adapter.py` of every folder beside this file, so a platform is one folder here."""

import importlib
import pkgutil
from pathlib import Path
from typing import Any

from merchant.platforms.base import Client, Platform

_platforms: dict[str, Platform] = {}


def register(platform: Platform) -> None:
    """Know this platform from now on; one of the same code is replaced."""
    _platforms[platform.code] = platform


def unregister(code: str) -> None:
    """Know it no more."""
    _platforms.pop(code, None)


def discover() -> None:
    """Load every adapter; called once, from `MerchantConfig.ready`."""
    here = Path(__file__).parent
    for folder in pkgutil.iter_modules([str(here)]):
        if folder.ispkg and (here / folder.name / "adapter.py").exists():
            importlib.import_module(f"merchant.platforms.{folder.name}.adapter")


def get(code: str) -> Platform:
    """The platform of this code. Raises KeyError when we only know its name."""
    return _platforms[code]


def find(code: str) -> Platform | None:
    """The platform of this code, None when we only know its name."""
    return _platforms.get(code)


def all() -> list[Platform]:  # noqa: A001 - `registry.all()` reads as it should
    """Every platform, in the order people see them."""
    return sorted(_platforms.values(), key=lambda platform: (platform.position, platform.code))


def spoken_with() -> list[str]:
    """Codes of the platforms whose orders and after-sales are read and decided over their own interface."""
    return [platform.code for platform in all() if platform.is_spoken_with]


def with_bills() -> list[str]:
    """Codes of the channels that give a day's statement."""
    return [platform.code for platform in all() if platform.bill_ready_at is not None]


def client_of(account: Any) -> Client:
    """Calls for this account. Raises ValueError for a platform that is not spoken with."""
    platform = find(account.platform)
    if platform is None:
        raise ValueError(f"nothing is known of how {account.platform} speaks")
    return platform.client(account)
