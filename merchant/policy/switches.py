"""Settings that hold a switch for each name of a registered set: evidence that may pay, promises to the buyer."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from merchant.policy.rules import benefit_code, rule


@dataclass(frozen=True)
class Switch:
    """One name. `label` is lazy: it speaks the language of the page."""

    label: Any
    is_on: bool


class Switches:
    """A set of names, each with the default a new shop gets. Names are added when the program starts."""

    def __init__(self) -> None:
        self._known: dict[str, Switch] = {}

    def register(self, name: str, label: Any, *, is_on: bool) -> None:
        self._known[name] = Switch(label, is_on)

    def defaults(self) -> dict[str, bool]:
        return {name: switch.is_on for name, switch in self._known.items()}

    def choices(self) -> list[tuple[str, Any]]:
        return [(name, switch.label) for name, switch in self._known.items()]

    def completed(self, held: dict[str, bool]) -> dict[str, bool]:
        """A stored mapping as it is read: the default for a name it does not hold, nothing for one nobody knows."""
        return {name: held.get(name, switch.is_on) for name, switch in self._known.items()}

    def validate(self, held: dict[str, Any]) -> None:
        for name, is_on in held.items():
            if name not in self._known or not isinstance(is_on, bool):
                raise ValidationError(_("This is not one of the choices."))


# What proves that a parcel was stopped (EV-…).
EVIDENCE = Switches()
for _name, _label in (
    ("zto_status", _("ZTO answers INTERCEPT_SUCCESS")),
    ("yto_return_scan", _("YTO: a return scan after the request was accepted")),
    ("sto_return_scan", _("STO: a return scan after the request was accepted")),
    ("jt_return_scan", _("J&T: a return scan after the request was accepted")),
    ("kuaidi100_return_scan", _("Read through Kuaidi100: a return scan after the request was accepted")),
):
    EVIDENCE.register(_name, _label, is_on=True)


def _title(benefit: str) -> str:
    return rule(benefit_code(benefit)).title()


# Promises the shop makes to every buyer, beside what an order names itself (orders.record.enums.Benefit).
BENEFITS = Switches()
for _name in (
    "price_match", "host_guarantee", "late_ship", "price_protection", "refund_no_return", "breakage_return",
    "damage_return", "allergy_return", "return_freight", "counterfeit", "no_reason_return", "instant_refund",
):  # fmt: skip
    BENEFITS.register(_name, lazy(_title, str)(_name), is_on=_name == "no_reason_return")


def evidence_defaults() -> dict[str, bool]:
    return EVIDENCE.defaults()


def benefit_defaults() -> dict[str, bool]:
    return BENEFITS.defaults()
