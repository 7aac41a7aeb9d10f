from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from logistics.couriers import registry
from merchant.carriers import registry as carriers
from merchant.shops.forms import AccountForm
from merchant.shops.models import CourierAccount
from merchant.ui.forms import StyledFormMixin, VerbForm, YuanField

# What stopping and bringing back one parcel can cost; more is a slip of the point.
MOST_COST_FEN = 100_000
MOST_PER_SECOND = 500
DIRECT = ("", _("the courier's own interface"))


def courier_choices() -> list[tuple[str, Any]]:
    """The couriers an account can be of: those we speak with, and those a way round knows."""
    return [(carrier.code, carrier.label) for carrier in carriers.trackable()]


def way_choices() -> list[tuple[str, Any]]:
    return [DIRECT, *((way.code, way.label) for way in registry.ways())]


class CourierChoiceForm(StyledFormMixin, forms.Form):
    """Which courier the new account is of, and through whom it is asked: what it must know depends on both."""

    courier = forms.ChoiceField(label=_("Courier"), choices=courier_choices)
    via = forms.ChoiceField(
        label=_("Asked through"),
        choices=way_choices,
        required=False,
        help_text=_("Kuaidi100 asks the courier for you; the parcel stays the courier's. It cannot be changed later."),
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        courier, via = values.get("courier"), values.get("via", "")
        if courier and not via and registry.find(courier) is None:
            self.add_error("via", _("We do not speak with this courier ourselves: ask it through another."))
        return values


class CourierAccountForm(AccountForm):
    """One courier account; `instance` says its courier and its way."""

    intercept_fee = YuanField(label=_("Interception fee (yuan, estimate)"), initial="3.00", most=MOST_COST_FEN)
    back_freight = YuanField(label=_("Freight back (yuan, estimate)"), initial="4.50", most=MOST_COST_FEN)

    class Meta:
        model = CourierAccount
        fields = ["name", "customer_code", "has_ewaybill", "rate_per_second", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["intercept_fee"].initial = self.instance.rate_card.get("intercept_fee_fen", 0)
            self.fields["back_freight"].initial = self.instance.rate_card.get("back_freight_fen", 0)
        courier = registry.of(cast(Any, self.instance))
        self.ask_for(courier.secrets if courier else ())

    def clean_rate_per_second(self) -> int:
        found: int = self.cleaned_data["rate_per_second"]
        if not 1 <= found <= MOST_PER_SECOND:
            raise forms.ValidationError(
                _("Write how many requests a second the courier allows: 1 to %(most)d.") % {"most": MOST_PER_SECOND}
            )
        return found

    def save(self, commit: bool = True) -> Any:
        """With the rate card in fen, as interceptions are estimated with it."""
        self.instance.rate_card = {
            "intercept_fee_fen": self.cleaned_data["intercept_fee"],
            "back_freight_fen": self.cleaned_data["back_freight"],
        }
        return super().save(commit)


class ConnectionTestForm(VerbForm):
    """A waybill to ask about; without one a number that nobody has."""

    waybill = forms.CharField(required=False, max_length=40)
