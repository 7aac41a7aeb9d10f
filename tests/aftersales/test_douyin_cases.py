"""Douyin's after-sales into our cases, what only its channel can say, and its refusals told."""

import json
from datetime import timedelta

import pytest

from aftersales.cases.models import Case, CaseLine
from aftersales.cases.reason_texts import why
from aftersales.decisions import policies
from aftersales.decisions import services as cases
from aftersales.platforms import intake, platform_answers
from aftersales.refunds.models import Refund
from merchant.clock import now
from merchant.inbox import services as inbox
from merchant.inbox.models import InboxTask
from merchant.platforms.messages import source_of
from merchant.policy import services as policy
from merchant.refusals import Refused
from orders.intake import sync
from orders.intake.models import MissedOrder
from orders.record.models import Order
from tests.aftersales.factories import (
    a_minute_later,
    account_of,
    agent_of,
    case_of,
    douyin_shop,
    intercepting,
    refund_of,
    shipped_order,
    stop,
)
from tests.aftersales.world import DOUYIN

pytestmark = pytest.mark.django_db
OPERATE = "afterSale.operate"


def quick(shop, **more):
    policy.change(shop, by=None, reason="test", release_manual_refunds="at_once", **more)
    return shop


def re_read(case):
    return intake.re_read(account_of(case.shop), case.number)


def without(shop, *names):
    account = account_of(shop)
    account.secrets = {name: value for name, value in account.secrets.items() if name not in names}
    account.save()


def unknown_case(platform, **order):
    """An after-sale of an order that is not here."""
    found = platform.control.add_order(
        **{"total_fee": 8800, "courier": "zto", "waybill": "73100000000001", "app_key": DOUYIN["app_key"], **order}
    )
    return found, platform.control.add_refund(oid=found["oid"], push=False)


def push(shop, body):
    inbox.receive(
        source_of("douyin"), shop=shop, account_id=account_of(shop).pk, headers={}, body=json.dumps(body).encode()
    )


# --- what comes in ----------------------------------------------------------------------------------------------------


def test_a_new_case_carries_the_platforms_words_and_deadline(platform):
    case = case_of(platform, douyin_shop(), reason="拍错了")
    row = platform.world.refunds[case.number]

    assert (case.state, case.kind, case.origin, case.opened_by) == (
        "applied",
        "refund_only_shipped",
        "platform",
        "buyer",
    )
    assert (case.amount_fen, case.reason, case.external_status) == (8800, "拍错了", "6/1/8800")
    assert case.external_version == str(row["updateTime"] // 1000)
    assert int(case.due_at.timestamp()) == row["expireTime"] // 1000
    assert list(CaseLine.objects.filter(case=case).values_list("amount_fen", "is_open")) == [(8800, True)]


def test_before_shipping_the_platform_s_kind_is_ours(platform):
    case = case_of(platform, douyin_shop(), state="to_fulfil", parcel=None)

    assert case.kind == "refund_only_unshipped"


def test_two_changes_of_one_second_are_both_followed(platform):
    case = case_of(platform, douyin_shop(), nets=(20001,))
    second = platform.world.refunds[case.number]["updateTime"]

    for amount in (15000, 14000):
        platform.control.act(case.number, "edit", refund_fee=amount)
        platform.world.refunds[case.number]["updateTime"] = second
        case = re_read(case)

    assert (case.amount_fen, case.external_version, case.state) == (14000, str(second // 1000), "applied")


def test_agreed_is_not_paid_until_the_money_says_so(platform):
    case = case_of(platform, douyin_shop())
    platform.hold_money()
    platform.control.act(case.number, "platform_pay")
    on_its_way = re_read(case)
    seen = on_its_way.state, on_its_way.external_status, Refund.objects.count()
    platform.let_money_arrive()

    case = re_read(case)

    assert seen == ("refunding", "12/2/8800", 0)
    assert (case.state, refund_of(case).state, refund_of(case).source) == ("success", "success", "platform")


def test_a_case_before_its_order_fetches_the_order_with_its_parcel(platform):
    shop = douyin_shop()
    order, found = unknown_case(platform, express_fee=800, total_fee=8800)

    taken = intake.pull_platform_cases()

    case = Case.objects.get()
    assert (taken, case.number, case.order.number) == (1, str(found["refundId"]), str(order["oid"]))
    assert (case.order.paid_fen, case.order.freight_fen, case.order.state) == (8800, 800, "shipped")
    assert list(case.order.packages.values_list("courier", "waybill")) == [("zto", "73100000000001")]
    assert case.order.payments.get().channel == "douyin"
    assert account_of(shop).last_error == ""


def test_an_order_that_cannot_be_fetched_parks_its_case_visibly_and_comes_with_the_next_pull(platform):
    shop = douyin_shop()
    unknown_case(platform)
    platform.fail("order.orderDetail", "down")

    first = intake.pull_platform_cases()
    parked = account_of(shop)
    seen = first, Case.objects.count(), parked.last_error, parked.pulled_until
    again = intake.pull_platform_cases()

    assert seen[:2] == (0, 0)
    assert seen[2].endswith("transient connect refused")
    assert seen[3] < now() - timedelta(milliseconds=1)
    assert (again, Case.objects.count(), account_of(shop).last_error) == (1, 1, "")


def test_an_order_whose_row_cannot_be_read_is_on_the_list_of_missed_orders(platform):
    douyin_shop()
    order, _found = unknown_case(platform)
    platform.world.orders[str(order["oid"])]["totalFee"] = -1

    intake.pull_platform_cases()

    assert Case.objects.count() == 0
    assert MissedOrder.objects.get().number == str(order["oid"])


def test_orders_are_pulled_and_pulling_again_changes_nothing(platform):
    shop = douyin_shop()
    numbers = {str(platform.control.add_order(total_fee=8800, app_key=DOUYIN["app_key"])["oid"]) for _ in range(3)}

    taken, again = sync.pull_platform_orders(), sync.pull_platform_orders()

    assert (taken, again) == (3, 0)
    assert set(Order.objects.filter(shop=shop).values_list("number", flat=True)) == numbers


def test_a_message_wakes_a_reading_of_what_it_names(platform, commits):
    shop = douyin_shop()
    order, found = unknown_case(platform)

    with commits():
        push(shop, [{"tag": "200", "msg_id": "m", "data": json.dumps({"aftersale_id": found["refundId"]})}])

    assert (Case.objects.get().number, InboxTask.objects.count()) == (str(found["refundId"]), 0)
    assert Order.objects.get().number == str(order["oid"])


def test_d6_a_message_that_names_nothing_wakes_a_pull(platform, commits):
    shop = douyin_shop()
    _order, found = unknown_case(platform)

    with commits():
        push(shop, {"what": "ever"})

    assert (Case.objects.get().number, InboxTask.objects.count()) == (str(found["refundId"]), 0)


def test_an_unknown_status_is_refused_by_name_and_stops_nobody(platform):
    shop = douyin_shop()
    _order, bad = unknown_case(platform)
    unknown_case(platform)
    platform.world.change_refund(str(bad["refundId"]), handlingWay=4, is_told=False)
    from merchant.platforms.sandbox import douyin_rows

    platform.world.refunds[str(bad["refundId"])]["status"] = 45
    douyin_rows_states = douyin_rows.STATES[45]
    try:
        douyin_rows.STATES[45] = 51
        taken = intake.pull_platform_cases()
    finally:
        douyin_rows.STATES[45] = douyin_rows_states

    assert (taken, Case.objects.count()) == (1, 1)
    assert "status 51 of kind 7 is not known" in account_of(shop).last_error


# --- the decision -----------------------------------------------------------------------------------------------------


def test_a_stopped_parcel_of_a_douyin_order_pays_the_buyer_back_by_itself(platform, commits):
    shop = quick(douyin_shop())
    case = case_of(platform, shop)
    intercepting(case)

    with commits():
        stop(case)
    a_minute_later(case)

    case.refresh_from_db()
    assert (case.state, refund_of(case).state, refund_of(case).source) == ("success", "success", "interception")
    assert (platform.paid, platform.count(OPERATE)) == ([(case.order.number, 8800)], 1)


@pytest.mark.parametrize(("kind", "setting"), [("shipped", "agree_refund_type"), ("to_fulfil", "agree_unshipped_type")])
def test_d1_without_the_type_the_button_says_where_to_set_it_and_nothing_is_sent(platform, kind, setting):
    shop = quick(douyin_shop())
    without(shop, setting)
    case = case_of(platform, shop, state=kind, parcel=None)
    platform.calls.clear()

    with pytest.raises(Refused) as refused:
        cases.agree_case(case, by=agent_of(shop))

    case.refresh_from_db()
    assert (refused.value.code, case.state, platform.calls) == ("TYPE_SETTING", "applied", [])
    assert setting in str(refused.value.message)
    assert not next(verb for verb in policies.open_verbs(case, agent_of(shop)) if verb.name == "agree_case").is_allowed


def test_a_type_taken_away_after_agreeing_gives_the_case_back_with_that_reason(platform, commits):
    shop = douyin_shop()
    case = case_of(platform, shop)
    cases.agree_case(case, by=agent_of(shop))
    without(shop, "agree_refund_type")
    a_minute_later(case)
    Refund.objects.update(next_at=now())
    a_minute_later(case)

    case.refresh_from_db()
    assert (refund_of(case).state, case.state, case.tag, case.tag_reason) == (
        "void",
        "applied",
        "refund_stopped",
        "TYPE_SETTING",
    )
    assert (platform.count(OPERATE), platform.paid) == (0, [])
    assert why("TYPE_SETTING") != "TYPE_SETTING"


def test_by_hand_in_the_console_goes_to_a_person_with_that_sentence(platform, commits):
    platform.world.set_faults({"by_hand": 1})
    case = case_of(platform, quick(douyin_shop()))

    with commits():
        cases.agree_case(case, by=agent_of(case.shop, "owner"))

    case.refresh_from_db()
    refund = refund_of(case)
    assert (refund.state, case.state, case.tag, case.tag_reason) == ("void", "applied", "refund_stopped", "BY_HAND")
    assert (platform.count(OPERATE), platform.paid, case.order.refunding_fen) == (1, [], 0)


def test_the_sandbox_s_own_short_balance_waits_for_funds(platform, commits):
    platform.world.set_faults({"short": 1})
    case = case_of(platform, quick(douyin_shop()))
    with commits():
        cases.agree_case(case, by=agent_of(case.shop, "owner"))
    waiting = refund_of(case).state
    platform.world.set_faults({"short": 0})

    a_minute_later(case)
    refund = a_minute_later(case)

    assert (waiting, refund.state, platform.paid) == ("wait_funds", "success", [(case.order.number, 8800)])


def test_a_failed_payment_stays_failed_when_the_platform_tells_it_again_and_its_later_money_is_booked_once(
    platform, commits
):
    platform.world.set_faults({"abnormal": 1})
    case = case_of(platform, quick(douyin_shop()))
    with commits():
        cases.agree_case(case, by=agent_of(case.shop, "owner"))
    a_minute_later(case)

    told_again = re_read(case)
    seen = told_again.state, refund_of(case).state
    # The buyer has given another account and the platform has paid it.
    platform.world.change_refund(case.number, status=60, money=True)
    paid = re_read(case)

    assert seen == ("refund_failed", "abnormal")
    assert (paid.state, refund_of(case).state, len(platform.paid)) == ("success", "success", 1)


def test_an_amount_changed_in_the_second_of_our_reading_is_found_out_by_what_was_paid(platform, commits, monkeypatch):
    case = case_of(platform, quick(douyin_shop()), nets=(20001,))
    changed = []

    def send(method, url, **how):
        if how["is_write"] and not changed:
            changed.append(True)
            row = platform.world.refunds[case.number]
            second = row["updateTime"]
            platform.control.act(case.number, "edit", refund_fee=15000)
            platform.world.refunds[case.number]["updateTime"] = second
        return platform.send(method, url, **how)

    from merchant.platforms import wire

    monkeypatch.setattr(wire, "send", send)
    with commits():
        cases.agree_case(case, by=agent_of(case.shop, "owner"))
    refund = a_minute_later(case)
    a_minute_later(case)

    case.refresh_from_db()
    case.order.refresh_from_db()
    assert platform.paid == [(case.order.number, 15000)]
    assert (case.state, case.amount_fen, case.order.refunded_fen, case.order.refunding_fen) == (
        "success",
        15000,
        15000,
        0,
    )
    assert sorted(Refund.objects.filter(case=case).values_list("state", "amount_fen")) == [
        ("success", 15000),
        ("void", 20001),
    ]
    assert refund.pk


# --- the refusal ------------------------------------------------------------------------------------------------------


def test_our_refusal_reaches_the_platform_with_its_own_reason(platform, commits):
    shop = douyin_shop()
    case = case_of(platform, shop)

    with commits():
        cases.refuse_case(case, by=agent_of(shop), reason="not_agreed", note="已与您商量过")

    case.refresh_from_db()
    row = platform.world.refunds[case.number]
    assert (case.state, case.platform_sync_at, row["status"]) == ("refused", None, 12)
    assert (row["sellerDisagreeReason"], row["sellerDisagreeDesc"]) == (503, "已与您商量过")


def test_without_the_type_of_a_refusal_the_sentence_says_where_to_set_it(platform):
    shop = douyin_shop()
    without(shop, "refuse_refund_type")
    case = case_of(platform, shop)

    with pytest.raises(Refused) as refused:
        cases.refuse_case(case, by=agent_of(shop), reason="not_agreed")

    case.refresh_from_db()
    assert (refused.value.code, case.state, platform_answers.tell_refusals()) == ("TYPE_SETTING", "applied", 0)


def test_a_platform_that_lists_no_reason_leaves_the_refusal_to_a_person(platform, commits):
    shop = douyin_shop()
    case = case_of(platform, shop, order=shipped_order(platform, shop, state="to_fulfil"), parcel=None)

    with commits():
        cases.refuse_case(case, by=agent_of(shop), reason="not_agreed")

    case.refresh_from_db()
    assert (case.tag, case.tag_reason, platform.world.refunds[case.number]["status"]) == (
        "refund_stopped",
        "REFUSAL_NOT_TOLD",
        10,
    )
