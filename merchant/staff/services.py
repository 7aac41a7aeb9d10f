"""People of a shop: added, changed, given a way in, let go, taken back; and the shop they belong to."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from axes.utils import reset as reset_attempts
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext_lazy as _

from merchant.locking import lock
from merchant.people.models import Actor, Membership, Role, Team, User
from merchant.people.rights import ROLES, Right, ensure_default_roles
from merchant.refusals import Refused
from merchant.second_factor import services as second_factor
from merchant.shops.models import Platform, Shop
from merchant.shops.services import check_can_open_shop
from merchant.staff import policies, work
from merchant.staff.enums import WayIn
from merchant.trail import activity

# Letters and digits that nobody mistakes for one another.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
# The amount limit of a person is one figure: of what they agree, and of what they release where they pay.
LIMITED = (Right.AGREE_CASE, Right.RELEASE_REFUND)


@dataclass(frozen=True)
class Entrance:
    """How somebody gets in the first time; shown once and kept nowhere. Both empty: they sign in as they always do."""

    membership: Membership
    link: str = ""
    password: str = ""


def roles_of(shop: Shop) -> list[Role]:
    """The roles somebody of this shop can have: the defaults in their order, then the shop's own."""
    order = {slug: place for place, slug in enumerate(ROLES)}
    rows = Role.objects.filter(Q(shop=None, slug__in=ROLES) | Q(shop=shop)).exclude(slug="platform_admin")
    return sorted(rows, key=lambda role: (role.shop_id is not None, order.get(role.slug, len(order)), role.pk))


def limits_of(role: Role, limit_fen: int | None) -> dict[str, int]:
    """A person's own limit as it is kept; {} where the role's own holds."""
    if limit_fen is None:
        return {}
    return {str(right): limit_fen for right in LIMITED if right in role.rights}


def limit_shown(membership: Membership) -> tuple[int | None, bool]:
    """(fen, whether it is this person's own); None fen where there is no limit or nothing to limit."""
    for right in LIMITED:
        if right in membership.role.rights:
            own = membership.limits.get(str(right))
            found = own if own is not None else membership.role.limits.get(str(right))
            return (None if found is None else int(found)), own is not None
    return None, False


def is_limited(role: Role) -> bool:
    """Whether this role decides on money at all."""
    return any(right in role.rights for right in LIMITED)


# --- shops ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def open_shop(
    *,
    by: Actor,
    name: str,
    platform: str,
    external_id: str = "",
    owner_username: str = "",
    owner_name: str = "",
    way: str = WayIn.LINK,
) -> tuple[Shop, Entrance]:
    """A shop with its owner: `by`, or the person named, who gets a way in. Raises Refused RIGHT, TWICE, TAKEN."""
    check_can_open_shop(by)
    external_id = external_id or f"{platform}-{secrets.token_hex(4)}"
    try:
        with transaction.atomic():
            shop = Shop.objects.create(name=name, platform=Platform(platform), external_id=external_id)
    except IntegrityError:
        raise Refused("TWICE", _("There is a shop with this number already."), field="external_id") from None
    activity.record(shop, "shop.add", by=by, shop=shop, platform=platform)
    owner = ensure_default_roles()["owner"]
    if not owner_username and by is not None:
        membership = Membership.objects.create(user=by, shop=shop, role=owner)
        _forget_memberships(by)
        _tell(membership, "membership.add", by=by)
        return shop, Entrance(membership)
    # The shop is the administrator's to fill: nobody else is in it who could.
    return shop, _add(shop, by=by, username=owner_username, display_name=owner_name, role=owner, way=way)


# --- people -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_member(
    shop: Shop,
    *,
    by: Actor,
    username: str,
    display_name: str,
    role: Role,
    team: str = "",
    limit_fen: int | None = None,
    skills: Sequence[str] = (),
    capacity: int | None = None,
    way: str = WayIn.LINK,
) -> Entrance:
    """A colleague: somebody new, who gets a way in, or a person of another shop of yours. Raises Refused RIGHT, ROLE,
    TAKEN (the name is somebody's you do not manage), MEMBER (is in this shop already)."""
    policies.check_can_manage(shop, by)
    entrance = _add(
        shop, by=by, username=username, display_name=display_name, role=role, team=team, limit_fen=limit_fen, way=way
    )
    _can_do(entrance.membership, skills, capacity)
    return entrance


def _add(
    shop: Shop,
    *,
    by: Actor,
    username: str,
    display_name: str,
    role: Role,
    team: str = "",
    limit_fen: int | None = None,
    way: str,
) -> Entrance:
    _check_role(shop, role)
    user = User.objects.filter(username__iexact=username).first()
    if user is None:
        user = User(username=User.normalize_username(username), display_name=display_name)
        user.set_unusable_password()
        user.save()
        activity.record(user, "user.add", by=by, shop=shop)
        is_new = True
    else:
        if not policies.rules_over(by, user):
            raise Refused("TAKEN", _("Somebody has this name already: choose another."), field="username")
        if Membership.objects.filter(user=user, shop=shop).exists():
            raise Refused("MEMBER", _("This person is in the shop already."), field="username")
        is_new = not user.is_active
        if is_new:
            user.is_active = True
            user.save(update_fields=["is_active"])
    membership = Membership.objects.create(
        user=user, shop=shop, role=role, team=_team(shop, team), limits=limits_of(role, limit_fen)
    )
    _tell(membership, "membership.add", by=by)
    return _give_way_in(membership, way) if is_new else Entrance(membership)


@transaction.atomic
def change_member(
    membership: Membership,
    *,
    by: Actor,
    display_name: str,
    role: Role,
    team: str = "",
    limit_fen: int | None = None,
    skills: Sequence[str] = (),
    capacity: int | None = None,
) -> Membership:
    """`skills` and `capacity` (orders in hand at most, None for no limit) are what orders are assigned by.

    Raises Refused RIGHT, SELF, ROLE, LAST (the shop would be without an owner)."""
    policies.check_can_change(membership, by)
    lock(membership.shop)
    membership = lock(membership, "user", "role", "shop", "team")
    _check_role(membership.shop, role)
    if not set(policies.KEEPS_THE_SHOP) <= set(role.rights):
        policies.check_keeps_an_owner(membership)
    if display_name and display_name != membership.user.display_name and policies.rules_over(by, membership.user):
        membership.user.display_name = display_name
        membership.user.save(update_fields=["display_name"])
    membership.role, membership.team = role, _team(membership.shop, team)
    membership.limits = {
        **{right: fen for right, fen in membership.limits.items() if right not in map(str, LIMITED)},
        **limits_of(role, limit_fen),
    }
    membership.save(update_fields=["role", "team", "limits"])
    _can_do(membership, skills, capacity)
    _tell(membership, "membership.set", by=by, limits=membership.limits)
    return membership


@transaction.atomic
def reset_password(membership: Membership, *, by: Actor, way: str) -> Entrance:
    """A new way in; the old password, earlier links and open sessions end. Raises Refused RIGHT, SELF, ELSEWHERE,
    INACTIVE."""
    policies.check_can_reset(membership, by)
    entrance = _give_way_in(lock(membership, "user", "shop", "role"), way)
    activity.record(membership, "membership.reset_password", by=by, way=way, user=membership.user.username)
    return entrance


@transaction.atomic
def reset_second_factor(membership: Membership, *, by: Actor) -> None:
    """Away with the authenticator app of somebody who lost it. Raises Refused RIGHT, SELF, ELSEWHERE, INACTIVE."""
    policies.check_can_reset(membership, by)
    second_factor.remove(lock(membership, "user", "shop").user, by=by, shop=membership.shop)


@transaction.atomic
def deactivate_member(membership: Membership, *, by: Actor, reason: str, to: User | None = None) -> Membership:
    """They leave this shop; what they have goes to `to`. Raises Refused RIGHT, SELF, INACTIVE, LAST, HAND_OVER (there
    is work and nobody named)."""
    policies.check_can_deactivate(membership, by)
    lock(membership.shop)
    membership = lock(membership, "user", "role", "shop")
    policies.check_can_deactivate(membership, by)
    if work.load_of(membership):
        if to is None:
            raise Refused("HAND_OVER", _("Say who takes over what this person has."), field="to")
        work.hand_over(membership, to=to, by=by, reason=reason)
    membership.is_active = False
    membership.save(update_fields=["is_active"])
    user = membership.user
    is_elsewhere = user.is_platform_admin or user.is_superuser or user.memberships.filter(is_active=True).exists()
    if not is_elsewhere:
        user.is_active = False
        user.save(update_fields=["is_active"])
    activity.record(membership, "membership.deactivate", by=by, reason=reason, user=user.username)
    return membership


@transaction.atomic
def reactivate_member(membership: Membership, *, by: Actor) -> Membership:
    """They are back, with role and password as they were. Raises Refused RIGHT, ACTIVE."""
    policies.check_can_reactivate(membership, by)
    membership = lock(membership, "user", "role", "shop")
    policies.check_can_reactivate(membership, by)
    membership.is_active = True
    membership.save(update_fields=["is_active"])
    if not membership.user.is_active:
        membership.user.is_active = True
        membership.user.save(update_fields=["is_active"])
    activity.record(membership, "membership.reactivate", by=by, user=membership.user.username)
    return membership


def invitation_link(user: User) -> str:
    """Where they choose their password: once, for three days, and not after another was set."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return settings.SITE_URL.rstrip("/") + reverse("invitation", args=[uid, default_token_generator.make_token(user)])


def _give_way_in(membership: Membership, way: str) -> Entrance:
    user = membership.user
    # Whoever shut the name by guessing at it does not keep out whom we let in.
    reset_attempts(username=user.username)
    if way == WayIn.PASSWORD:
        password = "-".join("".join(secrets.choice(LETTERS) for _letter in range(4)) for _group in range(4))
        user.set_password(password)
        user.has_first_password = True
        user.save(update_fields=["password", "has_first_password"])
        return Entrance(membership, password=password)
    user.set_unusable_password()
    user.has_first_password = False
    user.save(update_fields=["password", "has_first_password"])
    return Entrance(membership, link=invitation_link(user))


def _can_do(membership: Membership, skills: Sequence[str], capacity: int | None) -> None:
    membership.skills, membership.capacity = list(skills), capacity
    membership.save(update_fields=["skills", "capacity"])


def _check_role(shop: Shop, role: Role) -> None:
    if role.slug == "platform_admin" or role.shop_id not in (None, shop.pk):
        raise Refused("ROLE", _("This is not one of the shop's roles."), field="role")


def _team(shop: Shop, name: str) -> Team | None:
    name = name.strip()
    return Team.objects.get_or_create(shop=shop, name=name)[0] if name else None


def _tell(membership: Membership, verb: str, *, by: Actor, **detail: Any) -> None:
    activity.record(membership, verb, by=by, role=membership.role.slug, user=membership.user.username, **detail)


def _forget_memberships(user: User) -> None:
    """What was read of this person before they belonged to the shop."""
    for name in ("_memberships_by_shop", "_visible_owner_ids"):
        user.__dict__.pop(name, None)
