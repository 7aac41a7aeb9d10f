"""Forms that wear the house's clothes: every widget gets the class its kind has in static/css/components/form.css."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.money import MOST, fen, yuan

CLASSES = {
    forms.Textarea: "input",
    forms.CheckboxSelectMultiple: "",
    forms.CheckboxInput: "",
    forms.Select: "select",
    forms.Widget: "input",
}


def style(field: forms.Field) -> None:
    """Give the field's widget its class."""
    name = next(name for kind, name in CLASSES.items() if isinstance(field.widget, kind))
    if name:
        field.widget.attrs.setdefault("class", name)
    if isinstance(field.widget, forms.Textarea):
        field.widget.attrs["rows"] = 5


class StyledFormMixin:
    """Mixin before `forms.Form` or `forms.ModelForm`."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            style(field)


class YuanField(forms.CharField):
    """Yuan on the page, fen in the database; at most `most` fen."""

    def __init__(self, *, most: int = MOST, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most

    def prepare_value(self, value: Any) -> Any:
        return yuan(value).replace(",", "") if isinstance(value, int) else value

    def clean(self, value: Any) -> int:
        value = super().clean(value)
        try:
            amount = fen(value)
        except ValueError:
            raise forms.ValidationError(_("Write an amount in yuan, at most two decimals.")) from None
        if amount < 0:
            raise forms.ValidationError(_("The amount cannot be negative."))
        if amount > self.most:
            raise forms.ValidationError(_("At most %(most)s yuan.") % {"most": yuan(self.most)})
        return amount
