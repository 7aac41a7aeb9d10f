from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.ui.forms import VerbForm
from merchant.ui.query_params import parse_int

MANY = ("pass", "hold", "reject")
MOST = 200


class ReviewForm(VerbForm):
    """Why, or what the buyer is asked; the service says where it is needed."""

    reason = forms.CharField(required=False, max_length=300)


class PickedField(forms.Field):
    """The ticked rows, by their ids; what is no number is left out."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> list[int]:
        picked = [pk for pk in map(parse_int, value or []) if pk is not None]
        if not picked:
            raise forms.ValidationError(_("Tick the orders first."))
        return picked[:MOST]


class BulkForm(VerbForm):
    """One verb over several orders. `sure`: the preview was seen."""

    verb = forms.ChoiceField(choices=[(name, name) for name in MANY])
    reason = forms.CharField(required=False, max_length=300)
    sure = forms.BooleanField(required=False)
    ids = PickedField()
