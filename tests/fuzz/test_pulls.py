"""Broken pages of the platforms' lists: never a fault, never a pull that stops, one row costs itself alone."""

import json
import logging
from datetime import timedelta

import pytest

from aftersales.cases.models import Case
from aftersales.platforms import intake
from merchant.clock import now
from merchant.inbox.models import InboxMessage
from merchant.platforms import wire
from orders.intake import sync
from orders.record.models import Order
from tests.aftersales.conftest import courier, platform  # noqa: F401
from tests.aftersales.factories import account_of, douyin_shop, kuaishou_shop, shipped_order
from tests.fuzz.broken import broken, stream, written

pytestmark = pytest.mark.django_db
PAGES = 40


@pytest.fixture(params=[kuaishou_shop, douyin_shop])
def shop(request, platform):  # noqa: F811
    shop = request.param()
    for turn in range(3):
        order = shipped_order(platform, shop, nets=(8800,), number=f"26111600996{turn:02d}")
        platform.control.add_refund(oid=order.number, refund_fee=8800, reason="不想要了", push=False)
    return shop


def answering(monkeypatch, platform, chance):  # noqa: F811
    """The platform's own answers, each broken somewhere."""

    def send(*args, **how):
        return written(broken(json.loads(platform.send(*args, **how)), chance), chance)

    monkeypatch.setattr(wire, "send", send)


def test_no_answer_breaks_a_pull(shop, platform, monkeypatch, caplog):  # noqa: F811
    account = account_of(shop)
    for chance in stream(PAGES, shop.platform):
        answering(monkeypatch, platform, chance)
        type(account).objects.filter(pk=account.pk).update(pulled_until=now() - timedelta(days=1))
        intake.pull_platform_cases(account.pk)
        sync.pull_platform_orders(account.pk)

    # An order of which no sense can be made is logged whole, and refused alone.
    faults = [one for one in caplog.records if one.levelno >= logging.ERROR and one.name != "orders.intake.services"]
    assert [record.exc_text or record.getMessage() for record in faults] == []

    # And whatever was told meanwhile, the next whole answer is read.
    monkeypatch.setattr(wire, "send", platform.send)
    type(account).objects.filter(pk=account.pk).update(pulled_until=now() - timedelta(days=1))
    assert intake.pull_platform_cases(account.pk) == 3
    # A broken page may have told of an order under an odd number; it stands beside them.
    orders = Order.objects.filter(shop=shop, number__startswith="26111600996").count()
    assert (Case.objects.filter(shop=shop).count(), orders) == (3, 3)


@pytest.mark.parametrize(
    "odd",
    [
        {"refundFee": 2**63},
        {"refundFee": "x"},
        {"oid": None},
        {"status": 10**30},
        {"refundId": "9" * 70},
    ],
)
def test_one_row_that_is_no_case_costs_itself_alone_and_is_kept(platform, monkeypatch, odd):  # noqa: F811
    shop, numbers = kuaishou_shop(), []
    for turn in range(3):
        order = shipped_order(platform, shop, nets=(8800,), number=f"26111600997{turn:02d}")
        made = platform.control.add_refund(oid=order.number, refund_fee=8800, reason="不想要了", push=False)
        numbers.append(str(made["refundId"]))

    def send(*args, **how):
        answer = json.loads(platform.send(*args, **how))
        for row in (answer.get("data") or {}).get("refundOrderInfoList") or []:
            if str(row["refundId"]) == numbers[1]:
                row.update(odd)
        return json.dumps(answer)

    monkeypatch.setattr(wire, "send", send)
    account = account_of(shop)

    intake.pull_platform_cases(account.pk)

    account.refresh_from_db()
    assert set(Case.objects.filter(shop=shop).values_list("number", flat=True)) == {numbers[0], numbers[2]}
    assert account.last_error.partition(":")[0] == str(odd.get("refundId", numbers[1]))[:40]
    kept = InboxMessage.objects.get(verdict="unfit")
    assert (kept.source, kept.account_id, kept.shop_id) == ("platform:kuaishou", account.pk, shop.pk)
