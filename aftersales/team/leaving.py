"""What somebody who leaves a shop has in hand, for the page that lets them go (merchant/staff/work.py)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.decisions import assigning
from merchant.people.models import Membership
from merchant.people.rights import Right, members_with
from merchant.staff import work


def load(membership: Membership) -> list[tuple[Any, int]]:
    held = assigning.load_of(membership.user, membership.shop)
    return [
        (_("customers kept"), held.customers),
        (_("open cases"), held.cases),
        (_("orders to ship"), held.orders),
    ]


def may_get(shop_id: int) -> list[Any]:
    return [member.user for member in members_with(shop_id, Right.SEE_ORDERS, Right.AGREE_CASE)]


def register() -> None:
    work.register(work.Work(load=load, hand_over=assigning.hand_over_all, may_get=may_get))
