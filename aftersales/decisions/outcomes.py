"""What an interception's facts do to its cases. Each function is a sweep: it finds its own work by reading rows, so a
wake-up with an id and a timer without one do the same, twice does nothing more, and a bad row stops nobody else."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import CaseState, CaseTag, InterceptionEvent, Timer
from aftersales.cases.models import Case
from aftersales.cases.transitions import move, tag
from aftersales.decisions.telling import tell_result
from aftersales.refunds import bookings
from aftersales.refunds import services as refunds
from aftersales.refunds.enums import PAID_STATES, UNSENT_STATES, Source
from aftersales.refunds.policies import preflight_stop, stop_of
from aftersales.refunds.settling import agree_to_pay
from logistics.interception.enums import TURNED_ROUND, InterceptionState
from logistics.interception.models import Interception
from merchant.clock import now
from merchant.policy import services as shop_policies
from merchant.prepared import rows_of
from merchant.refusals import Refused
from merchant.trail import activity

logger = logging.getLogger(__name__)

S = InterceptionState
BATCH = 200
# What these say about the interception is no longer so once it has failed or was withdrawn.
OUTDATED_BY_THE_END = (CaseTag.STOPPED_WITHOUT_CASE, CaseTag.RESULT_UNKNOWN)
# A case here is a person's again; news of a stop is a tag on it, never money.
WITH_PEOPLE = (CaseState.APPLIED, CaseState.WAIT_BUYER_REPLY, CaseState.REFUSED, CaseState.REFUSED_AFTER_RETURN)
# Such a case went back to people before the stop was known.
LEFT_BEFORE = (InterceptionEvent.FAILED, InterceptionEvent.UNKNOWN, InterceptionEvent.LEFT)


def follow_interceptions(interception_id: int | None = None) -> int:
    """Let cases follow their interceptions: those of one, after news of it, or of all. Returns how many cases moved.

    What there is to do stands in `BY_STATE`: the wake-up and the sweep read the same table."""
    if interception_id is not None:
        return _follow(interception_id)
    return sum(step.sweep() for steps in dict.fromkeys(BY_STATE.values()) for step in steps)


def _stopped() -> QuerySet[Case]:
    return _ripe(Case.objects.filter(interception__state__in=TURNED_ROUND, state=CaseState.INTERCEPTING))


def _ripe(waiting: QuerySet[Case]) -> QuerySet[Case]:
    """Without those that wait for the parcel to be home, so that a full batch of them never hides the others."""
    shops = waiting.order_by().values_list("shop_id", flat=True).distinct()
    patient = [shop_id for shop_id in shops if shop_policies.current(shop_id).pay_when == "returned"]
    return waiting.exclude(shop_id__in=patient, interception__state__in=[S.SUCCEEDED, S.RETURNING])


def _pay_stopped(interception: Interception, group: list[Case]) -> int:
    """SUCCEEDED: the cases that waited for it agree and pay by themselves, where all is as it should be; whatever is
    not goes to a person with the reason."""
    waiting = [case for case in group if case.state == CaseState.INTERCEPTING]
    if interception.state not in TURNED_ROUND or not waiting:
        return 0
    rules = shop_policies.current(interception.shop_id)
    if rules.pay_when == "returned" and interception.state in (S.SUCCEEDED, S.RETURNING):
        return 0
    is_signed: bool = interception.is_signed  # type: ignore[attr-defined]
    refusal = preflight_stop(interception, interception.shop, is_signed=is_signed) or _withdrawn_meanwhile(group)
    for case in waiting:
        why = refusal or _pay_one(case, interception)
        if why is not None:
            _ask_person(case, why)
            tell_result("stopped_unpaid", case, interception)
    return len(waiting)


def _pay_one(case: Case, interception: Interception) -> Refused | None:
    """Agree and pay one case; the refusal when something stands in the way, with nothing changed."""
    try:
        with transaction.atomic():
            case.last_interception_event = InterceptionEvent.STOPPED
            agree_to_pay(case, source=Source.INTERCEPTION, by=None, is_auto=True, reason=interception.number)
    except Refused as refusal:
        case.refresh_from_db()
        return refusal
    return None


def _withdrawn_meanwhile(group: list[Case]) -> Refused | None:
    """E15: one case of a shared parcel gone meanwhile sends all of them to a person."""
    gone = next((case for case in group if case.state in (CaseState.CANCELLED, CaseState.CLOSED)), None)
    return (
        None
        if gone is None
        else Refused("E15", _("Another case of this parcel is gone: decide again."), case=gone.number)
    )


def _ask_person(case: Case, why: Refused) -> None:
    case.last_interception_event = InterceptionEvent.STOPPED
    move(case, "hand_back", by=None, tag=CaseTag.STOPPED, tag_reason=why.code, reason=str(why.message))


def _stopped_late() -> QuerySet[Case]:
    return Case.objects.filter(
        interception__state__in=TURNED_ROUND, state__in=WITH_PEOPLE, last_interception_event__in=LEFT_BEFORE
    )


def _tell_late_stop(interception: Interception, group: list[Case]) -> int:
    """A stop that comes late (after 拦截失败 or 结果未知) only asks a person."""
    told = 0
    with_people = [case for case in group if case.state in WITH_PEOPLE]
    if interception.state not in TURNED_ROUND or not any(
        case.last_interception_event in LEFT_BEFORE for case in with_people
    ):
        return 0
    for case in with_people:
        if case.last_interception_event != InterceptionEvent.STOPPED:
            case.last_interception_event = InterceptionEvent.STOPPED
            tag(case, CaseTag.STOPPED, by=None, tag_reason="LATE")
            told += 1
    return told


def _outdated(state: S) -> QuerySet[Case]:
    waiting = Q(state=CaseState.INTERCEPTING) | Q(tag__in=OUTDATED_BY_THE_END)
    return Case.objects.filter(waiting, interception__state=state)


def _failed() -> QuerySet[Case]:
    return _outdated(S.FAILED)


def _hand_back_failed(interception: Interception, group: list[Case]) -> int:
    """FAILED: the case is back with people, with the reason; its deadline has gone on meanwhile (S4)."""
    if interception.state != S.FAILED:
        return 0
    moved = _hand_back(group, InterceptionEvent.FAILED, CaseTag.INTERCEPTION_FAILED, interception.reason)
    _tell_handed_back("not_stopped", group, interception)
    return moved


def _unknown() -> QuerySet[Case]:
    return Case.objects.filter(
        state=CaseState.INTERCEPTING, interception__is_unknown=True, interception__state__in=[S.SUBMITTED, S.RUNNING]
    )


def _hand_back_unknown(interception: Interception, group: list[Case]) -> int:
    """结果未知, or seen something that may not pay by itself: people decide, the interception goes on."""
    if not interception.is_unknown or interception.state not in (S.SUBMITTED, S.RUNNING):
        return 0
    waiting = [case for case in group if case.state == CaseState.INTERCEPTING]
    moved = _hand_back(waiting, InterceptionEvent.UNKNOWN, CaseTag.RESULT_UNKNOWN, interception.question)
    _tell_handed_back("stop_unknown", waiting, interception)
    return moved


def _withdrawn() -> QuerySet[Case]:
    return _outdated(S.WITHDRAWN)


def _hand_back_withdrawn(interception: Interception, group: list[Case]) -> int:
    """WITHDRAWN: the parcel goes on to the buyer, the case is back with people."""
    if interception.state != S.WITHDRAWN:
        return 0
    return _hand_back(group, InterceptionEvent.WITHDRAWN, CaseTag.NONE, "")


def _hand_back(group: list[Case], news: str, name: str, reason: str) -> int:
    moved = 0
    for case in group:
        if case.state == CaseState.INTERCEPTING:
            case.last_interception_event = news
            move(case, "hand_back", by=None, tag=name, tag_reason=str(reason), reason=str(reason))
            moved += 1
        elif case.tag == CaseTag.STOPPED_WITHOUT_CASE:
            # Nothing was stopped: the parcel of the withdrawn case reaches its buyer as it should.
            case.last_interception_event = news
            tag(case, CaseTag.NONE, by=None)
            moved += 1
        elif case.tag == CaseTag.RESULT_UNKNOWN:
            # Known now, long after the case went back to people.
            case.last_interception_event = news
            tag(case, name, by=None, tag_reason=str(reason))
            moved += 1
    return moved


def _tell_handed_back(event: str, group: list[Case], interception: Interception) -> None:
    for case in group:
        if case.state == CaseState.APPLIED:
            tell_result(event, case, interception)


def _delivered_anyway() -> QuerySet[Case]:
    cases = Case.objects.filter(interception__state=S.DELIVERED_ANYWAY)
    return cases.exclude(last_interception_event=InterceptionEvent.DELIVERED_ANYWAY)


def _raise_delivered_anyway(interception: Interception, group: list[Case]) -> int:
    """DELIVERED_ANYWAY: an alarm on the case; money not yet sent is held back, money paid is booked as a loss."""
    if interception.state != S.DELIVERED_ANYWAY:
        return 0
    raised = 0
    for case in group:
        if case.last_interception_event != InterceptionEvent.DELIVERED_ANYWAY:
            case.last_interception_event = InterceptionEvent.DELIVERED_ANYWAY
            _alarm(case)
            raised += 1
    return raised


def _alarm(case: Case) -> None:
    money = refunds.live_refunds(case)
    unsent = [refund for refund in money if refund.state in UNSENT_STATES and refund.source == Source.INTERCEPTION]
    if unsent:
        refunds.take_back_unsent(case, "void", by=None, reason="delivered_anyway")
    for refund in money:
        if refund.state in PAID_STATES:
            bookings.goods_not_back(refund)
    if unsent and len(unsent) == len(money):
        move(case, "reopen", by=None, tag=CaseTag.DELIVERED_ANYWAY, tag_reason="HELD_BACK")
        return
    if case.state == CaseState.INTERCEPTING:
        move(case, "hand_back", by=None, tag=CaseTag.DELIVERED_ANYWAY)
        return
    clock: dict[str, Any] = {}
    if not case.is_open:
        rules = shop_policies.current(case.shop_id)
        clock = {"due_at": now() + shop_policies.timer(rules, "T-STOPPED"), "clock": Timer.STOPPED}
    tag(case, CaseTag.DELIVERED_ANYWAY, by=None, tag_reason="REFUNDED" if money else "", **clock)


# --- one interception at a time ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """What one state of an interception asks of its cases: `waiting` finds those the sweep must look at, `work` does it
    for all cases of an interception, locked, and looks again at each."""

    waiting: Callable[[], QuerySet[Case]]
    work: Callable[[Interception, list[Case]], int]

    def sweep(self) -> int:
        """The work for every interception with such cases, each in a transaction of its own."""
        ids = self.waiting().order_by("interception_id").values_list("interception_id", flat=True).distinct()
        return sum(_follow(pk, self) for pk in list(ids[:BATCH]))


_PAY, _TELL_LATE = Step(_stopped, _pay_stopped), Step(_stopped_late, _tell_late_stop)
_UNKNOWN = Step(_unknown, _hand_back_unknown)
BY_STATE: dict[InterceptionState, tuple[Step, ...]] = {
    S.SUBMITTED: (_UNKNOWN,),
    S.RUNNING: (_UNKNOWN,),
    **dict.fromkeys(TURNED_ROUND, (_PAY, _TELL_LATE)),
    S.FAILED: (Step(_failed, _hand_back_failed),),
    S.WITHDRAWN: (Step(_withdrawn, _hand_back_withdrawn),),
    S.DELIVERED_ANYWAY: (Step(_delivered_anyway, _raise_delivered_anyway),),
}


def _held_cases(interception_id: int) -> QuerySet[Case]:
    """As `lock_all` holds them."""
    rows = Case.objects.filter(interception_id=interception_id).select_related("order")
    return rows.select_for_update(of=("self",), no_key=True).order_by("pk")


def _follow(interception_id: int, only: Step | None = None) -> int:
    """Run the steps of this interception's state (or one) on its cases, all of them locked. A bad row is logged."""
    try:
        with transaction.atomic(), shop_policies.read_once(), activity.together():
            group = rows_of("cases of an interception", _held_cases, interception_id=interception_id)
            if not group:
                return 0
            # Read after its cases are held: what it says now.
            interception = stop_of(interception_id)
            for case in group:
                case.interception = interception
            steps = BY_STATE.get(S(interception.state), ()) if only is None else (only,)
            return sum(step.work(interception, group) for step in steps)
    except Exception:
        logger.exception("cases of interception %s could not be moved", interception_id)
        return 0
