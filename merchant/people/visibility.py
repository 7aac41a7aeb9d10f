"""Whose customers a person sees (R3.56, P-AGENT-SCOPE): their own, their team's, or everybody's."""

from typing import Any

from merchant.people.models import AgentScope, Membership, Scope
from merchant.people.rights import memberships_of


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
