"""What the courier's answer and the parcel's track say about an interception: pure, and the only place that says it.

The closed list of evidence that may pay by itself (docs/rules.md): the courier's own "stopped" where it can be asked;
elsewhere a return scan after acceptance, when a return was what we asked for. Each has a switch in the shop's policy.
Whatever else looks like a stop asks a person.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from logistics.couriers.base import InterceptState, InterceptStatus
from logistics.interception.enums import Evidence, Question, Reason
from logistics.interception.enums import InterceptionState as S
from logistics.parcels.enums import PackageState as P
from logistics.parcels.projection import Projection

_ON_THE_WAY_HOME = (P.RETURNING, P.RETURNED)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is weighed. `evidence_kind` is the courier's ("status", "return_scan", "person"), `is_switched_on` the
    shop's word about it; `status` is there when the courier was just asked."""

    state: str
    is_return: bool
    accepted_at: datetime | None
    question: str
    evidence_kind: str
    is_switched_on: bool
    track: Projection
    status: InterceptStatus | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """The next transition the facts call for. `verb` is the transition's name."""

    verb: str
    evidence: str = ""
    reason: str = ""
    question: str = ""
    words: str = ""


def next_move(facts: Facts) -> Move | None:
    """The one move that follows from the facts, or None when nothing does."""
    if facts.state == S.RUNNING:
        return _of_running(facts)
    if facts.state == S.FAILED:
        return _of_failed(facts)
    if facts.state in (S.SUCCEEDED, S.RETURNING):
        return _of_stopped(facts)
    return None


def return_scan_after(facts: Facts) -> bool:
    """Whether a real return scan was made after the courier accepted the request. Couriers tell whole seconds."""
    if facts.accepted_at is None:
        return False
    accepted = facts.accepted_at.replace(microsecond=0)
    return any(at >= accepted for at in facts.track.return_scans)


def _of_running(facts: Facts) -> Move | None:
    status, track = facts.status, facts.track
    says = status.state if status else None
    if says == InterceptState.FAILED:
        assert status is not None
        return Move("fail", reason=_known(status.reason), words=status.raw)
    if says == InterceptState.WITHDRAWN:
        return Move("withdraw")
    if says == InterceptState.SUCCEEDED:
        if track.state == P.SIGNED:
            return _ask(facts, Question.CONFLICT)
        return _stopped(facts, Evidence.STATUS)
    if track.state == P.SIGNED:
        return Move("fail", reason=Reason.SIGNED)
    if facts.evidence_kind == "return_scan" and return_scan_after(facts):
        return _stopped(facts, Evidence.RETURN_SCAN)
    if facts.evidence_kind == Evidence.PERSON and return_scan_after(facts):
        return _ask(facts, Question.NOT_LISTED if facts.is_return else Question.NOT_A_RETURN)
    if says == InterceptState.ENDED:
        return _ask(facts, Question.ENDED)
    if says == InterceptState.UNCLEAR:
        return _ask(facts, Question.STATUS_UNCLEAR)
    return None


def _of_failed(facts: Facts) -> Move | None:
    """Late evidence of a stop, or the parcel simply comes back (refused, or stopped by somebody else)."""
    says = facts.status.state if facts.status else None
    if facts.track.state == P.SIGNED:
        return None
    if facts.evidence_kind == Evidence.STATUS:
        is_proved = says == InterceptState.SUCCEEDED and facts.accepted_at is not None
    else:
        is_proved = facts.evidence_kind == Evidence.RETURN_SCAN and return_scan_after(facts)
    if is_proved and facts.is_return and facts.is_switched_on:
        return Move("succeed", evidence=facts.evidence_kind)
    if facts.track.state in _ON_THE_WAY_HOME:
        return Move("turn_back")
    return None


def _of_stopped(facts: Facts) -> Move | None:
    if facts.track.state == P.SIGNED:
        return Move("deliver_anyway")
    if facts.state == S.SUCCEEDED and facts.track.state in _ON_THE_WAY_HOME:
        return Move("turn_back")
    if facts.state == S.RETURNING and facts.track.received_at is not None:
        return Move("receive")
    return None


def _stopped(facts: Facts, evidence: str) -> Move | None:
    if facts.evidence_kind != evidence:
        return None
    if not facts.is_return:
        return _ask(facts, Question.NOT_A_RETURN)
    if not facts.is_switched_on:
        return _ask(facts, Question.SWITCHED_OFF)
    return Move("succeed", evidence=evidence)


def _ask(facts: Facts, question: str) -> Move | None:
    """Ask a person, once: the same question does not stand up again."""
    return None if facts.question == question else Move("mark_unknown", question=question)


def _known(reason: str) -> str:
    return reason if reason in Reason.values and reason else Reason.OTHER


def is_fresh(read_at: datetime | None, now: datetime, limit: timedelta) -> bool:
    """Whether a reading is at most `limit` old at `now`."""
    return read_at is not None and now - read_at <= limit
