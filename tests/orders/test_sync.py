"""The pull and the push of orders against the platform's sandbox as a process."""

import json
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from merchant.clock import now
from merchant.inbox.models import InboxMessage, InboxTask
from merchant.jobs.models import ProcessBeat
from merchant.people.rights import Right
from merchant.refusals import Refused
from merchant.trail.models import Activity
from orders.intake import platform, sync
from orders.intake.models import MissedOrder, OrderPayload, SyncCursor
from orders.record.models import Order, SourceDiff
from tests.merchant.factories import make_user
from tests.sandboxes import free_port, start_platform_sandbox


@pytest.fixture
def account(shop_platform, kuaishou_account):
    """Pulls only what this test makes: the process serves the tests before it as well."""
    sync.start_from(kuaishou_account, now() - timedelta(milliseconds=5))
    time.sleep(0.01)
    return kuaishou_account


def make_order(shop_platform, **values):
    return str(shop_platform.control("/orders", {"total_fee": 8800, "status": 30, **values})["oid"])


def cursor_of(account):
    return SyncCursor.objects.get(account=account, stream="orders")


def states(account):
    return dict(Order.objects.filter(shop=account.shop).values_list("number", "state"))


def until(condition):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def test_a_pull_brings_the_order_with_its_money_line_buyer_and_parcel(shop_platform, account):
    oid = make_order(
        shop_platform,
        status=40,
        total_fee=9300,
        express_fee=500,
        waybill="73100000000901",
        item={"title": "山茶饭碗", "spec": "青枝", "num": 2, "price": 5000, "category": "生鲜/水产"},
        buyer={"open_id": "b-901", "nick": "林**"},
    )

    taken = sync.pull_platform_orders()

    order = Order.objects.get(shop=account.shop, number=oid)
    line = order.lines.get()
    assert taken == 1
    assert (order.state, order.paid_fen, order.freight_fen, order.goods_fen, order.shop_discount_fen) == (
        "shipped",
        9300,
        500,
        10_000,
        1200,
    )
    assert (line.quantity, line.net_fen, line.category_class, line.listing.title) == (2, 8800, "fresh", "山茶饭碗")
    assert (order.buyer.external_id, order.payments.get().amount_fen, order.source_status) == ("b-901", 9300, "40")
    assert list(order.packages.values_list("courier", "waybill")) == [("zto", "73100000000901")]


def test_a_second_pull_changes_nothing_and_a_later_one_follows(shop_platform, account):
    oid = make_order(shop_platform)

    first, second = sync.pull_platform_orders(), sync.pull_platform_orders()
    version = Order.objects.get(number=oid).version
    shop_platform.control(f"/orders/{oid}/ship", {"courier": "yto", "waybill": "YT0000000000902"})
    third = sync.pull_platform_orders()

    order = Order.objects.get(number=oid)
    assert (first, second, third, version) == (1, 0, 1, 1)
    assert (order.state, order.packages.get().waybill) == ("shipped", "YT0000000000902")
    assert OrderPayload.objects.filter(number=oid).count() == 2


def test_a_first_pull_walks_thirty_days_in_spans_the_platform_allows(settings, tmp_path, kuaishou_account):
    process = start_platform_sandbox(tmp_path)
    settings.PLATFORM_HOSTS = {"kuaishou": process.url, "wechat_pay": process.url}
    try:
        made = process.control("/bulk", {"orders": [{"total_fee": 100 + n, "status": 30} for n in range(60)]})
        before = now()
        taken = sync.pull_account(kuaishou_account)
    finally:
        process.stop()

    cursor = cursor_of(kuaishou_account)
    assert (made["made"], taken, Order.objects.filter(shop=kuaishou_account.shop).count()) == ({"orders": 60}, 60, 60)
    assert (cursor.cursor, cursor.error, cursor.taken, cursor.lease_until) == ("", "", 60, None)
    assert before - timedelta(milliseconds=1) <= cursor.watermark_at <= cursor.last_ok_at
    # The last of five spans: four of seven days, and the rest of thirty.
    assert timedelta(days=2) - timedelta(seconds=1) < cursor.span_until_at - cursor.span_from_at <= timedelta(days=2)


def test_a_pull_out_of_time_goes_on_at_its_page(shop_platform, account):
    shop_platform.control("/bulk", {"orders": [{"total_fee": 100 + n, "status": 30} for n in range(60)]})
    begun = cursor_of(account).watermark_at

    first = sync.pull_account(account, seconds=0)
    halfway = cursor_of(account)
    second = sync.pull_account(account)

    assert (first, second, len(states(account))) == (50, 10, 60)
    assert (halfway.watermark_at, bool(halfway.cursor), halfway.lease_until) == (begun, True, None)
    assert cursor_of(account).cursor == ""


def test_a_cursor_the_platform_refuses_is_forgotten_and_its_span_read_anew(shop_platform, account):
    oid = make_order(shop_platform)
    begun = cursor_of(account).watermark_at
    SyncCursor.objects.update(cursor="worn out", span_from_at=begun, span_until_at=now())

    refused = sync.pull_account(account)
    error = cursor_of(account).error
    taken = sync.pull_account(account)

    assert (refused, error, taken) == (0, "bad_request 300019 CURSOR IS WRONG", 1)
    assert (states(account), cursor_of(account).error) == ({oid: "to_fulfil"}, "")


def test_a_bad_row_stops_no_other_and_comes_in_when_it_is_good(shop_platform, account):
    bad = make_order(shop_platform, status=99)
    good = make_order(shop_platform)

    taken = sync.pull_platform_orders()

    missed = MissedOrder.objects.get()
    assert (taken, states(account), cursor_of(account).error) == (1, {good: "to_fulfil"}, "")
    assert (missed.number, missed.tries, missed.next_at - missed.last_at) == (bad, 1, timedelta(minutes=1))
    assert missed.reason.startswith(f"Kuaishou order {bad}: status 99")
    assert ProcessBeat.objects.get(name=f"pull:kuaishou-orders:{account.pk}").backlog == 1

    shop_platform.control(f"/orders/{bad}/complete", {})
    sync.pull_platform_orders()
    assert (states(account)[bad], MissedOrder.objects.count()) == ("completed", 0)


def test_rows_nobody_can_read_are_missed_by_number_or_said_in_a_sentence(account):
    sentence = platform.note_unreadable(account, [("8", "an object was expected"), ("", "no oid")])

    missed = MissedOrder.objects.get()
    with translation.override("en"):
        again = platform.note_unreadable(account, [("", "no oid"), ("", "no oid")])
    assert (missed.number, "an object was expected" in missed.reason, "no oid" in sentence) == ("8", True, True)
    assert again == "2 rows without an order number: no oid"


def test_a_missed_order_is_read_again_ever_more_rarely_and_then_waits_for_a_person(shop_platform, account):
    bad = make_order(shop_platform, status=99)
    sync.pull_platform_orders()
    waits = []

    for _ in range(6):
        MissedOrder.objects.update(next_at=now() - timedelta(seconds=1))
        SyncCursor.objects.update(from_at=now())
        sync.pull_platform_orders()
        missed = MissedOrder.objects.get()
        waits.append(missed.next_at and round((missed.next_at - missed.last_at).total_seconds() / 60))
    sync.pull_now(account, by=None)

    assert (waits, missed.number) == ([5, 30, 120, 480, 1440, None], bad)
    assert MissedOrder.objects.get().tries == 0


def test_a_platform_that_is_down_keeps_the_watermark_and_its_error_stands(shop_platform, account, settings):
    sync.pull_platform_orders()
    before = cursor_of(account)
    settings.PLATFORM_HOSTS = {"kuaishou": f"http://127.0.0.1:{free_port()}", "wechat_pay": ""}

    taken = sync.pull_platform_orders()

    after = cursor_of(account)
    assert (taken, after.watermark_at, after.last_ok_at, after.lease_until) == (
        0,
        before.watermark_at,
        before.last_ok_at,
        None,
    )
    assert (after.error.split()[0], after.last_pull_at > before.last_pull_at) == ("transient", True)

    settings.PLATFORM_HOSTS = {"kuaishou": shop_platform.url, "wechat_pay": ""}
    oid = make_order(shop_platform)
    assert (sync.pull_platform_orders(), states(account), cursor_of(account).error) == (1, {oid: "to_fulfil"}, "")


def test_an_account_another_pull_has_is_left_alone(shop_platform, account):
    make_order(shop_platform)
    SyncCursor.objects.update(lease_until=now() + timedelta(minutes=1))

    taken = sync.pull_platform_orders()
    with pytest.raises(Refused) as refused:
        sync.pull_now(account, by=None)

    assert (taken, refused.value.code, states(account)) == (0, "PULLING", {})


def test_pull_now_asks_for_the_right_and_leaves_a_line(shop_platform, account, django_capture_on_commit_callbacks):
    oid = make_order(shop_platform)
    agent, owner = make_user("agent", account.shop), make_user("owner", account.shop)

    with pytest.raises(Refused) as refused:
        sync.pull_now(account, by=agent)
    before = states(account)
    with django_capture_on_commit_callbacks(execute=True):
        sync.pull_now(account, by=owner)

    assert (refused.value.code, refused.value.detail["right"]) == ("RIGHT", Right.OPERATE_JOBS)
    assert (before, states(account)) == ({}, {oid: "to_fulfil"})
    assert [(line.verb, line.by) for line in Activity.objects.about(account)] == [("account.pull", owner)]


def test_a_switched_off_account_is_not_pulled(shop_platform, account):
    make_order(shop_platform)
    type(account).objects.update(is_active=False)
    account.refresh_from_db()

    with pytest.raises(Refused) as refused:
        sync.pull_now(account, by=None)

    assert (refused.value.code, sync.pull_platform_orders(), states(account)) == ("ACCOUNT", 0, {})


def test_raw_rows_are_purged_after_the_days_a_shop_keeps_them(shop_platform, account):
    oid = make_order(shop_platform)
    sync.pull_platform_orders()
    OrderPayload.objects.update(received_at=timezone.now() - timedelta(days=91))

    assert (platform.purge_payloads(), OrderPayload.objects.count(), states(account)) == (1, 0, {oid: "to_fulfil"})


# --- the push ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def told(shop_platform, account, live_server):
    """The platform pushes to this server's own door."""
    url = f"{live_server.url}/push/platform/{account.push_token}/"
    shop_platform.control("/push_targets", {"push_url": url})
    return account


def is_quiet(shop_platform, count):
    """Every one of `count` messages told about this test's orders is delivered and worked on."""
    return InboxMessage.objects.filter(verdict="verified").count() >= count and not InboxTask.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_every_order_event_brings_the_order_to_where_the_platform_has_it(shop_platform, told):
    oid = make_order(shop_platform, push=True)
    until(lambda: states(told) == {oid: "to_fulfil"})
    shop_platform.control(f"/orders/{oid}/ship", {"courier": "zto", "waybill": "73100000000903"})
    until(lambda: states(told) == {oid: "shipped"})
    shop_platform.control(f"/orders/{oid}/receive", {})
    until(lambda: states(told) == {oid: "received"})
    shop_platform.control(f"/orders/{oid}/complete", {})
    until(lambda: states(told) == {oid: "completed"})
    until(lambda: is_quiet(shop_platform, 5))

    unpaid = make_order(shop_platform, status=10)
    shop_platform.control(f"/orders/{unpaid}/reprice", {"total_fee": 5000})
    until(lambda: states(told).get(unpaid) == "pending_payment")
    shop_platform.control(f"/orders/{unpaid}/pay", {})
    until(lambda: states(told).get(unpaid) == "to_fulfil")
    paid = Order.objects.get(number=unpaid).paid_fen
    shop_platform.control(f"/orders/{unpaid}/close", {})
    until(lambda: states(told).get(unpaid) == "closed")
    until(lambda: is_quiet(shop_platform, 8))

    assert (paid, sync.pull_platform_orders()) == (5000, 0)


@pytest.mark.req("R1.3")
@pytest.mark.django_db(transaction=True)
def test_what_the_platform_says_is_kept_stored_once_and_every_difference_logged(shop_platform, told):
    oid = make_order(shop_platform, push=True, status=40, waybill="73100000000904")
    until(lambda: states(told) == {oid: "shipped"})
    until(lambda: is_quiet(shop_platform, 3))

    # Word for word, sealed: the row holds no readable byte of it.
    payload = OrderPayload.objects.get(shop=told.shop)
    kept = json.loads(payload.body)
    assert (payload.number, payload.source, kept["orderBaseInfo"]["oid"], kept["orderBaseInfo"]["totalFee"]) == (
        oid,
        "platform:kuaishou",
        int(oid),
        8800,
    )
    assert kept["orderLogisticsInfo"][0]["expressNo"] == "73100000000904"

    # Three messages, a pull and a fourth message about the same version: one order, one line in the trail.
    order = Order.objects.get(number=oid)
    sync.pull_platform_orders()
    shop_platform.control(f"/pushes/{next(iter(pushes_about(shop_platform, oid)))}/again", {})
    until(lambda: InboxMessage.objects.count() == 4)
    assert Order.objects.get().version == order.version == 1
    assert [line.verb for line in Activity.objects.about(order)] == ["order.import"]
    assert OrderPayload.objects.count() == 1

    # A changed sum is stored, field by field as it was and as it is.
    shop_platform.control(f"/orders/{oid}/reprice", {"total_fee": 8000})
    until(lambda: Order.objects.get().paid_fen == 8000)
    changes = Activity.objects.about(order).get(verb="order.update_from_source").detail["changes"]
    assert changes == {"shop_discount_fen": [0, 800], "paid_fen": [8800, 8000]}
    assert OrderPayload.objects.count() == 2

    # What is not followed, a step back, is logged as a difference.
    shop_platform.control(f"/orders/{oid}/pay", {})
    difference = until(lambda: SourceDiff.objects.first())
    assert (difference.order_id, difference.field, difference.ours, difference.theirs) == (
        order.pk,
        "state",
        "shipped",
        "to_fulfil",
    )
    assert Order.objects.get().state == "shipped"

    # And a person reads all of it on the order's page.
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(make_user("agent", told.shop), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("order_detail", args=[told.shop_id, oid])).content.decode()
    assert "shop discount ¥0.00 → ¥8.00; paid ¥88.00 → ¥80.00" in page
    assert "state: the platform says To fulfil, here it is Shipped" in page


def pushes_about(shop_platform, oid):
    return [key for key, row in shop_platform.control("/pushes").items() if str(row["bizId"]) == oid]
