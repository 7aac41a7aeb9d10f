from django import forms

from merchant.ui.forms import NumberField, VerbForm


class WishForm(VerbForm):
    """How the buyer wishes to be paid back, or what they answered; the service judges both."""

    way = forms.CharField(required=False, strip=False)
    note = forms.CharField(required=False)


class GrantWishForm(VerbForm):
    """`shown` is the wish that the page showed."""

    shown = NumberField(required=False)
