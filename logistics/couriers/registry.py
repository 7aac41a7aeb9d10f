"""The couriers this house speaks with. A new one is a file beside this one and a line here."""

from logistics.couriers.base import Courier
from logistics.couriers.jt import JT
from logistics.couriers.sto import STO
from logistics.couriers.yto import YTO
from logistics.couriers.zto import ZTO

_COURIERS: dict[str, Courier] = {courier.code: courier for courier in (ZTO(), YTO(), STO(), JT())}


def get(code: str) -> Courier:
    """The adapter of this courier. Raises KeyError when we do not speak with it."""
    return _COURIERS[code]


def find(code: str) -> Courier | None:
    """The adapter of this courier, or None when we only know its name."""
    return _COURIERS.get(code)


def all() -> list[Courier]:  # noqa: A001 - `registry.all()` reads as it should
    """Every courier, in the order people see them."""
    return list(_COURIERS.values())
