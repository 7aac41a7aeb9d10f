"""What a timer does about interceptions: the same work the wake-ups do, found again by reading the rows.

Each row is handled on its own; a bad row is logged and the rest go on.
"""

import logging
from collections.abc import Callable, Iterable

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from logistics.interception import services, transitions
from logistics.interception.enums import LIVE, WATCHED, Question, Reason
from logistics.interception.enums import InterceptionState as S
from logistics.interception.models import Interception
from logistics.parcels.enums import PackageState as P
from logistics.watch import services as watching
from logistics.watch.models import Priority, Watch
from merchant.clock import now
from merchant.locking import lock
from merchant.wakeups import wake_now

logger = logging.getLogger(__name__)
BATCH = 500


def sweep_interceptions() -> dict[str, int]:
    """Everything that is due. Returns how many rows each part moved."""
    return {
        "sent": send_waiting(),
        "weighed": weigh_waiting(),
        "unknown": judge_overdue(),
        "lost": suspect_overdue(),
        "watched": watch_forgotten(),
    }


def send_waiting() -> int:
    """Requests whose wake-up was lost, whose worker died, or whose courier is to be asked again."""
    rows = Interception.objects.filter(state=S.SUBMITTED).filter(
        Q(next_attempt_at__lte=now()) | Q(next_attempt_at__isnull=True)
    )
    # Each is a call that may take seconds: a wake-up a row spreads them over the workers; one too many changes nothing.
    return _each(rows.order_by("next_attempt_at").values_list("pk", flat=True)[:BATCH], _wake)


def _wake(pk: int) -> None:
    wake_now("logistics.send_interception", interception_id=pk)


def weigh_waiting() -> int:
    """Parcels whose track says more than their interception does."""
    rows = Interception.objects.filter(
        Q(state=S.RUNNING, package__state__in=[P.SIGNED, P.RETURNING, P.RETURNED])
        | Q(state=S.SUCCEEDED, package__state__in=[P.SIGNED, P.RETURNING, P.RETURNED])
        | Q(state=S.RETURNING, package__state__in=[P.SIGNED, P.RETURNED])
        | Q(
            state=S.FAILED,
            package__state__in=[P.RETURNING, P.RETURNED],
            settled_at__gte=now() - services.LATE_EVIDENCE,
        )
    ).order_by(F("package__last_event_at").desc(nulls_last=True))
    return _each(rows.values_list("package_id", flat=True)[:BATCH], services.weigh_evidence)


def judge_overdue() -> int:
    """T-INT-RESULT: the result counts as unknown, the case goes back to people, the watch goes on. Long after that
    (T-RETURN-HOME from acceptance) it failed for want of an answer; late evidence can still revive it."""
    rows = Interception.objects.filter(state=S.RUNNING, due_at__lte=now()).order_by("due_at")
    return _each(rows.values_list("pk", flat=True)[:BATCH], _judge)


def _judge(pk: int) -> None:
    services.weigh_evidence(Interception.objects.values_list("package_id", flat=True).get(pk=pk))
    with transaction.atomic():
        row = lock(Interception(pk=pk))
        if row.state != S.RUNNING or row.due_at is None or row.due_at > now():
            return
        if row.is_unknown:
            transitions.fail(row, reason=Reason.TIMEOUT)
        else:
            transitions.mark_unknown(row, question=Question.NO_RESULT)


def suspect_overdue() -> int:
    """T-RETURN-HOME: stopped, and the warehouse has not seen it."""
    rows = Interception.objects.filter(state__in=[S.SUCCEEDED, S.RETURNING], due_at__lte=now()).order_by("due_at")
    return _each(rows.values_list("pk", flat=True)[:BATCH], _suspect)


def _suspect(pk: int) -> None:
    services.weigh_evidence(Interception.objects.values_list("package_id", flat=True).get(pk=pk))
    with transaction.atomic():
        row = lock(Interception(pk=pk))
        if row.state in (S.SUCCEEDED, S.RETURNING) and row.due_at is not None and row.due_at <= now():
            transitions.suspect_loss(row)


def watch_forgotten() -> int:
    """Every interception whose parcel the courier still moves for us has its place on the watch list."""
    rows = Interception.objects.filter(state__in=WATCHED, account__isnull=False).exclude(
        Exists(Watch.objects.filter(package=OuterRef("package_id")))
    )
    return _each(rows.values_list("pk", flat=True)[:BATCH], _watch_again)


def _watch_again(pk: int) -> None:
    with transaction.atomic():
        row = lock(Interception(pk=pk))
        is_open = row.state in (S.SUBMITTED, S.RUNNING)
        if row.state in LIVE:
            watching.watch(row.package, priority=Priority.OPEN_INTERCEPTION if is_open else Priority.ORDINARY)


def _each(ids: Iterable[int], work: Callable[[int], object]) -> int:
    count = 0
    for pk in list(ids):
        try:
            work(pk)
            count += 1
        except Exception:
            logger.exception("sweep of interception row %s", pk)
    return count
