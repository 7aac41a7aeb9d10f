"""The watch list: which parcels are looked after, and when each is due."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from logistics.couriers import registry
from logistics.couriers.base import Courier
from logistics.couriers.enums import CallOutcome
from logistics.couriers.models import CourierCall
from logistics.parcels.enums import ENDED
from logistics.parcels.models import Package
from logistics.watch import forced, intervals
from logistics.watch.models import AccountHealth, Priority, Watch
from merchant.clock import now, scaled
from merchant.locking import lock
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.pg_arrays import instants, numbers
from merchant.refusals import Refused
from merchant.shops import services as shops
from merchant.shops.models import CourierAccount
from merchant.trail import activity

LEASE = timedelta(minutes=2)
# Kuaidi100, the only one that gives up: four subscriptions a number in a month, half an hour after the last ended.
RENEW_AFTER, MAX_RENEWALS = timedelta(minutes=30), 3
# A pause a person made without an end.
FOREVER = timedelta(days=3650)

_CLAIM = """
WITH due AS (
    SELECT package_id FROM logistics_watch
    WHERE account_id = %s AND next_at <= %s
    ORDER BY next_at LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE logistics_watch w SET next_at = %s
FROM due, logistics_package p
WHERE w.package_id = due.package_id AND p.id = w.package_id
RETURNING w.package_id, w.next_at, w.priority, w.misses, w.since_at, p.waybill, p.state,
    w.subscribed_at IS NOT NULL, w.answer_hash
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed row. `claimed_until` is both lease and fence: results are written only while it still stands."""

    package_id: int
    claimed_until: datetime
    priority: int
    misses: int
    since_at: datetime
    waybill: str
    state: str
    is_subscribed: bool
    # Of the last answer that was written down whole; None when there is none.
    answer_hash: int | None = None


class PollOutcome(NamedTuple):
    """What becomes of a claimed row: when to ask again, after how many seconds, and the answers in a row without news.

    `answer_hash` when the whole answer was written down, so that the same words need not be read again.
    """

    due: Due
    next_at: datetime
    interval_s: float
    misses: int
    answer_hash: int | None = None


def watch(package: Package, *, priority: int = Priority.ORDINARY) -> Watch | None:
    """Look after this parcel at least this closely; raising the priority makes it due at once. None when no account
    can be asked about it. (`relax` is the way back.)"""
    if package.account_id is None:
        return None
    start, first = now(), _earliest(package)
    row, created = Watch.objects.get_or_create(
        package=package,
        defaults={"account_id": package.account_id, "priority": priority, "next_at": first, "since_at": start},
    )
    if not created and row.priority < priority:
        row.priority, row.since_at, row.misses = priority, start, 0
        row.next_at = min(row.next_at, first)
        row.save(update_fields=["priority", "since_at", "misses", "next_at"])
    return row


def relax(package_ids: Iterable[int]) -> int:
    """Back to the ordinary rhythm: the interception of these parcels is over, their journey is not."""
    rows = Watch.objects.filter(package_id__in=package_ids, priority=Priority.OPEN_INTERCEPTION)
    return rows.update(priority=Priority.ORDINARY, since_at=now(), misses=0)


def unwatch(package_ids: Iterable[int]) -> int:
    """Stop looking after parcels whose life ended; one that is watched for an interception under way stays."""
    rows = Watch.objects.filter(package_id__in=list(package_ids), priority=Priority.ORDINARY)
    count, _rows = rows.delete()
    return count


def unwatch_ended(package_ids: Iterable[int]) -> int:
    """`unwatch` for those of the parcels that are signed for, returned or voided."""
    ended = Package.objects.filter(pk__in=list(package_ids), state__in=ENDED)
    return unwatch(ended.values_list("pk", flat=True))


def pull_forward(package_ids: Iterable[int]) -> int:
    """Make these due now, or as soon as their courier may be asked again: a push or a person says that there is news.
    Wins over a poll under way."""
    at = now()
    rows = Watch.objects.filter(package_id__in=list(package_ids), next_at__gt=at)
    # Only a way round the couriers keeps us waiting.
    for row in rows.exclude(account__via="").select_related("package__account"):
        first = _earliest(row.package)
        Watch.objects.filter(pk=row.pk, next_at__gt=first).update(next_at=first)
    return rows.filter(account__via="").update(next_at=at)


def _earliest(package: Package) -> datetime:
    """When this parcel may be asked about next: now, or when its courier's interval since the last reading is over."""
    courier = registry.of(package.account) if package.track_checked_at is not None else None
    if courier is None or package.track_checked_at is None or not courier.capabilities.min_interval_s:
        return now()
    return max(now(), package.track_checked_at + scaled(timedelta(seconds=courier.capabilities.min_interval_s)))


def renew_subscription(package: Package) -> bool:
    """The courier has given up pushing this parcel: ask it again with the look in half an hour. False when it was
    asked as often as it may be; then the parcel is only looked at."""
    rows = Watch.objects.filter(package=package, renewals__lt=MAX_RENEWALS)
    at = now() + scaled(RENEW_AFTER)
    return bool(rows.update(subscribed_at=None, next_at=at, renewals=F("renewals") + 1))


def lease() -> timedelta:
    """How long a claimed row is left alone: longer than its calls take, so short that a dead worker's rows come back
    soon. Calls run on the real clock whatever the scale. A row asked twice costs a question, never a wrong answer."""
    return max(scaled(LEASE), timedelta(seconds=4 * settings.COURIER_TIMEOUT_S))


def claim_due(account: CourierAccount, limit: int) -> list[Due]:
    """Take up to `limit` due rows of one account by pushing their due time forward. Other workers skip them."""
    at = now()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [account.pk, at, limit, at + lease()])
        return [Due(*row) for row in cursor.fetchall()]


def after_answer(
    due: Due, *, has_news: bool, courier: Courier, at: datetime, answer_hash: int | None = None
) -> PollOutcome:
    """When to ask again after an answer. `answer_hash`: see `Outcome`."""
    misses = 0 if has_news else due.misses + 1
    seconds = intervals.base_interval(
        priority=due.priority,
        watched_for=(at - due.since_at) / settings.CLOCK_SCALE,
        state=due.state,
        misses=misses,
        is_subscribed=due.is_subscribed,
    )
    floor_s = courier.capabilities.min_interval_s
    seconds = intervals.spread(seconds, scale=settings.CLOCK_SCALE, floor_s=floor_s)
    return PollOutcome(due, at + timedelta(seconds=seconds), seconds, misses, answer_hash)


def after_error(due: Due, *, courier: Courier, at: datetime) -> PollOutcome:
    """The same after a question that failed."""
    floor_s = courier.capabilities.min_interval_s
    seconds = intervals.spread(intervals.error_interval(due.misses), scale=settings.CLOCK_SCALE, floor_s=floor_s)
    return PollOutcome(due, at + timedelta(seconds=seconds), seconds, due.misses + 1)


def release(rows: Iterable[Due]) -> None:
    """Give claimed rows back untouched: they are due again at once."""
    held = [(row.package_id, row.claimed_until) for row in rows]
    if not held:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE logistics_watch w SET next_at = %s FROM unnest(%s::bigint[], %s::timestamptz[])"
            " AS u (package_id, claimed) WHERE w.package_id = u.package_id AND w.next_at = u.claimed",
            [now(), numbers(package_id for package_id, _ in held), instants(claimed for _, claimed in held)],
        )


def write_back(results: Iterable[PollOutcome]) -> None:
    """Set the next due times, only where the claimed one still stands: a push that pulled a row forward wins."""
    rows = sorted(results, key=lambda row: row.due.package_id)
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE logistics_watch w SET next_at = u.next_at, interval_s = u.interval_s, misses = u.misses,
                answer_hash = coalesce(u.answer_hash, w.answer_hash)
            FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::int[], %s::int[], %s::bigint[])
                 AS u (package_id, claimed, next_at, interval_s, misses, answer_hash)
            WHERE w.package_id = u.package_id AND w.next_at = u.claimed
            """,
            [
                numbers(row.due.package_id for row in rows),
                instants(row.due.claimed_until for row in rows),
                instants(row.next_at for row in rows),
                numbers(round(row.interval_s) for row in rows),
                numbers(row.misses for row in rows),
                numbers(row.answer_hash for row in rows),
            ],
        )


def mark_subscribed(package_ids: Iterable[int], *, at: datetime) -> int:
    """Write down that the courier pushes these parcels' scans. Whoever holds the rows meanwhile: it stays true."""
    ids = list(package_ids)
    return Watch.objects.filter(package_id__in=ids, subscribed_at=None).update(subscribed_at=at) if ids else 0


# --- accounts: what people and the circuit breaker do with them -----------------------------------------------------


def phone_last4(account: Any) -> str:
    """The last four digits of the sender's own phone, which some couriers want beside a waybill; "" when not set."""
    return str(account.secrets.get("phone_last4") or "")


def active_accounts() -> list[CourierAccount]:
    """Accounts that may be asked now: active, not paused, of a courier we have an adapter for."""
    rows = CourierAccount.objects.filter(Q(paused_until__isnull=True) | Q(paused_until__lte=now()), is_active=True)
    return [row for row in rows.order_by("pk") if registry.of(row) is not None]


@transaction.atomic
def pause_account(
    account: CourierAccount, *, by: Actor, reason: str = "", until: datetime | None = None
) -> CourierAccount:
    """Ask nothing more through this account until `until` (None: until a person resumes it). Raises Refused RIGHT."""
    return shops.pause_courier(account, by=by, until=until or now() + FOREVER, reason=reason)


@transaction.atomic
def resume_account(account: CourierAccount, *, by: Actor) -> CourierAccount:
    """Ask again, and close the circuit breaker. Raises Refused RIGHT."""
    resumed = shops.resume_courier(account, by=by)
    AccountHealth.objects.filter(account=account).update(streak=0, trips=0)
    return resumed


def _claim_reads(rows: QuerySet[Watch], courier: Courier) -> list[int]:
    """Those of the rows that may still be read out of turn today, each counted. Raises Refused E12 when none may."""
    claimed, refusal = [], None
    for row in rows.select_related("package").order_by("pk"):
        try:
            call = forced.claim_read(lock(row.package), courier)
        except Refused as error:
            refusal = error
        else:
            CourierCall.objects.filter(pk=call.pk).update(outcome=CallOutcome.OK, answered_at=now())
            claimed.append(row.pk)
    if refusal is not None and not claimed:
        raise refusal
    return claimed


@transaction.atomic
def poll_now(account: CourierAccount, *, by: Actor, package: Package | None = None) -> int:
    """Make the account's open interceptions (or one parcel) due now. Returns how many. Raises Refused RIGHT, PAUSED,
    or E12 when its courier may not be asked out of turn any more today."""
    check_right(by, account.shop_id, Right.OPERATE_JOBS)
    if account.paused_until and account.paused_until > now():
        raise Refused("PAUSED", _("Polling through this account is paused; resume it first."))
    rows = Watch.objects.filter(account=account)
    rows = rows.filter(package=package) if package else rows.filter(priority=Priority.OPEN_INTERCEPTION)
    rows = rows.filter(next_at__gt=now())
    courier = registry.of(account)
    if courier is not None and courier.capabilities.min_interval_s:
        rows = rows.filter(pk__in=_claim_reads(rows, courier))
    count = rows.update(next_at=now())
    activity.record(account, "courier.poll_now", by=by, count=count)
    return count
