"""Forms about people: the first account, a new colleague, a changed one."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.translation import gettext_lazy as _

from merchant.people.models import Membership, Role, Scope, User
from merchant.people.rights import Right
from merchant.shops.models import Platform, Shop
from merchant.staff.enums import WayIn
from merchant.staff.services import LIMITED, is_limited, limit_shown, roles_of
from merchant.ui.forms import StyledFormMixin, WordsField, YuanField

NAME_HELP = _("Letters, digits and @ . + - _; this is typed when signing in.")


class FirstAccountForm(StyledFormMixin, forms.Form):
    """Who runs the product, and the code that proves it."""

    code = forms.CharField(label=_("Setup code"), max_length=40, help_text=_("The server printed it when it started."))
    username = forms.CharField(
        label=_("Name to sign in with"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        help_text=NAME_HELP,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    display_name = forms.CharField(label=_("Name shown to colleagues"), max_length=40)
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Ten characters or more, not only digits, none of the common ones."),
    )
    again = forms.CharField(
        label=_("Password, once more"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        password = values.get("password")
        if not password:
            return values
        if "again" in values and values["again"] != password:
            self.add_error("again", _("The two passwords differ."))
        person = User(username=values.get("username", ""), display_name=values.get("display_name", ""))
        try:
            validate_password(password, person)
        except forms.ValidationError as error:
            self.add_error("password", error)
        return values


def _sign_in_name(**kwargs: Any) -> forms.CharField:
    return forms.CharField(
        label=_("Name to sign in with"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        help_text=NAME_HELP,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
        **kwargs,
    )


class ShopForm(StyledFormMixin, forms.ModelForm):
    """A shop that is there; its platform stays what it was, since its orders came from there."""

    class Meta:
        model = Shop
        fields = ["name", "external_id", "state", "is_cross_border"]


class NewShopForm(StyledFormMixin, forms.Form):
    """A shop, and who owns it: whoever opens it, or somebody who is told how to get in."""

    name = forms.CharField(label=_("Name of the shop"), max_length=80)
    platform = forms.ChoiceField(
        label=_("It sells on"),
        choices=Platform.choices,
        help_text=_("Where its orders come from. A shop on two platforms is two shops here."),
    )
    external_id = forms.CharField(
        label=_("Its number on the platform"),
        max_length=64,
        required=False,
        help_text=_("The platform's back office shows it as shop or seller id. It can be filled in later."),
    )
    owner_username = _sign_in_name(required=False)
    owner_name = forms.CharField(label=_("The owner's name"), max_length=40, required=False)
    way = forms.ChoiceField(label=_("They get in by"), choices=WayIn.choices, required=False, initial=WayIn.LINK)

    def __init__(self, *args: Any, may_name_owner: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if may_name_owner:
            self.fields["owner_username"].label = _("The owner's name to sign in with")
            self.fields["owner_username"].help_text = _("Leave empty to own it yourself.")
        else:
            for name in ("owner_username", "owner_name", "way"):
                del self.fields[name]


class PersonForm(StyledFormMixin, forms.Form):
    """What a person does in a shop."""

    display_name = forms.CharField(label=_("Name shown to colleagues"), max_length=40)
    role = forms.ModelChoiceField(label=_("Role"), queryset=Role.objects.none(), empty_label=None)
    team = forms.CharField(
        label=_("Team"),
        max_length=40,
        required=False,
        help_text=_("A supervisor with a team sees its customers. A new name makes a new team."),
    )
    limit = YuanField(
        label=_("Decides alone up to (yuan)"),
        required=False,
        help_text=_("One refund, one order and one day. Leave empty for what the role has."),
    )

    skills = WordsField(
        label=_("Skills"),
        longest=30,
        rows=1,
        help_text=_("With commas between them; rules of assignment ask for them."),
    )
    capacity = forms.IntegerField(
        label=_("Orders in hand at most"), min_value=1, max_value=9999, required=False, help_text=_("Empty: no limit.")
    )

    def __init__(self, *args: Any, shop: Shop, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = roles_of(shop)
        chosen: Any = self.fields["role"]
        chosen.queryset = Role.objects.filter(pk__in=[role.pk for role in roles])
        chosen.choices = [(role.pk, str(role)) for role in roles]
        self.fields["team"].widget.attrs["list"] = "teams"

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        role = values.get("role")
        if role is not None and values.get("limit") is not None and not is_limited(role):
            self.add_error("limit", _("This role decides on no money: leave it empty."))
        return values


class NewPersonForm(PersonForm):
    username = _sign_in_name()
    way = forms.ChoiceField(label=_("They get in by"), choices=WayIn.choices, initial=WayIn.LINK)

    field_order = ("display_name", "username", "role", "team", "limit", "skills", "capacity", "way")


class ChangedPersonForm(PersonForm):
    """Filled in with what holds."""

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        fen, is_own = limit_shown(membership)
        initial = {
            "display_name": membership.user.display_name,
            "role": membership.role_id,
            "team": membership.team.name if membership.team else "",
            "limit": fen if is_own else None,
            "skills": membership.skills,
            "capacity": membership.capacity,
        }
        super().__init__(*args, shop=membership.shop, initial=initial, **kwargs)


class WayInForm(StyledFormMixin, forms.Form):
    way = forms.ChoiceField(label=_("They get in by"), choices=WayIn.choices)


class LeavingForm(StyledFormMixin, forms.Form):
    """Why somebody goes, and who takes over."""

    to = forms.ModelChoiceField(
        label=_("Who takes over"), queryset=User.objects.none(), required=False, empty_label=_("Choose a colleague")
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, colleagues: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["to"]
        chosen.queryset = User.objects.filter(pk__in=[person.pk for person in colleagues])


class RoleForm(StyledFormMixin, forms.Form):
    """What a role of the shop's own may do; filled in from `role`, whose name a copy does not take."""

    name = forms.CharField(label=_("Name of the role"), max_length=40)
    rights = forms.MultipleChoiceField(
        label=_("It may"),
        # Granting more looks at personal data is the platform's (merchant.people.rights.GRANTABLE).
        choices=[choice for choice in Right.choices if choice[0] != Right.APPROVE_QUOTA],
        widget=forms.CheckboxSelectMultiple,
    )
    limit = YuanField(
        label=_("Decides alone up to (yuan)"),
        required=False,
        help_text=_("One refund, one order and one day. Leave empty for any sum."),
    )
    scope = forms.ChoiceField(label=_("Sees"), choices=Scope.choices)

    def __init__(self, *args: Any, role: Role | None, is_copy: bool, **kwargs: Any) -> None:
        initial: dict[str, Any] = {}
        if role is not None:
            limit = next((role.limits[str(right)] for right in LIMITED if str(right) in role.limits), None)
            initial = {"rights": role.rights, "limit": limit, "scope": role.scope}
            if not is_copy:
                initial["name"] = role.name
        super().__init__(*args, initial=initial, **kwargs)
