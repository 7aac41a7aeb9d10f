"""Two of everything at the same moment, on connections of their own."""

import threading

import pytest
from django.db import connection

from merchant.inbox import registry
from merchant.inbox import services as inbox
from merchant.inbox.models import InboxTask
from merchant.ledger import services as ledger
from merchant.ledger.models import LedgerEntry
from merchant.policy import services as policy
from merchant.policy.models import Policy
from merchant.refusals import Refused
from merchant.shops import services as shops
from merchant.vault import services as vault
from merchant.vault.models import PiiCounted, PiiReveal, QuotaRequest
from merchant.vault.quota import approve_quota, ask_quota, quota_of
from orders.remarks.models import Note
from tests.merchant.api_client import Program, make_api_token
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(count, work):
    """Runs `work(number)` in `count` threads that start together; returns what each gave or raised, in order."""
    gate = threading.Barrier(count)
    results = [None] * count

    def run(number):
        try:
            gate.wait(60)
            results[number] = work(number)
        except Refused as refusal:
            results[number] = refusal.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_the_last_look_of_the_day_goes_to_one_of_six():
    shop = make_shop()
    agent = make_user("agent", shop)
    recipient = vault.store(shop, name="王小明", phone="13800001234", address="浙江省杭州市")
    policy.change(shop, by=None, reason="一", pii_quota_per_day=1)

    results = at_once(
        6,
        lambda number: (
            vault.reveal(
                agent, recipient, order_number=f"O{number}", field="phone", is_free=False, is_closed_14d=False
            ).plain
        ),
    )

    assert sorted(results) == ["13800001234"] + ["QUOTA_EMPTY"] * 5
    assert (quota_of(shop).used, quota_of(shop).allowed) == (1, 1)
    assert sorted(PiiReveal.objects.values_list("verdict", flat=True)) == ["quota_empty"] * 5 + ["shown"]
    assert PiiCounted.objects.count() == 1


def test_one_order_looked_at_six_times_at_once_costs_one():
    shop = make_shop()
    agent = make_user("agent", shop)
    recipient = vault.store(shop, name="王小明", phone="13800001234", address="浙江省杭州市")

    results = at_once(
        6,
        lambda number: (
            vault.reveal(agent, recipient, order_number="O1", field="phone", is_free=False, is_closed_14d=False).plain
        ),
    )

    assert results == ["13800001234"] * 6
    assert (quota_of(shop).used, quota_of(shop).allowed) == (1, 100)


def test_a_request_approved_by_six_hands_adds_its_looks_once():
    shop = make_shop()
    request = ask_quota(shop, by=make_user("owner", shop), wanted=50, reason="大促")
    admin = make_user(is_platform_admin=True)

    results = at_once(6, lambda number: approve_quota(request, by=admin).state)

    assert sorted(results) == ["QUOTA_STATE"] * 5 + ["approved"]
    assert (quota_of(shop).extra, quota_of(shop).allowed) == (50, 150)


def test_one_person_asking_six_times_at_once_has_one_request():
    shop = make_shop()
    agent = make_user("agent", shop)

    results = at_once(6, lambda number: ask_quota(shop, by=agent, wanted=20, reason="回访").state)

    assert sorted(results) == ["QUOTA_ASKED"] * 5 + ["asked"]
    assert QuotaRequest.objects.get().wanted == 20


def test_an_approval_and_five_looks_at_once_lose_no_look_and_no_approval():
    shop = make_shop()
    agent, admin = make_user("agent", shop), make_user(is_platform_admin=True)
    recipient = vault.store(shop, name="王小明", phone="13800001234", address="浙江省杭州市")
    policy.change(shop, by=None, reason="无", pii_quota_per_day=5)
    request = ask_quota(shop, by=make_user("owner", shop), wanted=50, reason="大促")

    def work(number):
        if number == 0:
            return approve_quota(request, by=admin).state
        more = {"order_number": f"O{number}", "field": "phone", "is_free": False, "is_closed_14d": False}
        return vault.reveal(agent, recipient, **more).plain

    results = at_once(6, work)

    assert results == ["approved"] + ["13800001234"] * 5
    assert (quota_of(shop).used, quota_of(shop).allowed) == (5, 55)


def test_a_document_booked_six_times_at_once_stands_once():
    shop = make_shop()

    results = at_once(
        6,
        lambda number: ledger.post(
            shop, "refunds_paid", "refunds_payable", 8800, kind="refund.approve", document="RF1"
        ),
    )

    assert sorted(results) == [False] * 5 + [True]
    assert LedgerEntry.objects.get().amount_fen == 8800


def test_six_changes_of_the_rules_become_six_versions_and_none_is_lost():
    shop = make_shop()
    timers = ["t_int_ack", "t_int_result", "t_return_home", "t_funds", "t_offline", "t_nego"]

    at_once(6, lambda number: policy.change(shop, by=None, reason="快", **{timers[number]: 60}).version)

    assert sorted(Policy.objects.values_list("version", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert {getattr(policy.current(shop), name) for name in timers} == {60}


def test_an_agreement_signed_by_six_hands_is_signed_once():
    shop = make_shop(is_signed=False)
    owner = make_user("owner", shop)

    results = at_once(6, lambda number: shops.sign_agreement(shop, by=owner).version)

    assert sorted(results) == ["2023-06"] + ["SIGNED"] * 5
    assert shop.agreements.count() == 1


def test_a_message_handled_by_six_workers_is_handled_by_one(monkeypatch):
    read, inside = [], threading.Event()

    def handle(message):
        read.append(message.pk)
        inside.wait(0.3)  # long enough for the others to come and find the row taken

    monkeypatch.setitem(registry._handlers, "courier:test", handle)
    message = inbox.receive("courier:test", shop=make_shop(), account_id=1, headers={}, body=b"x", verdict="forged")
    InboxTask.objects.create(message=message, source="courier:test")

    at_once(6, lambda number: inbox.sweep())

    assert read == [message.pk]
    assert InboxTask.objects.count() == 0


def test_one_request_sent_twice_at_once_under_one_key_acts_once():
    shop = make_shop("own")
    order, secret = make_order(shop), make_api_token(make_user("owner", shop), shop)[1]
    url = f"/api/v1/orders/{shop.pk}/{order.number}/note/"

    def send(_number):
        answer = Program(secret).tell(url, {"text": "电话已打"}, **{"Idempotency-Key": "k-1"})
        return answer.status_code, answer.json().get("code", "")

    found = at_once(8, send)

    assert (200, "") in found
    # Those that come while the first is at work are told so; those after it have its answer.
    assert {*found} <= {(200, ""), (409, "KEY_BUSY")}
    assert Note.objects.count() == 1
