"""What the verbs of a case are told: the version the page showed, and what each of them asks beside it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import CaseKind
from merchant.ui.forms import NumberField, VerbForm, YuanField
from merchant.ui.query_params import parse_int

NO_AMOUNT = _("Write the amount as yuan, for example 88.00.")


class VersionField(NumberField):
    """The version of the case that the page showed (E16)."""

    def __init__(self) -> None:
        super().__init__(
            error_messages={"required": _("The page did not say which version it showed; reload it.")},
        )


class ShownForm(VerbForm):
    """For what needs no more than that the page is not stale: intercept, stop in house."""

    codes = {"version": "E16"}

    version = VersionField()


class AgreeForm(ShownForm):
    reason = forms.CharField(required=False)


class RefuseForm(ShownForm):
    reason = forms.CharField(required=False, strip=False)
    evidence = forms.CharField(required=False)

    def clean_evidence(self) -> dict[str, str] | None:
        note = self.cleaned_data["evidence"]
        return {"note": note} if note else None


class ProposeForm(ShownForm):
    field_order = ("amount", "version", "note")

    amount = YuanField(wrong=NO_AMOUNT, may_be_negative=True)
    note = forms.CharField(required=False)


class SettleReturnForm(ShownForm):
    """So many units of each line under `units-<line>`, or an amount where one was written."""

    amount = YuanField(required=False, wrong=NO_AMOUNT, may_be_negative=True)
    reason = forms.CharField(required=False)

    def units(self) -> dict[int, int]:
        """{line: units}; -1, which the service refuses, for what is no number."""
        found = {}
        for name, value in self.data.items():
            kind, _dash, line = name.partition("-")
            written = value.strip()
            if kind == "units" and (pk := parse_int(line)) is not None and written:
                count = parse_int(written)
                found[pk] = -1 if count is None else count
        return found


class ApplyForm(VerbForm):
    """Asking for a refund on the buyer's behalf; `kinds` are those open to the order."""

    kind = forms.TypedChoiceField(coerce=CaseKind)
    amount = YuanField(wrong=NO_AMOUNT, may_be_negative=True)
    reason = forms.CharField(error_messages={"required": _("Write why the buyer asks for it.")})

    def __init__(self, *args: Any, kinds: list[CaseKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [(one.value, one.label) for one in kinds]
        kind.error_messages["required"] = kind.error_messages["invalid_choice"] = _("Choose what the buyer asks for.")
