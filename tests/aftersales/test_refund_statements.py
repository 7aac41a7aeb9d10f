"""What a stopped parcel's refund asks of the database, from the courier's push to the platform's answer written down."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftersales.decisions import services as cases
from logistics.parcels.models import Package
from logistics.sandbox.accounts import YTO_SECRETS
from merchant.policy import services as policy
from merchant.trail.models import Activity
from tests.aftersales.factories import agent_of, case_of, kuaishou_shop, refund_of
from tests.bench.figure_refund_latency import return_scan
from tests.logistics.wire import YTO_CREATE, YTO_OK
from tests.merchant.factories import make_courier_account

pytestmark = pytest.mark.django_db(transaction=True)

# Without those that only begin, end or mark a transaction. Raise it knowingly: each is a round trip of every refund.
MOST = 76


@pytest.fixture
def stopped(platform, courier, client):
    """A case whose parcel YTO is asked to stop, and the push that says it is."""
    shop = kuaishou_shop()
    account = make_courier_account(shop, "yto", secrets=YTO_SECRETS)
    courier.on(YTO_CREATE, YTO_OK)
    case = case_of(platform, shop, courier="yto")
    package = Package.objects.get(order=case.order)
    Package.objects.filter(pk=package.pk).update(account=account)
    cases.start_interception(case, by=agent_of(shop))

    def push():
        body, headers = return_scan(package.waybill)
        named = {name.lower(): value for name, value in headers.items()}
        kind = named.pop("content-type")
        door = f"/push/courier/{account.push_token}/"
        return client.generic("POST", door, body, content_type=kind, headers=named)

    return case, push


def test_from_the_push_to_the_paid_refund_takes_no_more_statements_than_it_needs(stopped, platform):
    case, push = stopped

    with CaptureQueriesContext(connection) as queries:
        answer = push()

    marks = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    asked = [query["sql"] for query in queries.captured_queries if not query["sql"].startswith(marks)]
    assert (answer.status_code, refund_of(case).state) == (200, "success")
    assert platform.paid == [(case.order.number, 8800)]
    assert len(asked) <= MOST, "\n".join(" ".join(sql.split())[:120] for sql in asked)


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
    from aftersales import tasks

    case, push = stopped
    monkeypatch.setattr(tasks.send_refund, "apply_async", lambda **_: None)
    push()
    refund = refund_of(case)
    policy.change(case.shop, by=None, reason="先看看", auto_agree=False)

    tasks.send_refund(refund_id=refund.pk)

    refund.refresh_from_db()
    case.refresh_from_db()
    assert (refund.state, platform.paid) == ("void", [])
    assert (case.state, case.tag_reason) == ("applied", "AUTO_OFF")
