"""Whom this house speaks with: couriers, and ways of asking a courier through somebody else. A new one is a file beside
this one and a line here."""

from logistics.couriers.base import Account, Courier
from logistics.couriers.jt import JT
from logistics.couriers.kuaidi100 import Kuaidi100
from logistics.couriers.sf import SF
from logistics.couriers.sto import STO
from logistics.couriers.yto import YTO
from logistics.couriers.zto import ZTO

_COURIERS: dict[str, Courier] = {courier.code: courier for courier in (ZTO(), YTO(), STO(), JT(), SF())}
# No parcel travels with one of these; an account says that it asks through it.
_WAYS: dict[str, Courier] = {way.code: way for way in (Kuaidi100(),)}


def of(account: Account | None) -> Courier | None:
    """Whom to ask through this account: its courier, or the way it goes round it. None when we speak with neither."""
    if account is None:
        return None
    return _WAYS.get(account.via) if account.via else _COURIERS.get(account.courier)


def get(code: str) -> Courier:
    """The adapter of this courier or way. Raises KeyError when we do not speak with it."""
    return _COURIERS.get(code) or _WAYS[code]


def find(code: str) -> Courier | None:
    """The adapter of this courier or way, or None when we only know its name."""
    return _COURIERS.get(code) or _WAYS.get(code)


def all() -> list[Courier]:  # noqa: A001 - `registry.all()` reads as it should
    """Every adapter, in the order people see them: couriers, then the ways round them."""
    return [*_COURIERS.values(), *_WAYS.values()]
