"""What a person says about themselves."""

from typing import Any

from django import forms

from merchant.people.models import User


class PreferencesForm(forms.ModelForm):
    """Density, and whether the desk goes on by itself; only what was sent is changed."""

    class Meta:
        model = User
        fields = ("density", "goes_on")

    def __init__(self, data: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        for name in list(self.fields):
            if name not in data:
                del self.fields[name]
