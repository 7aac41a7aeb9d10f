from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.validators import BaseValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from merchant.carriers import registry as carriers
from merchant.policy.models import SETTINGS, SWITCHES, TIMER_COLUMNS, TIMERS, Policy
from merchant.policy.road_settings import RoadSettings
from merchant.policy.rules import rule
from merchant.policy.switches import Switches
from merchant.ui.forms import LengthField, StyledFormMixin, WordsField, YuanField, amount_and_unit

# The parts of the page, by the first setting of each; the timers come after them.
PARTS = (
    (next(field.name for field in RoadSettings._meta.local_fields), _("Orders, from payment to the warehouse")),
    ("auto_agree", _("Interception and money")),
    ("benefits", _("Promises to the buyer")),
)


class SwitchesField(forms.MultipleChoiceField):
    """A box for each switch; {name: on or off} inside."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, switches: Switches, **kwargs: Any) -> None:
        super().__init__(choices=switches.choices, required=False, **kwargs)
        self.switches = switches

    def prepare_value(self, value: Any) -> Any:
        return [name for name, is_on in value.items() if is_on] if isinstance(value, dict) else value

    def clean(self, value: Any) -> dict[str, bool]:
        chosen = super().clean(value)
        return {name: name in chosen for name in self.switches.defaults()}


def _couriers() -> list[tuple[str, str]]:
    """Asked for when the page is drawn: by then every adapter is registered."""
    return [(carrier.code, carrier.label) for carrier in carriers.spoken_with()]


def _several(column: models.Field, label: Any) -> forms.MultipleChoiceField:
    choices = _couriers if column.name == "intercept_couriers" else column.base_field.choices  # type: ignore[attr-defined]
    return forms.MultipleChoiceField(label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple)


def _whole_number(column: models.Field, label: Any) -> forms.IntegerField:
    limits = {type(found): found.limit_value for found in column.validators if isinstance(found, BaseValidator)}
    least, most = limits.get(MinValueValidator, 0), limits.get(MaxValueValidator)
    return forms.IntegerField(label=label, min_value=least, max_value=most)


def field_of(column: models.Field, **kwargs: Any) -> forms.Field | None:
    """How a setting is drawn: fen as yuan, seconds with a unit, a mapping or a list as boxes; the rest by its type."""
    label = column.verbose_name
    if column.name in TIMER_COLUMNS:
        return LengthField(label=label, wrong=_("A timer is between one second and one year."))
    if column.name in SWITCHES:
        return SwitchesField(SWITCHES[column.name], label=label)
    if isinstance(column, ArrayField):
        base = column.base_field
        if not base.choices and column.name != "intercept_couriers":
            return WordsField(longest=base.max_length or 20, label=label)
        return _several(column, label)
    if isinstance(column, models.PositiveBigIntegerField):
        return YuanField(label=label)
    if isinstance(column, models.PositiveIntegerField):
        return _whole_number(column, label)
    return column.formfield(**kwargs)


class PolicyForm(StyledFormMixin, forms.ModelForm):
    """Every setting of a shop. It is not saved itself: `changed_settings` is what policy.services.change is told."""

    reason = forms.CharField(label=_("Why it changes"), max_length=200)

    class Meta:
        model = Policy
        fields = [*SETTINGS, "reason"]
        formfield_callback = field_of

    def add_prefix(self, field_name: str) -> str:
        """A timer is posted under the code of its rule."""
        column = SETTINGS.get(field_name)
        return str(column.db_comment) if column is not None and field_name in TIMER_COLUMNS else field_name

    def changed_settings(self, rules: Policy) -> dict[str, Any]:
        """What differs from `rules`."""
        return {name: self.cleaned_data[name] for name in SETTINGS if self.cleaned_data[name] != getattr(rules, name)}

    @property
    def parts(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """Each part's title and its settings; the timers stand apart."""
        (_first, first_title), *others = PARTS
        # Settings of the road that other files bring may stand before its first.
        found: list[tuple[Any, list[forms.BoundField]]] = [(first_title, [])]
        titles = dict(others)
        for name in SETTINGS:
            if name in titles:
                found.append((titles[name], []))
            if name not in TIMER_COLUMNS:
                found[-1][1].append(self[name])
        return found

    @property
    def timers(self) -> list[dict[str, Any]]:
        """A row of the table for each timer, with what was typed."""
        rows = []
        for code, name in TIMERS.items():
            value = self[name].value()
            amount, unit = amount_and_unit(value) if isinstance(value, int) else value
            rows.append(
                {
                    "code": code,
                    "title": rule(code).title(),
                    "value": amount,
                    "unit": unit or "s",
                    "is_wrong": bool(self[name].errors),
                    "error": next(iter(self[name].errors), ""),
                }
            )
        return rows
