"""What flows in from the platforms: how fresh it is, what waits, what was missed. One row an account."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, OuterRef, Subquery, Window
from django.db.models.functions import RowNumber

from merchant.inbox.models import InboxMessage, InboxTask, InboxVerdict
from merchant.people.models import User
from merchant.people.rights import Right, can
from merchant.platforms.messages import source_of
from merchant.platforms.registry import spoken_with
from merchant.shops.models import PlatformAccount
from merchant.wakeups import wake
from orders.intake import sync
from orders.intake.models import MissedOrder, SyncCursor

# Pulls that may fail to come before the page calls for a person.
PATIENCE = 3
# Missed orders shown for an account; the others are counted.
SHOWN = 5


def alarm_after() -> timedelta:
    """How old the last answered pull may be: three times the schedule's interval, on the running clock."""
    return timedelta(seconds=PATIENCE * settings.CELERY_BEAT_SCHEDULE["orders.pull_platform_orders"]["schedule"])


def sync_rows(shops: Sequence[int], user: User, at: datetime) -> list[dict[str, Any]]:
    """Each connected account of these shops. `alarms` are the streams that need a person: orders, cases."""
    sources = [source_of(platform) for platform in spoken_with()]
    inbox = InboxMessage.objects.filter(source__in=sources, account_id=OuterRef("pk"), verdict=InboxVerdict.VERIFIED)
    accounts = list(
        PlatformAccount.objects.filter(shop_id__in=shops, platform__in=spoken_with(), is_active=True)
        .select_related("shop")
        .annotate(pushed_at=Subquery(inbox.order_by("-received_at").values("received_at")[:1]))
        .order_by("shop_id", "pk")
    )
    pks = [account.pk for account in accounts]
    cursors = {row.account_id: row for row in SyncCursor.objects.filter(account__in=pks, stream=sync.ORDERS)}
    waiting = dict(
        InboxTask.objects.filter(source__in=sources, message__account_id__in=pks)
        .values_list("message__account_id")
        .annotate(n=Count("pk"))
    )
    missed = _missed(pks)
    rows = []
    for account in accounts:
        cursor = cursors.get(account.pk)
        orders = _stream(cursor.last_ok_at if cursor else None, cursor.error if cursor else "", account.created_at, at)
        cases = _stream(account.last_pull_at, account.last_error, account.created_at, at)
        rows.append(
            {
                "account": account,
                "cursor": cursor,
                "orders": orders,
                "cases": cases,
                "lag": at - cursor.watermark_at if cursor and cursor.watermark_at else None,
                # A long first pull, or one after a silence, reads on minute by minute: late, but nobody has to come.
                "is_catching_up": bool(cursor and cursor.cursor and not orders["is_alarm"]),
                "waiting": waiting.get(account.pk, 0),
                "pushed_at": account.pushed_at,
                "missed": missed[account.pk],
                "may_operate": can(user, account.shop_id, Right.OPERATE_JOBS),
            }
        )
    return rows


def _stream(last_at: datetime | None, error: str, since: datetime, at: datetime) -> dict[str, Any]:
    """One stream's last pull, its error, and whether it needs a person."""
    is_old = at - (last_at or since) > alarm_after()
    is_alarm = bool(error) or is_old
    kind = "late" if is_alarm else "done" if last_at else "shut"
    return {"last_at": last_at, "error": error, "is_old": is_old, "is_alarm": is_alarm, "kind": kind}


def _missed(pks: Sequence[int]) -> dict[int, dict[str, Any]]:
    """By account: how many orders the platform has and we have not, and the oldest of them."""
    found: dict[int, dict[str, Any]] = defaultdict(lambda: {"count": 0, "rows": []})
    ranked = MissedOrder.objects.filter(account__in=pks).annotate(
        place=Window(RowNumber(), partition_by=F("account"), order_by=("first_at", "pk")),
        count=Window(Count("pk"), partition_by=F("account")),
    )
    for row in ranked.filter(place__lte=SHOWN).order_by("account", "place"):
        found[row.account_id]["count"] = row.count
        found[row.account_id]["rows"].append(row)
    return found


@transaction.atomic
def pull_now(account: PlatformAccount, *, by: User) -> None:
    """Both streams at once. Raises Refused RIGHT, ACCOUNT or PULLING."""
    sync.pull_now(account, by=by)
    wake("aftersales.pull_platform_cases", account_id=account.pk)
