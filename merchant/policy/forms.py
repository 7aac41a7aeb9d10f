from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchant.carriers import registry as carriers
from merchant.policy import rules as rulebook
from merchant.policy import schema
from merchant.policy.schema import ShopPolicy
from merchant.ui.forms import StyledFormMixin, YuanField

MANY = forms.CheckboxSelectMultiple
# Settings that hold a switch for each name.
SWITCHES = ("evidence", "benefits")
# Shown in a part of their own.
PROMISES = (
    "benefits",
    "late_ship_percent",
    "late_ship_min_fen",
    "late_ship_max_fen",
    "price_match_times",
    "counterfeit_times",
    "return_freight_cap_fen",
    "refund_no_return_fen",
    "instant_refund_fen",
    "instant_refund_credit",
)


def _benefits() -> list[tuple[str, str]]:
    return [(name, rulebook.rule(rulebook.benefit_code(name)).title()) for name in schema.BENEFITS]


def _evidence() -> list[tuple[str, str]]:
    """Each switch under the title of its rule."""
    return [(name, rulebook.rule(code).title()) for name, code in schema.evidence_rules().items()]


def _couriers() -> list[tuple[str, str]]:
    return [(carrier.code, carrier.label) for carrier in carriers.spoken_with()]


class PolicyForm(StyledFormMixin, forms.Form):
    """Every setting of a shop but its timers, each with the rule it belongs to."""

    auto_agree = forms.BooleanField(label=_("A stopped parcel agrees the refund by itself"), required=False)
    pay_when = forms.ChoiceField(
        label=_("The refund is paid"),
        choices=[
            ("success", _("when the courier says the parcel is stopped")),
            ("returned", _("only when the parcel is back")),
        ],
    )
    auto_submit = forms.BooleanField(
        label=_("Submit the interception by itself when a case qualifies"),
        required=False,
        help_text=_("Off by default: a person presses the button."),
    )
    evidence = forms.MultipleChoiceField(
        label=_("Evidence of a stop that may pay by itself"),
        required=False,
        widget=MANY,
        choices=_evidence,
    )
    intercept_couriers = forms.MultipleChoiceField(
        label=_("Couriers that may be asked (E08)"), required=False, widget=MANY, choices=_couriers
    )
    intercept_limit_fen = YuanField(label=_("Refund must be below (yuan, E10)"))
    intercept_limit_on_parcel_sum = forms.BooleanField(
        label=_("The limit also holds for the sum of a parcel's cases (E10)"), required=False
    )
    warn_only = forms.MultipleChoiceField(
        label=_("Only warn, do not refuse"),
        required=False,
        widget=MANY,
        choices=[("E12", _("E12 fresh track")), ("E13", _("E13 full refund")), ("E15", _("E15 merged parcel"))],
    )
    second_person_fen = YuanField(label=_("A second person approves refunds above (yuan)"))
    claim_cap_fen = YuanField(label=_("The most a courier pays for an uninsured parcel (yuan, M14)"))
    release_manual_refunds = forms.ChoiceField(
        label=_("A refund a person agreed is paid"),
        choices=[("finance", _("when finance releases it")), ("at_once", _("at once, within the person's limit"))],
    )
    refund_window = forms.ChoiceField(
        label=_("Automatic refunds are paid"),
        required=False,
        choices=[("", _("at any hour")), ("09:00-21:00", _("between 09:00 and 21:00 (T-REFUND-WINDOW)"))],
    )
    pii_quota_per_day = forms.IntegerField(label=_("Looks at personal data a day"), min_value=0, max_value=100_000)
    pii_count = forms.ChoiceField(
        label=_("A look is counted"), choices=[("order", _("once per order and day")), ("view", _("every time"))]
    )
    forced_reads_per_day = forms.IntegerField(
        label=_("Reads of one parcel's track out of turn a day, through Kuaidi100 (E12)"), min_value=1, max_value=50
    )
    bulk_address_limit = forms.IntegerField(
        label=_("Addresses an agent may change at once (P-BULK-ADDRESS)"), min_value=1, max_value=1000
    )
    arrive_balance_minutes = forms.IntegerField(
        label=_("WeChat balance: a refund arrives within (minutes)"), min_value=1, max_value=60
    )
    arrive_card_days = forms.IntegerField(
        label=_("WeChat Pay to a bank card: a refund arrives within (working days)"), min_value=1, max_value=60
    )
    arrive_platform_days = forms.IntegerField(
        label=_("Platforms: a refund arrives within (working days)"), min_value=1, max_value=60
    )
    agent_scope = forms.ChoiceField(
        label=_("Agents see (P-AGENT-SCOPE)"),
        choices=[
            ("own", _("the customers they keep and those nobody keeps; supervisors their team's")),
            ("shop", _("every customer of the shop")),
        ],
    )
    only_assignee_decides = forms.BooleanField(
        label=_("Only the person who has a case decides it (P-ONLY-ASSIGNEE)"), required=False
    )
    keep_raw_days = forms.IntegerField(label=_("Keep raw messages (days)"), min_value=1, max_value=3650)
    product_url = forms.CharField(
        label=_("Address of the product page on the platform"),
        required=False,
        max_length=300,
        help_text=_("With {item} where the platform's item number stands, e.g. https://example.com/item/{item}."),
    )
    benefits = forms.MultipleChoiceField(
        label=_("Promises the shop makes to every buyer"), required=False, widget=MANY, choices=_benefits
    )
    late_ship_percent = forms.IntegerField(
        label=_("Late shipping: per cent of what the goods cost (M10)"), min_value=0, max_value=100
    )
    late_ship_min_fen = YuanField(label=_("Late shipping: at least (yuan)"))
    late_ship_max_fen = YuanField(label=_("Late shipping: at most (yuan)"))
    price_match_times = forms.IntegerField(
        label=_("Price match: how many times the difference"), min_value=1, max_value=100
    )
    counterfeit_times = forms.IntegerField(
        label=_("Counterfeit: how many times the goods paid (M11)"), min_value=1, max_value=100
    )
    return_freight_cap_fen = YuanField(label=_("Return freight: at most (yuan, M12)"))
    refund_no_return_fen = YuanField(label=_("Refund without return: up to (yuan)"))
    instant_refund_fen = YuanField(label=_("Instant refund: up to (yuan)"))
    instant_refund_credit = forms.IntegerField(
        label=_("Instant refund: the buyer's credit is at least"), min_value=0, max_value=100
    )
    reason = forms.CharField(label=_("Why it changes"), max_length=200)

    def changed_settings(self, rules: ShopPolicy) -> dict[str, Any]:
        """What differs from `rules`, shaped for policy.services.change."""
        found = {name: value for name, value in self.cleaned_data.items() if name != "reason"}
        found["evidence"] = {name: name in found["evidence"] for name in schema.evidence()}
        found["benefits"] = {name: name in found["benefits"] for name in schema.BENEFITS}
        return {name: value for name, value in found.items() if value != _comparable(getattr(rules, name))}

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return [field for field in self if field.name not in (*PROMISES, "reason")]

    @property
    def promise_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in PROMISES]


def _comparable(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def initial(rules: ShopPolicy) -> dict[str, Any]:
    values = {name: _comparable(getattr(rules, name)) for name in PolicyForm.base_fields if hasattr(rules, name)}
    chosen = {group: [name for name, is_on in getattr(rules, group).items() if is_on] for group in SWITCHES}
    return {**values, **chosen}
