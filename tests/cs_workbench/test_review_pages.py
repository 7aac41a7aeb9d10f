"""The pages of review, assignment and confirmation, as they are pressed."""

import pytest
from django.urls import reverse

from merchant.people.models import Membership
from orders.assignment.models import AssignmentRule
from orders.record.enums import OrderState
from orders.record.models import Block, Order
from tests.merchant.factories import make_user
from tests.orders.test_review import NOWHERE, arrive, settle, shop  # noqa: F401

pytestmark = pytest.mark.django_db
S = OrderState


@pytest.fixture
def supervisor(shop, sign_in):  # noqa: F811
    return sign_in(make_user("supervisor", shop))


def stand(*orders):
    return list(Order.objects.filter(pk__in=[one.pk for one in orders]).order_by("pk").values_list("state", flat=True))


@pytest.mark.req("R1.8", "R1.12")
def test_several_are_passed_at_once_after_a_preview_that_says_what_becomes_of_each(shop, supervisor):  # noqa: F811
    first, second, gone = (settle(arrive(shop, recipient=NOWHERE)) for _ in range(3))
    Order.objects.filter(pk=gone.pk).update(state=S.CLOSED)
    ids = [first.pk, second.pk, gone.pk]

    preview = supervisor.post(reverse("review_bulk"), {"verb": "reject", "ids": ids})

    assert (preview.context["good"], preview.context["done"]) == (2, False)
    assert [line["is_good"] for line in sorted(preview.context["lines"], key=lambda line: line["order"].pk)] == [
        True, True, False
    ]  # fmt: skip
    assert not Block.objects.filter(order__in=ids).exists()

    done = supervisor.post(
        reverse("review_bulk"),
        {"verb": "reject", "ids": ids[:2], "sure": "on", "reason": "地址不全，请补门牌"},
    )

    assert (done.context["good"], done.context["done"], stand(first, second)) == (2, True, [S.PENDING_REVIEW] * 2)
    assert Block.objects.open().filter(order__in=ids).count() == 2
    assert done.content.decode().count("is rejected; the reason goes to the buyer.") == 2

    nothing = supervisor.post(reverse("review_bulk"), {"verb": "pass"}, follow=True)
    assert "Tick the orders first." in nothing.content.decode()


@pytest.mark.req("R1.9", "R1.10")
def test_the_queue_shows_the_reasons_and_the_report_how_often_the_rules_hit(shop, supervisor):  # noqa: F811
    order = settle(arrive(shop, recipient=NOWHERE, buyer_note="给返现吗"))

    page = supervisor.get(reverse("review_list")).content.decode()
    report = supervisor.get(reverse("review_report"))

    assert order.number in page
    assert "Road, house and door have 2 characters; 5 are needed." in page
    assert "message holds “返现”." in page
    assert [(row["seen"], row["passed"], len(row["rules"])) for row in report.context["groups"]] == [(1, 0, 2)]


@pytest.mark.req("R1.13", "R1.15")
def test_what_nobody_is_fit_for_waits_with_its_reason_and_is_given_by_hand(shop, supervisor):  # noqa: F811
    agent = make_user("agent", shop)
    AssignmentRule.objects.create(shop=shop, position=1, name="大件", skill="安装")
    order = settle(arrive(shop))
    assert stand(order) == [S.PENDING_ASSIGN]

    page = supervisor.get(reverse("assign_list")).content.decode()
    answer = supervisor.post(reverse("assign_order", args=[shop.pk, order.number]), {"to": agent.pk}, follow=True)

    assert "Nobody here has the skill “安装”." in page
    assert f"has {order.number} now." in answer.content.decode()
    order.refresh_from_db()
    assert (order.state, order.assignee) == (S.TO_FULFIL, agent)


def test_the_owner_writes_the_rules_and_what_people_can_do(shop, sign_in):  # noqa: F811
    client, agent = sign_in(make_user("owner", shop)), make_user("agent", shop)
    address = reverse("assignment_rules", args=[shop.pk])

    wrong = client.post(address, {"name": "远方", "provinces": "四川、火星"})
    client.post(address, {"name": "四川单", "provinces": "四川", "least": "500", "kinds": ["goods"]})
    client.post(address, {"name": "安装单", "skill": "安装"})
    second = AssignmentRule.objects.get(name="安装单")
    client.post(reverse("assignment_rule_verb", args=[shop.pk, second.pk, "raise"]))

    assert wrong.status_code == 422
    assert "There is no such province: 火星." in wrong.content.decode()
    rows = AssignmentRule.objects.filter(shop=shop).order_by("position")
    assert [(row.name, row.provinces, row.least_fen) for row in rows] == [
        ("安装单", [], 0),
        ("四川单", ["四川省"], 50_000),
    ]

    member = Membership.objects.get(user=agent)
    form = {"display_name": "小苏", "role": member.role_id, "skills": "安装，生鲜", "capacity": "30"}
    client.post(reverse("staff_member", args=[shop.pk, member.pk]), form)
    member.refresh_from_db()
    assert (member.skills, member.capacity) == (["安装", "生鲜"], 30)
