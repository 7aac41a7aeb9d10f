"""What the verbs of a claim are told. Which of it a claim needs in its state the services say."""

from django import forms
from django.utils.translation import gettext_lazy as _

from logistics.claims.enums import Basis, Cause
from merchant.ui.forms import NumberField, VerbForm, YuanField

NO_AMOUNT = _("That is not an amount in yuan.")
NO_CAUSE = _("Say what happened and how the amount was found.")


class SumField(YuanField):
    def __init__(self, *, required: bool = True) -> None:
        super().__init__(required=required, wrong=NO_AMOUNT, may_be_negative=True)


class ParcelForm(VerbForm):
    """Which parcel a claim is drafted for by hand."""

    shop = NumberField(required=False)
    waybill = forms.CharField(required=False)


class DraftClaimForm(VerbForm):
    """What happened to it."""

    codes = {"cause": "CAUSE", "basis": "CAUSE", "loss": "AMOUNT"}

    cause = forms.ChoiceField(choices=Cause.choices, error_messages={"required": NO_CAUSE, "invalid_choice": NO_CAUSE})
    basis = forms.ChoiceField(choices=Basis.choices, error_messages={"required": NO_CAUSE, "invalid_choice": NO_CAUSE})
    loss = SumField()
    note = forms.CharField(required=False)


class EditClaimForm(VerbForm):
    """`insured` is empty for a parcel that is not."""

    codes = {"insured": "AMOUNT", "loss": "AMOUNT"}

    insured = SumField(required=False)
    loss = SumField()
    basis = forms.CharField(required=False)
    note = forms.CharField(required=False)


class FileClaimForm(VerbForm):
    through = forms.CharField(required=False)
    reference = forms.CharField(required=False)


class AcceptClaimForm(VerbForm):
    codes = {"agreed": "AMOUNT"}

    agreed = SumField()


class BookPaymentForm(VerbForm):
    codes = {"paid": "AMOUNT"}

    paid = SumField()
    through = forms.CharField(required=False)
    reference = forms.CharField(required=False)
