from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.ui.forms import VerbForm
from merchant.ui.query_params import parse_int

MANY = ("pass", "hold", "reject")


class ReviewForm(VerbForm):
    """Why, or what the buyer is asked; the service says where it is needed."""

    reason = forms.CharField(required=False, max_length=300)


class BulkForm(VerbForm):
    """One verb over several orders; `ids` are theirs. `sure`: the preview was seen."""

    verb = forms.ChoiceField(choices=[(name, name) for name in MANY])
    reason = forms.CharField(required=False, max_length=300)
    sure = forms.BooleanField(required=False)
    ids = forms.CharField(required=False)

    codes = {"verb": "VERB"}

    def __init__(self, data: object, ids: list[str]) -> None:
        super().__init__(data)
        self.picked = [pk for pk in (parse_int(one) for one in ids[:200]) if pk is not None]

    def clean(self) -> dict[str, object]:
        found = super().clean() or {}
        if not self.picked:
            raise forms.ValidationError(_("Tick the orders first."))
        return found
