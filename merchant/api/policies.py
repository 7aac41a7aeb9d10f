"""Who may make and revoke API tokens."""

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.api.enums import RIGHTS_OF_SCOPE, ApiScope
from merchant.api.models import ApiToken
from merchant.people.models import Actor
from merchant.people.rights import Right, can
from merchant.people.visibility import shops_of
from merchant.refusals import Refused


def scopes_open_to(user: Any, shop_id: int) -> list[ApiScope]:
    """What a token of this person in this shop can be made for."""
    if shop_id not in shops_of(user):
        return []
    return [
        scope
        for scope in ApiScope
        if scope not in RIGHTS_OF_SCOPE or any(can(user, shop_id, right) for right in RIGHTS_OF_SCOPE[scope])
    ]


def check_can_make_token(user: Any, shop_id: int, scopes: Collection[str]) -> None:
    """Raise Refused RIGHT (not of this shop), SCOPE (none, unknown, or beyond this person's role)."""
    offered = {str(scope) for scope in scopes_open_to(user, shop_id)}
    if not offered:
        raise Refused("RIGHT", _("You do not see this shop."))
    if not scopes:
        raise Refused("SCOPE", _("Choose at least one thing the token is for."), field="scopes")
    if beyond := sorted(set(scopes) - offered):
        raise Refused("SCOPE", _("Your role does not include this."), field="scopes", scopes=beyond)


def sees_all_tokens(user: Any, shop_id: int) -> bool:
    """The owner sees and revokes whatever token opens the shop."""
    return can(user, shop_id, Right.EDIT_SECRETS)


def check_can_revoke_token(token: ApiToken, by: Actor) -> None:
    """Raise Refused RIGHT, REVOKED."""
    if by is not None and token.user_id != by.pk and not sees_all_tokens(by, token.shop_id):
        raise Refused("RIGHT", _("Only its own person or the shop's owner revokes a token."))
    if token.revoked_at is not None:
        raise Refused("REVOKED", _("This token is revoked already."))
