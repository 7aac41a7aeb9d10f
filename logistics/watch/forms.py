from django import forms

from merchant.ui.forms import NumberField, VerbForm

# A week.
MOST_MINUTES = 10_080


class PauseForm(VerbForm):
    """Why nothing more is asked, and for how many minutes; None until a person resumes it."""

    minutes = NumberField(required=False)
    reason = forms.CharField(required=False)

    def clean_minutes(self) -> int | None:
        found = self.cleaned_data["minutes"]
        return found if found is not None and 0 < found <= MOST_MINUTES else None
