"""What was said on the wire and what became of it: how long each is kept (P-KEEP-RAW, P-KEEP-UNVERIFIED)."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from merchant.clock import now
from merchant.inbox import retention
from merchant.inbox.models import InboxMessage, InboxVerdict
from merchant.jobs.models import JobRow
from merchant.retention.services import Kind, register, take
from merchant.shops.models import Shop

VOUCHED = (InboxVerdict.VERIFIED, InboxVerdict.UNFIT, InboxVerdict.STRAY)


def purge_unverified(shop: Shop | None, before: datetime, limit: int) -> int:
    """Pushes nobody vouches for: what they say is nobody's word, so it is kept for a look and no longer."""
    return take(InboxMessage.objects.filter(shop=shop, received_at__lt=before).exclude(verdict__in=VOUCHED), limit)


def purge_parked(shop: Shop | None, before: datetime, limit: int) -> int:
    """Messages that were parked and that nobody retried: past the days of raw messages nobody will."""
    return take(InboxMessage.objects.filter(shop=shop, received_at__lt=before, task__is_parked=True), limit)


def purge_raw(shop: Shop | None, before: datetime, limit: int) -> int:
    """Raw messages that nobody has to work on any more."""
    return take(InboxMessage.objects.filter(shop=shop, received_at__lt=before, task__isnull=True), limit)


def purge_words(shop: Shop | None, before: datetime, limit: int) -> int:
    """What couriers and channels answered to our calls."""
    return min(retention.purge(now() - before, shop=shop), limit - 1)


def purge_reports(shop: Shop | None, before: datetime, limit: int) -> int:
    """What became of each row of an import or a bulk action; the job and its figures stay."""
    return take(JobRow.objects.filter(job__shop=shop, job__finished_at__lt=before), limit)


def register_kinds() -> None:
    """Called when the process starts."""
    register(Kind("raw", _("Raw messages"), "keep_raw_days", purge_raw, True))
    register(Kind("words", _("Answers of couriers and channels"), "keep_raw_days", purge_words))
    register(Kind("reports", _("Rows of imports and bulk actions"), "keep_raw_days", purge_reports))
    register(Kind("unverified", _("Pushes nobody vouches for"), "keep_unverified_days", purge_unverified, True))
    register(Kind("parked", _("Parked messages"), "keep_raw_days", purge_parked, True))
