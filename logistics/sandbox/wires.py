"""The couriers the sandbox plays: each module is one courier's side of the wire."""

from typing import Any, Protocol

from logistics.sandbox import jt, kuaidi100, sf, sto, yto, zto
from logistics.sandbox.parcels import Parcel
from logistics.sandbox.world import Asked, World


class Wire(Protocol):
    """What such a module offers. `ROUTE` is an aiohttp path; a fixed path comes before one with pieces that vary."""

    ROUTE: str

    def operation(self, asked: Asked) -> str: ...

    def answer(self, world: World, asked: Asked) -> tuple[str, str]: ...

    def push(self, parcel: Parcel, scan: dict[str, Any], *, turn: int = 0) -> tuple[bytes, dict[str, str]]: ...

    def is_acknowledged(self, body: str) -> bool: ...


WIRES: dict[str, Wire] = {"zto": zto, "yto": yto, "sto": sto, "jt": jt, "sf": sf}
# Ways of asking a courier through somebody else; a parcel's `via` says which.
WAYS: dict[str, Wire] = {"kuaidi100": kuaidi100}


def wire_of(parcel: Parcel) -> Wire:
    """Whose language this parcel's pushes speak."""
    return WAYS.get(parcel.via) or WIRES[parcel.courier]
