"""What every courier of the registry must keep, whatever its wire looks like.

A new courier adds an `Example` here: its credentials, and pushes as the courier would sign them. The rest is checked
for it. Nothing in this file may know a courier's codes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from logistics.sandbox.accounts import secrets_of
from logistics.sandbox.parcels import Parcel
from logistics.sandbox.wires import WAYS, WIRES

WAYBILLS = {
    "zto": "73100000000001",
    "yto": "YT0000000000001",
    "sto": "777000000000001",
    "jt": "JT0000000000001",
    "sf": "SF0000000000001",
    "kuaidi100": "73100000000001",
}
# ZTO pushes who signed; its query calls every signature one.
SAYS_MORE_IN_A_PUSH = {"zto": ("return_signed",)}
AFTER_ADDRESS_CHANGE = {"yto": "in_transit", "kuaidi100": "in_transit"}
# A way of asking speaks of some courier's parcel.
THROUGH = {"kuaidi100": "zto"}


class Account:
    """A courier account without a database."""

    customer_code, push_token = "C1", "demo-token"

    def __init__(self, courier: str, secrets: dict[str, Any], via: str = "") -> None:
        self.courier, self.secrets, self.via = courier, secrets, via


@dataclass(frozen=True)
class Example:
    """`push` makes a signed push about a parcel from one of the sandbox's scans: (body, headers)."""

    account: Account
    stranger: Account
    waybill: str
    push: Callable[[Parcel, dict[str, Any]], tuple[bytes, dict[str, str]]]
    # The parcel's state after a new address: a courier may have no scan of its own for that.
    after_address_change: str = "redirected"
    # Scans of which a push knows what a query cannot say: both are kept.
    says_more_in_a_push: tuple[str, ...] = ()


def example_of(courier: str) -> Example:
    """The example of a courier whose wire the sandbox speaks: its well-known accounts, its way of pushing."""
    via = courier if courier in THROUGH else ""
    secrets = (secrets_of(courier, name) for name in ("demo", "other"))
    mine, others = (Account(THROUGH.get(courier, courier), one, via) for one in secrets)
    changed = AFTER_ADDRESS_CHANGE.get(courier, "redirected")
    return Example(
        mine, others, WAYBILLS[courier], {**WIRES, **WAYS}[courier].push, changed, SAYS_MORE_IN_A_PUSH.get(courier, ())
    )


EXAMPLES = {code: example_of(code) for code in WAYBILLS}


def parcel_of(courier: str, *, script: str = "stopped") -> Parcel:
    """A parcel that has been everywhere: one scan of every kind the sandbox knows."""
    parcel = Parcel(courier=THROUGH.get(courier, courier), waybill=WAYBILLS[courier], script=script)
    parcel.accept(biz_no="IC1", request_id="r", destination=2, now=1_735_689_600, scale=1)
    verbs = (
        "picked_up departed at_hub in_transit at_far_hub arrived_destination out_for_delivery locker signed refused "
        "problem lost address_change stop return_at_hub return_at_sender return_signed"
    )
    for index, verb in enumerate(verbs.split()):
        parcel.act(verb, now=1_735_689_600 + index * 3600)
    return parcel
