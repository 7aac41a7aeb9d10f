import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.people.models import Team
from merchant.regions.addresses import province_of
from merchant.ui.forms import NumberField, StyledFormMixin, VerbForm, YuanField
from orders.record.enums import OrderKind

LONGEST_REASON = 300


class AssignForm(VerbForm):
    """To whom work or a customer goes, and why; the service says whether they may be given it."""

    to = NumberField(required=False)
    reason = forms.CharField(required=False)

    def clean_reason(self) -> str:
        return str(self.cleaned_data["reason"])[:LONGEST_REASON]


class RuleForm(StyledFormMixin, forms.Form):
    """A rule of assignment: whose orders, and to whom. An empty condition asks nothing."""

    name = forms.CharField(label=_("Name of the rule"), max_length=40)
    kinds = forms.MultipleChoiceField(
        label=_("Kinds of order"), choices=OrderKind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    provinces = forms.CharField(
        label=_("Provinces"),
        max_length=300,
        required=False,
        help_text=_("With commas between them; empty: everywhere."),
    )
    least = YuanField(label=_("From (yuan)"), required=False)
    most = YuanField(label=_("Below (yuan)"), required=False)
    skill = forms.CharField(
        label=_("Skill needed"), max_length=30, required=False, help_text=_("As it stands with your colleagues.")
    )
    team = forms.ModelChoiceField(
        label=_("Team"), queryset=Team.objects.none(), required=False, empty_label=_("Everybody")
    )

    def __init__(self, *args: Any, shop: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = Team.objects.filter(shop=shop)  # type: ignore[attr-defined]

    def clean_provinces(self) -> list[str]:
        said = filter(None, re.split(r"[,，、\s]+", self.cleaned_data["provinces"]))
        found = {name: province_of(name) for name in said}
        if unknown := [name for name, province in found.items() if not province]:
            raise forms.ValidationError(_("There is no such province: %(name)s.") % {"name": unknown[0]})
        return list(dict.fromkeys(found.values()))

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        least, most = found.get("least") or 0, found.get("most") or 0
        if most and most <= least:
            self.add_error("most", _("The second amount is above the first."))
        return found

    @property
    def values(self) -> dict[str, Any]:
        """For the service; after `is_valid`."""
        found = dict(self.cleaned_data)
        found["least_fen"], found["most_fen"] = found.pop("least") or 0, found.pop("most") or 0
        return found
