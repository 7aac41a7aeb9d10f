from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.ui.forms import StyledFormMixin, VerbForm
from orders.listings.enums import Content


class MatchForm(VerbForm):
    """The product's merchant code or barcode; empty takes the match away."""

    code = forms.CharField(required=False, max_length=80)


class GoodsFileForm(StyledFormMixin, forms.Form):
    content = forms.ChoiceField(label=_("What the file says"), choices=Content.choices)
    file = forms.FileField(label=_("File"))
