"""From a passed review to a person, and past the steps that the shop leaves out."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet

from merchant.clock import now
from merchant.locking import lock
from merchant.people.models import Actor
from merchant.people.rights import Right, members_with
from merchant.policy import services as policy
from merchant.policy.working_hours import due_at
from merchant.wakeups import about_to_look
from orders.assignment import policies
from orders.assignment.choosing import Candidate, Choice, Wanted, choose, why_text
from orders.assignment.models import Assignment, AssignmentRule
from orders.record import services as orders
from orders.record.enums import IN_HOUSE, OrderState, Stop
from orders.record.models import Block, Order
from orders.record.progress import Step, take_steps

CHUNK = 500
SWEEP = "orders.assign_orders"


def sweep_assignments() -> int:
    """Give every order that waits for a person to one, and move on what needs no confirmation; how many moved. What
    nobody has room for stays and is tried again."""
    about_to_look(SWEEP)
    moved = 0
    for state, move in ((OrderState.PENDING_ASSIGN, assign_orders), (OrderState.PENDING_CONFIRM, skip_confirmation)):
        for shop_id in (
            Order.objects.filter(state=state).order_by("shop_id").values_list("shop_id", flat=True).distinct()
        ):
            after = 0
            rows = Order.objects.filter(shop_id=shop_id, state=state).order_by("pk").values_list("pk", flat=True)
            while ids := list(rows.filter(pk__gt=after)[:CHUNK]):
                moved += move(shop_id, ids)
                after = ids[-1]
    return moved


@transaction.atomic
def assign_orders(shop_id: int, ids: Sequence[int]) -> int:
    """Orders of one shop to people by its rules, in one go; held ones wait. Returns how many found somebody."""
    held = Block.objects.stopping(Stop.PICK).filter(order__in=ids).values("order_id")
    rows = Order.objects.filter(shop_id=shop_id, pk__in=ids, state=OrderState.PENDING_ASSIGN).exclude(pk__in=held)
    found = list(
        rows.select_related("recipient", "buyer")
        .select_for_update(of=("self",), no_key=True, skip_locked=True)
        .order_by("pk")
    )
    if not found:
        return 0
    rules = policy.current(shop_id)
    due = due_at(rules, "T-CONFIRM", now()) if rules.confirm_orders else None
    choices: dict[int, Choice] = {}
    if rules.assign_orders:
        people, conditions = candidates(shop_id), list(AssignmentRule.objects.filter(shop=shop_id).order_by("position"))
        for order in found:
            choice = choose(wanted_of(order), people, conditions)
            if choice.to is not None:
                choices[order.pk] = choice
                choice.to.load += 1
    steps = [
        Step(order.pk, OrderState.PENDING_CONFIRM, due, *_given(choices.get(order.pk)))
        for order in found
        if order.pk in choices or not rules.assign_orders
    ]
    moved = take_steps(shop_id, steps, source=OrderState.PENDING_ASSIGN, verb="order.assign")
    Assignment.objects.bulk_create(
        Assignment(shop_id=shop_id, order_id=pk, to_id=choice.to.user_id, rule_name=choice.rule_name, why=choice.why)
        for pk, choice in choices.items()
        if pk in moved and choice.to is not None
    )
    if not rules.confirm_orders:
        skip_confirmation(shop_id, sorted(moved))
    return len(moved)


def _given(choice: Choice | None) -> tuple[int | None, str]:
    if choice is None or choice.to is None:
        return None, ""
    return choice.to.user_id, f"{choice.to.name}: {why_text(choice.rule_name, choice.why)}"[:200]


@transaction.atomic
def skip_confirmation(shop_id: int, ids: Sequence[int]) -> int:
    """P-CONFIRM-ORDERS off: these orders go on to the warehouse, held ones wait."""
    if not ids or policy.current(shop_id).confirm_orders:
        return 0
    held = set(Block.objects.stopping(Stop.PICK).filter(order__in=ids).values_list("order_id", flat=True))
    steps = [Step(pk, OrderState.TO_FULFIL) for pk in ids if pk not in held]
    return len(take_steps(shop_id, steps, source=OrderState.PENDING_CONFIRM, verb="order.confirm"))


def wanted_of(order: Order) -> Wanted:
    place = order.recipient.province if order.recipient else ""
    return Wanted(order.kind, place, order.paid_fen, order.buyer.account_owner_id if order.buyer else None)


def candidates(shop_id: int) -> list[Candidate]:
    """Who may get work in this shop, with the orders they have in hand."""
    members = list(members_with(shop_id, Right.SEE_ORDERS, Right.AGREE_CASE))
    loads = in_hand(shop_id)
    return [
        Candidate(
            row.user_id,
            str(row.user),
            loads.get(row.user_id, 0),
            row.capacity,
            frozenset(row.skills),
            row.team_id,
        )
        for row in sorted(members, key=lambda row: row.user_id)
    ]


def in_hand(shop_id: int) -> dict[int, int]:
    """{person: orders of this shop they look after that have not left}."""
    rows: QuerySet[Any] = Order.objects.filter(shop_id=shop_id, state__in=IN_HOUSE, assignee__isnull=False)
    return dict(rows.order_by().values_list("assignee_id").annotate(n=Count("pk")))


@transaction.atomic
def assign_by_hand(order: Order, *, to: Any, by: Actor, reason: str = "") -> Order:
    """分配 by a person. Raises Refused RIGHT, ORDER_STATE, MEMBER, CAPACITY."""
    order = lock(order, "shop")
    policies.check_can_assign(order, by)
    people = {one.user_id: one for one in candidates(order.shop_id)}
    policies.check_has_room(people.get(to.pk if to is not None else 0))
    one, rules = people[to.pk], policy.current(order.shop_id)
    why = {"by": "hand", "load": one.load, "capacity": one.capacity, "skill": "", "note": reason[:200]}
    Assignment.objects.create(shop_id=order.shop_id, order=order, to=to, why=why, by=by)
    due = due_at(rules, "T-CONFIRM", now()) if rules.confirm_orders else None
    said = "; ".join(filter(None, [f"{one.name}: {why_text('', why)}", reason.strip()]))
    order = orders.assign_order(order, to=to, by=by, step_due_at=due, reason=said[:200])
    if skip_confirmation(order.shop_id, [order.pk]):
        order.refresh_from_db()
    return order
