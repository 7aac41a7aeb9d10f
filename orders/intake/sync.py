"""The pull of orders: every account reads what changed at its platform since it last looked, and says how far it is.

A span of at most seven days is walked page by page; the place in it is kept after each page, so a pull that is killed,
throttled or out of time goes on there a minute later. The watermark moves when a span is at its end.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from merchant.clock import now, scaled
from merchant.jobs.services import beat
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.platforms.base import windows
from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.platforms.registry import client_of, get, spoken_with
from merchant.refusals import Refused
from merchant.shops.models import PlatformAccount
from merchant.trail import activity
from merchant.wakeups import wake
from orders.intake.models import MissedOrder, SyncCursor
from orders.intake.platform import note_unreadable, retry_missed, store_orders

logger = logging.getLogger(__name__)

ORDERS = "orders"
# Two pulls overlap: a row committed late on their side is seen by the next one (taking it twice changes nothing).
OVERLAP = timedelta(minutes=5)
# How far back a shop's first pull reaches; older orders come from files.
FIRST_PULL = timedelta(days=30)
# The platform answers for ninety days; a day of slack for its clock.
FURTHEST = timedelta(days=89)
# Renewed with each page; a killed pull's account is free again after it. Longer than any call may take.
LEASE = timedelta(minutes=2)
# Below the worker's own limit for a task: what is left is for the next pull.
BUDGET_S = 150.0


class LostError(Exception):
    """The lease ran out and another pull goes on from here. Nothing is wrong; this one just ends."""


def pull_platform_orders(account_id: int | None = None) -> int:
    """Pull every connected account, or one. Returns how many orders were created or updated.

    Nothing is raised for one account's trouble: it keeps its watermark, and its error stands on the page."""
    accounts = PlatformAccount.objects.filter(platform__in=spoken_with(), is_active=True).select_related("shop")
    if account_id is not None:
        accounts = accounts.filter(pk=account_id)
    return sum(pull_account(account) for account in accounts.order_by("pk"))


def pull_account(account: Any, *, seconds: float = BUDGET_S) -> int:
    """Pull one account; how many orders were created or updated. 0 at once while another pull has it."""
    place = _claim(account)
    if place is None:
        return 0
    walk = Walk(account, place, ends=monotonic() + seconds)
    try:
        error = walk.run()
    except LostError:
        return walk.taken
    except PlatformError as failure:
        logger.warning("orders of platform account %s could not be pulled: %s", account.pk, failure)
        if failure.error_class == ErrorClass.BAD_REQUEST:
            # It may be the kept cursor that it refuses: the span begins anew next time.
            walk.place.cursor = ""
        _release(walk, error=str(failure))
        return walk.taken
    except Exception as failure:
        logger.exception("orders of platform account %s could not be pulled", account.pk)
        _release(walk, error=f"{type(failure).__name__}: {failure}")
        return walk.taken
    _release(walk, error=error, answered_at=now())
    beat(f"pull:{account.platform}-orders:{account.pk}", backlog=MissedOrder.objects.filter(account=account).count())
    return walk.taken


class Walk:
    """One pull under way: spans, pages, and the place after each page in the account's row."""

    def __init__(self, account: Any, place: SyncCursor, *, ends: float) -> None:
        self.account, self.place, self.ends = account, place, ends
        self.client = client_of(account)
        self.taken = 0

    def run(self) -> str:
        """Read until now or until the time is up. A sentence when rows without a number were met. Raises PlatformError
        and LostError."""
        unreadable = ""
        for begin, end, cursor in self._spans(_whole_ms(now())):
            self.place.span_from_at, self.place.span_until_at = begin, end
            for page in self.client.order_pages(begin, end, cursor):
                unreadable = note_unreadable(self.account, page.unreadable) or unreadable
                outcomes = store_orders(self.account, page.orders)
                self.taken += sum(outcome.outcome in ("created", "updated") for outcome in outcomes)
                self.place.cursor = page.cursor
                if not page.cursor:
                    self.place.watermark_at = end
                self._keep()
                if monotonic() > self.ends:
                    return unreadable
        self.taken += retry_missed(self.account, self.client)
        return unreadable

    def _spans(self, until: datetime) -> Iterator[tuple[datetime, datetime, str]]:
        """First what an earlier pull left unfinished, then from the watermark to now."""
        place, begin = self.place, _begin(self.place, until)
        if place.cursor and place.span_from_at and place.span_until_at and place.span_from_at > until - FURTHEST:
            begin = place.span_until_at
            yield place.span_from_at, place.span_until_at, place.cursor
        for start, stop in windows(begin, until, get(self.account.platform).order_window):
            yield start, stop, ""

    def _keep(self) -> None:
        """Write the place down, if the lease is still ours, and renew it. Raises LostError."""
        place, lease = self.place, self.place.lease_until
        place.lease_until = now() + LEASE
        fields = ("cursor", "span_from_at", "span_until_at", "watermark_at", "lease_until")
        rows = SyncCursor.objects.filter(pk=place.pk, lease_until=lease)
        if not rows.update(**{name: getattr(place, name) for name in fields}):
            raise LostError


def _begin(place: SyncCursor, until: datetime) -> datetime:
    begin = place.watermark_at - scaled(OVERLAP) if place.watermark_at else until - FIRST_PULL
    return _whole_ms(max(begin, until - FURTHEST, place.from_at or begin))


def _whole_ms(moment: datetime) -> datetime:
    """The platform counts in milliseconds: spans that meet there leave no gap and no span of nothing."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _place_of(account: Any) -> SyncCursor:
    return SyncCursor.objects.get_or_create(account=account, stream=ORDERS, defaults={"shop": account.shop})[0]


def _claim(account: Any) -> SyncCursor | None:
    """Have the account for the length of a lease; None while another pull has it."""
    place, at = _place_of(account), now()
    rows = SyncCursor.objects.filter(Q(lease_until=None) | Q(lease_until__lte=at), pk=place.pk)
    if not rows.update(lease_until=at + LEASE, last_pull_at=at):
        return None
    place.refresh_from_db()
    return place


def _release(walk: Walk, *, error: str, answered_at: datetime | None = None) -> None:
    place, at = walk.place, now()
    lag = at - place.watermark_at if place.watermark_at else timedelta(0)
    SyncCursor.objects.filter(pk=place.pk, lease_until=place.lease_until).update(
        lease_until=None,
        cursor=place.cursor,
        taken=walk.taken,
        lag_s=max(0, int(lag.total_seconds())),
        error=error[:300],
        last_ok_at=answered_at or F("last_ok_at"),
    )


@transaction.atomic
def pull_now(account: Any, *, by: Actor) -> None:
    """立即拉取: a person says "now". Missed orders are tried again as well, also those that waited for a person.

    Raises Refused RIGHT, ACCOUNT (switched off, or a platform that is not spoken with) or PULLING."""
    check_right(by, account.shop, Right.OPERATE_JOBS)
    if not account.is_active or account.platform not in spoken_with():
        raise Refused("ACCOUNT", _("This account is switched off, or nothing can be pulled from its platform."))
    place = _place_of(account)
    if place.lease_until is not None and place.lease_until > now():
        raise Refused("PULLING", _("A pull of this account is under way; what changed comes with it."))
    MissedOrder.objects.filter(account=account).update(next_at=now(), tries=0)
    activity.record(account, "account.pull", by=by)
    wake("orders.pull_platform_orders", account_id=account.pk)


def start_from(account: Any, at: datetime) -> None:
    """What changed before `at` is here already (from files): the pull begins there."""
    place = _place_of(account)
    SyncCursor.objects.filter(pk=place.pk).update(from_at=at, watermark_at=at, cursor="")
