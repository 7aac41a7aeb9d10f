from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.ui.forms import ReasonGivenForm, VerbForm, YuanField

NO_AMOUNT = _("That is not an amount in yuan.")


class BillForm(VerbForm):
    """Fee and freight back as the courier billed them."""

    codes = {"fee": "AMOUNT", "freight": "AMOUNT"}

    fee = YuanField(wrong=NO_AMOUNT, may_be_negative=True)
    freight = YuanField(wrong=NO_AMOUNT, may_be_negative=True)
    reference = forms.CharField(required=False)


class GiveUpForm(ReasonGivenForm):
    reason = forms.CharField(error_messages={"required": _("Say why it is given up.")})
