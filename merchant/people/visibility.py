"""What a person sees: which shops, and there whose customers (R3.56, P-AGENT-SCOPE): their own, their team's, or
everybody's."""

from collections.abc import Hashable
from typing import Any

from django.apps import apps

from merchant.people.models import AgentScope, Membership, Scope, SecondFactorFor, User
from merchant.people.rights import Right, memberships_of


def shops_of(user: User) -> list[int]:
    """Ids of the shops whose rows this user may see; read once per user object."""
    if user.is_platform_admin:
        return list(apps.get_model("merchant", "Shop")._default_manager.values_list("pk", flat=True))
    return sorted(shop for shop, row in memberships_of(user).items() if Right.SEE_ORDERS in row.role.rights)


def shops_with_second_factor() -> bool:
    """Whether any shop asks for two-step sign-in; administrators stand above all of them."""
    shops: Any = apps.get_model("merchant", "Shop")._default_manager
    return bool(shops.exclude(second_factor=SecondFactorFor.NOBODY).exists())


def visible_owner_ids(user: Any) -> dict[int, frozenset[int]]:
    """{shop: ids of the people whose customers this user sees there}. A shop that is not in it is seen whole.

    Read once per user object: from the memberships and their shops, with one statement more where there are teams.
    The system and platform administrators see everything."""
    if user is None or user.is_platform_admin:
        return {}
    found: dict[int, frozenset[int]] | None = getattr(user, "_visible_owner_ids", None)
    if found is None:
        found = user._visible_owner_ids = _read(user)
    return found


def scope_of(user: Any) -> Hashable:
    """What a person sees, as part of the key of a prepared statement (merchant/prepared.py)."""
    owners = visible_owner_ids(user)
    return (user.pk, *((shop, owners.get(shop)) for shop in shops_of(user)))


def _read(user: Any) -> dict[int, frozenset[int]]:
    # A supervisor without a team leads the whole shop.
    narrow = {
        shop: row.team_id if row.role.scope == Scope.TEAM else None
        for shop, row in memberships_of(user).items()
        if row.shop.agent_scope == AgentScope.OWN
        and (row.role.scope == Scope.OWN or (row.role.scope == Scope.TEAM and row.team_id is not None))
    }
    teams: dict[int, set[int]] = {team: set() for team in narrow.values() if team is not None}
    if teams:
        for team, member in Membership.objects.filter(team_id__in=teams).values_list("team_id", "user_id"):
            teams[team].add(member)
    return {shop: frozenset({user.pk, *(teams[team] if team is not None else ())}) for shop, team in narrow.items()}
