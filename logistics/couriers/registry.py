"""Whom this house speaks with: couriers, and ways of asking a courier through somebody else.

An adapter registers itself where it is defined; `discover` loads every file of this folder, so a courier is one file.
"""

import importlib
import pkgutil
from pathlib import Path

from logistics.couriers.base import Account, Courier
from merchant.carriers import registry as carriers

_adapters: dict[str, Courier] = {}


def register(courier: Courier) -> None:
    """Speak with this courier, or through this way, from now on; one of the same code is replaced."""
    _adapters[courier.code] = courier
    if courier.carrier is not None:
        carriers.register(courier.carrier, position=courier.position)


def unregister(code: str) -> None:
    """Speak with it no more."""
    _adapters.pop(code, None)
    carriers.unregister(code)


def discover() -> None:
    """Load every adapter; called once, from `LogisticsConfig.ready`."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        importlib.import_module(f"logistics.couriers.{module.name}")


def of(account: Account | None) -> Courier | None:
    """Whom to ask through this account: its courier, or the way it goes round it. None when we speak with neither."""
    if account is None:
        return None
    found = _adapters.get(account.via or account.courier)
    return found if found is not None and (found.carrier is None) == bool(account.via) else None


def get(code: str) -> Courier:
    """The adapter of this courier or way. Raises KeyError when we do not speak with it."""
    return _adapters[code]


def find(code: str) -> Courier | None:
    """The adapter of this courier or way, or None when we only know its name."""
    return _adapters.get(code)


def all() -> list[Courier]:  # noqa: A001 - `registry.all()` reads as it should
    """Every adapter, in the order people see them: couriers, then the ways round them."""
    return sorted(_adapters.values(), key=lambda courier: (courier.carrier is None, courier.position, courier.code))


def couriers() -> list[Courier]:
    """The couriers whose own interface we know."""
    return [courier for courier in all() if courier.carrier is not None]


def ways() -> list[Courier]:
    """The ways of asking a courier through somebody else."""
    return [courier for courier in all() if courier.carrier is None]
