"""The page that says what stopping parcels brings: every figure checked against rows made for it."""

from datetime import datetime, timedelta
from html.parser import HTMLParser

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.cases.enums import CaseState
from aftersales.cases.models import Case
from aftersales.cases.transitions import move
from aftersales.decisions import services as cases
from aftersales.refunds import services as refunds
from cs_workbench.interceptions import effect
from logistics.interception import services as interceptions
from merchant.clock import SHANGHAI, now
from merchant.locking import lock
from merchant.people.models import Membership
from orders.record.enums import OrderState
from tests.aftersales.factories import a_minute_later, agent_of, case_of, intercepting, own_shop, refund_of, stop
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def week_ago(weeks: int) -> datetime:
    """Monday noon so many weeks ago, Shanghai time."""
    return effect.monday(now()) - weeks * effect.WEEK + 12 * HOUR


def sent(shop, weeks, hours):
    """An order placed and paid so many weeks ago, shipped `hours` after it was paid."""
    at = week_ago(weeks)
    return make_order(shop, placed_at=at, paid_at=at, shipped_at=at + hours * HOUR)


def unsent(shop, weeks, *, closed=False, is_paid=True):
    at = week_ago(weeks)
    state = OrderState.CLOSED if closed else OrderState.TO_FULFIL if is_paid else OrderState.PENDING_PAYMENT
    more = {"closed_at": at + HOUR} if closed else {}
    return make_order(shop, placed_at=at, state=state, is_paid=is_paid, **more)


def page_of(sign_in, user):
    return sign_in(user).get(reverse("interceptions_effect"))


class Cells(HTMLParser):
    """What a table says: one list of texts a row."""

    def __init__(self):
        super().__init__()
        self.rows: list[list[str]] = []
        self.is_in = False

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.is_in = True
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.is_in = False

    def handle_data(self, data):
        if self.is_in:
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {data}".split())


def rows_of(page, heading):
    """The table under this heading as people read it: one list of cell texts a row, line breaks as spaces."""
    text = page.content.decode()
    table = text[text.index(f'<h2 id="{heading}"') :]
    reader = Cells()
    reader.feed(table[: table.index("</table>")])
    return reader.rows[1:]


def label(weeks):
    return f"{week_ago(weeks).astimezone(SHANGHAI):%m-%d}"


@pytest.mark.req("R0.8")
def test_the_time_to_ship_and_the_cancel_rate_stand_week_by_week(sign_in):
    shop = own_shop()
    for hours in (2, 4, 30):
        sent(shop, 2, hours)
    unsent(shop, 2, closed=True)
    unsent(shop, 2, is_paid=False)
    unsent(shop, 2, closed=True, is_paid=False)
    sent(shop, 1, 1.5)
    unsent(shop, 1)

    page = page_of(sign_in, agent_of(shop))

    nothing = ["0", "0", "no data", "0", "no data"]
    assert rows_of(page, "weeks-head") == [
        *([label(back), *nothing] for back in (7, 6, 5, 4, 3)),
        [label(2), "4", "3", "4 h 0 min", "1", "25.0%"],
        [label(1), "2", "1", "1 h 30 min", "0", "0.0%"],
        [f"{label(0)} still running", *nothing],
    ]
    marks = {name: [mark.text for mark in page.context[name].marks] for name in ("waits", "rates")}
    assert marks == {
        "waits": ["–", "–", "–", "–", "–", "4.0", "1.5", "–"],
        "rates": ["–", "–", "–", "–", "–", "25.0", "0.0", "–"],
    }
    text = page.content.decode()
    assert "Paid orders that were closed and never shipped, divided by all paid orders placed in the week." in text
    assert 'aria-label="Median hours from payment to shipping, week by week' in text


@pytest.mark.req("R0.8")
def test_an_order_returned_after_shipping_is_not_cancelled_and_one_shipped_unpaid_has_no_wait(sign_in):
    shop, at = own_shop(), week_ago(1)
    make_order(shop, placed_at=at, state=OrderState.CLOSED, shipped_at=at + 5 * HOUR, closed_at=at + 9 * HOUR)
    make_order(shop, placed_at=at, paid_at=at + 3 * HOUR, shipped_at=at + HOUR)

    page = page_of(sign_in, agent_of(shop))

    assert rows_of(page, "weeks-head")[6] == [label(1), "2", "1", "4 h 59 min", "0", "0.0%"]


def test_a_week_begins_on_monday_in_shanghai_and_older_orders_are_left_out(sign_in):
    shop, this = own_shop(), effect.monday(now())
    for at in (
        this - timedelta(seconds=1),
        this,
        this - 7 * effect.WEEK,
        this - 7 * effect.WEEK - timedelta(seconds=1),
    ):
        make_order(shop, placed_at=at, paid_at=at, shipped_at=at + HOUR)

    page = page_of(sign_in, agent_of(shop))

    assert [row[1] for row in rows_of(page, "weeks-head")] == ["1", "0", "0", "0", "0", "0", "1", "1"]


def settled(case, hours, commits):
    """The case with its money paid, `hours` after it was applied for."""
    with commits():
        a_minute_later(case)
    case.refresh_from_db()
    assert case.state == CaseState.SUCCESS
    return lasting(case, hours)


def lasting(case, hours):
    Case.objects.filter(pk=case.pk).update(closed_at=case.applied_at + hours * HOUR)


def moved(case, *verbs):
    with transaction.atomic():
        case = lock(case)
        for verb in verbs:
            move(case, verb, by=None)
    return case


@pytest.mark.req("R0.5")
@pytest.mark.req("R0.6")
def test_cases_handled_by_the_courier_s_result_stand_beside_those_without(platform, courier, commits, sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    client = sign_in(agent)
    # Stopped: paid by itself. Not stopped: the agent has the menu and decides on the courier's proof.
    with commits():
        paid = case_of(platform, shop)
        intercepting(paid)
        stop(paid)
    settled(paid, 6, commits)
    signed = case_of(platform, shop)
    with commits():
        interceptions.fail_interception(intercepting(signed), reason="signed", words="已签收")
    signed.refresh_from_db()
    menu = client.get(reverse("case_detail", args=[shop.pk, signed.number])).content.decode()
    assert [f'data-opens="dialog-{verb}"' in menu for verb in ("agree", "refuse", "propose")] == [True, True, True]
    client.post(
        reverse("desk_verb", args=[shop.pk, signed.number, "refuse"]),
        {"version": signed.version, "reason": "signed", "evidence": "签收轨迹"},
    )
    intercepting(case_of(platform, shop))
    # Without: agreed at once, refused and dismissed by the platform, refused and with the platform now, untouched.
    at_once = case_of(platform, shop)
    with commits():
        cases.agree_case(at_once, by=agent)
        refunds.release_refund(refund_of(at_once), by=agent_of(shop, "finance"))
    settled(at_once, 20, commits)
    lasting(moved(cases.refuse_case(case_of(platform, shop), by=agent, reason="other"), "escalate", "dismiss"), 100)
    moved(cases.refuse_case(case_of(platform, shop), by=agent, reason="other"), "escalate")
    withdrawn = cases.withdraw_case(case_of(platform, shop), by=None)
    lasting(withdrawn, 30)
    case_of(platform, shop)

    page = client.get(reverse("interceptions_effect"))

    assert rows_of(page, "cases-head") == [
        [
            "With an interception 1 stopped, 1 not",
            "2",
            "0.0% 0 of 2",
            "50.0% 1 of 2",
            "6 h 0 min 1 closed case",
            "1",
        ],
        [
            "Without an interception",
            "4",
            "50.0% 2 of 4",
            "50.0% 2 of 4",
            "1 d 6 h 3 closed cases",
            "1",
        ],
    ]


@pytest.mark.req("R0.5")
def test_a_group_without_a_settled_case_says_so_in_words(platform, sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    cases.refuse_case(case_of(platform, shop), by=agent, reason="other")

    page = page_of(sign_in, agent)

    assert rows_of(page, "cases-head") == [
        ["With an interception", "no data", "no data", "no data", "no data", "0"],
        ["Without an interception", "1", "0.0% 0 of 1", "100.0% 1 of 1", "no data", "0"],
    ]


def test_cases_before_shipping_and_older_ones_are_another_matter(platform, sign_in):
    shop = own_shop()
    case_of(platform, shop, state=OrderState.TO_FULFIL, parcel=None)
    old = case_of(platform, shop)
    Case.objects.filter(pk=old.pk).update(applied_at=effect.monday(now()) - 7 * effect.WEEK - timedelta(seconds=1))

    page = page_of(sign_in, agent_of(shop))

    assert [(one["group"].settled, one["group"].under_way) for one in page.context["groups"]] == [(0, 0), (0, 0)]
    assert "No data: nobody has asked for a refund of a shipped order in these weeks." in page.content.decode()


@pytest.mark.req("R0.8")
def test_another_shop_s_reader_is_told_in_words_that_there_is_nothing(platform, sign_in):
    shop = own_shop()
    sent(shop, 1, 2)
    case_of(platform, shop)

    text = page_of(sign_in, make_user("owner", make_shop())).content.decode()

    assert "No data: no paid order of these weeks has been shipped." in text
    assert "No data: no order of these weeks has been paid." in text
    assert "No data: nobody has asked for a refund of a shipped order in these weeks." in text


def test_somebody_of_two_shops_sees_both_together(sign_in):
    first, second = own_shop(), own_shop()
    agent = agent_of(first)
    held = Membership.objects.get(user=agent)
    Membership.objects.create(user=agent, shop=second, role=held.role)
    sent(first, 1, 2)
    sent(second, 1, 4)

    page = page_of(sign_in, agent)

    assert rows_of(page, "weeks-head")[6] == [label(1), "2", "2", "3 h 0 min", "0", "0.0%"]


def test_the_page_costs_the_same_for_one_week_and_for_three(platform, sign_in):
    shop = own_shop()
    client = sign_in(agent_of(shop))
    address = reverse("interceptions_effect")
    sent(shop, 1, 2)
    case_of(platform, shop)
    client.get(address)

    with CaptureQueriesContext(connection) as one:
        client.get(address)
    for back in (2, 3):
        sent(shop, back, 2)
        unsent(shop, back, closed=True)
        intercepting(case_of(platform, shop))
    with CaptureQueriesContext(connection) as three:
        client.get(address)

    assert len(three) == len(one) <= 9


def test_a_line_breaks_where_a_week_has_no_value():
    drawn = effect.chart([("a", 1.0, "1"), ("b", 2.0, "2"), ("c", None, "–"), ("d", 0.0, "0")])

    assert drawn is not None
    assert drawn.lines == ["40,67 120,26"]
    assert [(mark.x, mark.y, mark.height) for mark in drawn.marks] == [
        (40, 67, 41),
        (120, 26, 82),
        (200, 108, 0),
        (280, 108, 0),
    ]
    assert effect.chart([("a", None, "–")]) is None
