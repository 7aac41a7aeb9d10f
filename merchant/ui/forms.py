"""What forms share: styled widgets, amounts in yuan, lengths of time, and the form behind a verb's button."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.money import MOST, fen, yuan
from merchant.refusals import Refused
from merchant.ui.query_params import parse_int

CLASSES = {
    forms.Textarea: "input",
    forms.CheckboxSelectMultiple: "",
    forms.CheckboxInput: "",
    forms.Select: "select",
    forms.Widget: "input",
}
# Seconds, the longest first.
UNITS = {"d": 86_400, "h": 3600, "min": 60, "s": 1}


def style(field: forms.Field) -> None:
    """Give the field's widget its class."""
    name = next(name for kind, name in CLASSES.items() if isinstance(field.widget, kind))
    if name:
        field.widget.attrs.setdefault("class", name)
    if isinstance(field.widget, forms.Textarea):
        field.widget.attrs.setdefault("rows", 5)


class StyledFormMixin:
    """Mixin before `forms.Form` or `forms.ModelForm`: widgets get their classes (css/components/controls.css)."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            style(field)


class VerbForm(StyledFormMixin, forms.Form):
    """What a verb is told beside the row it is about, under the names its page posts."""

    # The refusal's code for a field that is missing or wrong; its name in capitals where none stands here.
    codes: Mapping[str, str] = {}

    def checked(self) -> dict[str, Any]:
        """The values for the service, or Refused for the first field that is wrong (`detail["field"]` names it)."""
        if self.is_valid():
            return self.cleaned_data
        name, errors = next(iter(self.errors.items()))
        raise Refused(self.codes.get(name, name.upper()), str(errors[0]), field=name)


class ReasonGivenForm(VerbForm):
    """For what is told nothing but why. The service says where a reason is needed."""

    reason = forms.CharField(required=False)


class NumberField(forms.CharField):
    """Plain digits as a whole number. What is none is None; to a required field it is as if nothing were there."""

    def clean(self, value: Any) -> int | None:
        number = parse_int(str(value or "").strip())
        if number is None and self.required:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return number


class YuanField(forms.CharField):
    """Yuan on the page, fen in the database; at most `most` fen. None for nothing where it is not required.

    `wrong` is said of what is no amount, and of nothing. `may_be_negative`: the service has its own word on that."""

    def __init__(self, *, most: int = MOST, wrong: Any = None, may_be_negative: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most, self.may_be_negative = most, may_be_negative
        self.wrong = wrong or _("Write an amount in yuan, at most two decimals.")
        if wrong:
            self.error_messages["required"] = wrong

    def prepare_value(self, value: Any) -> Any:
        return yuan(value).replace(",", "") if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        value = super().clean(value)
        if not value:
            return None
        try:
            amount = fen(value)
        except ValueError:
            raise forms.ValidationError(self.wrong) from None
        if amount < 0 and not self.may_be_negative:
            raise forms.ValidationError(_("The amount cannot be negative."))
        if amount > self.most:
            raise forms.ValidationError(_("At most %(most)s yuan.") % {"most": yuan(self.most)})
        return amount


class WordsField(forms.CharField):
    """Words with commas or lines between them; a list inside, each once."""

    widget = forms.Textarea

    def __init__(self, *, longest: int, rows: int = 5, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.longest = longest
        self.widget.attrs["rows"] = rows

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        words = list(dict.fromkeys(filter(None, re.split(r"[,，、;；\s]+", super().clean(value)))))
        if any(len(word) > self.longest for word in words):
            raise forms.ValidationError(_("A word has at most %(most)s characters.") % {"most": self.longest})
        return words


def amount_and_unit(seconds: int) -> tuple[int, str]:
    """172800 → (48, "h"): the longest unit that leaves nothing over; days only from three on, as the trade says."""
    least = {"d": 3 * UNITS["d"]}
    unit = next(u for u, length in UNITS.items() if seconds % length == 0 and seconds >= least.get(u, length))
    return seconds // UNITS[unit], unit


class LengthWidget(forms.MultiWidget):
    """A number under the field's own name and its unit under `<name>-unit`, seconds where none is sent."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        units = [("s", _("seconds")), ("min", _("minutes")), ("h", _("hours")), ("d", _("days"))]
        super().__init__([forms.TextInput(), forms.Select(choices=units)], attrs)
        self.widgets_names = ["", "-unit"]

    def decompress(self, value: Any) -> list[Any]:
        return list(amount_and_unit(value)) if value else ["", "s"]


class LengthField(forms.Field):
    """A length of time in whole seconds, written as a number and a unit."""

    widget = LengthWidget

    def __init__(self, *, wrong: Any, **kwargs: Any) -> None:
        """`wrong` is the sentence for what is no length of time."""
        super().__init__(**kwargs)
        self.wrong = wrong

    def to_python(self, value: Any) -> int:
        amount, unit = value
        number, unit = parse_int(amount or ""), unit or "s"
        if number is None or unit not in UNITS:
            raise forms.ValidationError(self.wrong)
        return number * UNITS[unit]


def add_refusal(form: forms.BaseForm, refusal: Refused) -> None:
    """Show a service's refusal beside the field it names, else above the form."""
    field = str(refusal.detail.get("field", ""))
    form.add_error(field if field in form.fields else None, str(refusal.message))
