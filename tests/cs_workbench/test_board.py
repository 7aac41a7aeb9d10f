"""The supervisor's board: every figure checked against a small history made for it."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.cases.enums import CaseKind, CaseState, Timer
from aftersales.cases.models import Case
from aftersales.decisions import assigning
from cs_workbench.board.asked import midnight, today
from logistics.interception.models import Interception
from merchant.clock import now
from merchant.trail.models import Activity
from merchant.ui import charts
from orders.record.enums import OrderState
from orders.record.models import Order
from tests.aftersales.factories import agent_of, case_of, intercepting, own_shop
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def noon(back: int) -> datetime:
    """Noon in Shanghai, so many days ago."""
    return midnight(today()) - back * DAY + 12 * HOUR


def told(platform, shop, back, *, by=None, reply=None, end=None, kind=None, state=CaseState.SUCCESS, buyer="b-1"):
    """A case applied at noon so many days ago; `reply` and `end` are hours after it."""
    case = case_of(platform, shop, buyer_id=buyer)
    at = noon(back)
    fields = {"applied_at": at, "kind": kind or case.kind}
    if end is not None:
        fields |= {"state": state, "closed_at": at + end * HOUR}
    Case.objects.filter(pk=case.pk).update(**fields)
    if reply is not None:
        Activity.objects.create(
            shop=shop, subject_kind="case", subject_id=case.pk, verb="case.agree", by=by, at=at + reply * HOUR
        )
    return case


def due(case, hours, *, assignee=None, level=0, clock=Timer.AS_HANDLE):
    Case.objects.filter(pk=case.pk).update(due_at=now() + hours * HOUR, assignee=assignee, level=level, clock=clock)


@pytest.mark.req("R0.45")
def test_the_times_are_counted_by_person_kind_and_day(platform, sign_in):
    shop = own_shop()
    agent, other, supervisor = agent_of(shop), agent_of(shop), agent_of(shop, "supervisor")
    for reply, end in ((1, 2), (3, 10), (5, 30)):
        told(platform, shop, 2, by=agent, reply=reply, end=end)
    told(platform, shop, 1, by=other, reply=8, end=20, kind=CaseKind.RETURN_REFUND)
    # Settled by a rule: an end, and no first decision of a person.
    told(platform, shop, 1, by=None, reply=1, end=4)
    # Taken back by the buyer: neither.
    told(platform, shop, 1, end=1, state=CaseState.CANCELLED)
    told(platform, shop, 20, by=agent, reply=40, end=50)

    page = sign_in(supervisor).get(reverse("board"), {"days": "7"})

    service = page.context["service"]
    total = service.total
    assert (total.cases, total.decided, total.reply, total.ended, total.end) == (6, 4, 4 * HOUR, 5, 10 * HOUR)
    assert (total.reply_p90, total.end_p90) == (7.1 * HOUR, 26 * HOUR)
    assert {person: (one.cases, one.decided, one.reply, one.end) for person, one in service.people} == {
        agent: (3, 3, 3 * HOUR, 10 * HOUR),
        other: (1, 1, 8 * HOUR, 20 * HOUR),
        None: (2, 0, None, 4 * HOUR),
    }
    assert {kind: (one.cases, one.end) for kind, one in service.kinds.items()} == {
        True: (5, 7 * HOUR),
        False: (1, 20 * HOUR),
    }
    by_day = {day: (one.cases, one.reply, one.end) for day, one, _parts in page.context["days"] if one.cases}
    assert by_day == {
        today() - 2 * DAY: (3, 3 * HOUR, 10 * HOUR),
        today() - DAY: (3, 8 * HOUR, 12 * HOUR),
    }
    said = {figure.label: (figure.value, figure.note) for figure in page.context["figures"]}
    assert said["First decision"] == ("4 h 0 min", "90% within 7 h 6 min, 4 cases")
    assert said["Refund-only settled in"] == ("7 h 0 min", "others 20 h 0 min")


@pytest.mark.req("R0.45", "R2.39")
def test_who_has_how_much_and_what_is_late_next(platform, sign_in):
    shop = own_shop()
    agent, supervisor = agent_of(shop), agent_of(shop, "supervisor")
    late, soon, later, free, buyers = (case_of(platform, shop) for _ in range(5))
    due(late, -2, assignee=agent)
    due(soon, 0.5, assignee=agent, level=1)
    due(later, 50, assignee=agent)
    due(free, 49)
    due(buyers, -5, assignee=agent, clock=Timer.NEGO)
    client = sign_in(supervisor)

    page = client.get(reverse("board"))
    overdue = client.get(reverse("board_cases"), {"has": agent.pk, "due": "overdue"})

    rows = [(row.person, row.counts, row.escalated) for row in page.context["load"]]
    nothing = dict.fromkeys(("overdue", "hour", "today", "later", "others"), 0)
    assert rows == [
        (None, {**nothing, "later": 1}, 0),
        (agent, {"overdue": 1, "hour": 1, "today": 0, "later": 1, "others": 1}, 1),
    ]
    assert page.context["nearest"] == [late, soon, free, later]
    assert overdue.context["page"].rows == [late]
    assert (page.context["figures"][0].value, page.context["figures"][0].note) == ("5", "1 overdue")


@pytest.mark.req("R0.45")
def test_promises_to_ship_and_interceptions_are_shares_of_what_is_decided(platform, courier, sign_in):
    shop = own_shop()
    at = noon(3)
    for hours in (10, 20, 60):
        make_order(
            shop, placed_at=at - 2 * DAY, paid_at=at - 2 * DAY, shipped_at=at - 2 * DAY + hours * HOUR, ship_by_at=at
        )
    make_order(shop, state=OrderState.TO_FULFIL, placed_at=at - 2 * DAY, ship_by_at=at)
    make_order(shop, state=OrderState.TO_FULFIL, placed_at=at, ship_by_at=now() + 2 * HOUR)
    # Cancelled before its promise: it owed nothing.
    make_order(shop, state=OrderState.CLOSED, placed_at=at - 2 * DAY, ship_by_at=at, closed_at=at - HOUR)
    for state in ("succeeded", "succeeded", "failed", None):
        stopped = intercepting(case_of(platform, shop, buyer_id="b-9"))
        if state:
            Interception.objects.filter(pk=stopped.pk).update(state=state)
    client = sign_in(agent_of(shop, "owner"))
    Order.objects.filter(ship_by_at__isnull=False).exclude(ship_by_at__in=[at]).exclude(state="to_fulfil").update(
        ship_by_at=None
    )

    page = client.get(reverse("board"))
    rows = [
        [order.ship_by_at for order in client.get(reverse("board_orders"), query).context["page"].rows]
        for query in ({"what": "overdue"}, {"what": "due"}, {"what": "due", "late": "1"})
    ]

    said = {figure.label: (figure.value, figure.note) for figure in page.context["figures"]}
    assert said["Shipped on time"] == ("50.0%", "2 of 4 due")
    assert said["Overdue to ship"] == ("1", "1 more within 6 hours")
    assert said["Interceptions stopped"] == ("66.7%", "2 stopped, 1 not")
    assert rows == [[at], [at] * 4, [at] * 2]


def test_where_nothing_is_there_the_page_says_so_in_words(sign_in):
    text = sign_in(make_user("owner", make_shop())).get(reverse("board")).content.decode()

    for sentence in (
        "No case is open.",
        "No clock of the shop runs.",
        "No data: no case was applied in this period.",
        "No data: no case of this period was decided by a person or closed.",
        "no case decided by a person",
    ):
        assert sentence in text


@pytest.mark.req("R0.45")
def test_an_agent_sees_the_figures_of_their_own_work_only(platform, sign_in):
    shop = own_shop()
    agent, other = agent_of(shop), agent_of(shop)
    told(platform, shop, 1, by=agent, reply=1, end=2)
    told(platform, shop, 1, by=other, reply=9, end=9)
    assigning.claim_case(case_of(platform, shop, buyer_id="b-2"), by=agent)
    assigning.claim_case(case_of(platform, shop, buyer_id="b-3"), by=other)

    page = sign_in(agent).get(reverse("board"))

    assert [figure.label for figure in page.context["figures"]] == [
        "Open cases",
        "First decision",
        "Refund-only settled in",
    ]
    assert [(row.person, row.total) for row in page.context["load"]] == [(agent, 1)]
    assert [(person, one.cases) for person, one in page.context["service"].people] == [(agent, 1)]
    assert str(other) not in page.content.decode()
    rows = sign_in(agent).get(reverse("board_cases"), {"days": "14"}).context["page"].rows
    assert len(rows) == 1


def test_a_supervisor_of_another_shop_sees_nothing_of_ours(platform, sign_in):
    shop = own_shop()
    told(platform, shop, 1, by=agent_of(shop), reply=1, end=2)
    case_of(platform, shop)
    client = sign_in(make_user("supervisor", make_shop()))

    page = client.get(reverse("board"), {"shop": shop.pk})

    assert (page.context["load"], page.context["service"].total.cases) == ([], 0)
    assert client.get(reverse("board_cases"), {"open": "1"}).context["page"].rows == []


def test_every_number_opens_the_rows_that_make_it(platform, sign_in):
    shop = own_shop()
    agent, supervisor = agent_of(shop), agent_of(shop, "supervisor")
    mine = told(platform, shop, 2, by=agent, reply=1, end=2)
    ruled = told(platform, shop, 1, end=4)
    back = told(platform, shop, 1, kind=CaseKind.RETURN_REFUND)
    client = sign_in(supervisor)

    def rows(**query):
        return client.get(reverse("board_cases"), query).context["page"].rows

    day = today() - 2 * DAY
    assert rows(by=agent.pk) == [mine]
    assert rows(by="none") == [back, ruled]
    assert rows(decided="1") == [mine]
    assert rows(ended="1") == [ruled, mine]
    assert rows(only="0") == [back]
    assert rows(day=f"{day:%Y-%m-%d}") == [mine]
    assert rows(day="nonsense", days="7") == [back, ruled, mine]
    assert rows(open="1") == [back]
    assert rows(has="none") == [back]


def test_the_board_costs_the_same_for_one_case_and_for_many(platform, sign_in):
    shop = own_shop()
    agent, supervisor = agent_of(shop), agent_of(shop, "supervisor")
    told(platform, shop, 1, by=agent, reply=1, end=2)
    due(case_of(platform, shop), 3, assignee=agent)
    client = sign_in(supervisor)
    client.get(reverse("board"))

    with CaptureQueriesContext(connection) as one:
        client.get(reverse("board"))
    for back in (2, 3):
        told(platform, shop, back, by=agent, reply=1, end=2)
        due(case_of(platform, shop), 3, assignee=agent_of(shop))
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("board"))

    assert len(many) == len(one) <= 21


def test_a_drawing_keeps_a_round_scale_and_breaks_where_a_day_has_no_value():
    days = [(today() - back * DAY, "") for back in (2, 1, 0)]

    drawn = charts.lines(days, [("s1", [1.0, None, 3.0])])
    stacked = charts.bars([(day, "", [("b1", n), ("b2", 1)]) for (day, _title), n in zip(days, (3, 0, 5), strict=True)])

    assert drawn is not None and stacked is not None
    assert (drawn.lines, [text for _y, text in drawn.grid]) == ([], ["0", "1", "2", "3", "4"])
    assert [bar for mark in stacked.marks for bar in mark.bars] == [
        ("b1", 137.0, 75.0),
        ("b2", 112.0, 25.0),
        ("b2", 187.0, 25.0),
        ("b1", 87.0, 125.0),
        ("b2", 62.0, 25.0),
    ]
    assert charts.bars([(today(), "", [("b1", 0)])]) is None
    assert charts.spark([1, None, 3]) == {
        "line": "M0.0 26.0 L100.0 4.0",
        "area": "M0.0 26.0 L100.0 4.0 L100.0 28 L0.0 28 Z",
    }
    assert charts.spark([None, 2.0]) == {}
