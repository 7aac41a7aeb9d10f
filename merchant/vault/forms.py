from django import forms

from merchant.ui.forms import NumberField, VerbForm


class AskQuotaForm(VerbForm):
    """How many more looks and what for; the service judges both."""

    wanted = NumberField(required=False)
    reason = forms.CharField(required=False, strip=False)

    def clean_wanted(self) -> int:
        return self.cleaned_data["wanted"] or 0


class RefuseQuotaForm(VerbForm):
    """A sentence for whoever asked."""

    answer = forms.CharField(required=False)
