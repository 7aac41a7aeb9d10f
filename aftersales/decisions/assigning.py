"""Who works on which case (R2.39, R3.56): claim, hand over, escalate, release.

An assignee and a level are no states: no transition, and the version stays, since what was decided about is unchanged
(E16). Lock order: case → buyer → order."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import OPEN_STATES
from aftersales.cases.models import Case
from aftersales.decisions import policies, telling
from merchant.locking import lock, lock_all
from merchant.people.models import Actor, Membership, User
from merchant.people.rights import Right, check_may_get_work, check_right, rank_of
from merchant.refusals import Refused
from merchant.trail import activity
from merchant.trail.models import Activity
from orders.assignment import services as order_work
from orders.buyers import policies as keeping
from orders.buyers import services as buyers
from orders.buyers.models import Buyer

IN_WORK = Q(state__in=OPEN_STATES)


@transaction.atomic
def claim_case(case: Case, *, by: User) -> Case:
    """接手: the case is mine, and its customer too when nobody keeps them yet. Raises Refused RIGHT, TAKEN, LEVEL."""
    case = lock(case)
    policies.check_can_claim(case, by)
    if case.assignee_id != by.pk:
        _claim(case, by)
    return case


def claim_if_free(case: Case, *, by: Actor) -> None:
    """A person decides a locked case: refused when only its assignee may; a case nobody has becomes theirs."""
    if by is None:
        return
    policies.check_whose(case, by)
    if case.assignee_id is None and case.level <= rank_of(by, case.shop_id):
        _claim(case, by)
    elif case.assignee_id == by.pk:
        buyers.keep_if_free(case.buyer_id, by=by)


def _claim(case: Case, by: Actor) -> None:
    case.assignee = by
    case.save(update_fields=["assignee"])
    buyers.keep_if_free(case.buyer_id, by=by)
    activity.record(case, "case.claim", by=by)


@transaction.atomic
def hand_over_case(case: Case, *, to: Any, by: Actor, reason: str) -> Case:
    """转交: `to` has the case from now on and keeps its customer; an escalated case handed down is back on its level.

    Raises Refused RIGHT, CASE_STATE, TAKEN, LEVEL, MEMBER, SAME, REASON."""
    case = lock(case)
    policies.check_can_hand_over(case, by, to=to, reason=reason)
    before = case.assignee_id
    _give(case, to)
    if case.buyer_id is not None:
        buyers.move_account_owner(case.buyer_id, to=to)
    activity.record(case, "case.hand_over", by=by, reason=reason, to=to.pk, to_name=str(to), was=before)
    telling.tell_given(case, to=to, by=by)
    return case


def _give(case: Case, to: Any) -> None:
    case.assignee = to
    case.level = min(case.level, rank_of(to, case.shop_id))
    case.save(update_fields=["assignee", "level"])


@transaction.atomic
def escalate_case(case: Case, *, by: Actor, reason: str, to: Any = None) -> Case:
    """升级: one level above whoever asks, to somebody chosen or open for whoever stands there. The customer stays with
    their agent, who goes on seeing the case.

    Raises Refused RIGHT, CASE_STATE, TAKEN, ESCALATED, TOP, MEMBER, REASON."""
    case = lock(case)
    policies.check_can_escalate(case, by, to=to, reason=reason)
    before = case.assignee_id
    case.level = max(case.level, rank_of(by, case.shop_id)) + 1
    case.assignee = to
    case.save(update_fields=["assignee", "level"])
    buyers.keep_if_free(case.buyer_id, by=by)
    given = {"to": to.pk, "to_name": str(to)} if to is not None else {}
    activity.record(case, "case.escalate", by=by, reason=reason, level=case.level, was=before, **given)
    telling.tell_given(case, to=to, by=by, is_raised=True)
    return case


@transaction.atomic
def release_case(case: Case, *, by: Actor) -> Case:
    """放回: nobody has the case; its customer is free too unless the person has more of theirs in work."""
    case = lock(case)
    policies.check_can_release(case, by)
    before = case.assignee_id
    case.assignee = None
    case.save(update_fields=["assignee"])
    if case.buyer_id is not None:
        others = Case.objects.filter(IN_WORK, buyer_id=case.buyer_id, assignee_id=before)
        if not others.exists():
            Buyer.objects.filter(pk=case.buyer_id, account_owner_id=before).update(account_owner=None)
    activity.record(case, "case.release", by=by, was=before)
    return case


@transaction.atomic
def change_account_owner(buyer: Buyer, *, to: Any, by: Actor, reason: str) -> Buyer:
    """Give a customer, with what the one before had of theirs in work, to a colleague, or (`to` None) to everybody.

    Raises Refused RIGHT, MEMBER, SAME, REASON."""
    keeping.check_can_change_account_owner(buyer, by, to=to, reason=reason)
    before = buyer.account_owner_id
    if before is not None:
        for case in lock_all(Case.objects.filter(IN_WORK, buyer=buyer, assignee_id=before)):
            if to is None:
                case.assignee = None
                case.save(update_fields=["assignee"])
                activity.record(case, "case.release", by=by, reason=reason, was=before)
            else:
                _give(case, to)
                activity.record(case, "case.hand_over", by=by, reason=reason, to=to.pk, to_name=str(to), was=before)
                telling.tell_given(case, to=to, by=by)
    return buyers.change_account_owner(buyer, to=to, by=by, reason=reason)


# --- everything of one person ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """What somebody has in a shop."""

    customers: int
    cases: int
    orders: int

    @property
    def is_empty(self) -> bool:
        return not (self.customers or self.cases or self.orders)


def load_of(person: Any, shop: Any) -> Load:
    return Load(
        customers=Buyer.objects.filter(shop=shop, account_owner=person).count(),
        cases=Case.objects.filter(IN_WORK, shop=shop, assignee=person).count(),
        orders=order_work.in_work_of(person, shop).count(),
    )


def check_can_hand_over_all(membership: Membership, by: Actor, *, to: Any, reason: str) -> None:
    check_right(by, membership.shop_id, Right.ASSIGN_WORK)
    check_may_get_work(to, membership.shop_id)
    if to.pk == membership.user_id:
        raise Refused("SAME", _("Choose somebody else: %(name)s has it all now.") % {"name": to})
    if not reason.strip():
        raise Refused("REASON", _("Say why, so that the next person knows."))


@transaction.atomic
def hand_over_all(membership: Membership, *, to: Any, by: Actor, reason: str) -> Load:
    """整体转交 (leave, absence): every customer, open case and order in work of one member, to one colleague.

    One line in the trail a case, one on the member. Raises Refused RIGHT, MEMBER, SAME, REASON."""
    check_can_hand_over_all(membership, by, to=to, reason=reason)
    person, shop = membership.user_id, membership.shop_id
    level = rank_of(to, shop)
    cases = lock_all(Case.objects.filter(IN_WORK, shop_id=shop, assignee_id=person))
    for case in cases:
        case.assignee, case.level = to, min(case.level, level)
        case.save(update_fields=["assignee", "level"])
    activity.record_many(
        Activity(
            shop_id=shop,
            subject_kind="case",
            subject_id=case.pk,
            verb="case.hand_over",
            by=by,
            reason=reason,
            detail={"to": to.pk, "to_name": str(to), "was": person},
        )
        for case in cases
    )
    moved = Load(
        customers=Buyer.objects.filter(shop_id=shop, account_owner_id=person).update(account_owner=to),
        cases=len(cases),
        orders=order_work.in_work_of(person, shop).update(assignee=to),
    )
    activity.record(
        membership,
        "membership.hand_over",
        by=by,
        reason=reason,
        to=to.pk,
        customers=moved.customers,
        cases=moved.cases,
        orders=moved.orders,
    )
    if not moved.is_empty:
        telling.tell_all_given(shop, to=to, by=by, was=membership.user, cases=moved.cases, orders=moved.orders)
    return moved
