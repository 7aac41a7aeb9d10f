"""Whatever people, couriers, clocks and the platform do in whatever order: never more than was paid, every fen booked.

A random walk over the real services and the platform's own shop, with lost answers in between (hypothesis)."""

import contextlib

import pytest
from django.db import transaction
from django.db.models import Sum
from django_fsm import TransitionNotAllowed
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from aftersales.cases.enums import CLOSED_STATES
from aftersales.cases.models import Case, CaseLine
from aftersales.decisions import outcomes, sweeps
from aftersales.decisions import services as cases
from aftersales.paying import sending
from aftersales.platforms import intake
from aftersales.refunds import services as refunds
from aftersales.refunds.enums import LIVE_STATES, PAID_STATES, RefundState
from aftersales.refunds.models import Refund
from logistics.interception import transitions
from logistics.interception.models import Interception
from merchant.clock import now
from merchant.ledger import services as ledger
from merchant.locking import lock
from merchant.policy import services as policy
from merchant.refusals import Refused
from orders.record.models import Block, Order
from tests.aftersales.factories import account_of, agent_of, case_of, kuaishou_shop
from tests.aftersales.world import PlatformWorld

pytestmark = pytest.mark.django_db

PAID = 12_488


class Road(RuleBasedStateMachine):
    """One order of 12488 fen on the platform, its case, its interception and its money."""

    # Put here by the test: the fixtures of pytest are not for a state machine.
    new_platform = staticmethod(lambda: PlatformWorld())

    def __init__(self):
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()

    def teardown(self):
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    @initialize(
        amount=st.sampled_from([500, 8000, PAID]), finance=st.booleans(), second=st.sampled_from([1000, 100_000])
    )
    def begin(self, amount, finance, second):
        self.platform = self.new_platform()
        shop = kuaishou_shop()
        policy.change(
            shop,
            by=None,
            reason="test",
            release_manual_refunds="finance" if finance else "at_once",
            second_person_fen=second,
        )
        self.case = case_of(self.platform, shop, nets=(PAID,), amount_fen=amount)
        self.agent, self.owner, self.finance = (agent_of(shop, role) for role in ("agent", "owner", "finance"))

    @contextlib.contextmanager
    def allowed_to_fail(self):
        """A refusal is an answer; whatever it refused must have changed nothing, which the invariants see."""
        with contextlib.suppress(Refused, TransitionNotAllowed), transaction.atomic():
            yield

    @property
    def fresh(self) -> Case:
        return Case.objects.get(pk=self.case.pk)

    @property
    def refund(self) -> Refund | None:
        return Refund.objects.filter(case=self.case).order_by("-pk").first()

    @property
    def interception(self) -> Interception | None:
        return self.fresh.interception

    # --- people ------------------------------------------------------------------------------------------------

    @rule()
    def intercept(self):
        with self.allowed_to_fail():
            cases.intercept_case(self.fresh, by=self.agent)

    @rule()
    def agree(self):
        with self.allowed_to_fail():
            cases.agree_case(self.fresh, by=self.agent)

    @rule()
    def refuse(self):
        with self.allowed_to_fail():
            cases.refuse_case(self.fresh, by=self.agent, reason="other")

    @rule()
    def withdraw(self):
        with self.allowed_to_fail():
            cases.withdraw_case(self.fresh, by=None)

    @precondition(lambda self: self.refund is not None)
    @rule(verb=st.sampled_from(["approve", "reject", "release", "replace"]))
    def decide_about_money(self, verb):
        with self.allowed_to_fail():
            if verb == "approve":
                refunds.approve_refund(self.refund, by=self.owner)
            elif verb == "reject":
                refunds.reject_refund(self.refund, by=self.owner, reason="no")
            elif verb == "release":
                refunds.release_refund(self.refund, by=self.finance)
            else:
                refunds.replace_refund(self.refund, by=self.finance)

    # --- the courier -------------------------------------------------------------------------------------------

    @precondition(lambda self: self.interception is not None)
    @rule(
        verb=st.sampled_from(["accept", "succeed", "fail", "mark_unknown", "withdraw", "deliver_anyway", "turn_back"])
    )
    def courier_says(self, verb):
        how = {"succeed": {"evidence": "status"}, "fail": {"reason": "signed"}}.get(verb, {})
        with self.allowed_to_fail():
            getattr(transitions, verb)(lock(self.interception), **how)

    @rule()
    def sweep_cases(self):
        outcomes.follow_interceptions()

    # --- the platform ------------------------------------------------------------------------------------------

    @rule(verb=st.sampled_from(["withdraw", "platform_pay", "intervene", "close"]))
    def platform_acts(self, verb):
        with contextlib.suppress(Exception):
            self.platform.control.act(self.case.number, verb)

    @rule(fee=st.sampled_from([500, 7000, PAID]))
    def buyer_edits(self, fee):
        with contextlib.suppress(Exception):
            self.platform.control.act(self.case.number, "edit", refund_fee=fee)

    @rule()
    def re_read(self):
        with self.allowed_to_fail():
            intake.re_read(account_of(self.case.shop), self.case.number)

    # --- money -------------------------------------------------------------------------------------------------

    @rule(fault=st.sampled_from(["", "", "silent", "lost", "throttled", "down", "short"]))
    def time_passes(self, fault):
        self.platform.faults.clear()
        if fault:
            self.platform.fail("refund.approve", fault)
        Refund.objects.filter(next_at__isnull=False).update(next_at=now())
        sending.sweep_refunds()

    @rule()
    def deadline_passes(self):
        Case.objects.filter(pk=self.case.pk, state__in=["applied", "intercepting"]).update(due_at=now())
        sweeps.act_on_late_cases()

    # --- what always holds -------------------------------------------------------------------------------------

    @invariant()
    def money_adds_up(self):
        if not hasattr(self, "case"):
            return
        order = Order.objects.get(pk=self.case.order_id)
        rows = Refund.objects.filter(order=order)
        paid = rows.filter(state__in=PAID_STATES).aggregate(sum=Sum("amount_fen"))["sum"] or 0
        held = (
            rows.filter(
                state__in=[
                    RefundState.CREATED,
                    RefundState.APPROVED,
                    RefundState.PROCESSING,
                    RefundState.WAIT_FUNDS,
                    RefundState.ABNORMAL,
                ]
            ).aggregate(sum=Sum("amount_fen"))["sum"]
            or 0
        )
        held += (
            rows.filter(state=RefundState.CLOSED, successor__isnull=True).aggregate(sum=Sum("amount_fen"))["sum"] or 0
        )
        assert (order.refunded_fen, order.refunding_fen) == (paid, held)
        assert paid + held <= PAID
        assert rows.filter(state__in=LIVE_STATES).count() <= 1
        moved = sum(amount for _order, amount in self.platform.paid)
        # The platform may have paid what we have not read yet; never the other way round.
        assert paid <= moved <= PAID
        assert len(self.platform.paid) <= 1

    @invariant()
    def the_ledger_is_balanced(self):
        if not hasattr(self, "case"):
            return
        found = ledger.balances(self.case.shop, order_number=self.case.order.number)
        assert sum(found.values()) == 0
        rows = Refund.objects.filter(case=self.case)
        paid = rows.filter(state=RefundState.SUCCESS).aggregate(sum=Sum("amount_fen"))["sum"] or 0
        owed = (
            rows.filter(
                state__in=[RefundState.APPROVED, RefundState.PROCESSING, RefundState.WAIT_FUNDS, RefundState.ABNORMAL]
            ).aggregate(sum=Sum("amount_fen"))["sum"]
            or 0
        )
        assert -found.get("platform_receivable", 0) == paid
        assert -found.get("refunds_payable", 0) == owed
        assert found.get("refunds_paid", 0) + found.get("loss", 0) == paid + owed

    @invariant()
    def a_case_stands_where_its_money_stands(self):
        if not hasattr(self, "case"):
            return
        case, refund = self.fresh, self.refund
        is_closed = case.state in CLOSED_STATES
        assert CaseLine.objects.get(case=case).is_open is not is_closed
        assert Block.objects.open().filter(document=case.number).exists() is not is_closed
        if not is_closed:
            assert case.due_at is not None
        if refund is not None and refund.state in (RefundState.PROCESSING, RefundState.WAIT_FUNDS):
            assert case.state == "refunding"
        if refund is not None and refund.state in PAID_STATES:
            assert case.state == "success"


def test_no_order_of_events_pays_twice_or_loses_a_fen(platform):
    Road.new_platform = staticmethod(lambda: _reset(platform))

    run_state_machine_as_test(
        Road,
        settings=settings(
            max_examples=25,
            stateful_step_count=24,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def _reset(platform: PlatformWorld) -> PlatformWorld:
    """The same platform, empty: the wire stays patched to it."""
    platform.__init__()
    return platform
