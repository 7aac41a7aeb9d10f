"""Who hears how an interception ended, of work that is handed to them, and that the time is nearly up."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.translation import override

from aftersales.decisions import assigning, sweeps
from logistics.interception import services as interceptions
from merchant.clock import now
from merchant.notices.models import Notice
from orders.record import services as orders
from orders.record.progress import Step, take_steps
from tests.aftersales.factories import a_minute_later, agent_of, case_of, intercepting, own_shop, stop
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db


def told(person):
    with override("en"):
        return [(notice.event, notice.text) for notice in Notice.objects.filter(user=person).order_by("pk")]


def test_a_stop_that_was_paid_is_told_to_whoever_asked_for_it(platform, commits):
    shop = own_shop()
    agent, other = agent_of(shop), agent_of(shop)
    case = case_of(platform, shop)
    with commits():
        interception = intercepting(case, by=agent)
    with commits():
        stop(case)
    platform.let_money_arrive()
    with commits():
        a_minute_later(case)

    assert told(agent) == [("stopped_paid", f"{interception.waybill} is stopped, ¥88.00 is refunded.")]
    assert told(other) == []
    assert Notice.objects.get().path == reverse("desk_case", args=[shop.pk, case.number])


def test_a_failed_interception_is_told_with_the_case_that_is_back(platform, commits):
    shop = own_shop()
    agent = agent_of(shop)
    case = case_of(platform, shop)
    with commits():
        interception = intercepting(case, by=agent)
    with commits():
        interceptions.fail_interception(interception, by=None, reason="courier_rejected")

    assert told(agent) == [
        ("not_stopped", f"{interception.waybill} was not stopped; the case over ¥88.00 is back with you.")
    ]


@pytest.mark.req("R1.16")
def test_work_that_is_handed_over_is_told_to_whoever_gets_it_and_not_to_whoever_takes_it(platform, sign_in):
    shop = own_shop()
    agent, colleague = agent_of(shop), agent_of(shop)
    case = case_of(platform, shop)
    client = sign_in(agent)

    client.post(reverse("case_assign", args=[shop.pk, case.number, "claim"]))
    assert told(agent) == []
    client.post(
        reverse("case_assign", args=[shop.pk, case.number, "hand-over"]), {"to": colleague.pk, "reason": "午休"}
    )

    assert told(colleague) == [("case_given", f"{agent} handed you case {case.number}.")]
    assert 'aria-label="Notices, 1 unread"' in sign_in(colleague).get(reverse("orders")).content.decode()


def test_a_colleague_s_whole_work_is_one_notice(platform):
    shop = own_shop()
    agent, supervisor, owner = agent_of(shop), agent_of(shop, "supervisor"), agent_of(shop, "owner")
    for _ in range(2):
        assigning.claim_case(case_of(platform, shop), by=agent)
    membership = agent.memberships.get()

    assigning.hand_over_all(membership, to=supervisor, by=owner, reason="休假")

    assert told(supervisor) == [("cases_given", f"{owner} handed you all work of {agent}: 2 cases, 0 orders.")]


def test_a_case_that_is_nearly_late_is_told_once_to_whoever_has_it(platform):
    shop = own_shop()
    agent = agent_of(shop)
    case = assigning.claim_case(case_of(platform, shop), by=agent)
    type(case).objects.filter(pk=case.pk).update(due_at=now() + timedelta(minutes=5))

    assert (sweeps.warn_late_cases(), sweeps.warn_late_cases()) == (1, 0)
    assert told(agent) == [("case_late_soon", f"Case {case.number} over ¥88.00 must be answered soon.")]


@pytest.mark.req("R1.16")
def test_an_order_assigned_to_somebody_is_told_and_many_at_once_are_one_notice():
    shop = own_shop()
    agent, busy = agent_of(shop), agent_of(shop)
    first, second, third = (make_order(shop, state="pending_assign") for _ in range(3))

    orders.assign_order(first, to=agent, by=None, step_due_at=None)
    steps = [Step(order.pk, "pending_confirm", assignee_id=busy.pk) for order in (second, third)]
    take_steps(shop.pk, steps, source="pending_assign", verb="order.assign")

    assert told(agent) == [("order_assigned", f"Order {first.number} was assigned to you.")]
    assert told(busy) == [("orders_assigned", "2 orders were assigned to you.")]
