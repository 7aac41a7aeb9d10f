"""How long until a parcel is asked about again: pure arithmetic, seconds on the real clock (T-TRACK-POLL)."""

import random
from datetime import timedelta

from logistics.parcels.enums import PackageState
from logistics.watch.models import Priority

P = PackageState
MINUTE, HOUR = 60, 3600
# An open interception: (for how long since it began, seconds between two questions).
CLOSE_WATCH = ((timedelta(hours=1), 5 * MINUTE), (timedelta(hours=24), 30 * MINUTE))
CLOSE_WATCH_LATER = 2 * HOUR
NEAR_THE_DOOR = (P.ARRIVED_DESTINATION, P.OUT_FOR_DELIVERY, P.AT_LOCKER)
# An ordinary parcel: pushes carry most of it, the questions only catch what was lost.
ORDINARY = {
    P.LABELLED: 2 * HOUR,
    P.ARRIVED_DESTINATION: 1 * HOUR,
    P.OUT_FOR_DELIVERY: 1 * HOUR,
    P.REFUSED: 2 * HOUR,
}
ORDINARY_ELSE = 4 * HOUR
ORDINARY_MIN, ORDINARY_MAX = 30 * MINUTE, 12 * HOUR
# The courier pushes this parcel's scans: the questions are only the net below that.
SUBSCRIBED_FACTOR = 2
ERROR_FIRST, ERROR_MAX = 30, 30 * MINUTE
JITTER = 0.1


def base_interval(
    *, priority: int, watched_for: timedelta, state: str, misses: int, is_subscribed: bool = False
) -> float:
    """Seconds until the next question, before jitter and scale. `misses` are answers in a row without news."""
    if priority == Priority.OPEN_INTERCEPTION:
        seconds = next((s for length, s in CLOSE_WATCH if watched_for < length), CLOSE_WATCH_LATER)
        # The decision falls where the courier hands the parcel over: look twice as often there.
        return seconds / 2 if state in NEAR_THE_DOOR else seconds
    seconds = ORDINARY.get(P(state), ORDINARY_ELSE)
    alone = min(max(seconds * 1.5 ** min(misses, 8), ORDINARY_MIN), ORDINARY_MAX)
    return alone * SUBSCRIBED_FACTOR if is_subscribed else alone


def error_interval(misses: int) -> float:
    """Seconds to wait after a failed question: 30 s, doubling to half an hour."""
    return float(min(ERROR_FIRST * 2 ** min(misses, 12), ERROR_MAX))


def spread(seconds: float, *, scale: float, floor_s: float = 0, rng: random.Random | None = None) -> float:
    """With ±10 % jitter and on the scaled clock; never below the courier's own minimum nor one second."""
    jitter = 1 + (rng or random).uniform(-JITTER, JITTER)
    return max(max(seconds * jitter, floor_s) * scale, 1.0)
