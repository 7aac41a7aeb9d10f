"""What the clocks of a case do, and the timer that finds again whatever a lost wake-up would have started."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from aftersales.cases.enums import (
    AGREEABLE_STATES,
    OPEN_STATES,
    PAYING_KINDS,
    CaseKind,
    CaseState,
    Origin,
    Timer,
)
from aftersales.cases.models import Case
from aftersales.cases.transitions import move
from aftersales.decisions import intercepting, outcomes, policies, returning, telling
from aftersales.platforms import platform_answers
from aftersales.refunds.enums import Source
from aftersales.refunds.settling import agree_to_pay
from merchant.clock import is_trusted, now
from merchant.jobs.services import beat
from merchant.locking import lock
from merchant.policy import services as shop_policies
from merchant.refusals import Refused
from merchant.trail import activity

logger = logging.getLogger(__name__)

BATCH = 300
# A sweep a minute finds a deadline as it passes; one found later than this pays nothing by itself.
SEEN_WITHIN = timedelta(hours=1)


def sweep_cases() -> dict[str, int]:
    """Everything that is due. Returns how many cases each part moved."""
    moved = {
        "followed": outcomes.follow_interceptions(),
        "by_rule": intercepting.intercept_by_rule(),
        "told": platform_answers.tell_refusals(),
        "warned": warn_late_cases(),
        "late": act_on_late_cases(),
    }
    beat("sweep:cases", Case.objects.filter(state__in=OPEN_STATES, due_at__lte=now(), is_late=False).count())
    return moved


def warn_late_cases() -> int:
    """T-AS-WARN before the answer is due: whoever has the case is warned once."""
    soon = Case.objects.filter(
        state__in=AGREEABLE_STATES, clock=Timer.AS_HANDLE, warned_at__isnull=True, due_at__isnull=False
    )
    shops = soon.order_by().values_list("shop_id", flat=True).distinct()
    warned = 0
    for shop_id in list(shops):
        rules = shop_policies.current(shop_id)
        near = soon.filter(shop_id=shop_id, due_at__lte=now() + shop_policies.timer(rules, "T-AS-WARN"))
        warned += _each(near, _warn)
    return warned


def act_on_late_cases() -> int:
    """Clocks that ran out. Own channel: the shop's silence agrees, an offer lapses, a refusal stands. On a platform the
    clock only warns, the platform decides. What nobody may decide by clock is marked late and stays with people. A
    clock that has jumped decides nothing."""
    if not is_trusted():
        return 0
    waiting = [state for state in OPEN_STATES if state != CaseState.REFUNDING]
    due = Case.objects.due(waiting, now())
    return _each(due, _act)


def _each(cases: QuerySet[Case], work: Callable[[Case], bool]) -> int:
    count = 0
    for pk in list(cases.values_list("pk", flat=True)[:BATCH]):
        try:
            with transaction.atomic():
                count += work(lock(Case(pk=pk)))
        except Exception:
            logger.exception("clock of case %s", pk)
    return count


def _warn(case: Case) -> bool:
    if case.warned_at is not None or case.state not in AGREEABLE_STATES:
        return False
    case.warned_at = now()
    case.save(update_fields=["warned_at"])
    activity.record(case, "case.warn", by=None, due_at=case.due_at.isoformat() if case.due_at else "")
    telling.tell_late_soon(case)
    return True


def _act(case: Case) -> bool:
    if case.is_late or case.due_at is None or case.due_at > now():
        return False
    if case.origin == Origin.PLATFORM:
        return _mark_late(case, "platform_decides")
    if case.state in AGREEABLE_STATES:
        return _answer_for_the_shop(case)
    if case.state == CaseState.WAIT_BUYER_REPLY:
        move(case, "decline", by=None, reason="T-NEGO")
        return True
    if case.state in (CaseState.REFUSED, CaseState.REFUSED_AFTER_RETURN, CaseState.WAIT_BUYER_RETURN):
        move(case, "close", by=None, reason=case.clock)
        return True
    if case.state == CaseState.WAIT_SELLER_RECEIVE and case.amount_fen and returning.return_is_signed(case):
        return _pay_by_clock(case, "T-SELLER-RECEIVE", verb="grant")
    return _mark_late(case, case.clock)


def _answer_for_the_shop(case: Case) -> bool:
    """T-AS-HANDLE: agree by itself, marked "auto, merchant late"; above the second-person limit it only waits."""
    if case.kind not in PAYING_KINDS:
        verb = "agree_resend" if case.kind == CaseKind.RESEND else "agree_return"
        if case.state == CaseState.INTERCEPTING:
            return _mark_late(case, "T-AS-HANDLE")
        case.is_auto = True
        move(case, verb, by=None, reason="T-AS-HANDLE")
        return True
    return _pay_by_clock(case, "T-AS-HANDLE", verb="agree")


def _pay_by_clock(case: Case, clock: str, *, verb: str) -> bool:
    """The shop's silence pays; above the second-person limit, or where money cannot move, it only waits. So it does
    where the deadline passed long ago and was not seen to pass: nobody swept then, or every clock has jumped."""
    if case.due_at is not None and now() - case.due_at > SEEN_WITHIN:
        return _mark_late(case, "CLOCK")
    rules = shop_policies.current(case.shop_id)
    if case.amount_fen > rules.second_person_fen:
        return _mark_late(case, "SECOND_PERSON")
    try:
        with transaction.atomic():
            if verb == "agree":
                policies.check_can_agree(case, None)
            else:
                policies.check_can_pay(case)
            agree_to_pay(case, source=Source.TIMER, by=None, reason=clock, is_auto=True, is_late=True, verb=verb)
    except Refused as refusal:
        return _mark_late(lock(case), refusal.code)
    return True


def _mark_late(case: Case, why: str) -> bool:
    case.is_late = True
    case.save(update_fields=["is_late"])
    activity.record(case, "case.late", by=None, reason=why, clock=case.clock)
    return True
