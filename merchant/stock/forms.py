from django import forms

from merchant.ui.forms import NumberField, VerbForm


class BinForm(VerbForm):
    """Where a stock row lies; nothing takes it off its place."""

    stock = NumberField(required=False)
    bin = forms.CharField(required=False)
