"""The form that makes an API token."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.api.policies import scopes_open_to
from merchant.clock import now
from merchant.ui.forms import StyledFormMixin

LIVES = [("30", _("30 days")), ("90", _("90 days")), ("365", _("one year")), ("", _("until it is revoked"))]


class TokenForm(StyledFormMixin, forms.Form):
    """What a token is for, what it may do, how long."""

    name = forms.CharField(
        label=_("Program"), max_length=60, help_text=_("What will hold it, so that you know it again: ERP, script …")
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Never more than your own role allows; choose as little as it needs."),
    )
    days = forms.ChoiceField(label=_("Valid for"), choices=LIVES, required=False, initial="90")

    def __init__(self, *args: Any, user: Any, shop_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered: Any = self.fields["scopes"]
        offered.choices = [(scope.value, scope.label) for scope in scopes_open_to(user, shop_id)]

    def clean_days(self) -> Any:
        """The end as an instant; None lasts until it is revoked."""
        days = self.cleaned_data["days"]
        return now() + timedelta(days=int(days)) if days else None
