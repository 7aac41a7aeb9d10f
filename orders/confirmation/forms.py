from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.ui.forms import VerbForm
from orders.confirmation.enums import Channel


class ContactForm(VerbForm):
    """One talk: by which channel, what was said, and what the buyer was promised."""

    channel = forms.ChoiceField(choices=Channel.choices)
    note = forms.CharField(required=False, max_length=300)
    ship_at = forms.DateTimeField(required=False, error_messages={"invalid": _("Write a time as 2026-11-30 18:00.")})
    deliver_at = forms.DateTimeField(required=False, error_messages={"invalid": _("Write a time as 2026-11-30 18:00.")})
    text = forms.CharField(required=False, max_length=500)

    codes = {"ship_at": "TIMES", "deliver_at": "TIMES"}
