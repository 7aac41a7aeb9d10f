from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.ui.forms import VerbForm


class CodeForm(VerbForm):
    """Six digits of the app, or a recovery code."""

    code = forms.CharField(max_length=40, error_messages={"required": _("Type the code that the app shows.")})
