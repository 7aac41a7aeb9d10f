"""Forms of a shop's settings. A secret is written here and never shown again: an empty box keeps what is stored."""

import re
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.shops.credentials import Secret
from merchant.ui.forms import StyledFormMixin, style

PREFIX = "secret-"
MOST_NUMBER = 99_999


class UnshownText(forms.Textarea):
    """A box for a long secret: what was written is not shown again, not even beside an error."""

    def format_value(self, value: Any) -> None:
        return None


class AccountForm(StyledFormMixin, forms.ModelForm):
    """The form of an account, with a box for each credential that its adapter asks for.

    A subclass calls `ask_for` at the end of its `__init__`; `secrets()` is what to store."""

    asked: tuple[Secret, ...] = ()

    def ask_for(self, secrets: Sequence[Secret]) -> None:
        """Draw a box for each of these: what is hidden is never filled in, the rest shows what is stored."""
        self.asked = tuple(secrets)
        for secret in self.asked:
            field = _field(secret, secret.read(self.instance.secrets))
            style(field)
            self.fields[PREFIX + secret.name] = field

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        for secret in self.asked:
            value = str(values.get(PREFIX + secret.name) or "")
            if value and secret.pattern and not re.fullmatch(secret.pattern, value):
                self.add_error(PREFIX + secret.name, _("This is not in the form the other side gives out."))
        return values

    def secrets(self) -> dict[str, Any] | None:
        """What is stored with what was written put into it; None where nothing changes, so that a token renewed
        meanwhile is not written over."""
        found = deepcopy(dict(self.instance.secrets))
        for secret in self.asked:
            value = self.cleaned_data.get(PREFIX + secret.name)
            if value not in (None, "") or not secret.is_hidden:
                secret.write(found, value)
        return None if found == self.instance.secrets else found


def _field(secret: Secret, stored: Any) -> forms.Field:
    is_stored = stored not in (None, "")
    if secret.choices:
        return forms.ChoiceField(
            label=secret.label, help_text=secret.help_text, choices=secret.choices, required=False, initial=stored
        )
    if secret.is_number:
        return forms.IntegerField(
            label=secret.label,
            help_text=secret.help_text,
            required=secret.is_required,
            min_value=1,
            max_value=MOST_NUMBER,
            initial=stored,
        )
    if not secret.is_hidden:
        return forms.CharField(
            label=secret.label, help_text=secret.help_text, required=secret.is_required, max_length=200, initial=stored
        )
    widget = UnshownText() if secret.is_long else forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(
        label=secret.label,
        help_text=_("Set. Leave empty to keep it.") if is_stored else secret.help_text,
        required=secret.is_required and not is_stored,
        max_length=8000 if secret.is_long else 500,
        widget=widget,
    )


class ReasonForm(StyledFormMixin, forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200)
