"""Two of everything at once: agents, workers, sweeps. One wins, the other reads a sentence, nothing is done twice."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from logistics.couriers import base
from logistics.couriers.models import CourierCall
from logistics.interception import services
from logistics.interception.enums import InterceptionState as S
from logistics.interception.models import Interception
from logistics.interception.sweeps import sweep_interceptions
from logistics.parcels.enums import PackageState as P
from logistics.shipping.services import receive_package
from logistics.tracking.services import record_events
from merchant.ledger.models import LedgerEntry
from merchant.refusals import Refused
from merchant.trail.models import Activity
from tests.logistics.factories import make_package, running, scan
from tests.logistics.wire import CREATE, ZTO_OK, Wire
from tests.merchant.factories import make_shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_wake_ups(settings, monkeypatch):
    """Wake-ups are lost here: what is done is done by the call under test, or by the sweep."""
    from logistics import tasks

    monkeypatch.setattr(tasks.send_interception, "apply_async", lambda **_: None)


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work(0…count-1)` in threads that start together; what each returned or raised, in order."""
    results: list[Any] = [None] * count
    start = threading.Barrier(count)

    def run(index: int) -> None:
        start.wait()
        try:
            results[index] = work(index)
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_of_many_agents_who_press_at_once_one_wins_and_the_others_read_why():
    package = make_package()

    results = at_once(12, lambda _: services.submit_interception(package, by=None))

    refusals = [result for result in results if isinstance(result, Refused)]
    assert (len(refusals), {refusal.code for refusal in refusals}) == (11, {"E14"})
    assert [row.state for row in Interception.objects.all()] == [S.SUBMITTED]


def test_two_shops_that_name_the_same_waybill_get_one_interception_between_them():
    packages = [make_package(shop=make_shop(), waybill="73100099999999") for _ in range(2)]

    results = at_once(2, lambda index: services.submit_interception(packages[index], by=None))

    assert sorted(type(result).__name__ for result in results) == ["Interception", "Refused"]
    assert Interception.objects.count() == 1


def test_many_workers_send_a_request_once(monkeypatch):
    interception = services.submit_interception(make_package(), by=None)
    wire = Wire()
    wire.on(CREATE, ZTO_OK)
    monkeypatch.setattr(base, "send", wire.send)

    at_once(8, lambda _: services.send_interception(interception.pk))

    assert (wire.count(CREATE), CourierCall.objects.count()) == (1, 1)
    assert Interception.objects.get().state == S.RUNNING


def test_the_courier_is_never_called_inside_a_transaction(monkeypatch):
    interception = services.submit_interception(make_package(), by=None)
    seen = []
    wire = Wire()
    wire.on(CREATE, lambda _call: seen.append(connection.in_atomic_block) or ZTO_OK)
    monkeypatch.setattr(base, "send", wire.send)

    services.send_interception(interception.pk)

    assert seen == [False]


def test_sending_inside_somebodys_transaction_is_an_error():
    interception = services.submit_interception(make_package(), by=None)

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        services.send_interception(interception.pk)


def test_the_same_return_scan_told_by_many_settles_once():
    interception = running(make_package("yto"))
    event = scan(P.RETURNING, interception.accepted_at)

    results = at_once(8, lambda _: record_events({interception.package_id: [event]}))

    assert sum(bool(changed) for changed in results) == 1
    row = Interception.objects.get()
    assert (row.state, row.may_pay_by_itself) == (S.RETURNING, True)
    assert Activity.objects.filter(verb="interception.succeed").count() == 1


def test_sweeps_and_weighers_at_once_move_each_interception_once():
    interceptions = [running(make_package("yto")) for _ in range(6)]
    for row in interceptions:
        record_events({row.package_id: [scan(P.RETURNING, row.accepted_at)]}, announces=False)

    def work(index: int) -> Any:
        return sweep_interceptions() if index % 2 else services.weigh_packages(r.package_id for r in interceptions)

    results = at_once(6, work)

    assert [result for result in results if isinstance(result, Exception)] == []
    assert {row.state for row in Interception.objects.all()} == {S.RETURNING}
    assert Activity.objects.filter(verb="interception.succeed").count() == 6


def test_two_scanners_in_the_warehouse_book_the_cost_once():
    interception = running()
    services.succeed_interception(interception, by=None)

    at_once(4, lambda _: receive_package(interception.package, by=None))

    assert Interception.objects.get().state == S.RETURNED
    assert sorted(LedgerEntry.objects.values_list("amount_fen", flat=True)) == [300, 450]


def test_a_withdrawal_and_a_stop_at_once_leave_one_answer(monkeypatch):
    interception = running()

    def work(index: int) -> Any:
        if index:
            return services.withdraw_interception(interception, by=None)
        return services.succeed_interception(interception, by=None)

    at_once(2, work)

    verbs = set(Activity.objects.filter(verb__in=["interception.succeed", "interception.withdraw"]).values_list("verb"))
    assert (len(verbs), Interception.objects.get().state in (S.SUCCEEDED, S.WITHDRAWN)) == (1, True)


def test_scans_of_overlapping_parcels_from_many_sides_never_deadlock():
    shop = make_shop()
    packages = [make_package(shop=shop, state=P.PICKED_UP) for _ in range(10)]

    def work(index: int) -> Any:
        some = packages[index:] + packages[:index]
        return record_events({package.pk: [scan(P.OUT_FOR_DELIVERY, code=f"c{index}")] for package in some})

    results = at_once(8, work)

    assert [result for result in results if isinstance(result, Exception)] == []
    assert {type(package).objects.get(pk=package.pk).state for package in packages} == {P.OUT_FOR_DELIVERY}
