"""Whatever happens in whatever order: an interception never leaves its table, never pays without proof, is never booked
twice, and never loses its place on the watch list."""

import contextlib
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from logistics.couriers import base
from logistics.couriers.base import InterceptState, InterceptStatus
from logistics.couriers.models import CourierCall
from logistics.interception import services, sweeps
from logistics.interception.enums import LIVE, WATCHED
from logistics.interception.enums import InterceptionState as S
from logistics.interception.models import Interception
from logistics.parcels.enums import PackageState as P
from logistics.parcels.models import Package
from logistics.parcels.tracking_models import TrackingEvent
from logistics.shipping.services import receive_package
from logistics.tracking.services import record_events
from logistics.watch.models import Watch
from merchant.clock import now
from merchant.ledger.models import LedgerEntry
from merchant.refusals import Refused
from merchant.trail.models import Activity
from tests.logistics.factories import make_package, scan
from tests.logistics.test_interception_machine import MOVES
from tests.logistics.wire import (
    CANCEL,
    CREATE,
    QUERY,
    YTO_CREATE,
    YTO_OK,
    ZTO_OK,
    Wire,
    down,
    silence,
    zto_refusal,
    zto_status,
)

YTO_CANCEL = "wanted_cancel_adapter"
YTO_DUPLICATE = {"statusCode": 1, "statusMessage": "已有有效拦截件，不能重复发起拦截"}
ANSWERS = {
    "zto": [ZTO_OK, ZTO_OK, silence(), down(), zto_refusal("E23120"), zto_refusal("E23121"), zto_refusal("S206")],
    "yto": [YTO_OK, YTO_OK, silence(), down(), YTO_DUPLICATE],
}
SCANS = [P.RETURNING, P.IN_TRANSIT, P.OUT_FOR_DELIVERY, P.AT_LOCKER, P.REFUSED, P.RETURNING, P.REDIRECTED, P.EXCEPTION]
STATUSES = [state for state in InterceptState if state not in (InterceptState.RUNNING, InterceptState.UNKNOWN)]


class Road(RuleBasedStateMachine):
    """One parcel, one courier, everything that can happen to it."""

    @initialize(courier=st.sampled_from(["zto", "yto"]), is_accepted=st.booleans(), is_early=st.booleans())
    def ship(self, courier, is_accepted, is_early):
        self.stack = contextlib.ExitStack()
        self.stack.enter_context(transaction.atomic())
        self.wire = Wire()
        for piece in (CREATE, YTO_CREATE, QUERY, CANCEL, YTO_CANCEL):
            self.wire.on(piece, silence())
        self.send = base.send
        base.send = self.wire.send
        self.minute = 0
        self.told_stopped = False
        self.package = make_package(courier)
        services.submit_interception(self.package, by=None)
        if is_early:
            # It turned round before the courier accepted anything: no proof of ours, whatever follows.
            record_events({self.package.pk: [scan(P.RETURNING, self.tick(is_late=True), city="杭州市")]})
        if is_accepted:
            self.wire.on(CREATE if courier == "zto" else YTO_CREATE, ANSWERS[courier][0])
            sweeps.send_waiting()

    def teardown(self):
        if hasattr(self, "stack"):
            base.send = self.send
            transaction.set_rollback(True)
            self.stack.close()

    def tick(self, is_late=False):
        """The next scan's moment. A late one was made a minute before it became known."""
        self.minute += 1
        return now() + timedelta(seconds=self.minute - (60 if is_late else 0))

    @property
    def row(self):
        return Interception.objects.order_by("-pk").first()

    # --- what people, couriers and clocks do --------------------------------------------------------------------------

    @rule()
    def press(self):
        Package.objects.update(track_checked_at=now())
        with contextlib.suppress(Refused):
            services.submit_interception(self.package, by=None)

    @rule(data=st.data())
    @precondition(lambda self: hasattr(self, "package") and self.row and self.row.state == S.SUBMITTED)
    def send_request(self, data):
        answer = data.draw(st.sampled_from(ANSWERS[self.package.courier]))
        self.wire.on(CREATE if self.package.courier == "zto" else YTO_CREATE, answer)
        self.wire.on(QUERY, data.draw(st.sampled_from([zto_status("INTERCEPTING"), zto_refusal("E23102"), silence()])))
        Interception.objects.filter(pk=self.row.pk).update(next_attempt_at=now())
        sweeps.send_waiting()

    @rule(status=st.sampled_from(STATUSES))
    @precondition(lambda self: hasattr(self, "package") and self.package.courier == "zto")
    def hear_result(self, status):
        self.told_stopped |= status == InterceptState.SUCCEEDED
        services.weigh_evidence(self.package.pk, status=InterceptStatus(status, reason="other", code=status.upper()))

    @rule(state=st.sampled_from(SCANS), is_redirected=st.booleans(), is_late=st.booleans())
    def see_scan(self, state, is_redirected, is_late):
        change = {"is_address_change": True} if is_redirected and state == P.RETURNING else {}
        record_events({self.package.pk: [scan(state, self.tick(is_late), city="杭州市", site="杭州余杭", **change)]})
        sweeps.weigh_waiting()

    @rule(city=st.sampled_from(["杭州市", "上海市", ""]))
    def see_signature(self, city):
        record_events({self.package.pk: [scan(P.SIGNED, self.tick(), city=city)]})
        sweeps.weigh_waiting()

    @rule()
    def let_the_clock_run_out(self):
        Interception.objects.filter(due_at__isnull=False).update(due_at=now() - timedelta(seconds=1))
        sweeps.sweep_interceptions()

    @rule()
    def scan_in_warehouse(self):
        receive_package(Package.objects.get(pk=self.package.pk), by=None)

    @rule(data=st.data())
    def withdraw(self, data):
        if self.row is None:
            return
        ok = {"status": True, "statusCode": "SYS000"} if self.package.courier == "zto" else YTO_OK
        piece = CANCEL if self.package.courier == "zto" else YTO_CANCEL
        self.wire.on(piece, data.draw(st.sampled_from([ok, silence()])))
        with contextlib.suppress(Refused):
            services.withdraw_interception(self.row, by=None)

    @rule(verb=st.sampled_from(["give_up", "close_ok", "close_damaged", "confirm"]))
    def decide(self, verb):
        if self.row is None:
            return
        with contextlib.suppress(Refused):
            if verb == "give_up":
                services.give_up_interception(self.row, by=None, reason="找不到")
            elif verb == "confirm":
                services.succeed_interception(self.row, by=None)
            else:
                services.close_interception(self.row, by=None, is_damaged=verb == "close_damaged")

    # --- what must always hold ----------------------------------------------------------------------------------------

    @invariant()
    def every_move_is_in_the_table(self):
        if not hasattr(self, "package"):
            return
        for row in Interception.objects.all():
            state = S.SUBMITTED
            lines = Activity.objects.about(row).order_by("pk").values_list("verb", "from_state", "to_state")
            for verb, before, after in lines:
                name = verb.removeprefix("interception.")
                if name != "submit":
                    assert before == state
                    assert before in MOVES[name][0]
                    assert after == MOVES[name][1]
                state = after
            assert row.state == state

    @invariant()
    def one_live_interception_a_waybill(self):
        if hasattr(self, "package"):
            assert Interception.objects.filter(state__in=LIVE).count() <= 1

    @invariant()
    def nothing_pays_by_itself_without_proof(self):
        if not hasattr(self, "package"):
            return
        scans = TrackingEvent.objects.filter(status=P.RETURNING, is_address_change=False).values_list(
            "event_at", flat=True
        )
        for row in Interception.objects.all():
            if row.may_pay_by_itself and row.evidence == "status":
                assert (row.courier, self.told_stopped, row.accepted_at is not None) == ("zto", True, True)
            elif row.may_pay_by_itself:
                assert row.courier == "yto"
                assert any(at >= row.accepted_at.replace(microsecond=0) for at in scans)

    @invariant()
    def the_cost_is_booked_once_and_only_for_parcels_that_came_home(self):
        if not hasattr(self, "package"):
            return
        for row in Interception.objects.all():
            booked = sum(LedgerEntry.objects.filter(document=row.number).values_list("amount_fen", flat=True))
            home = row.state in (S.RETURNED, S.CLOSED_OK, S.CLOSED_DAMAGED)
            assert booked == (row.cost_fen if home else 0)

    @invariant()
    def whoever_is_moved_for_us_is_watched(self):
        if hasattr(self, "package") and Interception.objects.filter(state__in=WATCHED).exists():
            assert Watch.objects.filter(package=self.package).exists()

    @invariant()
    def no_more_than_three_requests_are_left_unanswered(self):
        if hasattr(self, "package"):
            unknown = CourierCall.objects.filter(operation="create_intercept", outcome="unknown")
            for row in Interception.objects.all():
                assert unknown.filter(key=row.number).count() <= 3


@pytest.mark.django_db
def test_an_interception_keeps_its_word_whatever_happens(monkeypatch):
    from logistics import tasks

    monkeypatch.setattr(tasks.send_interception, "apply_async", lambda **_: None)
    monkeypatch.setattr("django.db.transaction.Atomic.__enter__", _nestable(transaction.Atomic.__enter__))
    run_state_machine_as_test(
        Road,
        settings=settings(
            max_examples=40,
            stateful_step_count=12,
            phases=[Phase.explicit, Phase.generate],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def _nestable(enter):
    """The machine runs each story inside one transaction that is rolled back; the calls it makes to couriers are
    checked to be outside of any in test_interception_races."""

    def nested(self):
        # A decorator's block is one object for ever: it gets its durability back at once.
        durable, self.durable = self.durable, False
        try:
            return enter(self)
        finally:
            self.durable = durable

    return nested
