"""How asking goes, account by account: what is counted, how late it is, and when the circuit breaker opens."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q

from logistics.watch.models import AccountHealth, HealthSlice
from merchant.clock import now, scaled
from merchant.shops.models import CourierAccount

BREAKER_STREAK = 20
BREAKER_FIRST = timedelta(seconds=30)
BREAKER_MAX = timedelta(minutes=10)
SLICE_MINUTES = 5
KEEP_SLICES = timedelta(days=14)


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


@transaction.atomic
def note_tally(account: CourierAccount, tally: Tally) -> timedelta | None:
    """Count a batch; after 20 failures in a row pause the account (the pause says why). Returns the pause, if any."""
    if not tally.answered + tally.failed:
        return None
    at = now()
    pulse, _created = AccountHealth.objects.select_for_update(no_key=True).get_or_create(account=account)
    pulse.streak = tally.tail if tally.answered else pulse.streak + tally.failed
    pulse.trips = 0 if tally.answered else pulse.trips
    if tally.answered:
        pulse.last_ok_at = at
    if tally.failed:
        pulse.last_error_at, pulse.last_error = at, tally.last_error[:200]
    pause = None
    # Open already once: a single failed probe opens it again.
    if tally.failed and (pulse.streak >= BREAKER_STREAK or pulse.trips):
        pause = scaled(breaker_pause(pulse.trips))
        pulse.trips += 1
        CourierAccount.objects.filter(Q(paused_until__isnull=True) | Q(paused_until__lte=at), pk=account.pk).update(
            paused_until=at + pause, pause_reason=f"{pulse.streak} × {tally.last_error}"[:200]
        )
    pulse.polled_count = F("polled_count") + tally.answered + tally.failed
    pulse.error_count = F("error_count") + tally.failed
    pulse.save()
    _count_in_slice(account, tally, at)
    return pause


def _count_in_slice(account: CourierAccount, tally: Tally, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO logistics_healthslice AS s (shop_id, account_id, start_at, asked_count, error_count)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (account_id, start_at) DO UPDATE SET"
            " asked_count = s.asked_count + excluded.asked_count, error_count = s.error_count + excluded.error_count",
            [account.shop_id, account.pk, slice_start(at), tally.answered + tally.failed, tally.failed],
        )


def slice_start(at: datetime) -> datetime:
    """The beginning of the five minutes in which `at` lies."""
    return at.replace(minute=at.minute - at.minute % SLICE_MINUTES, second=0, microsecond=0)


def purge_health_slices() -> int:
    """Forget how the questions went before the days that are kept. Returns how many slices went."""
    count, _rows = HealthSlice.objects.filter(start_at__lt=now() - KEEP_SLICES).delete()
    return count


COUNT_CAP = 1000
_LAGS = """
SELECT a.id, least(first.next_at, %(at)s), due.count, watched.count
FROM unnest(%(ids)s::bigint[]) a (id)
LEFT JOIN LATERAL (SELECT next_at FROM logistics_watch WHERE account_id = a.id ORDER BY next_at LIMIT 1) first ON true
CROSS JOIN LATERAL (SELECT count(*) FROM (SELECT FROM logistics_watch
    WHERE account_id = a.id AND next_at <= %(at)s LIMIT %(cap)s) capped) due
CROSS JOIN LATERAL (SELECT count(*) FROM (SELECT FROM logistics_watch
    WHERE account_id = a.id LIMIT %(cap)s) capped) watched
"""


@dataclass(frozen=True, slots=True)
class Lag:
    """How late an account's oldest due parcel is, how many are due and how many watched, both counted up to 1,000."""

    length: timedelta = timedelta(0)
    due: int = 0
    watched: int = 0


def lags_of(account_ids: Iterable[int]) -> dict[int, Lag]:
    """The lag of each account: index probes, whatever the number of parcels."""
    at = now()
    with connection.cursor() as cursor:
        cursor.execute(_LAGS, {"ids": list(account_ids), "at": at, "cap": COUNT_CAP})
        return {pk: Lag(at - (oldest or at), due, watched) for pk, oldest, due, watched in cursor.fetchall()}
