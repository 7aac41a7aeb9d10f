"""What a stopped parcel's refund asks of the database: from the courier's push to the money at the buyer, and what the
platform tells us of it on the way."""

from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftersales import tasks
from aftersales.decisions import services as cases
from aftersales.paying import sending
from logistics.couriers import push_endpoint
from logistics.parcels.models import Package
from logistics.sandbox.accounts import YTO_SECRETS
from merchant.inbox.models import InboxTask
from merchant.platforms.sandbox import envelopes
from merchant.platforms.sandbox.accounts import APPS
from merchant.policy import services as policy
from merchant.trail.models import Activity
from tests.aftersales.factories import account_of, agent_of, case_of, kuaishou_shop, refund_of
from tests.aftersales.world import KUAISHOU
from tests.bench.figure_refund_latency import return_scan
from tests.logistics.wire import YTO_CREATE, YTO_OK
from tests.merchant.factories import make_courier_account

pytestmark = pytest.mark.django_db(transaction=True)

# From the courier's push to the platform's answer written down: paid at once, or its money on the way.
TO_PAID, TO_SENT = 47, 36
# A push of the platform: one that tells what we know already, and the one that says that the money has arrived.
ECHO, ARRIVED = 6, 22
# The whole of it, whichever way the money goes.
BAR = 60
# Telling the people who wait for it: the case, what was stopped, who they are, the notice.
NOTICE = 4

MARKS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@pytest.fixture
def stopped(platform, courier, client):
    """A case whose parcel YTO is asked to stop, and the push that says it is."""
    shop = kuaishou_shop()
    account = make_courier_account(shop, "yto", secrets=YTO_SECRETS)
    courier.on(YTO_CREATE, YTO_OK)
    case = case_of(platform, shop, courier="yto")
    package = Package.objects.get(order=case.order)
    Package.objects.filter(pk=package.pk).update(account=account)
    cases.intercept_case(case, by=agent_of(shop))
    # The door knows the account, as it does after its first push.
    push_endpoint.accounts.find(account.push_token)

    def push():
        body, headers = return_scan(package.waybill)
        named = {name.lower(): value for name, value in headers.items()}
        kind = named.pop("content-type")
        door = f"/push/courier/{account.push_token}/"
        return client.generic("POST", door, body, content_type=kind, headers=named)

    return case, push


@pytest.fixture
def echo(stopped, platform, client):
    """The platform tells the shop what has become of the case since it told it last. Returns how many messages."""
    case, _push = stopped
    door = f"/push/platform/{account_of(case.shop).push_token}/"
    outbox, told = platform.control.outbox, set()
    outbox.set_target(KUAISHOU["app_key"], "http://shop.test/")

    def tell():
        news = {key: row for key, row in outbox.pushes.items() if key not in told}
        told.update(news)
        for row in news.values():
            app = APPS[row["appKey"]]
            body, headers = envelopes.of(app).sealed(app, outbox.plain(row))
            client.generic("POST", door, body, content_type=headers["Content-Type"])
        return len(news)

    return tell


@contextmanager
def counted(most):
    """Exactly so many statements inside, without those that only begin, end or mark a transaction. Raise it knowingly:
    each is a round trip of every refund."""
    with CaptureQueriesContext(connection) as queries:
        yield
    asked = [" ".join(query["sql"].split())[:120] for query in queries if not query["sql"].startswith(MARKS)]
    assert len(asked) == most, "\n".join(asked)


def ended(case):
    """(refund, case, order) where nothing waits to be worked on any more."""
    case.refresh_from_db()
    assert InboxTask.objects.count() == 0
    return refund_of(case).state, case.state, case.order.state


def test_a_refund_paid_at_once_takes_no_more_statements_than_it_needs(stopped, echo, platform):
    case, push = stopped

    with counted(TO_PAID):
        push()
    assert ended(case) == ("success", "success", "closed")
    asked = platform.count("refund.detail")
    with counted(2 * ECHO):
        assert echo() == 2

    assert (ended(case), platform.paid) == (("success", "success", "closed"), [(case.order.number, 8800)])
    # Both only said what our own call had heard already.
    assert platform.count("refund.detail") == asked
    assert TO_PAID + 2 * ECHO <= BAR


def test_a_refund_whose_money_travels_is_settled_by_the_platforms_word(stopped, echo, platform):
    case, push = stopped
    platform.hold_money()

    with counted(TO_SENT):
        push()
    assert ended(case) == ("processing", "refunding", "shipped")
    asked = platform.count("refund.detail")
    with counted(ECHO):
        assert echo() == 1
    assert platform.count("refund.detail") == asked
    platform.let_money_arrive()
    with counted(ARRIVED):
        assert echo() == 1

    assert (ended(case), platform.paid) == (("success", "success", "closed"), [(case.order.number, 8800)])
    assert platform.count("refund.detail") == asked + 1
    assert TO_SENT + ECHO + ARRIVED <= BAR + NOTICE


def test_what_the_platform_says_while_the_call_is_under_way_is_left_to_its_answer(stopped, echo, platform, monkeypatch):
    case, push = stopped
    record, told = sending.record, []

    def late(*answer, **about):
        asked = platform.count("refund.detail")
        told.append((echo(), platform.count("refund.detail") - asked, InboxTask.objects.count()))
        return record(*answer, **about)

    monkeypatch.setattr(sending, "record", late)
    push()

    # Two messages and nothing asked for them; only the push that we come from is still being worked on.
    assert told == [(2, 0, 1)]
    assert (ended(case), platform.paid) == (("success", "success", "closed"), [(case.order.number, 8800)])


def test_every_move_on_the_way_has_its_line_in_the_trail(stopped):
    _case, push = stopped
    before = Activity.objects.count()

    push()

    lines = Activity.objects.order_by("pk")[before:]
    assert [(line.verb, line.from_state, line.to_state) for line in lines] == [
        ("interception.succeed", "running", "succeeded"),
        ("interception.turn_back", "succeeded", "returning"),
        ("case.agree", "intercepting", "refunding"),
        ("refund.create", "", "created"),
        ("refund.approve", "created", "approved"),
        ("refund.send", "approved", "processing"),
        ("refund.settle", "processing", "success"),
        ("case.succeed", "refunding", "success"),
        ("order.unblock", "", ""),
        ("order.close", "shipped", "closed"),
    ]


def test_a_switch_turned_off_after_the_stop_holds_the_money_back(stopped, platform, monkeypatch):
    case, push = stopped
    with monkeypatch.context() as held:
        held.setattr(sending, "send_refund", lambda refund_id: None)
        push()
    refund = refund_of(case)
    policy.change(case.shop, by=None, reason="先看看", auto_agree=False)

    tasks.send_refund(refund_id=refund.pk)

    refund.refresh_from_db()
    case.refresh_from_db()
    assert (refund.state, platform.paid) == ("void", [])
    assert (case.state, case.tag_reason) == ("applied", "AUTO_OFF")
