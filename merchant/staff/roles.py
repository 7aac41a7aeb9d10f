"""A shop's own roles: rights, amount limits and how far one sees, beside the default roles that are everybody's."""

import secrets
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from merchant.locking import lock
from merchant.people.models import Actor, Membership, Role
from merchant.people.rights import GRANTABLE
from merchant.refusals import Refused
from merchant.shops.models import Shop
from merchant.staff import policies
from merchant.staff.services import limits_of
from merchant.trail import activity


@transaction.atomic
def save_role(
    shop: Shop, role: Role | None, *, by: Actor, name: str, rights: Collection[str], limit_fen: int | None, scope: str
) -> Role:
    """A role of this shop, new or changed. Whoever has it works by it at once. Raises Refused RIGHT, ROLE (a default
    role, or a right no shop gives), SELF (one's own role), LAST (nobody would run the shop any more)."""
    policies.check_can_manage(shop, by)
    lock(shop)
    if role is not None:
        check_can_change_role(shop, role, by)
    if set(rights) - {str(right) for right in GRANTABLE}:
        raise Refused("ROLE", _("A shop cannot give one of these rights."), field="rights")
    role = Role(shop=shop, slug=f"own-{secrets.token_hex(6)}") if role is None else lock(role)
    is_new = role.pk is None
    role.name, role.scope = name, scope
    role.rights = [str(right) for right in GRANTABLE if str(right) in rights]
    role.known_rights = [str(right) for right in GRANTABLE]
    role.limits = limits_of(role, limit_fen)
    role.save()
    if not is_new:
        _check_somebody_runs(shop)
    verb = "role.add" if is_new else "role.change"
    activity.record(role, verb, by=by, shop=shop, name=name, rights=role.rights, limits=role.limits)
    return role


def check_can_change_role(shop: Shop, role: Role, by: Actor) -> None:
    """Raise Refused RIGHT, ROLE, SELF."""
    policies.check_can_manage(shop, by)
    if role.shop_id != shop.pk:
        raise Refused("ROLE", _("The default roles are the same in every shop: make one of your own."))
    if by is not None and Membership.objects.filter(user=by, shop=shop, role=role, is_active=True).exists():
        raise Refused("SELF", _("Nobody changes their own role or limit: ask another owner."))


def _check_somebody_runs(shop: Shop) -> None:
    needed = [str(right) for right in policies.KEEPS_THE_SHOP]
    rows: Any = Membership.objects.filter(shop=shop, is_active=True, user__is_active=True)
    if rows.exists() and not rows.filter(role__rights__contains=needed).exists():
        raise Refused("LAST", _("A shop needs an owner: make somebody else one first."), field="rights")
