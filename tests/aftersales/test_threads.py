"""Two people, or two workers, at the same row: one wins, the other reads a sentence, the money moves once."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.paying import sending
from aftersales.refunds import services as refunds
from aftersales.refunds.models import Refund
from logistics.interception import services as interceptions
from logistics.interception.models import Interception
from merchant.clock import now
from merchant.locking import lock
from merchant.policy import services as policy
from merchant.refusals import Refused
from orders.record.models import Order
from tests.aftersales.factories import agent_of, case_of, kuaishou_shop, own_shop, refund_of, shipped_order
from tests.logistics.wire import ZTO_OK

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], Any]) -> list[str]:
    """Run all of them at the same moment, each on its own connection; what each ended in: "" or a refusal's code."""
    barrier = threading.Barrier(len(works))
    ended = [""] * len(works)

    def run(position: int, work: Callable[[], Any]) -> None:
        try:
            barrier.wait(60)
            work()
        except Refused as refused:
            ended[position] = refused.code
        except Exception as error:  # whatever else is a fault, and shown as one
            ended[position] = f"{type(error).__name__}: {error}"
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return ended


def test_two_agents_press_intercept_and_one_interception_is_submitted(platform, courier):
    courier.on("createIntercept", ZTO_OK)
    case = case_of(platform)
    shown, agents = case.version, [agent_of(case.shop) for _ in range(4)]

    ended = at_once(
        *[
            lambda agent=agent: cases.intercept_case(Case.objects.get(pk=case.pk), by=agent, shown_version=shown)
            for agent in agents
        ]
    )

    assert sorted(ended)[:1] == [""]
    assert set(sorted(ended)[1:]) <= {"E04", "E14", "E16"}
    assert (Interception.objects.count(), Case.objects.get().state) == (1, "intercepting")
    assert courier.count("createIntercept") == 1


def test_two_agents_agree_and_the_buyer_is_paid_once(platform):
    shop = kuaishou_shop()
    policy.change(shop, by=None, reason="test", release_manual_refunds="at_once")
    case = case_of(platform, shop)
    shown, agents = case.version, [agent_of(shop) for _ in range(4)]

    ended = at_once(
        *[
            lambda agent=agent: cases.agree_case(Case.objects.get(pk=case.pk), by=agent, shown_version=shown)
            for agent in agents
        ]
    )

    assert sorted(ended) == ["", "E16", "E16", "E16"]
    assert (Refund.objects.count(), platform.paid) == (1, [(case.order.number, 8800)])


def test_one_agrees_while_another_refuses_and_one_of_them_wins(platform):
    case = case_of(platform, own_shop())
    shown = case.version

    ended = at_once(
        lambda: cases.agree_case(Case.objects.get(pk=case.pk), by=agent_of(case.shop), shown_version=shown),
        lambda: cases.refuse_case(
            Case.objects.get(pk=case.pk), by=agent_of(case.shop), shown_version=shown, reason="other"
        ),
    )

    assert sorted(ended) == ["", "E16"]
    assert (Case.objects.get().state, Refund.objects.count()) == (
        ("refunding", 1) if ended[0] == "" else ("refused", 0)
    )


def test_eight_workers_send_one_refund_and_the_channel_hears_it_once(platform):
    case = case_of(platform)
    cases.agree_case(case, by=agent_of(case.shop))
    refund = refund_of(case)
    Refund.objects.filter(pk=refund.pk).update(next_at=now())

    ended = at_once(*[lambda: sending.send_refund(refund.pk) for _ in range(8)])

    assert ended == [""] * 8
    assert platform.count("refund.approve") == 1
    assert platform.paid == [(case.order.number, 8800)]


def test_whoever_waits_for_a_case_does_not_hold_its_refund_meanwhile(platform):
    """The case before the refund, though one statement locks both: nobody waits crosswise."""
    case = case_of(platform)
    cases.agree_case(case, by=agent_of(case.shop))
    refund = refund_of(case)
    found = []

    def hold():
        try:
            with transaction.atomic():
                found.append(refunds.lock_with_case(refund.pk))
        finally:
            connection.close()

    waiting = threading.Thread(target=hold)
    with transaction.atomic():
        lock(case).save()
        waiting.start()
        give_up = time.monotonic() + 60
        while not blocked() and time.monotonic() < give_up:
            time.sleep(0.02)
        was_blocked = blocked()
        free = Refund.objects.select_for_update(nowait=True).get(pk=refund.pk)
        Refund.objects.filter(pk=free.pk).update(reason="moved meanwhile")
        Case.objects.filter(pk=case.pk).update(reason="moved meanwhile")
    waiting.join(60)

    assert was_blocked
    [(held_case, held)] = found
    assert (held_case, held_case.reason, held.reason, held.parts) == (
        case,
        "moved meanwhile",
        "moved meanwhile",
        {case.order.lines.get().pk: 8800},
    )


def blocked():
    """Whether somebody in this database waits for a lock."""
    with connection.cursor() as cursor:
        # Not pg_stat_activity: a transaction sees that one as it was when it first looked.
        cursor.execute(
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database OR l.database IS NULL"
            " WHERE NOT l.granted AND d.datname = current_database()"
        )
        return cursor.fetchone()[0] > 0


def test_cases_of_many_lines_at_once_never_pass_what_was_paid(platform):
    shop = own_shop()
    policy.change(shop, by=None, reason="test", release_manual_refunds="at_once")
    order = shipped_order(platform, shop, nets=(1000,) * 6)
    parts = [{line.pk: 1000} for line in order.lines.order_by("line_no")]

    ended = at_once(
        *[
            lambda part=part: refunds.create_refund(
                Order.objects.get(pk=order.pk), parts=part, source="manual", by=None, reason="test"
            )
            for part in [*parts, *parts]
        ]
    )

    order.refresh_from_db()
    assert sorted(ended) == [""] * 6 + ["M5"] * 6
    assert (order.refunding_fen + order.refunded_fen, Refund.objects.count()) == (6000, 6)


def test_a_stop_and_a_withdrawal_at_the_same_moment_leave_one_right_state(platform, courier):
    courier.on("createIntercept", ZTO_OK)
    case = case_of(platform, own_shop())
    cases.intercept_case(case, by=None)
    interception = Interception.objects.get()

    ended = at_once(
        lambda: interceptions.succeed_interception(interception, by=None, evidence="status"),
        lambda: cases.withdraw_case(Case.objects.get(pk=case.pk), by=None),
    )

    case.refresh_from_db()
    assert ended[0] == ""
    assert (case.state, ended[1]) in [("refunding", "PAYING"), ("cancelled", "")]
    if case.state == "cancelled":
        assert (case.tag, Refund.objects.filter(state__in=["processing", "success"]).count()) == (
            "stopped_without_case",
            0,
        )
