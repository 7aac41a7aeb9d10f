from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.people.rights import Right, can
from merchant.shops.models import Shop
from merchant.ui.forms import VerbForm
from orders.intake import registry


def shops_one_may_import_into(user: Any) -> list[Shop]:
    return [shop for shop in Shop.objects.visible_to(user).order_by("name") if can(user, shop, Right.IMPORT_ORDERS)]


class ImportForm(forms.Form):
    """Which shop and which layout; the files themselves are read from the request, since there may be several."""

    shop = forms.ChoiceField(label=_("Shop"))
    profile = forms.ChoiceField(label=_("Layout"), initial="auto")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shops = {str(shop.pk): shop for shop in shops_one_may_import_into(user)}
        self.fields["shop"].choices = [(pk, shop.name) for pk, shop in self.shops.items()]  # type: ignore[attr-defined]
        self.fields["profile"].choices = layouts()  # type: ignore[attr-defined]

    def clean_shop(self) -> Shop:
        return self.shops[self.cleaned_data["shop"]]


def layouts() -> list[tuple[str, Any]]:
    return [
        ("auto", _("Recognise it by its columns")),
        *((profile.name, profile.title) for profile in registry.all_profiles()),
    ]


class RetryImportForm(VerbForm):
    """The layout to read the file by; nothing for the one it had."""

    profile = forms.CharField(required=False)
