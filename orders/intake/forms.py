from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.people.rights import Right, can
from merchant.shops.models import Shop
from merchant.ui.forms import VerbForm
from orders.intake import columns, registry
from orders.intake.reading.limits import MAX_COLUMNS


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
        self.fields["profile"].choices = layouts(self.shops.values())  # type: ignore[attr-defined]

    def clean_shop(self) -> Shop:
        return self.shops[self.cleaned_data["shop"]]


def layouts(shops: Iterable[Shop] = ()) -> list[tuple[str, Any]]:
    """What a file can be read by: recognised, what these shops mapped by hand, what we know."""
    return [
        ("auto", _("Recognise it by its columns")),
        *((profile.name, f"{profile.title} · {shop.name}") for shop in shops for profile in registry.profiles_of(shop)),
        *((profile.name, profile.title) for profile in registry.all_profiles()),
    ]


class MapColumnsForm(VerbForm):
    """What each column of the file is. The columns themselves are read from the page: `column-<n>` and `field-<n>`."""

    title = forms.CharField(label=_("Name of the layout"), max_length=60, required=False)
    grain = forms.ChoiceField(label=_("A row is"), choices=columns.GRAINS, initial=columns.LINE_ROWS)
    money = forms.ChoiceField(label=_("Amounts are in"), choices=columns.UNITS, initial="yuan")
    dates = forms.ChoiceField(label=_("A date"), choices=columns.DATES, required=False)
    states = forms.CharField(label=_("Further status words"), widget=forms.Textarea, required=False)

    def clean_states(self) -> dict[str, str]:
        found, wrong = columns.states_of(self.cleaned_data["states"])
        if wrong:
            raise forms.ValidationError(_("“%(line)s” is not: word = status.") % {"line": wrong[0]})
        return found

    def choices(self, chosen: Mapping[str, str]) -> tuple[str, columns.Choices]:
        """(name of the layout, the choices) with these columns. Raises Refused for the first field that is wrong."""
        told = self.checked()
        title = told.pop("title")
        return title, columns.Choices(columns=chosen, **told)


def chosen_columns(posted: Mapping[str, Any]) -> dict[str, str]:
    """{column: field or ""} of a posted page, in the file's order."""
    found: dict[str, str] = {}
    for position in range(MAX_COLUMNS):
        name = posted.get(f"column-{position}")
        if name is None:
            break
        field = str(posted.get(f"field-{position}", ""))
        found[str(name)] = field if field in columns.FIELDS else ""
    return found


class RetryImportForm(VerbForm):
    """The layout to read the file by; nothing for the one it had."""

    profile = forms.CharField(required=False)
