"""Telling people of a shop what happened, once each, and what they have read of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from merchant import live_updates
from merchant.clock import now
from merchant.notices.events import event_of
from merchant.notices.models import Notice
from merchant.people.models import Membership, User
from merchant.people.rights import memberships_of

# A bell that says more than this says it with a plus.
MOST = 99
# As many as one look of a page tells by toasts.
TOASTS = 3
KEPT = timedelta(days=90)
BATCH = 1000


def notify(
    shop_id: int,
    event: str,
    people: Iterable[int | None],
    *,
    key: str,
    page: str = "",
    subject: str = "",
    **values: Any,
) -> None:
    """Tell these people (user ids, None is nobody) of a fact, each once whatever the number of calls. In the caller's
    transaction, so that it is told exactly when it is so.

    `key` tells this fact from others of its event, at most 80 characters; `page` is the URL name of a page that takes a
    shop and `subject`, its number; `values` are the event's variables, without personal data. Whoever no longer works
    in the shop is told nothing. Raises KeyError for an event nobody registered."""
    if event_of(event) is None:
        raise KeyError(event)
    wanted = {pk for pk in people if pk is not None}
    if not wanted:
        return
    members = Membership.objects.filter(shop_id=shop_id, user_id__in=wanted, is_active=True)
    rows = [
        Notice(shop_id=shop_id, user_id=pk, event=event, key=key, values=values, page=page, subject=subject)
        for pk in sorted(members.values_list("user_id", flat=True))
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    live_updates.bump_after_commit([shop_id])


@dataclass(frozen=True)
class Bell:
    """How many somebody has not read (one more than MOST stands for more) and the newest of them."""

    unread: int
    newest: int

    @property
    def stamp(self) -> str:
        return f"{self.unread}.{self.newest}"

    @property
    def shown(self) -> str:
        return f"{MOST}+" if self.unread > MOST else str(self.unread)


def bell_of(user: Any) -> Bell:
    """One statement by the index of what is unread."""
    if not memberships_of(user):
        return Bell(0, 0)
    unread = Notice.objects.visible_to(user).unread().order_by("-pk").values_list("pk", flat=True)
    found = list(unread[: MOST + 1])
    return Bell(len(found), found[0] if found else 0)


def news_since(user: Any, newest: int) -> list[Notice]:
    """What came after the notice `newest` and is unread, the oldest of the latest few first."""
    rows = Notice.objects.visible_to(user).unread().filter(pk__gt=newest).order_by("-pk")
    return list(rows[:TOASTS])[::-1]


@transaction.atomic
def read_notice(notice: Notice, *, by: User) -> Notice:
    """已读. One's own only (`visible_to`); twice changes nothing."""
    Notice.objects.visible_to(by).unread().filter(pk=notice.pk).update(read_at=now())
    notice.refresh_from_db()
    return notice


@transaction.atomic
def read_notices(*, by: User, shop_id: int | None = None, up_to: int | None = None) -> int:
    """全部已读: of all shops or of one, as far as the notice `up_to`. Returns how many were unread."""
    rows = (Notice.objects.visible_to(by) if shop_id is None else Notice.objects.seen_in(shop_id, by)).unread()
    return (rows if up_to is None else rows.filter(pk__lte=up_to)).update(read_at=now())


def purge() -> int:
    """Notices past their three months go, read or not. Returns how many."""
    total = 0
    while True:
        old = list(Notice.objects.filter(created_at__lt=now() - KEPT).values_list("pk", flat=True)[:BATCH])
        Notice.objects.filter(pk__in=old).delete()
        total += len(old)
        if len(old) < BATCH:
            return total
