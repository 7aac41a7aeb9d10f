from django import forms

from merchant.ui.forms import NumberField, VerbForm

LONGEST_REASON = 300


class AssignForm(VerbForm):
    """To whom work or a customer goes, and why; the service says whether they may be given it."""

    to = NumberField(required=False)
    reason = forms.CharField(required=False)

    def clean_reason(self) -> str:
        return str(self.cleaned_data["reason"])[:LONGEST_REASON]
