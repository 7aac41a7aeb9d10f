from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.cases.enums import CaseState
from aftersales.decisions import services as cases
from cs_workbench.desk import queue
from logistics.interception.models import Interception
from logistics.parcels.enums import PackageState
from merchant.clock import now
from orders.record.models import Order
from tests.aftersales.factories import agent_of, case_of, intercepting, kuaishou_shop, own_shop, stop
from tests.markup import one_line
from tests.merchant.factories import make_user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def due_in(case, hours):
    type(case).objects.filter(pk=case.pk).update(due_at=now() + timedelta(hours=hours))


def queued(user, segment="todo"):
    """The ids of the cases in this person's queue, in its order."""
    return [int(key[1:]) for key in queue.keys(user, queue.View(segment)) if key.startswith("c")]


def test_the_queue_is_sorted_by_the_time_left(platform, sign_in):
    shop = own_shop()
    late, soon, first = (case_of(platform, shop) for _ in range(3))
    for case, hours in ((late, 30), (soon, 5), (first, 0.5)):
        due_in(case, hours)

    assert queued(agent_of(shop)) == [first.pk, soon.pk, late.pk]


def test_the_desk_opens_on_the_most_urgent_case(platform, sign_in):
    shop = own_shop()
    later, urgent = case_of(platform, shop), case_of(platform, shop)
    due_in(later, 20)
    due_in(urgent, 1)

    page = sign_in(agent_of(shop)).get(reverse("desk"))

    assert page.context["case"] == urgent


def test_a_case_being_stopped_waits_under_way_and_a_failed_one_comes_back(platform, courier):
    shop = own_shop()
    agent = agent_of(shop)
    case = case_of(platform, shop)
    intercepting(case, by=agent)
    case.refresh_from_db()
    assert (queued(agent), queued(agent, "running")) == ([], [case.pk])

    from aftersales.decisions.outcomes import follow_interceptions
    from logistics.interception.services import fail_interception

    fail_interception(case.interception, reason="signed")
    follow_interceptions(case.interception_id)

    case.refresh_from_db()
    assert (queue.segment_of(case), queued(agent)) == ("todo", [case.pk])


def test_a_withdrawn_case_whose_parcel_is_being_stopped_stays_with_people(platform, courier):
    shop = own_shop()
    agent = agent_of(shop)
    case = case_of(platform, shop)
    intercepting(case, by=agent)

    case = cases.withdraw_case(case, by=None)

    assert case.state == CaseState.CANCELLED
    assert queued(agent) == [case.pk]


def test_another_shops_case_is_not_there(platform, sign_in):
    mine, theirs = own_shop(), own_shop()
    case = case_of(platform, theirs)
    client = sign_in(agent_of(mine))

    answers = [
        client.get(reverse("desk_case", args=[theirs.pk, case.number])),
        client.get(reverse("case_detail", args=[theirs.pk, case.number])),
        client.post(reverse("desk_verb", args=[theirs.pk, case.number, "agree"]), {"version": case.version}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert queued(agent_of(mine)) == []


@pytest.mark.req("R0.1", "R0.13", "R0.14", "R0.15", "R0.16", "R0.17", "R0.18", "R0.19", "R0.20", "R0.21")
def test_the_panel_names_every_check_and_puts_failing_ones_first(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop, nets=(50000,), courier="zto", parcel=PackageState.OUT_FOR_DELIVERY)

    page = sign_in(agent_of(shop)).get(reverse("desk_case", args=[shop.pk, case.number]))

    codes = [line.code for line in page.context["act"].checks]
    assert codes[:2] == ["E10", "E11"]
    assert sorted(codes) == [f"E{number:02d}" for number in range(1, 17)]
    text = page.content.decode()
    assert "The refund must be below ¥500.00." in text
    assert "Already out for delivery." in text
    assert 'data-opens="dialog-intercept"' not in text


def test_interception_is_started_with_the_version_the_page_showed(platform, courier, sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    case = case_of(platform, shop)

    answer = sign_in(agent).post(
        reverse("desk_verb", args=[shop.pk, case.number, "intercept"]), {"version": case.version}
    )

    case.refresh_from_db()
    assert answer.status_code == 302
    assert (case.state, case.interception.submitted_by) == (CaseState.INTERCEPTING, agent)


def test_a_decision_on_an_older_version_is_refused_in_words_and_changes_nothing(platform, courier, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)

    answer = sign_in(agent_of(shop), **HTMX).post(
        reverse("desk_verb", args=[shop.pk, case.number, "intercept"]), {"version": case.version + 1}
    )

    case.refresh_from_db()
    assert '<span title="E16">The case has changed since this page was drawn: look again.' in answer.content.decode()
    assert (case.state, Interception.objects.count()) == (CaseState.APPLIED, 0)


def test_a_decision_without_a_version_is_refused(platform, courier, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)

    answer = sign_in(agent_of(shop)).post(reverse("desk_verb", args=[shop.pk, case.number, "agree"]), follow=True)

    case.refresh_from_db()
    assert "[E16]" in answer.content.decode()
    assert case.state == CaseState.APPLIED


def test_the_warehouse_sees_the_case_with_every_verb_refused_in_words(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)

    text = sign_in(make_user("warehouse", shop)).get(reverse("desk_case", args=[shop.pk, case.number])).content.decode()

    assert 'data-opens="dialog-agree"' not in text
    assert "Your role does not include this: agree a refund." in text
    assert "Your role does not include this: submit an interception." in text


def test_refusing_for_a_reason_with_proof_needs_the_proof(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)
    client = sign_in(agent_of(shop))
    address = reverse("desk_verb", args=[shop.pk, case.number, "refuse"])

    refused = client.post(address, {"version": case.version, "reason": "signed", "evidence": ""}, follow=True)
    case.refresh_from_db()
    assert "This reason needs proof" in refused.content.decode()
    assert case.state == CaseState.APPLIED

    client.post(address, {"version": case.version, "reason": "signed", "evidence": "签收轨迹 11-22 14:20"})
    case.refresh_from_db()
    assert (case.state, case.refusal["evidence"]) == (CaseState.REFUSED, {"note": "签收轨迹 11-22 14:20"})


def test_an_offer_is_made_in_yuan(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)
    client = sign_in(agent_of(shop))
    address = reverse("desk_verb", args=[shop.pk, case.number, "propose"])

    wrong = client.post(address, {"version": case.version, "amount": "abc"}, follow=True)
    case.refresh_from_db()
    assert "Write the amount as yuan" in wrong.content.decode()

    client.post(address, {"version": case.version, "amount": "50.5", "note": "先退一半"})
    case.refresh_from_db()
    assert (case.state, case.offer["amount_fen"]) == (CaseState.WAIT_BUYER_REPLY, 5050)


def test_a_note_with_a_flag_lands_on_the_order(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)

    sign_in(agent_of(shop)).post(
        reverse("desk_order_verb", args=[shop.pk, case.order.number, "note"]), {"text": "等物流", "flag": "2"}
    )

    order = Order.objects.get(pk=case.order_id)
    assert (order.flag, order.notes.get().text) == (2, "等物流")


# --- live ------------------------------------------------------------------------------------------------------------


def pulse_of(page, case):
    """What an open page sends: what it shows, and how that looked."""
    shown = page.context["queue"]
    return {
        "queue": shown.view.segment,
        "shown": shown.shown,
        "token": shown.token,
        "open": f"case/{case.shop_id}/{case.number}",
        "look": str(case.order_id),
        "stamp": page.context["act"].stamp,
        "cards": ",".join(f"{card.order.pk}:{card.stamp}" for card in page.context["pane"].cards),
    }


def test_a_pulse_without_news_is_a_204(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)
    client = sign_in(agent_of(shop))
    page = client.get(reverse("desk"))

    answer = client.get(reverse("desk_pulse"), pulse_of(page, case))

    assert (answer.status_code, answer.content) == (204, b"")


def test_a_new_task_waits_behind_a_line_and_moves_nothing(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)
    client = sign_in(agent_of(shop))
    page = client.get(reverse("desk"))
    new = case_of(platform, shop)
    due_in(new, 0.2)

    text = client.get(reverse("desk_pulse"), pulse_of(page, case)).content.decode()

    assert "1 new task, show it" in text
    assert f'id="task-c{case.pk}"' in text
    assert f'id="task-c{new.pk}"' not in text


def test_a_task_settled_by_a_colleague_turns_grey_in_its_place(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)
    client = sign_in(agent_of(shop))
    page = client.get(reverse("desk"))
    cases.refuse_case(case, by=agent_of(shop, "supervisor"), reason="other")

    text = one_line(client.get(reverse("desk_pulse"), pulse_of(page, case)).content.decode())

    assert "task task-done" in text
    assert 'id="action-body" hx-swap-oob="true"' in text
    assert "Refused by the shop" in text


def test_the_courier_s_result_reaches_an_open_page(platform, courier, commits, sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    case = case_of(platform, shop)
    intercepting(case, by=agent)
    client = sign_in(agent)
    page = client.get(reverse("desk_case", args=[shop.pk, case.number]))
    with commits():
        stop(case)
    case.refresh_from_db()

    text = client.get(reverse("desk_pulse"), pulse_of(page, case)).content.decode()

    assert case.state == CaseState.REFUNDING
    assert "Stopped on the road" in text and "Refunding" in text


# --- cost ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["desk", "desk_case"])
def test_the_desk_costs_the_same_for_one_case_and_for_three(platform, sign_in, name):
    shop = kuaishou_shop()
    client = sign_in(agent_of(shop))
    case = case_of(platform, shop)
    address = reverse(name) if name == "desk" else reverse(name, args=[shop.pk, case.number])
    client.get(address)

    with CaptureQueriesContext(connection) as one:
        client.get(address)
    for _ in range(2):
        case_of(platform, shop)
    with CaptureQueriesContext(connection) as three:
        client.get(address)

    assert len(three) == len(one)
