"""What track and courier say, and what it does to an interception: the closed list of evidence, and the rest."""

from datetime import timedelta

import pytest

from logistics.couriers.base import InterceptState, InterceptStatus
from logistics.interception import services, sweeps, transitions
from logistics.interception.enums import InterceptionState as S
from logistics.interception.models import Interception
from logistics.interception.signals import interception_changed
from logistics.parcels.enums import OwnScan
from logistics.parcels.enums import PackageState as P
from logistics.shipping.services import receive_package
from logistics.tracking.services import record_events, record_own
from logistics.watch.models import Priority, Watch
from merchant.clock import now
from merchant.ledger.models import LedgerEntry
from merchant.policy import services as policy
from merchant.refusals import Refused
from tests.logistics.factories import make_package, running, scan, submitted
from tests.merchant.factories import make_user

pytestmark = pytest.mark.django_db()

STOPPED = InterceptStatus(InterceptState.SUCCEEDED, code="INTERCEPT_SUCCESS", raw="ok")


@pytest.fixture
def on_the_road(django_capture_on_commit_callbacks):
    """Tell that scans arrived, with everything that follows after commit."""

    def tell(interception, *events, status=None):
        with django_capture_on_commit_callbacks(execute=True):
            record_events({interception.package_id: events})
        if status is not None:
            with django_capture_on_commit_callbacks(execute=True):
                services.weigh_evidence(interception.package_id, status=status)
        return Interception.objects.get(pk=interception.pk)

    return tell


def accepted_ago(interception, **ago):
    Interception.objects.filter(pk=interception.pk).update(accepted_at=now() - timedelta(**ago))
    return interception


def seen(row):
    return row.state, row.evidence, row.may_pay_by_itself


# --- what pays by itself ------------------------------------------------------------------------------------------


def test_ztos_own_word_succeeds_and_may_pay(on_the_road):
    row = on_the_road(running(), status=STOPPED)

    assert seen(row) == (S.SUCCEEDED, "status", True)
    assert (row.status_code, row.cost_fen) == ("INTERCEPT_SUCCESS", 750)
    assert row.due_at - row.settled_at == timedelta(days=10)


def test_ytos_return_scan_after_acceptance_succeeds_may_pay_and_is_on_its_way_home(on_the_road):
    interception = accepted_ago(running(make_package("yto")), minutes=10)

    row = on_the_road(interception, scan(P.RETURNING, now() - timedelta(minutes=5)))

    assert seen(row) == (S.RETURNING, "return_scan", True)


def test_a_move_that_fails_keeps_the_one_before_it_and_the_sweep_goes_on(on_the_road, monkeypatch):
    interception = accepted_ago(running(make_package("yto")), minutes=10)
    record_own(interception.package, OwnScan.RECEIVED, P.RETURNED)
    apply = transitions.apply

    def breaks_at_the_second(row, verb, **how):
        if verb == "receive":
            row.save()
            raise RuntimeError("a bug of ours")
        return apply(row, verb, **how)

    monkeypatch.setattr(transitions, "apply", breaks_at_the_second)
    row = on_the_road(interception, scan(P.RETURNING, now() - timedelta(minutes=5)))
    assert seen(row) == (S.RETURNING, "return_scan", True)

    monkeypatch.undo()
    sweeps.weigh_waiting()
    row.refresh_from_db()
    assert seen(row) == (S.RETURNED, "return_scan", True)


def test_a_return_scan_in_the_second_of_acceptance_counts(on_the_road):
    interception = running(make_package("yto"))

    row = on_the_road(interception, scan(P.RETURNING, interception.accepted_at))

    assert seen(row) == (S.RETURNING, "return_scan", True)


# --- what does not ------------------------------------------------------------------------------------------------


def test_a_return_scan_before_acceptance_proves_nothing(on_the_road):
    row = on_the_road(running(make_package("yto")), scan(P.RETURNING, now() - timedelta(minutes=1)))

    assert seen(row) == (S.RUNNING, "", False)


def test_ztos_return_scan_alone_never_succeeds(on_the_road):
    interception = accepted_ago(running(), minutes=10)

    row = on_the_road(interception, scan(P.RETURNING), scan(P.RETURNED, now()))

    assert seen(row) == (S.RUNNING, "", False)


def test_a_change_of_address_is_no_evidence(on_the_road):
    interception = accepted_ago(running(make_package("yto")), minutes=10)

    row = on_the_road(interception, scan(P.REDIRECTED, is_address_change=True))

    assert seen(row) == (S.RUNNING, "", False)


def test_ztos_package_delivering_asks_a_person_once(on_the_road):
    asked = []

    def listen(sender, interception, **_):
        if interception.is_unknown:
            asked.append(interception.question)

    interception_changed.connect(listen)
    unclear = InterceptStatus(InterceptState.UNCLEAR, code="PACKAGE_DELIVERYING")

    row = on_the_road(running(), status=unclear)
    row = on_the_road(row, status=unclear)

    assert (row.state, row.is_unknown, row.question, asked) == (S.RUNNING, True, "status_unclear", ["status_unclear"])


def test_a_stop_that_is_contradicted_by_a_signature_asks_a_person(on_the_road, django_capture_on_commit_callbacks):
    interception = running()
    record_events({interception.package_id: [scan(P.SIGNED, city="杭州市")]}, announces=False)

    services.weigh_evidence(interception.package_id, status=STOPPED)

    row = Interception.objects.get(pk=interception.pk)
    assert (row.state, row.question) == (S.RUNNING, "conflict")


def test_a_finished_request_that_does_not_say_how_asks_a_person(on_the_road):
    row = on_the_road(running(), status=InterceptStatus(InterceptState.ENDED, code="INTERCEPT_DISCONTINUE"))

    assert (row.state, row.is_unknown, row.question) == (S.RUNNING, True, "ended")


def test_evidence_the_shop_switched_off_asks_a_person(on_the_road):
    interception = running()
    policy.change(interception.shop, by=None, reason="test", evidence={"zto_status": False})

    row = on_the_road(interception, status=STOPPED)

    assert (row.state, row.question, row.may_pay_by_itself) == (S.RUNNING, "switched_off", False)


def test_a_stop_that_was_to_be_a_new_address_asks_a_person(on_the_road):
    row = on_the_road(running(kind="change_address"), status=STOPPED)

    assert (row.state, row.question) == (S.RUNNING, "not_a_return")


def test_after_a_question_the_couriers_clear_word_still_settles_it(on_the_road):
    row = on_the_road(running(), status=InterceptStatus(InterceptState.UNCLEAR))
    row = on_the_road(row, status=STOPPED)

    assert (row.state, row.is_unknown, row.question) == (S.SUCCEEDED, False, "")


def test_a_person_who_knows_may_say_that_it_was_stopped(on_the_road):
    interception = running()
    agent = make_user("agent", interception.shop)

    row = services.succeed_interception(interception, by=agent)

    assert seen(row) == (S.SUCCEEDED, "person", False)


def test_nobody_may_call_stopped_what_the_buyer_has_signed_for(on_the_road):
    row = on_the_road(running(), scan(P.SIGNED, city="杭州市"))

    with pytest.raises(Refused) as refusal:
        services.succeed_interception(row, by=None)

    assert (refusal.value.code, Interception.objects.get(pk=row.pk).state) == ("E11", S.FAILED)


# --- failing ------------------------------------------------------------------------------------------------------


def test_a_signature_fails_it(on_the_road):
    interception = running()
    row = on_the_road(interception, scan(P.OUT_FOR_DELIVERY), scan(P.SIGNED, now(), city="杭州市"))

    assert (row.state, row.reason) == (S.FAILED, "signed")


def test_out_for_delivery_alone_decides_nothing(on_the_road):
    row = on_the_road(running(), scan(P.OUT_FOR_DELIVERY))

    assert row.state == S.RUNNING


def test_the_couriers_failure_carries_its_reason(on_the_road):
    row = on_the_road(running(), status=InterceptStatus(InterceptState.FAILED, reason="in_delivery", raw="派送中"))

    assert (row.state, row.reason, row.courier_words) == (S.FAILED, "in_delivery", "派送中")


def test_a_failed_interceptions_parcel_is_watched_like_any_other(on_the_road):
    row = on_the_road(running(), status=InterceptStatus(InterceptState.FAILED, reason="other"))

    assert Watch.objects.get(package=row.package).priority == Priority.ORDINARY


def test_withdrawn_at_the_courier_is_withdrawn_here(on_the_road):
    row = on_the_road(running(), status=InterceptStatus(InterceptState.WITHDRAWN))

    assert row.state == S.WITHDRAWN


# --- late evidence and the way home ---------------------------------------------------------------------------------


def test_late_evidence_revives_a_failed_interception(on_the_road):
    interception = accepted_ago(running(make_package("yto")), minutes=10)
    services.fail_interception(interception, reason="timeout")

    row = on_the_road(interception, scan(P.RETURNING))

    assert seen(row) == (S.RETURNING, "return_scan", True)


def test_late_evidence_moves_the_live_interception_when_there_is_one(on_the_road):
    package = make_package("yto")
    first = accepted_ago(running(package), minutes=30)
    services.fail_interception(first, reason="other")
    second = accepted_ago(running(package), minutes=10)

    on_the_road(second, scan(P.RETURNING, now() - timedelta(minutes=5)))

    states = dict(Interception.objects.values_list("pk", "state"))
    assert states == {first.pk: S.FAILED, second.pk: S.RETURNING}


def test_a_parcel_that_was_not_stopped_but_comes_back_is_returning_and_pays_nothing_by_itself(on_the_road):
    interception = submitted()
    services.fail_interception(interception, reason="in_delivery")

    row = on_the_road(interception, scan(P.REFUSED, now() - timedelta(hours=1)), scan(P.RETURNING))

    assert seen(row) == (S.RETURNING, "", False)
    assert (row.fee_fen, row.freight_fen) == (0, 450)


def test_a_stopped_parcel_delivered_after_all_is_said_so(on_the_road):
    row = on_the_road(running(), status=STOPPED)
    row = on_the_road(row, scan(P.SIGNED, city="杭州市"))

    assert row.state == S.DELIVERED_ANYWAY
    assert not Watch.objects.filter(package=row.package).exists()


def test_a_returning_parcel_signed_on_the_receivers_side_was_delivered_anyway(on_the_road):
    interception = accepted_ago(running(make_package("yto")), minutes=10)
    row = on_the_road(interception, scan(P.RETURNING, now() - timedelta(minutes=8)))
    row = on_the_road(row, scan(P.SIGNED, city="杭州市"))

    assert row.state == S.DELIVERED_ANYWAY


def test_the_couriers_signature_at_home_is_not_yet_the_warehouses_scan(on_the_road):
    row = on_the_road(running(), status=STOPPED)
    row = on_the_road(row, scan(P.RETURNING, now() - timedelta(seconds=9)), scan(P.SIGNED, city="上海市"))

    assert (row.state, row.package.state) == (S.RETURNING, P.RETURNED)


def test_receive_package_brings_the_interception_home_and_books_the_cost(on_the_road):
    row = on_the_road(running(), scan(P.RETURNING), status=STOPPED)
    account_owner = make_user("warehouse", row.shop)

    package = receive_package(row.package, by=account_owner)
    receive_package(package, by=account_owner)

    row = Interception.objects.get(pk=row.pk)
    assert (package.state, row.state, row.may_pay_by_itself) == (P.RETURNED, S.RETURNED, True)
    assert list(LedgerEntry.objects.order_by("leg").values_list("amount_fen", flat=True)) == [300, 450]
    assert not Watch.objects.filter(package=package).exists()


def test_a_parcel_the_warehouse_has_in_hand_is_stopped_but_does_not_pay_by_itself(django_capture_on_commit_callbacks):
    interception = running()

    with django_capture_on_commit_callbacks(execute=True):
        receive_package(interception.package, by=None)

    assert seen(Interception.objects.get(pk=interception.pk)) == (S.RETURNED, "warehouse", False)


def test_an_agent_may_not_receive_parcels():
    interception = running()

    with pytest.raises(Refused) as refusal:
        receive_package(interception.package, by=make_user("agent", interception.shop))

    interception.refresh_from_db()
    assert (refusal.value.code, interception.state) == ("RIGHT", S.RUNNING)


# --- clocks -------------------------------------------------------------------------------------------------------


def overdue(interception):
    Interception.objects.filter(pk=interception.pk).update(due_at=now() - timedelta(seconds=1))


def test_t_int_result_marks_the_result_unknown_and_the_watch_goes_on():
    interception = running()
    overdue(interception)

    sweeps.sweep_interceptions()

    row = Interception.objects.get(pk=interception.pk)
    assert (row.state, row.is_unknown, row.question) == (S.RUNNING, True, "no_result")
    assert row.due_at - row.accepted_at == timedelta(days=10)
    assert Watch.objects.get(package=row.package).priority == Priority.OPEN_INTERCEPTION


def test_an_unknown_result_that_never_comes_fails_in_the_end():
    interception = running()
    for _ in range(2):
        overdue(interception)
        sweeps.sweep_interceptions()

    row = Interception.objects.get(pk=interception.pk)
    assert (row.state, row.reason, row.is_unknown) == (S.FAILED, "timeout", False)


def test_late_evidence_after_an_unknown_result_succeeds(on_the_road):
    interception = accepted_ago(running(make_package("yto")), days=2)
    overdue(interception)
    sweeps.sweep_interceptions()

    row = on_the_road(interception, scan(P.RETURNING))

    assert (row.state, row.is_unknown, row.may_pay_by_itself) == (S.RETURNING, False, True)


def test_t_return_home_makes_a_parcel_perhaps_lost_and_a_scan_finds_it(on_the_road, django_capture_on_commit_callbacks):
    lost = []

    def listen(sender, interception, **_):
        if interception.state == S.LOST_SUSPECT:
            lost.append(interception.number)

    interception_changed.connect(listen)
    row = on_the_road(running(), status=STOPPED)
    overdue(row)

    with django_capture_on_commit_callbacks(execute=True):
        sweeps.sweep_interceptions()
    assert (Interception.objects.get(pk=row.pk).state, lost) == (S.LOST_SUSPECT, [row.number])

    receive_package(row.package, by=None)
    assert Interception.objects.get(pk=row.pk).state == S.RETURNED


def test_a_lost_parcel_may_be_given_up(on_the_road):
    row = on_the_road(running(), status=STOPPED)
    overdue(row)
    sweeps.sweep_interceptions()

    row = services.give_up_interception(row, by=None, reason="快递公司确认丢失")

    assert row.state == S.CLOSED_LOST


@pytest.mark.parametrize(("is_damaged", "state"), [(False, S.CLOSED_OK), (True, S.CLOSED_DAMAGED)])
def test_after_inspection_the_interception_is_closed(on_the_road, is_damaged, state):
    row = on_the_road(running(), status=STOPPED)
    receive_package(row.package, by=None)

    assert services.close_interception(row, by=None, is_damaged=is_damaged).state == state


def test_the_sweep_weighs_what_a_dead_worker_left_unweighed(django_capture_on_commit_callbacks):
    interception = accepted_ago(running(make_package("yto")), minutes=10)
    record_events({interception.package_id: [scan(P.RETURNING)]})

    done = sweeps.sweep_interceptions()

    assert (Interception.objects.get(pk=interception.pk).state, done["weighed"]) == (S.RETURNING, 1)


def test_the_sweep_puts_a_forgotten_parcel_back_on_the_watch_list():
    interception = running()
    Watch.objects.all().delete()

    sweeps.sweep_interceptions()

    assert Watch.objects.get().package_id == interception.package_id
