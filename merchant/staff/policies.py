"""Who may change what about whom. An owner rules the people of their shops and nobody who also belongs elsewhere."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.people.models import Actor, Membership, User
from merchant.people.rights import Right, can, check_right
from merchant.refusals import Refused

# Who holds it may not be lost: without one nobody adds people, signs, or changes a rule.
KEEPS_THE_SHOP = (Right.MANAGE_STAFF, Right.SIGN_AGREEMENT)


def check_can_manage(shop: Any, by: Actor) -> None:
    """Raise Refused RIGHT."""
    check_right(by, shop, Right.MANAGE_STAFF)


def rules_over(by: Actor, user: User) -> bool:
    """Whether every door this person opens is one that `by` may open and shut for others: no administrator above
    `by`, no shop whose people `by` does not manage."""
    if by is None:
        return True
    if user.is_superuser and not by.is_superuser:
        return False
    if user.is_platform_admin and not by.is_platform_admin:
        return False
    shops = Membership.objects.filter(user=user).values_list("shop_id", flat=True)
    return all(can(by, shop, Right.MANAGE_STAFF) for shop in shops)


def check_can_reset(membership: Membership, by: Actor) -> None:
    """Raise Refused RIGHT, SELF, ELSEWHERE, INACTIVE: a new password opens every shop of this person."""
    check_can_manage(membership.shop, by)
    if by is not None and by.pk == membership.user_id:
        raise Refused("SELF", _("Change your own password in your menu."))
    if not membership.is_active:
        raise Refused("INACTIVE", _("This person has left: take them back first."))
    if not rules_over(by, membership.user):
        raise Refused(
            "ELSEWHERE", _("This person also works where you decide nothing: the platform's administrator does that.")
        )


def check_can_change(membership: Membership, by: Actor) -> None:
    """Raise Refused RIGHT, SELF: nobody changes their own role or limit."""
    check_can_manage(membership.shop, by)
    if by is not None and by.pk == membership.user_id:
        raise Refused("SELF", _("Nobody changes their own role or limit: ask another owner."))


def check_can_deactivate(membership: Membership, by: Actor) -> None:
    """Raise Refused RIGHT, SELF, INACTIVE, LAST."""
    check_can_manage(membership.shop, by)
    if by is not None and by.pk == membership.user_id:
        raise Refused("SELF", _("Nobody lets themselves go: ask another owner."))
    if not membership.is_active:
        raise Refused("INACTIVE", _("This person has left already."))
    check_keeps_an_owner(membership)


def check_can_reactivate(membership: Membership, by: Actor) -> None:
    """Raise Refused RIGHT, ACTIVE."""
    check_can_manage(membership.shop, by)
    if membership.is_active:
        raise Refused("ACTIVE", _("This person works here."))


def check_keeps_an_owner(membership: Membership) -> None:
    """Raise Refused LAST when the shop would be without anybody who runs it."""
    if not set(KEEPS_THE_SHOP) <= set(membership.role.rights):
        return
    others = Membership.objects.filter(
        shop_id=membership.shop_id,
        is_active=True,
        user__is_active=True,
        role__rights__contains=[str(right) for right in KEEPS_THE_SHOP],
    )
    if not others.exclude(pk=membership.pk).exists():
        raise Refused("LAST", _("A shop needs an owner: make somebody else one first."))
