"""Who works on a case or an order, who keeps its customer, and what this person may change about it."""

from dataclasses import dataclass, field
from typing import Any

from aftersales.cases.models import Case
from aftersales.decisions import policies as case_policies
from merchant.people.models import User
from merchant.people.rights import Right, members_with, rank_of
from merchant.prepared import rows_of
from merchant.ui.buttons import Button, button
from orders.assignment import policies as order_policies
from orders.buyers import policies as keeping
from orders.buyers.models import Buyer
from orders.record.models import Order


@dataclass
class Work:
    """What the part “Who works on it” says. `colleagues` may be given the work, `above` stand above the reader."""

    assignee: User | None
    level: int
    buyer: Buyer | None
    account_owner: User | None
    buttons: dict[str, Button]
    colleagues: list[User] = field(default_factory=list)
    above: list[User] = field(default_factory=list)

    @property
    def may_change(self) -> bool:
        return any(one.is_allowed for one in self.buttons.values())


def of_case(case: Case, user: Any) -> Work:
    verbs = {
        "claim": button("claim", "", case_policies.check_can_claim, case, user),
        "hand_over": button("hand-over", "", case_policies.check_can_hand_over, case, user),
        "escalate": button("escalate", "", case_policies.check_can_escalate, case, user),
        "release": button("release", "", case_policies.check_can_release, case, user),
    }
    return _work(case, case.level, case.order.buyer, user, verbs)


def of_order(order: Order, user: Any) -> Work:
    verbs = {
        "claim": button("claim", "", order_policies.check_can_claim, order, user),
        "hand_over": button("hand-over", "", order_policies.check_can_hand_over, order, user),
    }
    return _work(order, 0, order.buyer, user, verbs)


def _work(row: Case | Order, level: int, buyer: Buyer | None, user: Any, verbs: dict[str, Button]) -> Work:
    """Two statements beside what the policies ask: the people named, and the colleagues."""
    if buyer is not None:
        verbs["account_owner"] = button("account_owner", "", keeping.check_can_change_account_owner, buyer, user)
    named = User.objects.in_bulk([pk for pk in (row.assignee_id, buyer.account_owner_id if buyer else None) if pk])
    work = Work(
        assignee=named.get(row.assignee_id) if row.assignee_id else None,
        level=level,
        buyer=buyer,
        account_owner=named.get(buyer.account_owner_id) if buyer is not None and buyer.account_owner_id else None,
        buttons=verbs,
    )
    if work.may_change:
        members = rows_of("work.members", _members, shop_id=row.shop_id)
        rank = rank_of(user, row.shop_id)
        needed = [Right.ASSIGN_WORK, *([Right.EDIT_POLICY] if rank else [])]
        work.colleagues = [member.user for member in members]
        work.above = [
            member.user
            for member in members
            if member.user_id != user.pk and all(right in member.role.rights for right in needed)
        ]
    return work


def _members(shop_id: int) -> Any:
    return members_with(shop_id, Right.SEE_ORDERS, Right.AGREE_CASE)
