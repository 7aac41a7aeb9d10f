"""The people of a shop and what each has: three grouped counts a page, however many members."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import OPEN_STATES
from aftersales.cases.models import Case
from aftersales.decisions.assigning import Load
from merchant.people.models import Membership
from merchant.people.rights import Right, can, check_right
from merchant.people.visibility import shops_of, visible_owner_ids
from merchant.refusals import Refused
from merchant.shops.models import Shop
from orders.buyers.models import Buyer
from orders.record.models import AWAITING_SHIPMENT, Order


@dataclass(frozen=True)
class Member:
    """One line of the team. `limit_fen` None: no limit of their own, or no right to agree at all (`agrees`)."""

    row: Membership
    load: Load
    escalated: int
    agrees: bool
    limit_fen: int | None
    is_own_limit: bool


def led_by(user: Any) -> list[int]:
    """Ids of the shops whose team this person looks after."""
    return [shop for shop in shops_of(user) if can(user, shop, Right.SEE_BOARD)]


def leads(user: Any, member: Membership) -> bool:
    """A supervisor with a team looks after that team, everybody else who sees the board after the shop."""
    if not can(user, member.shop_id, Right.SEE_BOARD):
        return False
    seen = visible_owner_ids(user).get(member.shop_id)
    return seen is None or member.user_id in seen


def check_leads(user: Any, member: Membership) -> None:
    check_right(user, member.shop_id, Right.ASSIGN_WORK)
    if not leads(user, member):
        raise Refused("TEAM", _("This person is not of your team."))


def shops(user: Any) -> list[dict[str, Any]]:
    """Each shop with its members, people who settle cases first."""
    ids = led_by(user)
    rows = Membership.objects.filter(shop__in=ids, is_active=True, user__is_active=True)
    rows = rows.select_related("user", "role", "team", "shop").order_by("user__display_name", "pk")
    found: dict[int, list[Membership]] = {shop: [] for shop in ids}
    for row in rows:
        if leads(user, row):
            found[row.shop_id].append(row)
    customers = _by_person(Buyer.objects.filter(shop__in=ids, account_owner__isnull=False), "account_owner")
    cases = _by_person(Case.objects.filter(shop__in=ids, state__in=OPEN_STATES, assignee__isnull=False), "assignee")
    late = Case.objects.filter(shop__in=ids, state__in=OPEN_STATES, assignee__isnull=False, level__gt=0)
    escalated = _by_person(late, "assignee")
    orders = _by_person(Order.objects.filter(AWAITING_SHIPMENT, shop__in=ids, assignee__isnull=False), "assignee")
    names = Shop.objects.in_bulk(ids)
    return [
        {
            "shop": names[shop],
            "members": sorted(
                (_member(row, _load(row, customers, cases, orders), escalated) for row in members),
                key=lambda member: not member.agrees,
            ),
        }
        for shop, members in found.items()
    ]


def _by_person(rows: Any, person: str) -> dict[tuple[int, int], int]:
    counted: Iterable[tuple[int, int, int]] = (
        rows.order_by().values("shop_id", person).annotate(count=Count("pk")).values_list("shop_id", person, "count")
    )
    return {(shop, user): count for shop, user, count in counted}


def _load(row: Membership, *counts: dict[tuple[int, int], int]) -> Load:
    return Load(*(count.get((row.shop_id, row.user_id), 0) for count in counts))


def _member(row: Membership, load: Load, escalated: dict[tuple[int, int], int]) -> Member:
    limit = {**row.role.limits, **row.limits}.get(str(Right.AGREE_CASE))
    return Member(
        row=row,
        load=load,
        escalated=escalated.get((row.shop_id, row.user_id), 0),
        agrees=str(Right.AGREE_CASE) in row.role.rights,
        limit_fen=None if limit is None else int(limit),
        is_own_limit=str(Right.AGREE_CASE) in row.limits,
    )
