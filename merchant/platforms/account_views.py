"""The pages of one account at a platform or payment channel."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchant.platforms import connecting
from merchant.platforms.forms import PlatformAccountForm, PlatformChoiceForm
from merchant.shops.account_pages import AccountPages
from merchant.shops.models import PlatformAccount
from merchant.ui.access import SignedInRequest


class PlatformAccountPages(AccountPages):
    kind = "platform"
    model = PlatformAccount
    choice_form = PlatformChoiceForm
    form = PlatformAccountForm
    sentences = connecting.SENTENCES
    saved = gettext_lazy("Saved. Now test whether the platform takes it.")

    def push(self, account: Any) -> dict[str, Any]:
        site = str(settings.SITE_URL).rstrip("/")
        return {
            "address": site + reverse("platform_push", args=[account.push_token]),
            "guide": _("Enter it as the address for messages in your application on the platform's site."),
        }

    def start_test(self, request: SignedInRequest, account: Any) -> None:
        connecting.start_connection_test(account, by=request.user)
