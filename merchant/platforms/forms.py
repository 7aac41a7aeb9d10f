from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.platforms import registry
from merchant.shops.forms import AccountForm
from merchant.shops.models import PlatformAccount
from merchant.ui.forms import StyledFormMixin


def platform_choices() -> list[tuple[str, Any]]:
    return [(platform.code, platform.label) for platform in registry.all()]


class PlatformChoiceForm(StyledFormMixin, forms.Form):
    """Which platform the new account is at: what it must know depends on it."""

    platform = forms.ChoiceField(label=_("Platform"), choices=platform_choices)


class PlatformAccountForm(AccountForm):
    """One account at a platform or payment channel; `instance` says which."""

    class Meta:
        model = PlatformAccount
        fields = ["name", "app_key", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        platform = registry.find(self.instance.platform)
        self.ask_for(platform.secrets if platform else ())

    def secrets(self) -> dict[str, Any] | None:
        """See `AccountForm.secrets`. The app key stands in its own box; one kept among the secrets would hide it."""
        found = super().secrets()
        kept = dict(self.instance.secrets) if found is None else found
        if kept.get("app_key") in (None, self.instance.app_key):
            return found
        return {name: value for name, value in kept.items() if name != "app_key"}
