"""What a print is told."""

from django import forms
from django.utils.translation import gettext_lazy as _

from logistics.labels.papers import Paper, PaperSize
from merchant.ui.forms import VerbForm


class PrintForm(VerbForm):
    """The roll in the printer, and what comes out of it."""

    size = forms.TypedChoiceField(label=_("Roll"), choices=PaperSize.choices, coerce=PaperSize, initial=PaperSize.LARGE)
    paper = forms.TypedChoiceField(label=_("Papers"), choices=Paper.choices, coerce=Paper, initial=Paper.LABEL)
