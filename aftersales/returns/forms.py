"""What the warehouse and the desk type about a parcel that comes home."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from aftersales.decisions.forms import ShownForm
from aftersales.returns.inspecting import MOST_UNITS, Count, Other
from merchant.carriers import waybills
from merchant.refusals import Refused
from merchant.ui.forms import NumberField, VerbForm
from merchant.ui.query_params import parse_int
from orders.record.models import OrderLine

PILES = ("sellable", "defective", "missing")
OUTCOMES = ("fine", "damaged", "differs")
# How many rows for things nobody sent the form of an inspection has.
OTHERS = 3


def tidy_waybill(waybill: str) -> str:
    """What a scanner or a finger sends as the number couriers use: small letters, label parts, tracking addresses.
    What is longer than any number is cut."""
    return waybills.normal(waybill.replace("\x00", ""))[: waybills.LONGEST]


class WaybillField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return tidy_waybill(super().to_python(value) or "")


class ShipBackForm(ShownForm):
    """How the buyer sends the goods back; the service judges both."""

    courier = forms.CharField(required=False, strip=False)
    waybill = forms.CharField(required=False)


class ScanForm(VerbForm):
    """A waybill, and which parcel was meant where several carry it."""

    waybill = WaybillField(required=False)
    package = NumberField(required=False)


class KeepForm(VerbForm):
    """A parcel that nobody expected."""

    waybill = WaybillField(required=False)
    note = forms.CharField(required=False)
    shop = NumberField(required=False)
    courier = forms.CharField(required=False)


class MatchForm(VerbForm):
    """The order's number."""

    order = forms.CharField(required=False, strip=False)

    def clean_order(self) -> str:
        return str(self.cleaned_data["order"])[:64]


class InspectionForm(VerbForm):
    """What was found: all fine, or units as `<pile>-<line>`; what we did not send as `what-<n>` and `other-<n>`."""

    outcome = forms.CharField(required=False)
    note = forms.CharField(required=False, strip=False)

    def __init__(self, *args: Any, wanted: Sequence[tuple[OrderLine, int]], **kwargs: Any) -> None:
        """`wanted`: the lines that should be in the parcel, with their units."""
        super().__init__(*args, **kwargs)
        self.wanted = wanted

    def counts(self) -> dict[int, Count]:
        """Units by line; "all fine" needs no counts, and neither does damage to everything.

        Raises Refused OUTCOME when nobody has said what was found, COUNT (`detail["field"]` is `line-<line>`)."""
        outcome = self.data.get("outcome")
        if outcome not in OUTCOMES:
            raise Refused("OUTCOME", _("Choose what was found first: 1, 2 or 3."), field="outcome")
        if outcome == "fine":
            return {line.pk: Count(sellable=units) for line, units in self.wanted}
        counts = {}
        for line, _units in self.wanted:
            piles = {pile: self._number(f"{pile}-{line.pk}") for pile in PILES}
            if -1 in piles.values():
                raise Refused(
                    "COUNT",
                    _("%(goods)s: write whole numbers.") % {"goods": line.title},
                    field=f"line-{line.pk}",
                )
            counts[line.pk] = Count(**piles)
        if outcome == "damaged" and not any(one.defective or one.missing for one in counts.values()):
            return {line.pk: Count(defective=units) for line, units in self.wanted}
        return counts

    def others(self) -> list[Other]:
        if self.data.get("outcome") == "fine":
            return []
        rows = [(n, self.data.get(f"what-{n}", "").strip()) for n in range(OTHERS)]
        return [
            Other(what, max(self._number(f"other-{n}"), 0))
            for n, what in rows
            if what or self.data.get(f"other-{n}", "").strip()
        ]

    def _number(self, name: str) -> int:
        """0 for nothing typed, -1 for what is no count."""
        found = parse_int(self.data.get(name, "").strip() or "0")
        return -1 if found is None or found > MOST_UNITS else found
