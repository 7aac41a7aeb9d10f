"""Bulk actions through their pages: look, press once, watch, read what became of each order."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.cases.enums import CaseState
from aftersales.cases.models import Case
from cs_workbench.bulk import runner, services
from cs_workbench.tasks import run_bulk, sweep_bulk
from logistics.interception.models import Interception
from merchant.clock import now
from merchant.jobs.models import Job, JobState
from merchant.people.models import Membership
from merchant.people.rights import ensure_default_roles
from merchant.policy import services as policy
from merchant.vault import services as vault
from merchant.vault.models import Recipient
from orders.editing.services import change_address
from orders.intake.services import upsert_orders
from orders.record.enums import Flag, OrderState
from orders.record.models import Order
from orders.remarks.models import Note, wording
from orders.remarks.services import add_note
from tests.aftersales.factories import case_of, own_shop, shipped_order
from tests.markup import one_line
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import make_order, order_row

pytestmark = pytest.mark.django_db
S = OrderState
NEW = {"name": "周一", "province": "江苏", "city": "苏州市", "district": "姑苏区", "detail": "平江路 100 号 3 幢"}


@pytest.fixture
def house(sign_in):
    shop = own_shop()
    agent, boss = make_user("agent", shop), make_user("supervisor", shop)
    return SimpleNamespace(shop=shop, agent=agent, boss=boss, client=sign_in(agent), boss_client=sign_in(boss))


def orders_of(shop, count, state=S.TO_FULFIL, buyer="buyer-1"):
    rows = [order_row(state=state, buyer_id=buyer, buyer_nickname=buyer) for _ in range(count)]
    upsert_orders(shop, rows)
    return list(Order.objects.filter(shop=shop, number__in=[row.number for row in rows]).order_by("pk"))


def look(client, shop, verb, **asked):
    return client.post(reverse("bulk_preview", args=[shop.pk, verb]), asked)


def press(client, shop, verb, page, **typed):
    """Start what this page shows."""
    return client.post(reverse("bulk_start", args=[shop.pk, verb]), {"plan": page.context["token"], **typed})


def ticked(orders):
    return {"order": [order.number for order in orders]}


def outcomes(job):
    return list(job.rows.order_by("row_no").values_list("subject", "outcome"))


def told(answer):
    return [message.extra_tags for message in answer.context["messages"]]


# --- address ----------------------------------------------------------------------------------------------------------
@pytest.mark.req("R0.42", "R0.44")
def test_ticked_orders_get_a_new_address_and_a_sent_one_says_why_not(house):
    first, second, other = orders_of(house.shop, 3)
    [sent] = orders_of(house.shop, 1, state=S.SHIPPED)

    page = look(house.client, house.shop, "address", **ticked([first, second, sent]))
    assert [(line.order, line.is_allowed, line.codes) for line in page.context["lines"]] == [
        (sent, False, ["ORDER_STATE"]), (second, True, []), (first, True, []),
    ]  # fmt: skip
    answer = press(house.client, house.shop, "address", page, **NEW)

    job = Job.objects.get()
    assert (answer.status_code, answer.url) == (302, reverse("bulk_detail", args=[job.number]))
    assert (job.state, job.figures) == (JobState.DONE, {"done": 2, "refused": 1})
    assert outcomes(job) == [(first.number, "done"), (second.number, "done"), (sent.number, "refused")]
    for order in (first, second):
        order.refresh_from_db()
        assert vault._open(order.recipient, "address") == "江苏省苏州市姑苏区平江路 100 号 3 幢"
        assert (vault._open(order.recipient, "name"), vault._open(order.recipient, "phone")) == ("周一", "13900001234")
    untouched = other.recipient_id
    other.refresh_from_db()
    assert (other.recipient_id, other.version) == (untouched, 1)
    text = house.client.get(answer.url).content.decode()
    assert "Sent already, so the address cannot change" in text and "平江路" not in text


def test_nothing_plain_lies_in_the_job_or_on_a_page(house):
    first = orders_of(house.shop, 1)[0]
    page = look(house.client, house.shop, "address", **ticked([first]))
    press(house.client, house.shop, "address", page, **NEW, phone="13700005678")

    job = Job.objects.get()
    assert not [word for word in ("周一", "平江路", "13700005678") if word in str(job.options) + str(job.cursor)]
    assert "林小满" not in page.content.decode()


@pytest.mark.req("R0.42")
def test_what_was_typed_wrong_stands_beside_its_field_and_nothing_is_lost(house):
    orders = orders_of(house.shop, 2)
    page = look(house.client, house.shop, "address", **ticked(orders))

    answer = press(house.client, house.shop, "address", page, **NEW | {"province": "苏江"}, phone="123")

    form = answer.context["form"]
    assert (answer.status_code, sorted(form.errors), Job.objects.count()) == (422, ["phone", "province"], 0)
    assert "平江路 100 号 3 幢" in answer.content.decode()
    press(house.client, house.shop, "address", answer, **NEW)
    assert Job.objects.get().figures == {"done": 2}


@pytest.mark.req("R0.42")
def test_an_agent_changes_twenty_and_a_supervisor_any_number(house, django_capture_on_commit_callbacks):
    orders = orders_of(house.shop, 21)
    page = look(house.client, house.shop, "address", all="1", buyer=orders[0].buyer_id)
    assert (page.context["start"].code, page.context["total"]) == ("P-BULK-ADDRESS", 21)

    answer = press(house.client, house.shop, "address", page, **NEW)

    assert (answer.status_code, told(answer), Job.objects.count()) == (422, ["P-BULK-ADDRESS"], 0)
    assert Recipient.objects.filter(corrects__isnull=False).count() == 0
    twenty = look(house.client, house.shop, "address", **ticked(orders[:20]))
    press(house.client, house.shop, "address", twenty, **NEW)
    assert Job.objects.get().figures == {"done": 20}
    with django_capture_on_commit_callbacks(execute=True):
        page = look(house.boss_client, house.shop, "address", all="1", buyer=orders[0].buyer_id)
        press(house.boss_client, house.shop, "address", page, **NEW)
    assert Job.objects.latest("pk").figures == {"done": 21}


def test_the_limit_is_the_shop_s_own(house):
    policy.change(house.shop, by=None, reason="少些", bulk_address_limit=1)
    page = look(house.client, house.shop, "address", **ticked(orders_of(house.shop, 2)))

    assert page.context["start"].sentence == (
        "Your role changes at most 1 addresses at once, not 2: tick fewer, or ask a supervisor."
    )


def test_one_address_is_not_given_to_two_buyers(house):
    orders = orders_of(house.shop, 1) + orders_of(house.shop, 1, buyer="buyer-2")

    answer = house.client.post(reverse("bulk_preview", args=[house.shop.pk, "address"]), ticked(orders), follow=True)

    assert told(answer) == ["BUYERS"]


def test_an_address_a_colleague_changed_meanwhile_is_not_overwritten(house):
    first, second = orders_of(house.shop, 2)
    page = look(house.client, house.shop, "address", **ticked([first, second]))
    theirs = change_address(first, name="周二", by=house.boss).recipient_id

    press(house.client, house.shop, "address", page, **NEW)

    job = Job.objects.get()
    assert outcomes(job) == [(first.number, "refused"), (second.number, "done")]
    assert "[ADDRESS_CHANGED]" in job.rows.get(row_no=1).reason
    first.refresh_from_db()
    assert first.recipient_id == theirs


# --- flag and remark --------------------------------------------------------------------------------------------------
@pytest.mark.req("R0.43", "R0.44")
def test_all_of_a_buyer_takes_the_orders_no_page_has_loaded(house, django_capture_on_commit_callbacks):
    # More than two pages of the list hold, and six of the runner's steps.
    orders = orders_of(house.shop, 120)
    others = orders_of(house.shop, 2, buyer="buyer-2")
    elsewhere = make_order(make_shop("own"), buyer_id="buyer-1", state=S.TO_FULFIL)
    page = look(house.client, house.shop, "flag", all="1", buyer=orders[0].buyer_id)
    later = orders_of(house.shop, 1)[0]

    with django_capture_on_commit_callbacks(execute=True):
        answer = press(house.client, house.shop, "flag", page, flag="1", text="客户要求并单")

    job = Job.objects.get()
    assert (page.context["total"], job.state, job.figures) == (120, JobState.DONE, {"done": 120})
    flagged = set(Order.objects.filter(flag=Flag.RED).values_list("pk", flat=True))
    assert flagged == {order.pk for order in orders}
    assert not flagged & {later.pk, elsewhere.pk, *(other.pk for other in others)}
    assert Note.objects.filter(text_bidx=wording("客户要求并单"), flag=1, by=house.agent).count() == 120
    assert "120" in house.client.get(answer.url).content.decode()


def test_the_look_at_flags_costs_the_same_for_one_and_for_many(house):
    def statements(count):
        orders = orders_of(house.shop, count)
        with CaptureQueriesContext(
            connection,
        ) as ran:
            look(house.client, house.shop, "address", **ticked(orders))
        return len(ran)

    assert statements(1) == statements(30)


@pytest.mark.req("R0.43")
def test_the_same_plan_started_twice_is_one_run(house):
    orders = orders_of(house.shop, 2)
    page = look(house.client, house.shop, "flag", **ticked(orders))

    first = press(house.client, house.shop, "flag", page, flag="3", text="已核实")
    second = press(house.client, house.shop, "flag", page, flag="3", text="已核实")

    assert (first.url, Job.objects.count(), Note.objects.count()) == (second.url, 1, 2)


def test_a_flag_or_a_remark_is_needed(house):
    page = look(house.client, house.shop, "flag", **ticked(orders_of(house.shop, 1)))

    answer = press(house.client, house.shop, "flag", page, text="  ")

    assert (answer.status_code, Job.objects.count()) == (422, 0)
    assert "Choose a flag or write a remark." in answer.content.decode()


@pytest.mark.req("R0.43")
def test_undo_gives_each_order_its_former_flag_where_nobody_changed_it_since(house):
    plain, green, changed, same = orders_of(house.shop, 4)
    add_note(green, text="", flag=Flag.GREEN, by=house.boss)
    add_note(same, text="", flag=Flag.RED, by=house.boss)
    page = look(house.client, house.shop, "flag", **ticked([plain, green, changed, same]))
    press(house.client, house.shop, "flag", page, flag="1", text="加急")
    job = Job.objects.get()
    add_note(changed, text="", flag=Flag.BLUE, by=house.boss)

    url = reverse("bulk_verb", args=[job.number, "undo"])
    first, second = house.client.post(url), house.client.post(url)

    undo = Job.objects.latest("pk")
    assert (first.url, second.url, Job.objects.count()) == (reverse("bulk_detail", args=[undo.number]), first.url, 2)
    assert outcomes(undo) == [(plain.number, "done"), (green.number, "done"), (changed.number, "refused")]
    flags = [Order.objects.get(pk=order.pk).flag for order in (plain, green, changed, same)]
    assert flags == [None, Flag.GREEN, Flag.BLUE, Flag.RED]
    assert [note.text for note in plain.notes.order_by("pk")] == ["加急", "Flag “red” taken back."]


def test_a_remark_alone_cannot_be_undone(house):
    page = look(house.client, house.shop, "flag", **ticked(orders_of(house.shop, 1)))
    press(house.client, house.shop, "flag", page, text="只备注")
    job = Job.objects.get()

    answer = house.client.post(reverse("bulk_verb", args=[job.number, "undo"]), follow=True)

    assert (told(answer), Job.objects.count(), Note.objects.count()) == (["UNDO"], 1, 1)


def test_the_outcome_offers_the_undo_as_a_toast_and_as_a_button(house):
    page = look(house.client, house.shop, "flag", **ticked(orders_of(house.shop, 1)))
    text = house.client.get(press(house.client, house.shop, "flag", page, flag="1").url).content.decode()

    assert (text.count('class="toast" data-life="10000"'), text.count('data-key="z"')) == (1, 1)


# --- interception -----------------------------------------------------------------------------------------------------
@pytest.mark.req("R0.44")
def test_each_case_gets_its_verdict_and_only_those_that_qualify_are_asked(
    house, platform, courier, django_capture_on_commit_callbacks
):
    good, dear = case_of(platform, house.shop), case_of(platform, house.shop, nets=(60_000,))
    bare = shipped_order(platform, house.shop)
    page = look(house.client, house.shop, "intercept", **ticked([good.order, dear.order, bare]))
    assert {line.order.pk: (line.is_allowed, line.codes) for line in page.context["lines"]} == {
        good.order_id: (True, []), dear.order_id: (False, ["E10"]), bare.pk: (False, ["E04"]),
    }  # fmt: skip

    with django_capture_on_commit_callbacks(execute=True):
        press(house.client, house.shop, "intercept", page)

    job = Job.objects.get()
    assert (job.state, job.figures) == (JobState.DONE, {"done": 1, "refused": 2})
    good.refresh_from_db()
    dear.refresh_from_db()
    assert (good.state, dear.state) == (CaseState.INTERCEPTING, CaseState.APPLIED)
    assert Interception.objects.get().submitted_by == house.agent


@pytest.mark.req("R0.44")
def test_a_case_that_changed_since_the_look_is_not_stopped(house, platform, courier):
    case = case_of(platform, house.shop)
    page = look(house.client, house.shop, "intercept", **ticked([case.order]))
    Case.objects.filter(pk=case.pk).update(version=case.version + 1)

    press(house.client, house.shop, "intercept", page)
    job = Job.objects.get()
    assert job.state == JobState.WAITING
    run_bulk(job_id=job.pk)

    job.refresh_from_db()
    assert (job.figures, Interception.objects.count()) == ({"refused": 1}, 0)
    assert "[E16]" in job.rows.get().reason


def test_a_worker_killed_between_asking_and_writing_it_down_asks_once(house, platform, courier, monkeypatch):
    case = case_of(platform, house.shop)
    page = look(house.client, house.shop, "intercept", **ticked([case.order]))
    press(house.client, house.shop, "intercept", page)
    job = Job.objects.get()
    real = runner._note

    def die(*_args):
        raise SystemExit

    monkeypatch.setattr(runner, "_note", die)
    with pytest.raises(SystemExit):
        services.work_on(job.pk)
    monkeypatch.setattr(runner, "_note", real)
    Job.objects.filter(pk=job.pk).update(pulse_at=now() - timedelta(minutes=5))
    sweep_bulk()

    job.refresh_from_db()
    assert (job.state, job.figures, Interception.objects.count()) == (JobState.DONE, {"done": 1}, 1)


# --- long runs --------------------------------------------------------------------------------------------------------
def long_run(house, count=50):
    orders = orders_of(house.shop, count)
    page = look(house.client, house.shop, "flag", all="1", buyer=orders[0].buyer_id)
    press(house.client, house.shop, "flag", page, flag="2", text="大促")
    return Job.objects.get(), orders


@pytest.mark.req("R0.43")
def test_a_run_killed_half_way_goes_on_and_repeats_nothing(house):
    job, _orders = long_run(house)

    def die(at):
        raise SystemExit

    with pytest.raises(SystemExit):
        runner.run(job, on_batch=die)
    job.refresh_from_db()
    assert (job.state, job.done, Note.objects.count()) == (JobState.RUNNING, 20, 20)
    assert sweep_bulk() is None and Job.objects.get().done == 20, "its pulse is fresh: nobody takes it"
    Job.objects.update(pulse_at=now() - timedelta(minutes=5))
    sweep_bulk()

    job.refresh_from_db()
    assert (job.state, job.done, job.figures) == (JobState.DONE, 50, {"done": 50})
    assert Note.objects.count() == len(set(Note.objects.values_list("order_id", flat=True))) == 50


def test_a_run_stops_after_the_batch_in_hand_and_goes_on_from_there(house, django_capture_on_commit_callbacks):
    job, _orders = long_run(house)

    def stop(at):
        house.client.post(reverse("bulk_verb", args=[job.number, "stop"]))

    runner.run(job, on_batch=stop)
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.STOPPED, 20)
    with django_capture_on_commit_callbacks(execute=True):
        house.client.post(reverse("bulk_verb", args=[job.number, "resume"]))

    job.refresh_from_db()
    assert (job.state, job.figures) == (JobState.DONE, {"done": 50})


def test_one_bad_order_stops_no_other(house, monkeypatch):
    job, orders = long_run(house, 25)
    real = runner.act

    def act(job, order, shown):
        if order.pk == orders[3].pk:
            Note.objects.create(shop=house.shop, order=order, text="half done")
            raise ZeroDivisionError
        return real(job, order, shown)

    monkeypatch.setattr(runner, "act", act)
    run_bulk(job_id=job.pk)

    job.refresh_from_db()
    assert job.figures == {"done": 24, "refused": 1}
    assert job.rows.get(outcome="refused").subject == orders[3].number
    assert orders[3].notes.count() == 0


def test_the_living_part_answers_only_when_something_moved(house):
    job, _orders = long_run(house)
    url = reverse("bulk_progress", args=[job.number])
    stamp = house.client.get(url).context["stamp"]

    assert house.client.get(url, {"stamp": stamp}).status_code == 204
    run_bulk(job_id=job.pk)

    moved = house.client.get(url, {"stamp": stamp})
    assert (moved.status_code, "data-live" in moved.content.decode()) == (200, False)
    assert re.search(r"<b>50</b> / 50 orders", moved.content.decode())


def test_a_run_that_broke_off_too_often_waits_for_a_person(house):
    job, _orders = long_run(house)
    Job.objects.update(cursor={"starts": 5})

    run_bulk(job_id=job.pk)

    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.FAILED, 0)


# --- whose ------------------------------------------------------------------------------------------------------------
def test_another_shop_s_orders_are_not_there(house):
    own, theirs = orders_of(house.shop, 1)[0], make_order(make_shop("own"), state=S.TO_FULFIL)

    assert look(house.client, house.shop, "flag", **ticked([own, theirs])).status_code == 404
    assert look(house.client, theirs.shop, "flag", **ticked([theirs])).status_code == 404
    assert look(house.client, house.shop, "flag", all="1", buyer=theirs.buyer_id).status_code == 404
    assert look(house.client, house.shop, "flag", all="1").status_code == 404
    assert look(house.client, house.shop, "dance", **ticked([own])).status_code == 404


def test_a_plan_is_its_reader_s_own_and_for_one_verb(house):
    page = look(house.client, house.shop, "flag", **ticked(orders_of(house.shop, 1)))

    seen = [
        press(house.boss_client, house.shop, "flag", page, flag="1").status_code,
        press(house.client, house.shop, "intercept", page).status_code,
        house.client.post(reverse("bulk_start", args=[house.shop.pk, "flag"]), {"plan": "x", "flag": "1"}).status_code,
    ]

    assert (seen, Job.objects.count()) == ([404, 404, 404], 0)


def test_nothing_ticked_is_a_sentence(house):
    answer = house.client.post(reverse("bulk_preview", args=[house.shop.pk, "flag"]), {}, follow=True)

    assert told(answer) == ["SELECTION"]


def test_one_sees_one_s_own_runs_and_a_supervisor_the_shop_s(house, sign_in):
    job, _orders = long_run(house, 1)
    colleague, stranger = sign_in(make_user("agent", house.shop)), sign_in(make_user("owner", make_shop()))

    def seen(client):
        found = client.get(reverse("bulk_list")).context["runs"]
        return len(found), client.get(reverse("bulk_detail", args=[job.number])).status_code

    assert [seen(client) for client in (house.client, house.boss_client, colleague, stranger)] == [
        (1, 200), (1, 200), (0, 404), (0, 404),
    ]  # fmt: skip


@pytest.mark.req("R0.44")
def test_failed_orders_stay_ticked_and_can_be_looked_at_again(house):
    good, sent = orders_of(house.shop, 1)[0], orders_of(house.shop, 1, state=S.SHIPPED)[0]
    page = look(house.client, house.shop, "address", **ticked([good, sent]))
    press(house.client, house.shop, "address", page, **NEW)
    job = Job.objects.get()

    again = house.client.get(reverse("bulk_preview", args=[house.shop.pk, "address"]), {"job": job.number})
    listed = house.client.get(reverse("orders"), {"buyer": good.buyer_id, "ticked": job.number}).content.decode()

    assert [line.order for line in again.context["lines"]] == [sent]
    assert re.findall(r'name="order" value="(\d+)"[^>]* checked', one_line(listed)) == [sent.number]


def test_the_bar_stands_under_a_list_of_one_shop_only(house, sign_in):
    orders_of(house.shop, 1)
    both = make_user("agent", house.shop)
    other = make_shop("own")
    Membership.objects.create(user=both, shop=other, role=ensure_default_roles()["agent"])
    make_order(other)

    one = house.client.get(reverse("orders")).content.decode()
    two = sign_in(both).get(reverse("orders")).content.decode()

    assert ("data-bulk=" in one, "data-tick" in one, "data-bulk=" in two, "data-tick" in two) == (
        True, True, False, False,
    )  # fmt: skip


# --- one order --------------------------------------------------------------------------------------------------------
def test_the_address_of_one_order_changes_from_its_page(house):
    [order] = orders_of(house.shop, 1)
    url = reverse("order_address", args=[house.shop.pk, order.number])

    page = house.client.get(reverse("order_detail", args=[house.shop.pk, order.number])).content.decode()
    answer = house.client.post(url, {**NEW, "shown": order.recipient_id}, follow=True)

    order.refresh_from_db()
    assert f"dialog-address-{order.pk}" in page
    assert vault._open(order.recipient, "name") == "周一"
    assert "周**" in answer.content.decode() and "Address changed" in answer.content.decode()


def test_a_wrong_field_keeps_the_dialog_open_with_what_was_typed(house):
    [order] = orders_of(house.shop, 1)
    url, held = reverse("order_address", args=[house.shop.pk, order.number]), order.recipient_id

    partial = house.client.post(url, {**NEW, "district": "姑苏"}, headers={"HX-Request": "true"})
    page = house.client.post(url, {**NEW, "district": "姑苏"})

    assert (partial.status_code, page.status_code) == (409, 422)
    for answer in (partial, page):
        text = answer.content.decode()
        assert "平江路 100 号 3 幢" in text and "Write the district or county with its ending" in text
    order.refresh_from_db()
    assert order.recipient_id == held


def test_to_htmx_the_new_masks_come_back_where_the_old_ones_stood(house):
    [order] = orders_of(house.shop, 1)

    answer = house.client.post(
        reverse("order_address", args=[house.shop.pk, order.number]),
        {**NEW, "shown": order.recipient_id},
        headers={"HX-Request": "true"},
    )

    text = answer.content.decode()
    assert answer.status_code == 200
    assert re.findall(rf'id="pii-{order.pk}-(\w+)" hx-swap-oob="true"', text) == ["name", "phone", "address"]
    assert "周**" in text and "平江路" not in text


def test_a_platform_shop_is_told_that_the_platform_keeps_the_old_address(sign_in):
    shop = make_shop("kuaishou")
    order = make_order(shop, state=S.TO_FULFIL)

    page = sign_in(make_user("agent", shop)).get(reverse("order_address", args=[shop.pk, order.number]))

    assert "Kuaishou takes no address from here and goes on showing the old one" in page.content.decode()
