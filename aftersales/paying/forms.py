from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.ui.forms import VerbForm, YuanField

NO_PROOF = _("Give the sum in yuan and the day it was paid.")


class FilePayoutForm(VerbForm):
    """What was paid outside the channel, how and when; the service compares it with the refund."""

    codes = {"paid_on": "PROOF", "amount": "PROOF"}

    paid_on = forms.DateField(input_formats=["%Y-%m-%d"], error_messages={"required": NO_PROOF, "invalid": NO_PROOF})
    amount = YuanField(wrong=NO_PROOF, may_be_negative=True)
    method = forms.CharField(required=False)
    reference = forms.CharField(required=False)

    def proof(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("method", "reference")}


class AdoptRefundForm(VerbForm):
    """The number of a refund that was made on the channel's own pages."""

    codes = {"number": "NOT_FOUND"}
    number = forms.CharField(
        max_length=64, error_messages={"required": _("Write the refund's number as the channel's console shows it.")}
    )


class ConfirmPayoutForm(VerbForm):
    """`shown` is the payment's number that the person read, None where no page named one."""

    shown = forms.CharField(required=False)

    def clean_shown(self) -> str | None:
        return self.data.get("shown")
