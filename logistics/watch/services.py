"""The watch list: which parcels are looked after, and when each is due."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from logistics.couriers import registry
from logistics.couriers.base import Courier
from logistics.interception.models import Interception
from logistics.parcels.enums import ENDED
from logistics.parcels.models import Package
from logistics.watch import intervals
from logistics.watch.models import AccountPulse, Priority, Watch
from merchant.clock import now, scaled
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.shops import services as shops
from merchant.shops.models import CourierAccount
from merchant.trail import activity

LEASE = timedelta(minutes=2)
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
    w.subscribed_at IS NOT NULL
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


def watch(package: Package, *, priority: int = Priority.ORDINARY) -> Watch | None:
    """Look after this parcel at least this closely; raising the priority makes it due at once. None when no account
    can be asked about it. (`relax` is the way back.)"""
    if package.account_id is None:
        return None
    start = now()
    row, created = Watch.objects.get_or_create(
        package=package,
        defaults={"account_id": package.account_id, "priority": priority, "next_at": start, "since_at": start},
    )
    if not created and row.priority < priority:
        row.priority, row.since_at, row.misses = priority, start, 0
        row.next_at = min(row.next_at, start)
        row.save(update_fields=["priority", "since_at", "misses", "next_at"])
    return row


def relax(package_ids: Iterable[int]) -> int:
    """Back to the ordinary rhythm: the interception of these parcels is over, their road is not."""
    open_now = Interception.objects.watched().filter(package_id__in=package_ids).values("package_id")
    return (
        Watch.objects.filter(package_id__in=package_ids, priority=Priority.OPEN_INTERCEPTION)
        .exclude(package_id__in=open_now)
        .update(priority=Priority.ORDINARY, since_at=now(), misses=0)
    )


def unwatch(package_ids: Iterable[int]) -> int:
    """Stop looking after parcels whose life ended; one with an interception still under way stays."""
    ids = list(package_ids)
    kept = Interception.objects.watched().filter(package_id__in=ids).values("package_id")
    count, _rows = Watch.objects.filter(package_id__in=ids).exclude(package_id__in=kept).delete()
    return count


def unwatch_ended(package_ids: Iterable[int]) -> int:
    """`unwatch` for those of the parcels that are signed for, returned or voided."""
    ended = Package.objects.filter(pk__in=list(package_ids), state__in=ENDED)
    return unwatch(ended.values_list("pk", flat=True))


def pull_forward(package_ids: Iterable[int]) -> int:
    """Make these due now: a push or a person says that there is news. Wins over a poll under way."""
    return Watch.objects.filter(package_id__in=list(package_ids), next_at__gt=now()).update(next_at=now())


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


def after_answer(due: Due, *, has_news: bool, courier: Courier, at: datetime) -> tuple[datetime, float, int]:
    """(when to ask again, interval in s, misses) after an answer."""
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
    return at + timedelta(seconds=seconds), seconds, misses


def after_error(due: Due, *, at: datetime) -> tuple[datetime, float, int]:
    """The same after a question that failed."""
    seconds = intervals.spread(intervals.error_interval(due.misses), scale=settings.CLOCK_SCALE)
    return at + timedelta(seconds=seconds), seconds, due.misses + 1


def release(rows: Iterable[Due]) -> None:
    """Give claimed rows back untouched: they are due again at once."""
    held = [(row.package_id, row.claimed_until) for row in rows]
    if not held:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE logistics_watch w SET next_at = %s FROM unnest(%s::bigint[], %s::timestamptz[])"
            " AS u (package_id, claimed) WHERE w.package_id = u.package_id AND w.next_at = u.claimed",
            [now(), [package_id for package_id, _ in held], [claimed for _, claimed in held]],
        )


def write_back(results: Sequence[tuple[Due, datetime, float, int]]) -> None:
    """Set the next due times, only where the claimed one still stands: a push that pulled a row forward wins."""
    if not results:
        return
    rows = sorted(results, key=lambda row: row[0].package_id)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE logistics_watch w SET next_at = u.next_at, interval_s = u.interval_s, misses = u.misses
            FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::int[], %s::int[])
                 AS u (package_id, claimed, next_at, interval_s, misses)
            WHERE w.package_id = u.package_id AND w.next_at = u.claimed
            """,
            [
                [due.package_id for due, *_ in rows],
                [due.claimed_until for due, *_ in rows],
                [at for _, at, _, _ in rows],
                [round(seconds) for _, _, seconds, _ in rows],
                [misses for *_, misses in rows],
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
    return [row for row in rows.order_by("pk") if registry.find(row.courier) is not None]


@transaction.atomic
def pause_account(
    account: CourierAccount, *, by: Any, reason: str = "", until: datetime | None = None
) -> CourierAccount:
    """Ask nothing more through this account until `until` (None: until a person resumes it). Raises Refused RIGHT."""
    return shops.pause_courier(account, by=by, until=until or now() + FOREVER, reason=reason)


@transaction.atomic
def resume_account(account: CourierAccount, *, by: Any) -> CourierAccount:
    """Ask again, and close the circuit breaker. Raises Refused RIGHT."""
    resumed = shops.resume_courier(account, by=by)
    AccountPulse.objects.filter(account=account).update(streak=0, trips=0)
    return resumed


def poll_now(account: CourierAccount, *, by: Any, package: Package | None = None) -> int:
    """Make the account's open interceptions (or one parcel) due now. Returns how many. Raises Refused RIGHT, PAUSED."""
    check_right(by, account.shop_id, Right.OPERATE_JOBS)
    if account.paused_until and account.paused_until > now():
        raise Refused("PAUSED", _("Polling through this account is paused; resume it first."))
    rows = Watch.objects.filter(account=account)
    rows = rows.filter(package=package) if package else rows.filter(priority=Priority.OPEN_INTERCEPTION)
    count = rows.filter(next_at__gt=now()).update(next_at=now())
    activity.record(account, "courier.poll_now", by=by, count=count)
    return count


# --- the circuit breaker --------------------------------------------------------------------------------------------

BREAKER_STREAK = 20
BREAKER_FIRST = timedelta(seconds=30)
BREAKER_MAX = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Tally:
    """How one batch of questions went, in the order of their answers."""

    answered: int
    failed: int
    # Failures since the last answer within the batch.
    tail: int
    last_error: str = ""


def breaker_pause(trips: int) -> timedelta:
    """How long the breaker stays open the `trips`-th time in a row: 30 s, doubling to ten minutes."""
    return min(BREAKER_FIRST * 2 ** min(trips, 10), BREAKER_MAX)


def note_tally(account: CourierAccount, tally: Tally) -> timedelta | None:
    """Count a batch; after 20 failures in a row pause the account (the pause says why). Returns the pause, if any."""
    at = now()
    pulse, _created = AccountPulse.objects.get_or_create(account=account)
    pulse.streak = tally.tail if tally.answered else pulse.streak + tally.failed
    pulse.trips = 0 if tally.answered else pulse.trips
    if tally.answered:
        pulse.last_ok_at = at
    if tally.failed:
        pulse.last_error_at, pulse.last_error = at, tally.last_error[:200]
    pause = None
    # Open already once: a single failed probe opens it again.
    if tally.failed and not tally.answered and (pulse.streak >= BREAKER_STREAK or pulse.trips):
        pause = scaled(breaker_pause(pulse.trips))
        pulse.trips += 1
        CourierAccount.objects.filter(Q(paused_until__isnull=True) | Q(paused_until__lte=at), pk=account.pk).update(
            paused_until=at + pause, pause_reason=f"{pulse.streak} × {tally.last_error}"[:200]
        )
    pulse.polled_count = F("polled_count") + tally.answered + tally.failed
    pulse.error_count = F("error_count") + tally.failed
    pulse.save()
    return pause


def lag_of(account: CourierAccount) -> tuple[timedelta, int]:
    """(how late the oldest due row is, how many are due; counted up to 1,000)."""
    at = now()
    due = Watch.objects.filter(account=account, next_at__lte=at).order_by("next_at")
    oldest = due.values_list("next_at", flat=True).first()
    return (at - oldest if oldest else timedelta(0)), due[:1000].count()
