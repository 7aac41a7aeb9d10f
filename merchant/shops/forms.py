"""Forms of the settings pages. A secret is written here and never shown again: an empty box keeps what is stored."""

import json
from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from merchant.money import MOST, fen, yuan
from merchant.platforms.douyin.client import TYPE_SETTINGS
from merchant.shops.models import CourierAccount, PlatformAccount, Via
from merchant.ui.forms import StyledFormMixin

# What each way of asking wants to be told; the rest is in docs/couriers.md.
CREDENTIALS = {
    "zto": "app_key, app_secret",
    "yto": "push, track_query_adapter, wanted_report_adapter, wanted_cancel_adapter, subscribe_adapter",
    "sto": "app_key, from_code, secret_key",
    "jt": "api_account, private_key",
    "sf": "partner_id, check_word, monthly_card, digest, role, pay_mode, phone_last4",
    "kuaidi100": (
        "key, customer, secret, salt, partner_id, partner_key, partner_secret, partner_name, net, code, pay_type, "
        "order_role, app_key, app_secret, phone_last4"
    ),
}
COURIERS = [("zto", _("ZTO")), ("yto", _("YTO")), ("sto", _("STO")), ("jt", _("J&T")), ("sf", _("SF"))]


# What stopping and bringing back one parcel can cost; more is a slip of the point.
MOST_COST_FEN = 100_000
MOST_PER_SECOND = 500


DOUYIN_SECRETS = ("app_secret", "access_token")


class YuanField(forms.CharField):
    """Yuan on the page, fen in the database; at most `most` fen."""

    def __init__(self, *, most: int = MOST, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most

    def prepare_value(self, value: Any) -> Any:
        return yuan(value).replace(",", "") if isinstance(value, int) else value

    def clean(self, value: Any) -> int:
        value = super().clean(value)
        try:
            amount = fen(value)
        except ValueError:
            raise forms.ValidationError(_("Write an amount in yuan, at most two decimals.")) from None
        if amount < 0:
            raise forms.ValidationError(_("The amount cannot be negative."))
        if amount > self.most:
            raise forms.ValidationError(_("At most %(most)s yuan.") % {"most": yuan(self.most)})
        return amount


class SecretsField(forms.CharField):
    """A JSON object of credentials; what the courier handed out, under the names the adapter asks for."""

    widget = forms.Textarea

    def clean(self, value: Any) -> dict[str, Any] | None:
        value = super().clean(value)
        if not value:
            return None
        try:
            found = json.loads(value)
        except ValueError as error:
            raise forms.ValidationError(_("This is not JSON: %(why)s") % {"why": error}) from None
        if not isinstance(found, dict):
            raise forms.ValidationError(_("Write a JSON object, in braces."))
        return found


class CourierAccountForm(StyledFormMixin, forms.ModelForm):
    courier = forms.ChoiceField(label=_("Courier"), choices=COURIERS)
    intercept_fee = YuanField(label=_("Interception fee (yuan, estimate)"), initial="3.00", most=MOST_COST_FEN)
    back_freight = YuanField(label=_("Freight back (yuan, estimate)"), initial="4.50", most=MOST_COST_FEN)
    secrets_json = SecretsField(
        label=_("Credentials (JSON)"),
        required=False,
        help_text=_("Written, never shown. Leave empty to keep what is stored."),
    )

    class Meta:
        model = CourierAccount
        fields = ["name", "courier", "via", "customer_code", "has_ewaybill", "rate_per_second", "is_active"]
        help_texts = {
            "via": _("Kuaidi100 asks the courier for you; the parcel stays the courier's. It cannot be changed later."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Only couriers that are spoken with have a host; an account of another would promise what nothing keeps.
        offered = {*settings.COURIER_HOSTS, self.instance.courier}
        courier = cast(forms.ChoiceField, self.fields["courier"])
        courier.choices = [choice for choice in COURIERS if choice[0] in offered]
        known = [code for code, _label in courier.choices] + [Via.KUAIDI100]
        names = "; ".join(f"{code}: {CREDENTIALS[code]}" for code in known if code in CREDENTIALS)
        self.fields["secrets_json"].help_text = format_lazy("{} {}", self.fields["secrets_json"].help_text, names)
        if self.instance.pk:
            # An interception under way was asked for this way; another way is another account.
            courier.disabled = self.fields["via"].disabled = True
            self.fields["intercept_fee"].initial = self.instance.rate_card.get("intercept_fee_fen", 0)
            self.fields["back_freight"].initial = self.instance.rate_card.get("back_freight_fen", 0)

    def clean_rate_per_second(self) -> int:
        found: int = self.cleaned_data["rate_per_second"]
        if not 1 <= found <= MOST_PER_SECOND:
            raise forms.ValidationError(
                _("Write how many requests a second the courier allows: 1 to %(most)d.") % {"most": MOST_PER_SECOND}
            )
        return found

    def rate_card(self) -> dict[str, int]:
        """In fen, as interceptions are estimated with it."""
        return {
            "intercept_fee_fen": self.cleaned_data["intercept_fee"],
            "back_freight_fen": self.cleaned_data["back_freight"],
        }


class TypeField(forms.IntegerField):
    """One of Douyin's operation types. Not a secret, but kept with them: it belongs to the app's own agreement."""

    def __init__(self, label: Any) -> None:
        help_text = _("From Douyin's table of operation types (its document 93/2752). Empty: decided on its own page.")
        super().__init__(label=label, required=False, min_value=1, max_value=99_999, help_text=help_text)


class PlatformAccountForm(StyledFormMixin, forms.ModelForm):
    platform = forms.ChoiceField(
        label=_("Platform"),
        choices=[("kuaishou", _("Kuaishou")), ("douyin", _("Douyin")), ("wechat_pay", _("WeChat Pay"))],
    )
    secrets_json = SecretsField(
        label=_("Credentials (JSON)"),
        required=False,
        help_text=_("Written, never shown. Leave empty to keep what is stored."),
    )
    agree_refund_type = TypeField(_("Douyin: agree to refund only, shipped (agree_refund_type)"))
    agree_unshipped_type = TypeField(_("Douyin: agree to refund before shipping (agree_unshipped_type)"))
    refuse_refund_type = TypeField(_("Douyin: refuse refund only, shipped (refuse_refund_type)"))
    refuse_unshipped_type = TypeField(_("Douyin: refuse refund before shipping (refuse_unshipped_type)"))

    class Meta:
        model = PlatformAccount
        fields = ["name", "platform", "app_key", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["platform"].disabled = True
        for name in TYPE_SETTINGS:
            if self.instance.pk and self.instance.platform != "douyin":
                del self.fields[name]
            else:
                self.fields[name].initial = self.instance.secrets.get(name)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("platform") == "douyin" and "secrets_json" in values:
            values["secrets_json"] = self._of_douyin(values)
        return values

    def _of_douyin(self, values: dict[str, Any]) -> dict[str, Any] | None:
        """The credentials with the types in them, written anew or those that are stored; None where nothing changes, so
        that a token renewed meanwhile is not written over."""
        given = values["secrets_json"] or {}
        secrets = dict(given or self.instance.secrets)
        missing = [name for name in DOUYIN_SECRETS if not secrets.get(name)]
        if missing:
            self.add_error(
                "secrets_json",
                _("Douyin's credentials need %(names)s: {“app_secret”: …, “access_token”: …, “refresh_token”: …, "
                  "“shop_id”: …}; the app key stands in its own box.") % {"names": ", ".join(missing)},
            )  # fmt: skip
        key = secrets.get("app_key")
        if key and values.get("app_key") and str(key) != values["app_key"]:
            self.add_error("app_key", _("The credentials name another app key: %(key)s.") % {"key": key})
        for name in TYPE_SETTINGS:
            # Written among the credentials, or in its own box; an emptied box takes the stored one away.
            written = values.get(name) or given.get(name)
            secrets.pop(name, None)
            if written:
                secrets[name] = written
        return None if secrets == self.instance.secrets else secrets


class ReasonForm(StyledFormMixin, forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200)
