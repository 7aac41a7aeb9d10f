"""Forms that wear the house's clothes: every widget gets the class its kind has in static/css/components/form.css."""

from typing import Any

from django import forms

CLASSES = {
    forms.Textarea: "input",
    forms.CheckboxSelectMultiple: "",
    forms.CheckboxInput: "",
    forms.Select: "select",
    forms.Widget: "input",
}


class StyledFormMixin:
    """Mixin before `forms.Form` or `forms.ModelForm`."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            name = next(name for kind, name in CLASSES.items() if isinstance(field.widget, kind))
            if name:
                field.widget.attrs.setdefault("class", name)
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 5
