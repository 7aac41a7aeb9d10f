"""Which timer runs on a case and when it ends. A clock keeps the version of the rules it started under."""

from datetime import datetime, timedelta

from aftersales.cases.enums import CLOCK_OF_STATE, CLOSED_STATES, CaseState, Timer
from aftersales.cases.models import Case
from merchant.clock import now, scaled
from merchant.policy import services as policies
from merchant.policy.models import TIMERS, Policy

# Timers of docs/rules.md that no setting of a shop changes yet, seconds.
FIXED = {
    Timer.BUYER_RETURN: 7 * 86_400,
    Timer.SELLER_RECEIVE: 10 * 86_400,
    Timer.INSPECT: 48 * 3_600,
    Timer.EVIDENCE: 48 * 3_600,
    Timer.SHIP: 48 * 3_600,
    Timer.AUTO_RECEIVE: 10 * 86_400,
}


def length(rules: Policy, clock: str) -> timedelta:
    """How long a timer runs, on the running clock."""
    if clock in TIMERS:
        return policies.timer(rules, clock)
    return scaled(timedelta(seconds=FIXED[Timer(clock)]))


def start_clock(case: Case, *, at: datetime | None = None, deadline: datetime | None = None) -> None:
    """Set `due_at` and `clock` for the state the case has just entered; `deadline` is the platform's own word.

    REFUNDING keeps the deadline the case had. A case back in APPLIED keeps a T-AS-HANDLE that has not ended: an
    interception in between wins the shop no time (S3, S4)."""
    if case.state in CLOSED_STATES:
        case.due_at, case.clock = None, Timer.NONE
        return
    clock = CLOCK_OF_STATE.get(CaseState(case.state))
    if clock is None:
        if case.due_at is None:
            clock = Timer.AS_HANDLE
        else:
            return
    if clock == Timer.AS_HANDLE and case.clock == Timer.AS_HANDLE and case.due_at is not None and deadline is None:
        return
    rules = policies.current(case.shop_id)
    case.clock = clock
    case.due_at = deadline or (at or now()) + length(rules, clock)
    case.policy_version = rules.pk
    case.is_late = False
    case.warned_at = None
