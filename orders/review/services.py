"""The verbs of review, and the sweep that lets the rules look at what has come in."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from merchant.clock import now, today
from merchant.locking import lock
from merchant.people.models import Actor
from merchant.policy import services as policy
from merchant.policy.working_hours import due_at
from merchant.regions import addresses as regions
from merchant.trail import activity
from merchant.trail.models import Activity
from merchant.vault import services as vault
from merchant.vault.services import Person
from merchant.wakeups import about_to_look, wake_sweep
from orders.editing import services as editing
from orders.record import services as orders
from orders.record.enums import BlockKind, OrderSource, OrderState, Stop
from orders.record.models import Block, Order
from orders.record.outbound import tell
from orders.record.progress import Step, take_steps
from orders.review import policies
from orders.review.enums import Outcome, Rule
from orders.review.facts import facts_of
from orders.review.models import OPEN, Review, ReviewTally
from orders.review.rules import Finding, judge, stops, suggestion_of

CHUNK = 500
SWEEP = "orders.review_orders"


def unseen() -> QuerySet[Order]:
    """Orders in review that the rules have not looked at since they came there."""
    looked_at = Review.objects.filter(OPEN, order=OuterRef("pk"))
    return Order.objects.filter(state=OrderState.PENDING_REVIEW).exclude(Exists(looked_at))


def sweep_reviews() -> int:
    """Let the rules look at every order that waits for them; how many they looked at."""
    about_to_look(SWEEP)
    seen = 0
    for shop_id in unseen().order_by("shop_id").values_list("shop_id", flat=True).distinct():
        after = 0
        while ids := list(
            unseen().filter(shop_id=shop_id, pk__gt=after).order_by("pk").values_list("pk", flat=True)[:CHUNK]
        ):
            seen += review_orders(shop_id, ids)
            after = ids[-1]
    return seen


@transaction.atomic
def review_orders(shop_id: int, ids: Sequence[int]) -> int:
    """Look at these orders of one shop by its rules of now: what nothing is found against goes on, the rest waits for a
    person. Orders that are elsewhere by now or are being looked at are left out. Returns how many were looked at."""
    rows = unseen().filter(shop_id=shop_id, pk__in=ids).select_related("buyer", "recipient").order_by("pk")
    found = list(rows.select_for_update(of=("self",), no_key=True, skip_locked=True))
    if not found:
        return 0
    rules, at = policy.current(shop_id), now()
    facts = facts_of(shop_id, found, rules)
    held = set(Block.objects.stopping(Stop.PICK).filter(order__in=found).values_list("order_id", flat=True))
    reviews = []
    for order in found:
        findings = judge(facts[order.pk], rules)
        waits = stops(findings) or order.pk in held
        reviews.append(
            Review(
                shop_id=shop_id,
                order=order,
                policy_version=rules.version,
                findings=[finding.as_row() for finding in findings],
                suggestion=suggestion_of(facts[order.pk]) if rules.review_rules[Rule.ADDRESS] else "",
                outcome=Outcome.WAITING if waits else Outcome.PASSED,
                closed_at=None if waits else at,
            )
        )
    Review.objects.bulk_create(reviews)
    due = due_at(rules, "T-ASSIGN", at)
    passed = [review.order_id for review in reviews if review.closed_at]
    take_steps(
        shop_id,
        [Step(pk, OrderState.PENDING_ASSIGN, due) for pk in passed],
        source=OrderState.PENDING_REVIEW,
        verb="order.pass_review",
    )
    activity.record_many(
        Activity(
            shop_id=shop_id,
            subject_kind="order",
            subject_id=review.order_id,
            verb="order.stop_review",
            detail={"rules": sorted({row["rule"] for row in review.findings})},
        )
        for review in reviews
        if not review.closed_at
    )
    _count(shop_id, rules, found, reviews)
    if passed:
        wake_sweep("orders.assign_orders")
    return len(found)


def _count(shop_id: int, rules: Any, found: Sequence[Order], reviews: Sequence[Review]) -> None:
    hits: Counter[str] = Counter({"": len(reviews), "passed": sum(review.closed_at is not None for review in reviews)})
    for review in reviews:
        hits.update({str(row["rule"]) for row in review.findings})
    hits["late"] = sum(is_late_in(order, rules) for order in found)
    table = ReviewTally._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} AS t (shop_id, day, policy_version, rule, orders) "  # noqa: S608 - a constant
            "SELECT %s, %s, %s, * FROM unnest(%s::text[], %s::int[]) "
            "ON CONFLICT (shop_id, day, policy_version, rule) DO UPDATE SET orders = t.orders + excluded.orders",
            [shop_id, today(), rules.version, list(hits), list(hits.values())],
        )


def is_late_in(order: Order, rules: Any) -> bool:
    """T-RECEIVE: a platform's order was stored later after it was placed than the shop allows."""
    return order.source == OrderSource.PLATFORM and order.imported_at > due_at(rules, "T-RECEIVE", order.placed_at)


# --- a person's verbs -------------------------------------------------------------------------------------------------


@transaction.atomic
def pass_order(order: Order, *, by: Actor, reason: str = "") -> Order:
    """审核通过, by a person; a rejection ends with it. Raises Refused RIGHT, ORDER_STATE or BLOCKED."""
    order = lock(order)
    policies.check_can_pass(order, by)
    orders.lift_block(order, kind=BlockKind.HOLD, document=policies.DOCUMENT, by=by, reason=reason)
    _close(order, Outcome.PASSED, by=by, reason=reason)
    rules = policy.current(order.shop_id)
    order = orders.pass_review(order, by=by, step_due_at=due_at(rules, "T-ASSIGN", now()), reason=reason)
    wake_sweep("orders.assign_orders")
    return order


@transaction.atomic
def reject_order(order: Order, *, by: Actor, reason: str) -> Order:
    """审核不通过: the order stays and is held, and the buyer or the platform is told why.

    Raises Refused RIGHT, ORDER_STATE, REJECTED, REASON."""
    order = lock(order)
    policies.check_can_reject(order, by, reason)
    review = _open(order)
    review.outcome, review.reason, review.by = Outcome.REJECTED, reason[:200], by
    review.save(update_fields=["outcome", "reason", "by"])
    orders.place_block(
        order,
        kind=BlockKind.HOLD,
        document=policies.DOCUMENT,
        stops=[Stop.PICK, Stop.SHIP],
        by=by,
        reason=reason[:200],
    )
    activity.record(order, "order.reject_review", by=by, reason=reason[:200])
    text = _("Your order %(number)s cannot be sent as it is: %(reason)s") % {"number": order.number, "reason": reason}
    tell(order, "review_rejected", text, by=by)
    return order


@transaction.atomic
def hold_order(order: Order, *, by: Actor, reason: str) -> Order:
    """挂起, from review. Raises Refused RIGHT, ORDER_STATE, REASON."""
    order = lock(order)
    policies.check_can_hold(order, by, reason)
    document = f"review-{_open(order).pk}"
    orders.place_block(
        order, kind=BlockKind.HOLD, document=document, stops=[Stop.PICK, Stop.SHIP], by=by, reason=reason[:200]
    )
    return order


@transaction.atomic
def ask_buyer(order: Order, *, by: Actor, text: str = "") -> Order:
    """Ask the buyer to say the address again; the order waits. Raises Refused RIGHT, ORDER_STATE."""
    order = lock(order)
    policies.check_can_review(order, by)
    review = _open(order)
    review.asked_at = now()
    review.save(update_fields=["asked_at"])
    tell(order, "address_asked", text.strip() or question_of(order), by=by)
    return order


def question_of(order: Order) -> str:
    return _("Order %(number)s: please send the full address with province, city, district, road, house and door.") % {
        "number": order.number
    }


@transaction.atomic
def accept_suggestion(order: Order, *, by: Actor) -> Order:
    """Write the place of the address in full, as suggested, and look at the order again; nobody sees road and door.

    Raises Refused RIGHT, ORDER_STATE, SUGGESTION, LABEL."""
    order = lock(order)
    policies.check_can_accept(order, by)
    review = _open(order)
    held = vault.read_for_rules(order.recipient)
    written = regions.read(regions.whole_line(held.address, held.province, held.city))
    place = regions.read(review.suggestion)
    address = Person(address=f"{review.suggestion}{written.detail}", province=place.province, city=place.city)
    reason = _("the suggested address was accepted")
    order = editing.move_address(order, vault.sealed(order.shop, address), by=by, reason=reason)
    return _again(order, by=by, reason=reason)


@transaction.atomic
def recheck_order(order: Order, *, by: Actor) -> Order:
    """Look again by the rules of now, after something was put right. Raises Refused RIGHT, ORDER_STATE."""
    order = lock(order)
    policies.check_can_review(order, by)
    return _again(order, by=by)


def _again(order: Order, *, by: Actor, reason: str = "") -> Order:
    orders.lift_block(order, kind=BlockKind.HOLD, document=policies.DOCUMENT, by=by, reason=reason)
    _close(order, Outcome.OVERTAKEN, by=by, reason=reason)
    review_orders(order.shop_id, [order.pk])
    order.refresh_from_db()
    return order


@transaction.atomic
def open_for_doubt(order: Order, *, by: Actor, reason: str) -> Review:
    """The review of an order that a person sent back, and the caller has moved: whatever the rules say, somebody
    looks."""
    rules = policy.current(order.shop_id)
    finding = Finding(Rule.DOUBT, "doubt", values={"reason": reason[:200]})
    return Review.objects.create(
        shop_id=order.shop_id, order=order, policy_version=rules.version, findings=[finding.as_row()], by=by
    )


def _open(order: Order) -> Review:
    """The open review; one made now where a person is quicker than the rules."""
    return policies.open_review(order) or Review.objects.create(
        shop_id=order.shop_id, order=order, policy_version=policy.current(order.shop_id).version
    )


def _close(order: Order, outcome: str, *, by: Actor, reason: str) -> None:
    review = _open(order)
    review.outcome, review.closed_at, review.by, review.reason = outcome, now(), by, reason[:200]
    review.save(update_fields=["outcome", "closed_at", "by", "reason"])
