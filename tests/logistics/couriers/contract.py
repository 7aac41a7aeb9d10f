"""What every courier of the registry must keep, whatever its wire looks like.

A new courier adds an `Example` here: its credentials, and pushes as the courier would sign them. The rest is checked
for it. Nothing in this file may know a courier's codes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from logistics.sandbox import accounts, yto, zto
from logistics.sandbox.parcels import Parcel

WAYBILLS = {"zto": "73100000000001", "yto": "YT0000000000001"}


class Account:
    """A courier account without a database."""

    customer_code = "C1"

    def __init__(self, courier: str, secrets: dict[str, Any]) -> None:
        self.courier, self.secrets = courier, secrets


@dataclass(frozen=True)
class Example:
    """`push` makes a signed push about a parcel from one of the sandbox's scans: (body, content type)."""

    account: Account
    stranger: Account
    waybill: str
    push: Callable[[Parcel, dict[str, Any]], tuple[bytes, str]]


EXAMPLES = {
    "zto": Example(
        Account("zto", accounts.zto_secrets()),
        Account("zto", accounts.zto_secrets("other")),
        WAYBILLS["zto"],
        lambda parcel, scan: zto.push(parcel, scan, as_json=False),
    ),
    "yto": Example(
        Account("yto", accounts.yto_secrets()),
        Account("yto", accounts.yto_secrets("other")),
        WAYBILLS["yto"],
        yto.push,
    ),
}


def parcel_of(courier: str, *, script: str = "stopped") -> Parcel:
    """A parcel that has been everywhere: one scan of every kind the sandbox knows."""
    parcel = Parcel(courier=courier, waybill=WAYBILLS[courier], script=script)
    parcel.accept(biz_no="IC1", request_id="r", destination=2, now=1_735_689_600, scale=1)
    verbs = (
        "picked_up departed at_hub in_transit at_far_hub arrived_destination out_for_delivery locker signed refused "
        "problem lost address_change stop return_at_hub return_at_sender return_signed"
    )
    for index, verb in enumerate(verbs.split()):
        parcel.act(verb, now=1_735_689_600 + index * 3600)
    return parcel
