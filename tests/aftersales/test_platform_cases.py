"""Law 8: the platform's newer version moves our case from any state; money it moved is booked without a call."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from aftersales.cases.enums import CLOSED_STATES, OPEN_STATES, CaseState
from aftersales.cases.models import Case, CaseLine
from aftersales.channels.kuaishou_words import platform_case
from aftersales.channels.snapshot import PlatformCase
from aftersales.decisions import eligibility
from aftersales.decisions import services as cases
from aftersales.platforms import intake
from aftersales.platforms.following import ENTER
from aftersales.refunds.models import Refund
from logistics.parcels.models import Package
from merchant.clock import now
from merchant.inbox import services as inbox
from merchant.inbox.models import InboxTask
from merchant.ledger import services as ledger
from merchant.platforms.kuaishou import messages, signing
from merchant.platforms.messages import source_of
from merchant.policy import services as policy
from merchant.refusals import Refused
from orders.record.models import Order
from tests.aftersales.factories import (
    a_minute_later,
    account_of,
    agent_of,
    case_of,
    intercepting,
    kuaishou_shop,
    refund_of,
    shipped_order,
    stop,
)
from tests.aftersales.world import KUAISHOU

pytestmark = pytest.mark.django_db


def now_at(platform, case: Case) -> Case:
    """Re-read at the platform, as the pull and the push do."""
    return intake.re_read(account_of(case.shop), case.number)


def snapshot_of(platform, case: Case) -> PlatformCase:
    from merchant.platforms.kuaishou.snapshots import read_refund

    return platform_case(read_refund(platform.world.refunds[case.number]), is_shipped=True)


def test_a_new_case_carries_the_platforms_words_and_deadline(platform):
    case = case_of(platform, amount_fen=8800, reason="拍错了")
    row = platform.world.refunds[case.number]

    assert (case.state, case.kind, case.origin, case.opened_by) == (
        "applied",
        "refund_only_shipped",
        "platform",
        "buyer",
    )
    assert (case.amount_fen, case.reason, case.external_status) == (8800, "拍错了", "10")
    assert case.external_version == str(row["updateTime"])
    assert int(case.due_at.timestamp() * 1000) == row["expireTime"]
    assert list(CaseLine.objects.filter(case=case).values_list("amount_fen", "is_open")) == [(8800, True)]


def test_an_older_or_equal_version_changes_nothing(platform):
    case = case_of(platform)
    old = snapshot_of(platform, case)
    platform.control.act(case.number, "edit", refund_fee=8000)
    now_at(platform, case)
    version = Case.objects.get().version

    cases.follow_platform_case(case.shop, old)
    cases.follow_platform_case(case.shop, snapshot_of(platform, case))

    assert (Case.objects.get().amount_fen, Case.objects.get().version) == (8000, version)


@pytest.mark.parametrize("state", sorted(OPEN_STATES))
def test_paid_by_the_platform_is_a_success_without_a_call_from_any_open_state(platform, state):
    case = case_of(platform)
    Case.objects.filter(pk=case.pk).update(state=state)
    platform.control.act(case.number, "platform_pay")
    platform.let_money_arrive()
    platform.calls.clear()

    case = now_at(platform, case)

    refund = refund_of(case)
    case.order.refresh_from_db()
    assert case.state == "success"
    assert (refund.state, refund.source, refund.amount_fen, refund.attempts) == ("success", "platform", 8800, 0)
    assert (case.order.refunded_fen, case.order.refunding_fen, case.order.state) == (8800, 0, "closed")
    assert platform.count("approve") == 0
    assert ledger.balances(case.shop, order_number=case.order.number) == {
        "platform_receivable": -8800,
        "refunds_paid": 8800,
    }


@pytest.mark.parametrize("target", sorted(ENTER))
def test_every_state_follows_every_word_of_the_platform(platform, target):
    case = case_of(platform)
    first = snapshot_of(platform, case)
    newer = replace(first, state=target, status="x", version=first.version + 1)
    reached = {}

    for state in CaseState:
        with transaction.atomic():
            is_closed = state in CLOSED_STATES
            CaseLine.objects.filter(case=case).update(is_open=not is_closed)
            Case.objects.filter(pk=case.pk).update(state=state, closed_at=now() if is_closed else None)
            moved = cases.follow_platform_case(case.shop, newer)
            assert moved.lines.get().is_open is (moved.state not in CLOSED_STATES)
            assert moved.external_version == str(newer.version)
            reached[state] = moved.state
            transaction.set_rollback(True)

    # What the shop is doing about an unchanged wish goes on; everywhere else the platform's word stands.
    expected = dict.fromkeys(CaseState, target)
    if target == CaseState.APPLIED:
        expected[CaseState.INTERCEPTING] = CaseState.INTERCEPTING
    assert reached == expected


def test_another_amount_voids_what_was_not_sent_and_asks_the_shop_again(platform):
    case = case_of(platform, nets=(20001,))
    cases.agree_case(case, by=agent_of(case.shop))
    platform.control.act(case.number, "edit", refund_fee=15000)

    case = now_at(platform, case)

    case.order.refresh_from_db()
    assert (case.state, case.amount_fen, refund_of(case).state) == ("applied", 15000, "void")
    assert (case.order.refunding_fen, CaseLine.objects.get(case=case).amount_fen) == (0, 15000)


def test_an_edit_while_intercepting_asks_again_and_a_later_stop_pays_nothing(platform, commits):
    case = case_of(platform)
    intercepting(case)
    platform.control.act(case.number, "edit", refund_fee=8000)

    case = now_at(platform, case)
    with commits():
        stop(case)

    case.refresh_from_db()
    assert (case.state, case.amount_fen, case.tag, case.tag_reason) == ("applied", 8000, "stopped", "LATE")
    assert (Refund.objects.count(), platform.paid) == (0, [])


def test_closed_while_money_is_under_way_is_asked_of_the_channel(platform, commits):
    case = case_of(platform)
    policy.change(case.shop, by=None, reason="test", release_manual_refunds="at_once")
    platform.fail("refund.approve", "silent")
    with commits():
        cases.agree_case(case, by=agent_of(case.shop))
    platform.control.act(case.number, "withdraw")

    now_at(platform, case)
    in_flight = refund_of(case).state
    a_minute_later(case)

    case.refresh_from_db()
    assert (in_flight, refund_of(case).state, case.state) == ("processing", "void", "closed")
    assert platform.paid == []


def test_withdrawn_on_the_platform_while_stopping_leaves_the_parcel_in_the_queue(platform):
    case = case_of(platform)
    intercepting(case)
    platform.control.act(case.number, "withdraw")

    case = now_at(platform, case)

    assert (case.state, case.tag) == ("closed", "stopped_without_case")
    assert list(Case.objects.stopped_without_case()) == [case]


def test_the_platforms_amount_stands_when_it_differs_from_ours(platform):
    case = case_of(platform, nets=(20001,))
    cases.agree_case(case, by=agent_of(case.shop))
    newer = replace(
        snapshot_of(platform, case), state="success", status="60", amount_fen=15000, paid_fen=15000,
        version=int(case.external_version) + 1,
    )  # fmt: skip

    case = cases.follow_platform_case(case.shop, newer)

    case.order.refresh_from_db()
    assert list(Refund.objects.order_by("pk").values_list("state", "amount_fen")) == [
        ("void", 20001),
        ("success", 15000),
    ]
    assert (case.state, case.order.refunded_fen, case.order.refunding_fen) == ("success", 15000, 0)


def test_money_the_order_had_shown_before_is_not_counted_twice(platform):
    shop = kuaishou_shop()
    order = shipped_order(platform, shop, refunded_fen=8800)
    found = platform.control.add_refund(oid=order.number, push=False)
    platform.control.act(str(found["refundId"]), "platform_pay")
    platform.let_money_arrive()

    case = intake.re_read(account_of(shop), str(found["refundId"]))

    order.refresh_from_db()
    assert (case.state, order.refunded_fen, order.refunded_before_fen) == ("success", 8800, 0)


def test_more_than_was_ever_paid_is_not_booked_and_stays_visible(platform):
    case = case_of(platform)
    newer = replace(
        snapshot_of(platform, case), state="success", status="60", amount_fen=8801, paid_fen=8801,
        version=int(case.external_version) + 1,
    )  # fmt: skip

    with pytest.raises(Refused) as refused:
        cases.follow_platform_case(case.shop, newer)

    assert (refused.value.code, Case.objects.get().state, Refund.objects.count()) == ("M5", "applied", 0)


# --- how it gets here -------------------------------------------------------------------------------------------------


def push(shop, event: str, info: dict) -> None:
    import json

    body = {
        "eventId": f"e-{info['refundId']}-{event}",
        "event": event,
        "bizId": info["refundId"],
        "appKey": KUAISHOU["app_key"],
        "userId": 1,
        "info": json.dumps(info),
    }
    sealed = signing.encrypt_message(KUAISHOU["secrets"]["message_key"], json.dumps(body))
    raw = sealed if isinstance(sealed, bytes) else sealed.encode()
    inbox.receive(source_of("kuaishou"), shop=shop, account_id=account_of(shop).pk, headers={}, body=raw)


def test_a_push_brings_the_case_and_fetches_the_order_it_has_no_idea_of(platform, commits):
    shop = kuaishou_shop()
    order = platform.control.add_order(total_fee=8800, courier="zto", waybill="73100000000001")
    found = platform.control.add_refund(oid=order["oid"], push=False)

    with commits():
        push(shop, messages.ADD_REFUND, {"orderId": order["oid"], "refundId": found["refundId"]})

    case = Case.objects.get()
    assert (case.number, case.kind, case.state, case.amount_fen) == (
        str(found["refundId"]),
        "refund_only_shipped",
        "applied",
        8800,
    )
    assert (case.order.number, case.order.paid_fen, case.order.state) == (str(order["oid"]), 8800, "shipped")
    assert list(case.order.packages.values_list("courier", "waybill")) == [("zto", "73100000000001")]
    assert InboxTask.objects.count() == 0


def test_a_push_whose_platform_does_not_answer_waits_in_the_inbox_with_the_reason(platform, commits):
    shop = kuaishou_shop()
    order = platform.control.add_order(total_fee=8800)
    found = platform.control.add_refund(oid=order["oid"], push=False)
    platform.fail("refund.detail", "down")

    with commits():
        push(shop, messages.UPDATE_REFUND, {"orderId": order["oid"], "refundId": found["refundId"]})

    task = InboxTask.objects.get()
    assert (Case.objects.count(), task.attempts, task.is_parked) == (0, 1, False)
    assert task.error == "PlatformError: transient connect refused"
    InboxTask.objects.update(next_at=now())
    inbox.sweep()
    assert (Case.objects.count(), InboxTask.objects.count()) == (1, 0)


def test_an_order_that_ships_under_its_case_makes_it_one_after_shipping(platform, commits):
    case = case_of(platform, state="to_fulfil", parcel=None)
    before = case.kind
    platform.control.ship(case.order.number, "zto", "73100000000077")

    with commits():
        push(case.shop, "kwaishop_order_delivering", {"oid": int(case.order.number), "refundId": 1})
    platform.world.change_refund(case.number, is_told=False)
    case = now_at(platform, case)

    case.order.refresh_from_db()
    assert (before, case.order.state, case.kind) == ("refund_only_unshipped", "shipped", "refund_only_shipped")
    assert list(case.order.packages.values_list("waybill", flat=True)) == ["73100000000077"]
    assert case.state == "applied"


def test_a_push_that_tells_no_newer_version_is_not_read_again(platform, commits):
    case = case_of(platform)
    version, asked = int(case.external_version), platform.count("refund.detail")
    info = {"orderId": int(case.order.number), "refundId": int(case.number), "status": 10}

    with commits():
        push(case.shop, messages.UPDATE_REFUND, {**info, "updateTime": version})
    same = platform.count("refund.detail") - asked
    with commits():
        push(case.shop, messages.ADD_REFUND, {**info, "status": 70, "updateTime": version - 1})
    older = platform.count("refund.detail") - asked

    case.refresh_from_db()
    assert (same, older, case.state, InboxTask.objects.count()) == (0, 0, "applied", 0)


@pytest.mark.parametrize(("later", "status"), [(1, 10), (0, 70), (None, 10)])
def test_a_push_that_may_tell_something_newer_is_read_at_the_platform(platform, commits, later, status):
    """A newer version, another status under the same one, or no version at all."""
    case = case_of(platform)
    info = {"orderId": int(case.order.number), "refundId": int(case.number), "status": status}
    if later is not None:
        info["updateTime"] = int(case.external_version) + later
    platform.world.change_refund(case.number, status=70, is_told=False)

    with commits():
        push(case.shop, messages.UPDATE_REFUND, info)

    case.refresh_from_db()
    assert case.state == "closed"


def test_the_pull_takes_what_no_push_told_and_moves_its_watermark(platform):
    shop = kuaishou_shop()
    orders = [platform.control.add_order(total_fee=8800 + number) for number in range(3)]
    for order in orders:
        platform.control.add_refund(oid=order["oid"], push=False)
    before = now()

    taken, again = intake.pull_platform_cases(), intake.pull_platform_cases()

    account = account_of(shop)
    assert (taken, again, Case.objects.count(), Order.objects.count()) == (3, 3, 3, 3)
    assert account.pulled_until >= before
    assert account.last_error == ""


def test_a_row_that_cannot_be_taken_stops_nobody_and_is_met_again(platform):
    shop = kuaishou_shop()
    bad, good = (platform.control.add_order(total_fee=8800) for _ in range(2))
    for order in (bad, good):
        found = platform.control.add_refund(oid=order["oid"], push=False)
        if order is bad:
            platform.world.change_refund(str(found["refundId"]), status=99, is_told=False)

    taken = intake.pull_platform_cases()

    account = account_of(shop)
    assert (taken, Case.objects.count()) == (1, 1)
    assert "status 99 is not known" in account.last_error
    assert account.pulled_until < now() - timedelta(milliseconds=1)


def test_an_account_that_does_not_answer_keeps_its_watermark(platform):
    shop = kuaishou_shop()
    platform.fail("pcursor.list", "down", times=10)

    taken = intake.pull_platform_cases()

    account = account_of(shop)
    assert (taken, account.pulled_until) == (0, None)
    assert account.last_error == "transient connect refused"


@pytest.mark.parametrize(("number", "waybill", "courier"), [(14, "JDVA12345678901", "jd"), (777, "98600", "unknown")])
def test_a_parcel_of_a_courier_that_nobody_stops_counts_with_the_others(platform, number, waybill, courier):
    shop, oid = kuaishou_shop(), 2607602240240777
    platform.control.add_order(
        oid=oid,
        total_fee=30_000,
        status=40,
        item={"price": 15_000, "num": 2},
        packages=[{"courier": "zto", "waybill": "73110000000001"}, {"courier": number, "waybill": waybill}],
    )
    found = platform.control.add_refund(oid=oid, refund_fee=30_000, reason="不想要了", push=False)

    case = intake.re_read(account_of(shop), str(found["refundId"]))

    parcels = Package.objects.filter(order=case.order).order_by("pk")
    assert [(one.courier, one.waybill) for one in parcels] == [("zto", "73110000000001"), (courier, waybill)]
    assert {"E07", "E08"} <= set(eligibility.eligibility(case).codes)
    assert not Refund.objects.exists()
