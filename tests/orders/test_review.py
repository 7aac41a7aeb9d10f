"""From intake to the warehouse's door: what the rules pass by themselves, and what people say to the rest."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from merchant.clock import now
from merchant.people.models import Membership
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.trail.models import Activity
from merchant.vault.services import Person
from orders.assignment import assigning
from orders.assignment.models import Assignment, AssignmentRule
from orders.confirmation import services as confirming
from orders.confirmation.models import Contact
from orders.intake.services import upsert_orders
from orders.record.enums import OrderState
from orders.record.models import Block, Order
from orders.review import services
from orders.review.models import Review, ReviewTally
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import order_row

pytestmark = pytest.mark.django_db
S = OrderState
VAGUE = Person(name="林小满", phone="13900001234", address="浙江余杭文一西路1号3幢", province="浙江省")
NOWHERE = Person(name="林小满", phone="13900001234", address="浙江省杭州市余杭区1号", province="浙江省", city="杭州市")


@pytest.fixture
def shop():
    shop = make_shop()
    policy.change(shop, by=None, reason="自发货", fulfil_here=True)
    return shop


def arrive(shop, **more):
    """A paid order, as the intake leaves it; every buyer is another."""
    row = order_row(state=S.TO_FULFIL, **more)
    if "buyer_id" not in more:
        row.buyer_id = f"buyer-{row.number}"
        row.recipient = replace(row.recipient, phone=f"139{row.number[-8:]}")
    upsert_orders(shop, [row])
    return Order.objects.get(shop=shop, number=row.number)


def settle(order=None):
    """What the workers do: the rules look, orders find somebody."""
    services.sweep_reviews()
    assigning.sweep_assignments()
    if order is not None:
        order.refresh_from_db()
    return order


def verbs(order):
    return [line.verb for line in Activity.objects.about(order).order_by("pk")]


@pytest.mark.req("R1.8", "R1.13")
def test_a_plain_order_goes_to_the_warehouse_by_itself_and_the_trail_says_by_which_steps(shop):
    agent = make_user("agent", shop)

    order = settle(arrive(shop))

    assert (order.state, order.assignee, order.step_due_at) == (S.TO_FULFIL, agent, None)
    assert verbs(order) == ["order.import", "order.pass_review", "order.assign", "order.confirm"]
    assert Review.objects.get(order=order).outcome == "passed"
    assert Assignment.objects.get(order=order).why["others"] == 0


@pytest.mark.req("R1.8", "R2.6")
def test_a_bad_address_is_held_with_its_reason_and_an_accepted_suggestion_passes_it(shop):
    supervisor = make_user("supervisor", shop)
    order = settle(arrive(shop, recipient=VAGUE))
    # A hint alone stops nothing.
    assert order.state == S.TO_FULFIL

    short = settle(arrive(shop, recipient=NOWHERE))
    review = Review.objects.get(order=short)
    assert (short.state, review.outcome) == (S.PENDING_REVIEW, "waiting")
    assert [finding.case for finding in review.found] == ["short_detail"]
    with pytest.raises(Refused, match="SUGGESTION"):
        services.accept_suggestion(short, by=supervisor)

    policy.change(shop, by=None, reason="逐单审核", auto_pass=False)
    held = settle(arrive(shop, recipient=VAGUE))
    assert Review.objects.get(order=held).suggestion == "浙江省杭州市余杭区"
    policy.change(shop, by=None, reason="自动", auto_pass=True)

    services.accept_suggestion(held, by=supervisor)

    held.refresh_from_db()
    assert (held.state, held.recipient.city) == (S.PENDING_ASSIGN, "杭州市")
    assert [row.outcome for row in Review.objects.filter(order=held).order_by("pk")] == ["overtaken", "passed"]
    assert "order.change_address" in verbs(held)


@pytest.mark.req("R1.12")
def test_a_failed_review_needs_a_reason_holds_the_order_and_tells_the_buyer(shop):
    supervisor, agent = make_user("supervisor", shop), make_user("agent", shop)
    order = settle(arrive(shop, recipient=NOWHERE))

    with pytest.raises(Refused, match="RIGHT"):
        services.reject_order(order, by=agent, reason="地址不全")
    with pytest.raises(Refused, match="REASON"):
        services.reject_order(order, by=supervisor, reason=" ")
    assert not Block.objects.filter(order=order).exists()

    services.reject_order(order, by=supervisor, reason="地址不全")

    order.refresh_from_db()
    told = Activity.objects.about(order).get(verb="order.tell").detail
    assert (order.state, told["event"]) == (S.PENDING_REVIEW, "review_rejected")
    assert "地址不全" in told["text"]
    assert Block.objects.open().get(order=order).document == "review"
    with pytest.raises(Refused, match="REJECTED"):
        services.reject_order(order, by=supervisor, reason="再来")

    services.pass_order(order, by=supervisor, reason="买家补了门牌")

    order.refresh_from_db()
    assert (order.state, Block.objects.open().filter(order=order).exists()) == (S.PENDING_ASSIGN, False)


def test_a_held_order_does_not_pass_until_the_hold_is_lifted(shop):
    supervisor, agent = make_user("supervisor", shop), make_user("agent", shop)
    order = settle(arrive(shop, recipient=NOWHERE))

    services.hold_order(order, by=agent, reason="等买家")
    with pytest.raises(Refused, match="BLOCKED"):
        services.pass_order(order, by=supervisor)

    order.refresh_from_db()
    assert order.state == S.PENDING_REVIEW


def test_the_same_goods_of_the_same_buyer_within_the_window_are_asked_about(shop):
    make_user("agent", shop)
    at = now() - timedelta(hours=2)
    first = arrive(shop, buyer_id="same", placed_at=at)
    second = arrive(shop, buyer_id="same", placed_at=at + timedelta(hours=1))
    settle()

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (S.TO_FULFIL, S.PENDING_REVIEW)
    (finding,) = Review.objects.get(order=second, closed_at=None).found
    assert (finding.case, finding.values) == ("twin", {"numbers": first.number})


@pytest.mark.req("R1.7", "R1.54")
def test_hits_are_counted_by_rule_and_version_and_late_intake_with_them(shop):
    settle(arrive(shop, recipient=NOWHERE))
    settle(arrive(shop, placed_at=now() - timedelta(minutes=2)))

    counted = dict(ReviewTally.objects.filter(shop=shop, policy_version=1).values_list("rule", "orders"))

    assert counted == {"": 2, "passed": 1, "address": 1, "late": 1}


@pytest.mark.req("R1.14", "R1.15")
def test_orders_go_to_the_least_busy_until_everybody_is_full_and_the_rest_waits_for_a_supervisor(shop):
    agents = [make_user("agent", shop) for _ in range(2)]
    Membership.objects.filter(shop=shop).update(capacity=1, skills=["生鲜"])
    AssignmentRule.objects.create(shop=shop, position=1, name="生鲜单", skill="生鲜")
    orders = [arrive(shop, placed_at=now() - timedelta(days=n)) for n in range(3)]
    settle()

    given = {row.assignee for row in Order.objects.filter(pk__in=[one.pk for one in orders[:2]])}
    orders[2].refresh_from_db()
    assert given == set(agents)
    assert (orders[2].state, orders[2].assignee) == (S.PENDING_ASSIGN, None)
    assert orders[2].step_due_at > now()

    supervisor = make_user("supervisor", shop)
    with pytest.raises(Refused, match="CAPACITY"):
        assigning.assign_by_hand(orders[2], to=agents[0], by=supervisor)
    with pytest.raises(Refused, match="RIGHT"):
        assigning.assign_by_hand(orders[2], to=supervisor, by=agents[0])

    assigning.assign_by_hand(orders[2], to=supervisor, by=supervisor, reason="我来")

    orders[2].refresh_from_db()
    assert (orders[2].state, orders[2].assignee) == (S.TO_FULFIL, supervisor)
    assert Assignment.objects.get(order=orders[2]).why["by"] == "hand"


@pytest.mark.req("R1.17", "R1.19", "R2.7")
def test_the_buyer_is_called_told_the_times_and_the_order_goes_on(shop):
    policy.change(shop, by=None, reason="逐单确认", confirm_orders=True)
    agent, colleague = make_user("agent", shop), make_user("finance", shop)
    order = settle(arrive(shop))
    assert (order.state, order.assignee) == (S.PENDING_CONFIRM, agent)
    ship, deliver = now() + timedelta(hours=5), now() + timedelta(days=2)

    with pytest.raises(Refused, match="RIGHT"):
        confirming.confirm_order(order, by=colleague, channel="phone")
    with pytest.raises(Refused, match="TIMES"):
        confirming.confirm_order(order, by=agent, channel="phone", ship_at=deliver, deliver_at=ship)
    confirming.log_contact(order, by=agent, channel="phone", note="占线")
    confirming.confirm_order(order, by=agent, channel="phone", note="周末送", ship_at=ship, deliver_at=deliver)

    order.refresh_from_db()
    missed, agreed = Contact.objects.filter(order=order).order_by("pk")
    assert (order.state, missed.result, agreed.result, agreed.note) == (S.TO_FULFIL, "no_answer", "confirmed", "周末送")
    assert (agreed.ship_at, agreed.deliver_at) == (ship, deliver)
    told = Activity.objects.about(order).get(verb="order.tell").detail
    assert (told["event"], order.number in told["text"]) == ("order_confirmed", True)


@pytest.mark.req("R1.18")
def test_a_doubt_sends_the_order_back_to_a_person_whatever_the_rules_say(shop):
    policy.change(shop, by=None, reason="逐单确认", confirm_orders=True)
    agent = make_user("agent", shop)
    order = settle(arrive(shop))

    with pytest.raises(Refused, match="REASON"):
        confirming.return_order(order, by=agent, channel="phone", note="")
    confirming.return_order(order, by=agent, channel="phone", note="买家要改数量")
    settle(order)

    review = Review.objects.get(order=order, closed_at=None)
    assert (order.state, [finding.case for finding in review.found]) == (S.PENDING_REVIEW, ["doubt"])


@pytest.mark.req("R1.11", "R1.15")
def test_many_orders_pass_are_assigned_and_go_on_with_few_statements(shop):
    make_user("agent", shop)
    rows = [order_row(state=S.TO_FULFIL) for _ in range(400)]
    for row in rows:
        row.buyer_id = f"b-{row.number}"
        row.recipient = Person(
            name="林小满", phone=f"1390{int(row.number[-7:]):07d}", address="浙江省杭州市余杭区文一西路1号"
        )
    upsert_orders(shop, rows)

    with CaptureQueriesContext(connection) as asked:
        settle()

    assert Order.objects.filter(shop=shop, state=S.TO_FULFIL).count() == 400
    assert len(asked) / 400 <= 0.2
