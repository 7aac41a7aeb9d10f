from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.ui.forms import NumberField, ReasonGivenForm, StyledFormMixin
from orders.editing.addresses import Given, faults, given


class AddressForm(StyledFormMixin, forms.Form):
    """A new recipient, whole or in part. Nothing of the old one is shown: an empty field keeps it."""

    name = forms.CharField(label=_("Recipient's name"), required=False, max_length=40)
    phone = forms.CharField(label=_("Phone"), required=False, max_length=24)
    province = forms.CharField(label=_("Province"), required=False, max_length=20)
    city = forms.CharField(label=_("City"), required=False, max_length=20)
    district = forms.CharField(label=_("District or county"), required=False, max_length=20)
    detail = forms.CharField(label=_("Road, house, door"), required=False, max_length=120)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        change = given(**{name: found.get(name, "") for name in self.base_fields})
        for name, sentence in faults(change).items():
            if name not in self.errors:
                self.add_error(name, sentence)
        if change.is_empty and not self.errors:
            self.add_error(None, _("Write what changes: a name, a phone or a whole address."))
        return found

    @property
    def change(self) -> Given:
        """What was typed, tidied; after `is_valid`."""
        return given(**self.cleaned_data)


class WhyForm(ReasonGivenForm):
    """Why one order's address changes, and the recipient that the page showed."""

    shown = NumberField(required=False)
