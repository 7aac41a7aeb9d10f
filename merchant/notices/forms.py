from django import forms


class ReadForm(forms.Form):
    """`up_to`: the newest notice the page showed."""

    up_to = forms.IntegerField(min_value=0, max_value=2**63 - 1)
