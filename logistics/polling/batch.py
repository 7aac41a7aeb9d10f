"""One batch of the poller on the database's side: take what is due, write down what was heard."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DataError, IntegrityError, transaction

from logistics.couriers import registry
from logistics.couriers.base import Courier, CourierError, ErrorClass, Event, InterceptStatus
from logistics.interception import services as interceptions
from logistics.interception.enums import InterceptionState
from logistics.interception.models import Interception
from logistics.parcels import store
from logistics.parcels.models import Package
from logistics.parcels.projection import FUTURE_TOLERANCE
from logistics.tracking import services as tracking
from logistics.watch import circuit_breaker
from logistics.watch import services as watching
from logistics.watch.circuit_breaker import Tally
from logistics.watch.models import AccountHealth, Priority
from logistics.watch.services import Due
from merchant.clock import now
from merchant.inbox import services as inbox
from merchant.shops.models import CourierAccount

logger = logging.getLogger(__name__)

# Rows a batch; small enough that one batch never outlives its lease.
BATCH = 500
# How long a batch may wait for its rate limit when each row takes one call; a subscription doubles that.
BATCH_SECONDS = 10
# What a breaker that was open lets through to find out whether the courier is back.
PROBES = 3
# Errors that speak of the courier or the account, not of one parcel.
BREAKING = (ErrorClass.TRANSIENT, ErrorClass.THROTTLED, ErrorClass.AUTH)
# How the database, or the driver before it, says that a value does not fit.
UNFIT = (DataError, IntegrityError, ValueError, OverflowError)
# After as many failed subscriptions in a row the rest of a batch is only asked about.
SUBSCRIBING_STREAK = 5


@dataclass(frozen=True)
class Work:
    """Claimed rows of one account, and for which of them the interception's result is asked too."""

    account: CourierAccount
    courier: Courier
    rows: list[Due]
    asked_status: frozenset[int]
    phone_last4: str
    # Not while the breaker only probes: those few calls find out whether the courier is back.
    may_subscribe: bool


def is_breaking(error: Exception | None) -> bool:
    """Whether this failure is the courier's or the account's."""
    return error is not None and (not isinstance(error, CourierError) or error.error_class in BREAKING)


def error_text(error: Exception | None) -> str:
    if isinstance(error, CourierError):
        return f"{error.error_class.value}: {error.code} {error.message}".strip()
    return repr(error)


@dataclass(slots=True)
class Reply:
    """What came of one row. `events` None: the track was not read, or it is word for word the one we know
    (`is_known`); `error` is the failure, if any. `answer_hash` is the answer's.

    `unsubscribed` is why the subscription failed: it is tried again at the next look, and says nothing of the question.
    """

    due: Due
    events: list[Event] | None = None
    answer_hash: int | None = None
    status: InterceptStatus | None = None
    error: Exception | None = None
    is_skipped: bool = False
    is_subscribed: bool = False
    unsubscribed: Exception | None = None

    @property
    def is_known(self) -> bool:
        """Whether the answer holds nothing that was not written down before."""
        return self.events is None and self.answer_hash is not None

    def remembered(self, at: datetime) -> int | None:
        """The answer's hash, if the same answer may be passed over from now on: none of its scans lies in the future,
        where it decides nothing yet, and each was understood (a later version of ours may know the word)."""
        if self.events is None or any(not e.status or e.event_at > at + FUTURE_TOLERANCE for e in self.events):
            return None
        return self.answer_hash

    @property
    def is_breaking(self) -> bool:
        """Whether the failure is the courier's or the account's, rather than this parcel's."""
        return is_breaking(self.error)

    @property
    def error_text(self) -> str:
        return error_text(self.error)


@dataclass(slots=True)
class Streak:
    """Failures in a row while a batch is under way, of questions and of subscriptions apart."""

    count: int = 0
    unsubscribed: int = 0
    replies: list[Reply] = field(default_factory=list)

    def note(self, reply: Reply) -> None:
        self.replies.append(reply)
        if not reply.is_skipped:
            self.count = self.count + 1 if reply.is_breaking else 0

    def note_subscription(self, error: Exception | None) -> None:
        self.unsubscribed = self.unsubscribed + 1 if is_breaking(error) else 0

    @property
    def is_broken(self) -> bool:
        return self.count >= circuit_breaker.BREAKER_STREAK

    @property
    def may_subscribe(self) -> bool:
        return self.unsubscribed < SUBSCRIBING_STREAK


def take(account_id: int) -> Work | None:
    """Claim what is due for this account; None when nothing is, or when it may not be asked now."""
    at = now()
    account = CourierAccount.objects.filter(pk=account_id, is_active=True).first()
    if account is None or (account.paused_until is not None and account.paused_until > at):
        return None
    courier = registry.of(account)
    if courier is None:
        return None
    limit = BATCH
    if account.rate_per_second:
        limit = max(1, min(BATCH, account.rate_per_second * BATCH_SECONDS // settings.POLLERS))
    is_probing = AccountHealth.objects.filter(account=account, trips__gt=0).exists()
    if is_probing:
        limit = PROBES
    rows = watching.claim_due(account, limit)
    if not rows:
        return None
    phone = watching.phone_last4(account) if courier.capabilities.needs_phone_last4 else ""
    may_subscribe = courier.capabilities.can_subscribe and not is_probing
    return Work(account, courier, rows, _asked_status(courier, rows), phone, may_subscribe)


def _asked_status(courier: Courier, rows: Sequence[Due]) -> frozenset[int]:
    if not courier.capabilities.can_query_state:
        return frozenset()
    ids = [row.package_id for row in rows if row.priority == Priority.OPEN_INTERCEPTION]
    if not ids:
        return frozenset()
    running = Interception.objects.filter(package_id__in=ids, state=InterceptionState.RUNNING)
    return frozenset(running.values_list("package_id", flat=True))


def finish(work: Work, replies: Sequence[Reply]) -> None:
    """Write a batch down: scans and states, subscriptions, the next due times, the account's pulse; then weigh it.

    An answer that the database refuses costs its own parcel a miss and nobody else anything: halves are tried until it
    stands alone, and it is kept among the messages."""
    at = now()
    for reply in replies:
        if isinstance(reply.error, CourierError) and reply.error.error_class is ErrorClass.ANOTHER_PARCEL:
            tracking.set_aside(work.account, reply.due.waybill, reply.error)
    try:
        changed, pause = _write(work, replies, at)
    except UNFIT as error:
        if len(replies) > 1:
            middle = len(replies) // 2
            finish(work, replies[:middle])
            finish(work, replies[middle:])
            return
        _set_aside(work, replies[0], error)
        changed, pause = _write(work, replies, at)
    if pause is not None:
        logger.warning("courier account %s is paused for %.0f s", work.account.pk, pause.total_seconds())
    failed = [reply.unsubscribed for reply in replies if reply.unsubscribed is not None]
    if failed:
        words = (work.account.pk, len(failed), error_text(failed[-1]))
        logger.warning("courier account %s: %d subscriptions failed, the last with %s", *words)
    _weigh(replies, changed)


def _set_aside(work: Work, reply: Reply, error: Exception) -> None:
    if reply.events is None:
        raise error
    inbox.keep_unfit(
        f"{inbox.COURIER}{work.account.courier}",
        shop=work.account.shop,
        account_id=work.account.pk,
        said={"waybill": reply.due.waybill, "scans": [event._asdict() for event in reply.events]},
        why=error,
    )
    # The courier answered, and answers others: nothing that would pause the account.
    reply.error = CourierError(ErrorClass.BAD_REQUEST, "unfit", type(error).__name__)
    reply.events = reply.answer_hash = None


def _write(work: Work, replies: Sequence[Reply], at: datetime) -> tuple[set[int], timedelta | None]:
    """One transaction: the parcels that changed, and for how long the account pauses now."""
    heard = {reply.due.package_id: reply.events for reply in replies if reply.events is not None}
    with transaction.atomic():
        changed = tracking.record_events(heard, checked_at=at, announces=False)
        store.mark_checked((reply.due.package_id for reply in replies if reply.is_known), at)
        # Nearer the door means sooner again: that is decided by the state just written.
        states = dict(Package.objects.filter(pk__in=changed).values_list("pk", "state")) if changed else {}
        results = []
        for reply in replies:
            if reply.is_skipped:
                continue
            if reply.error is not None:
                results.append(watching.after_error(reply.due, courier=work.courier, at=at))
                continue
            due, news = reply.due, reply.due.package_id in changed
            if news or reply.is_subscribed:
                state = states.get(due.package_id, due.state)
                due = replace(due, state=state, is_subscribed=due.is_subscribed or reply.is_subscribed)
            known = reply.remembered(at)
            results.append(watching.after_answer(due, has_news=news, courier=work.courier, at=at, answer_hash=known))
        # Apart from the due times: a push that pulled its row forward wins over those, not over this.
        watching.mark_subscribed((reply.due.package_id for reply in replies if reply.is_subscribed), at=at)
        watching.write_back(results)
        watching.release(reply.due for reply in replies if reply.is_skipped)
        return changed, circuit_breaker.note_tally(work.account, tally(replies))


def _weigh(replies: Sequence[Reply], changed: set[int]) -> None:
    """The courier's word and the track together, so that a contradiction is seen as one."""
    asked = {reply.due.package_id: reply.status for reply in replies if reply.status is not None}
    for package_id, status in sorted(asked.items()):
        try:
            interceptions.weigh_evidence(package_id, status=status)
        except Exception:
            logger.exception("the result for parcel %s could not be weighed", package_id)
    interceptions.weigh_packages(changed - asked.keys())


def tally(replies: Sequence[Reply]) -> Tally:
    """Count a batch in the order of its answers."""
    made = [reply for reply in replies if not reply.is_skipped]
    failed = [reply for reply in made if reply.is_breaking]
    tail = 0
    for reply in reversed(made):
        if not reply.is_breaking:
            break
        tail += 1
    return Tally(len(made) - len(failed), len(failed), tail, failed[-1].error_text if failed else "")
