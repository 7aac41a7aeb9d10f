"""How much is kept of pushes that nobody vouches for: enough to see what happens, never so much that it fills a disk.

A wrong signature, another shop's message or a body that is none costs a few kilobytes of record. So many a minute and a
day are kept for each account; of the rest one row says that there were more. Signed pushes are counted apart, so that
a flood of forged ones takes nothing from them."""

from django.conf import settings

from merchant import wakeups
from merchant.clock import now

PER_MINUTE = 60
# Eight megabytes a day at the most.
PER_DAY = 2000
DAY_S = 24 * 3600
_here: dict[str, int] = {}


def number_of_the_minute(source: str, account_id: int) -> int:
    """How many unwelcome pushes this account's door has seen in the running minute, this one included."""
    return counted(f"unwelcome:{source}:{account_id}:{int(now().timestamp()) // 60}", 120)


def number_of_the_day(source: str, account_id: int) -> int:
    """The same for the day, of those that would be kept."""
    return counted(f"unwelcome:{source}:{account_id}:{now():%Y%m%d}", DAY_S)


def over(source: str, account_id: int, *, per_minute: int = PER_MINUTE) -> int:
    """By how many this push is beyond what is kept: 0 keeps it, 1 is the first beyond, which leaves the one row."""
    beyond = number_of_the_minute(source, account_id) - per_minute
    if beyond > 0:
        return beyond
    return max(0, number_of_the_day(source, account_id) - PER_DAY)


def counted(key: str, seconds: int) -> int:
    """By Redis for all processes; while it is away each counts for itself, so that nothing is ever without limit."""
    # In the corner of Redis that the cache has.
    key = f"{settings.CACHES['default'].get('KEY_PREFIX', '')}:{key}"
    if number := wakeups.count(key, seconds):
        return number
    if len(_here) > 1000:
        _here.clear()
    _here[key] = _here.get(key, 0) + 1
    return _here[key]
