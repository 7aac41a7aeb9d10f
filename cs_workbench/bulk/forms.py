from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.ui.forms import StyledFormMixin
from orders.record.enums import Flag


class FlagForm(StyledFormMixin, forms.Form):
    """A flag, a remark, or both, for every order of the run."""

    flag = forms.TypedChoiceField(
        label=_("Flag"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("leave as it is")), *Flag.choices],
    )
    text = forms.CharField(label=_("Remark"), required=False, max_length=500, widget=forms.Textarea)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not self.errors and found.get("flag") is None and not found.get("text", "").strip():
            self.add_error(None, _("Choose a flag or write a remark."))
        return found
