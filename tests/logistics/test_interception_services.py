"""The verbs of an interception, from the button to the warehouse, against a courier at the wire."""

from datetime import timedelta

import pytest

from logistics.couriers.enums import CallOutcome
from logistics.couriers.models import CourierCall
from logistics.interception import services, sweeps
from logistics.interception.enums import InterceptionState as S
from logistics.interception.models import Interception
from logistics.interception.signals import interception_changed
from logistics.parcels.enums import PackageState as P
from logistics.watch.models import Priority, Watch
from merchant.clock import now
from merchant.ledger.models import LedgerEntry
from merchant.refusals import Refused
from merchant.trail.models import Activity
from tests.logistics.factories import make_package, running, submitted
from tests.logistics.wire import (
    CANCEL,
    CREATE,
    QUERY,
    TRACK,
    YTO_CREATE,
    ZTO_OK,
    down,
    silence,
    zto_refusal,
    zto_status,
)
from tests.merchant.factories import make_user

pytestmark = pytest.mark.django_db()


@pytest.fixture
def heard():
    """The facts announced, in order: (state, number)."""
    facts = []

    def listen(sender, interception, **_):
        facts.append((str(interception.state), interception.number))

    interception_changed.connect(listen)
    yield facts
    interception_changed.disconnect(listen)


def again(interception: Interception) -> Interception:
    return Interception.objects.get(pk=interception.pk)


def due_now(interception: Interception) -> Interception:
    Interception.objects.filter(pk=interception.pk).update(next_attempt_at=now() - timedelta(seconds=1))
    return again(interception)


def calls_of(interception: Interception) -> list[tuple[str, int, str]]:
    rows = CourierCall.objects.filter(key=interception.number).order_by("pk")
    return [(row.operation, row.attempt, row.outcome) for row in rows]


# --- submitting ---------------------------------------------------------------------------------------------------


def test_submit_interception_asks_the_courier_after_commit(wire, heard, django_capture_on_commit_callbacks):
    package = make_package()
    agent = make_user("agent", package.shop)
    wire.on(CREATE, ZTO_OK)

    with django_capture_on_commit_callbacks(execute=True):
        interception = services.submit_interception(package, by=agent, checks=[])
        assert wire.calls == []

    row = again(interception)
    assert (row.state, row.external_ref, row.attempts, row.submitted_by) == (S.RUNNING, "WO-77", 1, agent)
    assert row.due_at - row.accepted_at == timedelta(hours=24)
    assert heard == [("submitted", row.number), ("running", row.number)]
    assert calls_of(row) == [("create_intercept", 1, CallOutcome.OK)]
    assert Watch.objects.get(package=package).priority == Priority.OPEN_INTERCEPTION
    trail = Activity.objects.about(row).values_list("verb", "by", "from_state", "to_state")
    assert list(trail) == [
        ("interception.accept", None, "submitted", "running"),
        ("interception.submit", agent.pk, "", "submitted"),
    ]


def test_the_document_number_is_the_key_the_courier_is_given(wire):
    interception = submitted()
    wire.on(CREATE, ZTO_OK)

    services.send_interception(interception.pk)

    assert f'"requestId":"{interception.number}"'.encode() in wire.calls[0].body.replace(b": ", b":")


def test_a_second_interception_of_the_same_waybill_is_refused(wire):
    first = submitted()

    with pytest.raises(Refused) as refusal:
        services.submit_interception(first.package, by=None, checks=[])

    assert refusal.value.code == "E14"
    assert Interception.objects.count() == 1


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (P.LABELLED, "E11"),
        (P.OUT_FOR_DELIVERY, "E11"),
        (P.AT_LOCKER, "E11"),
        (P.SIGNED, "E11"),
        (P.REFUSED, "E11"),
        (P.EXCEPTION, "E11"),
    ],
)
def test_a_parcel_past_stopping_is_refused_and_nothing_is_sent(wire, state, code):
    package = make_package(state=state)

    with pytest.raises(Refused) as refusal:
        services.submit_interception(package, by=None, checks=[])

    assert refusal.value.code == code
    assert (Interception.objects.count(), wire.calls) == (0, [])


def test_a_track_read_too_long_ago_is_read_before_the_courier_is_asked(wire, django_capture_on_commit_callbacks):
    package = make_package()
    type(package).objects.filter(pk=package.pk).update(track_checked_at=now() - timedelta(seconds=62))
    wire.on(TRACK, {"status": True, "statusCode": "SYS000", "result": []})
    wire.on(CREATE, ZTO_OK)

    with django_capture_on_commit_callbacks(execute=True):
        row = services.submit_interception(package, by=None, checks=[])

    assert (again(row).state, wire.count(TRACK), wire.count(CREATE)) == (S.RUNNING, 1, 1)


def test_a_courier_that_does_not_tell_the_track_is_not_asked_to_stop(wire, django_capture_on_commit_callbacks):
    package = make_package()
    type(package).objects.filter(pk=package.pk).update(track_checked_at=now() - timedelta(seconds=62))
    wire.on(TRACK, down())

    with django_capture_on_commit_callbacks(execute=True):
        row = services.submit_interception(package, by=None, checks=[])

    assert (again(row).state, again(row).reason, wire.count(CREATE)) == (S.FAILED, "track_unread", 0)


def test_somebody_without_the_right_may_not_stop_a_parcel(wire):
    package = make_package()

    with pytest.raises(Refused) as refusal:
        services.submit_interception(package, by=make_user("warehouse", package.shop), checks=[])

    assert refusal.value.code == "RIGHT"
    assert Interception.objects.count() == 0


# --- claim, call, record ------------------------------------------------------------------------------------------


def test_a_refusal_fails_the_interception_with_the_couriers_reason(wire, heard, django_capture_on_commit_callbacks):
    interception = submitted()
    wire.on(CREATE, zto_refusal("E23120", "已有派件扫描"))

    with django_capture_on_commit_callbacks(execute=True):
        services.send_interception(interception.pk)

    row = again(interception)
    assert (row.state, row.reason, row.courier_words) == (S.FAILED, "in_delivery", "已有派件扫描")
    assert heard == [("failed", row.number)]


def test_duplicate_on_the_first_request_is_somebody_elses_interception(wire):
    interception = submitted()
    wire.on(CREATE, zto_refusal("E23121", "已存在拦截"))

    services.send_interception(interception.pk)

    assert (again(interception).state, again(interception).reason) == (S.FAILED, "others_interception")


def test_duplicate_after_our_own_unanswered_request_is_our_own(wire):
    interception = submitted(make_package("yto"))
    wire.on(YTO_CREATE, silence(), {"statusCode": 1, "statusMessage": "已有有效拦截件，不能重复发起拦截"})

    services.send_interception(interception.pk)
    services.send_interception(due_now(interception).pk)

    row = again(interception)
    assert (row.state, row.attempts) == (S.RUNNING, 2)
    assert calls_of(row) == [("create_intercept", 1, CallOutcome.UNKNOWN), ("create_intercept", 2, CallOutcome.REFUSED)]


def test_duplicate_after_a_request_that_never_left_is_somebody_elses(wire):
    interception = submitted(make_package("yto"))
    wire.on(YTO_CREATE, down(), {"statusCode": 1, "statusMessage": "已有有效拦截件，不能重复发起拦截"})

    services.send_interception(interception.pk)
    services.send_interception(due_now(interception).pk)

    assert (again(interception).state, again(interception).reason) == (S.FAILED, "others_interception")


def test_after_silence_a_courier_that_can_be_asked_is_asked_first(wire):
    interception = submitted()
    wire.on(CREATE, silence())
    wire.on(QUERY, zto_status("INTERCEPTING"))

    services.send_interception(interception.pk)
    assert again(interception).state == S.SUBMITTED
    services.send_interception(due_now(interception).pk)

    row = again(interception)
    assert (row.state, row.attempts, wire.count(CREATE), wire.count(QUERY)) == (S.RUNNING, 1, 1, 1)


def test_when_the_courier_does_not_know_the_number_the_same_number_is_sent_again(wire):
    interception = submitted()
    wire.on(CREATE, silence(), ZTO_OK)
    wire.on(QUERY, zto_refusal("E23102", "订单不存在"))

    services.send_interception(interception.pk)
    services.send_interception(due_now(interception).pk)

    row = again(interception)
    assert (row.state, row.attempts, wire.count(CREATE)) == (S.RUNNING, 2, 2)
    assert [call.body.count(row.number.encode()) for call in wire.calls if CREATE in call.url] == [2, 2]


def test_an_old_failed_interception_of_the_parcel_is_not_taken_for_this_one(wire):
    interception = submitted()
    wire.on(CREATE, silence(), ZTO_OK)
    wire.on(QUERY, zto_status("INTERCEPT_FAIL", "拦截失败"))

    services.send_interception(interception.pk)
    services.send_interception(due_now(interception).pk)

    assert (again(interception).state, wire.count(CREATE)) == (S.RUNNING, 2)


def test_a_courier_that_never_answers_is_asked_three_times(wire):
    interception = submitted(make_package("yto"))
    wire.on(YTO_CREATE, silence())

    for _ in range(5):
        services.send_interception(due_now(interception).pk)

    row = again(interception)
    assert (row.state, row.reason, row.attempts, wire.count(YTO_CREATE)) == (S.FAILED, "timeout", 3, 3)


def test_asking_again_waits_longer_each_time(wire):
    interception = submitted(make_package("yto"))
    wire.on(YTO_CREATE, silence())
    waits = []

    for _ in range(3):
        services.send_interception(due_now(interception).pk)
        waits.append(round((again(interception).next_attempt_at - now()).total_seconds()))

    assert waits == [30, 180, 600]


def test_a_worker_that_died_in_the_middle_leaves_an_unknown_outcome(wire):
    interception = submitted(make_package("yto"))
    CourierCall.objects.create(
        shop=interception.shop,
        operation="create_intercept",
        key=interception.number,
        subject_id=interception.pk,
        attempt=1,
        started_at=now() - timedelta(minutes=5),
    )
    wire.on(YTO_CREATE, {"statusCode": 1, "statusMessage": "已有有效拦截件，不能重复发起拦截"})

    services.send_interception(interception.pk)

    assert again(interception).state == S.RUNNING
    assert calls_of(interception)[0] == ("create_intercept", 1, CallOutcome.UNKNOWN)


def test_a_request_under_way_is_not_sent_twice(wire):
    interception = submitted()
    Interception.objects.filter(pk=interception.pk).update(next_attempt_at=now() + timedelta(seconds=20))

    services.send_interception(interception.pk)

    assert (again(interception).state, wire.calls) == (S.SUBMITTED, [])


def test_a_courier_that_is_busy_is_asked_again_and_not_held_to_have_heard(wire):
    interception = submitted()
    wire.on(CREATE, zto_refusal("S206", "限流"), ZTO_OK)

    services.send_interception(interception.pk)
    assert calls_of(interception) == [("create_intercept", 1, CallOutcome.NOT_SENT)]
    services.send_interception(due_now(interception).pk)

    assert (again(interception).state, wire.count(QUERY)) == (S.RUNNING, 0)


def test_the_sweep_sends_what_a_lost_wake_up_left_behind(wire):
    interception = submitted()
    wire.on(CREATE, ZTO_OK)

    done = sweeps.sweep_interceptions()

    assert (again(interception).state, done["sent"]) == (S.RUNNING, 1)


def test_one_bad_row_does_not_stop_the_sweep(wire, monkeypatch):
    bad, good = submitted(), submitted()
    wire.on(CREATE, ZTO_OK)
    real = services.send_interception

    def send(pk):
        if pk == bad.pk:
            raise RuntimeError("broken row")
        real(pk)

    monkeypatch.setattr(services, "send_interception", send)

    done = sweeps.sweep_interceptions()

    assert (again(bad).state, again(good).state, done["sent"]) == (S.SUBMITTED, S.RUNNING, 1)


# --- withdrawing --------------------------------------------------------------------------------------------------


def test_withdraw_interception_takes_it_back_at_the_courier(wire, heard, django_capture_on_commit_callbacks):
    interception = running()
    CourierCall.objects.create(
        shop=interception.shop,
        operation="create_intercept",
        key=interception.number,
        subject_id=interception.pk,
        attempt=1,
        outcome=CallOutcome.OK,
        started_at=now(),
    )
    Interception.objects.filter(pk=interception.pk).update(attempts=1)
    agent = make_user("agent", interception.shop)
    wire.on(CANCEL, {"status": True, "statusCode": "SYS000", "data": None})

    with django_capture_on_commit_callbacks(execute=True):
        row = services.withdraw_interception(interception, by=agent)

    assert (row.state, wire.count(CANCEL)) == (S.WITHDRAWN, 1)
    assert heard == [("withdrawn", row.number)]
    assert Watch.objects.get(package=row.package).priority == Priority.ORDINARY


def test_withdraw_before_anything_was_sent_needs_no_courier(wire):
    interception = submitted()

    row = services.withdraw_interception(interception, by=None)
    services.send_interception(interception.pk)

    assert (again(row).state, wire.calls) == (S.WITHDRAWN, [])


def _sent(interception: Interception) -> Interception:
    CourierCall.objects.create(
        shop=interception.shop,
        operation="create_intercept",
        key=interception.number,
        subject_id=interception.pk,
        attempt=1,
        outcome=CallOutcome.OK,
        started_at=now(),
    )
    Interception.objects.filter(pk=interception.pk).update(attempts=1)
    return again(interception)


def test_a_courier_that_does_not_answer_leaves_the_interception_running(wire):
    interception = _sent(running())
    wire.on(CANCEL, silence())

    with pytest.raises(Refused) as refusal:
        services.withdraw_interception(interception, by=None)

    assert (refusal.value.code, again(interception).state) == ("INT-UNKNOWN", S.RUNNING)


def test_a_courier_that_will_not_take_it_back_says_why(wire):
    interception = _sent(running())
    wire.on(CANCEL, zto_refusal("E23130", "非拦截中，不能取消"))

    with pytest.raises(Refused) as refusal:
        services.withdraw_interception(interception, by=None)

    assert (refusal.value.code, again(interception).state) == ("INT-CANCEL", S.RUNNING)
    assert "非拦截中，不能取消" in str(refusal.value.message)


def test_what_has_a_result_cannot_be_withdrawn(wire):
    interception = running()
    services.fail_interception(interception, reason="signed")

    with pytest.raises(Refused) as refusal:
        services.withdraw_interception(interception, by=None)

    assert (refusal.value.code, again(interception).state) == ("INT-STATE", S.FAILED)


def test_withdraw_while_the_request_is_being_sent_is_refused(wire):
    interception = submitted()
    CourierCall.objects.create(
        shop=interception.shop,
        operation="create_intercept",
        key=interception.number,
        subject_id=interception.pk,
        attempt=1,
        started_at=now(),
    )
    Interception.objects.filter(pk=interception.pk).update(attempts=1)

    with pytest.raises(Refused) as refusal:
        services.withdraw_interception(interception, by=None)

    assert (refusal.value.code, again(interception).state) == ("INT-BUSY", S.SUBMITTED)


# --- costs --------------------------------------------------------------------------------------------------------


def test_costs_are_estimated_at_success_and_booked_when_the_parcel_is_home():
    interception = running()
    row = services.succeed_interception(interception, by=None, evidence="status")
    assert (row.fee_fen, row.freight_fen, row.cost_fen, row.is_cost_estimated) == (300, 450, 750, True)
    assert LedgerEntry.objects.count() == 0

    services.bring_home(row.package, by=None)

    entries = LedgerEntry.objects.order_by("leg").values_list(
        "debit", "credit", "amount_fen", "kind", "document", "order_number", "is_estimated"
    )
    number, order = row.number, row.package.order.number
    assert list(entries) == [
        ("courier_cost", "courier_payable", 300, "interception_cost", number, order, True),
        ("courier_cost", "courier_payable", 450, "interception_cost", number, order, True),
    ]
