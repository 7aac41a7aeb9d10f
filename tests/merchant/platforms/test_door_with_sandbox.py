"""The whole way of a message: the sandbox's process seals and posts it, our server stores and acknowledges it."""

import time

import pytest

from merchant.inbox.models import InboxMessage, InboxTask
from merchant.platforms import messages
from merchant.platforms.kuaishou.client import KuaishouClient
from merchant.platforms.registry import client_of
from merchant.platforms.sandbox import accounts
from tests.merchant.factories import make_platform_account, make_shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(platform, live_server):
    account = make_platform_account(make_shop(), app_key=accounts.KUAISHOU_APP_KEY, secrets=accounts.KUAISHOU_SECRETS)
    platform.control("/push_targets", {"push_url": f"{live_server.url}/push/platform/{account.push_token}/"})
    return account


def wait(condition):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def delivered(platform, refund_id):
    rows = [row for row in platform.control("/pushes").values() if str(row["bizId"]) == refund_id]
    return bool(rows) and all(row["state"] == "delivered" for row in rows)


def test_a_reader_follows_a_case_by_asking_the_platform_what_is_true(platform, account, monkeypatch):
    seen = []

    def reader(account, hint):
        for number in hint.case_numbers:
            snapshot = KuaishouClient(account).refund_detail(number)
            seen.append((snapshot.refund_id, snapshot.status))

    monkeypatch.setattr(messages, "_readers", {"test": reader})
    row = platform.control("/refunds", {"order": {"total_fee": 8800, "waybill": "73100000000001"}})
    refund_id = str(row["refundId"])
    wait(lambda: (refund_id, 10) in seen)
    platform.control(f"/refunds/{refund_id}/platform_pay", {})

    wait(lambda: (refund_id, 60) in seen)
    wait(lambda: delivered(platform, refund_id))

    mine = InboxMessage.objects.filter(account_id=account.pk)
    assert set(mine.values_list("verdict", flat=True)) == {"verified"}
    assert (mine.count(), InboxTask.objects.count()) == (3, 0)


def test_a_message_delivered_twice_is_read_once(platform, account, monkeypatch):
    seen = []
    monkeypatch.setattr(messages, "_readers", {"test": lambda account, hint: seen.extend(hint.case_numbers)})
    platform.control("/faults", {"duplicate": 1})
    refund_id = str(platform.control("/refunds", {"order": {"total_fee": 8800}})["refundId"])

    wait(lambda: delivered(platform, refund_id))

    assert len(seen) == 1
    assert sorted(InboxMessage.objects.values_list("verdict", flat=True)) == ["replayed", "verified"]


def test_douyin_s_messages_are_signed_by_the_process_taken_once_and_acknowledged(platform, live_server, monkeypatch):
    shop = make_shop("douyin", external_id=accounts.DOUYIN_SHOP_ID)
    account = make_platform_account(shop, "douyin", app_key=accounts.DOUYIN_APP_KEY, secrets=accounts.DOUYIN_SECRETS)
    seen = []
    monkeypatch.setattr(
        messages,
        "_readers",
        {
            "test": lambda account, hint: seen.extend(
                client_of(account).refund_detail(number).money for number in hint.case_numbers
            )
        },
    )
    told = {"app_key": accounts.DOUYIN_APP_KEY, "push_url": f"{live_server.url}/push/platform/{account.push_token}/"}
    platform.control("/push_targets", told)
    platform.control("/faults", {"duplicate": 1, "disorder": 1, "pay_delay_s": 0.1})

    row = platform.control("/refunds", {"order": {"total_fee": 8800, "app_key": accounts.DOUYIN_APP_KEY}})
    refund_id = str(row["refundId"])
    wait(lambda: delivered(platform, refund_id))
    platform.control(f"/control/refunds/{refund_id}/platform_pay", {})

    wait(lambda: 3 in seen and delivered(platform, refund_id))
    verdicts = list(InboxMessage.objects.filter(account_id=account.pk).values_list("verdict", flat=True))
    # Opened, being paid, paid: each told twice and read once.
    assert (sorted(set(verdicts)), verdicts.count("verified"), len(seen)) == (["replayed", "verified"], 3, 3)
    assert InboxTask.objects.count() == 0
