"""Sums, instants and lengths as people read them, in the page's language."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from merchant.clock import SHANGHAI
from merchant.money import yuan

SOON = timedelta(hours=6)
LATE = timedelta(hours=1)


def money(fen: int | None) -> str:
    """8800 fen → ¥88.00; −¥5.00 with a real minus; an unknown sum is a dash."""
    if fen is None:
        return "–"
    return f"−¥{yuan(-fen)}" if fen < 0 else f"¥{yuan(fen)}"


def instant_text(at: datetime, now: datetime | None = None) -> str:
    """Today 14:31:07, this year 11-22 14:31, else 2025-11-22 14:31; Shanghai wall clock."""
    local, today = at.astimezone(SHANGHAI), (now or timezone.now()).astimezone(SHANGHAI)
    if local.date() == today.date():
        return local.strftime("%H:%M:%S")
    return local.strftime("%m-%d %H:%M" if local.year == today.year else "%Y-%m-%d %H:%M")


def length_text(length: timedelta) -> str:
    """41 min 12 s · 3 h 41 min · 2 d 5 h: the two largest units, never a bare number."""
    seconds = int(abs(length).total_seconds())
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    if days:
        return _("%(days)s d %(hours)s h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return _("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": f"{seconds:02d}"}
    return _("%(seconds)s s") % {"seconds": seconds}


def rough_text(length: timedelta) -> str:
    """23 s · 4 min · 3 h 41 min: how old something is, where seconds beside minutes say nothing."""
    minutes = int(length.total_seconds()) // 60
    return _("%(minutes)s min") % {"minutes": minutes} if 0 < minutes < 60 else length_text(length)


def length(value: timedelta | float | None) -> str:
    """A duration in words; plain numbers are seconds. Below ten seconds one decimal stays: 1.6 s is the news."""
    if value is None:
        return "–"
    span = value if isinstance(value, timedelta) else timedelta(seconds=float(value))
    if timedelta(0) <= span < timedelta(seconds=10):
        return _("%(seconds)s s") % {"seconds": f"{span.total_seconds():.1f}"}
    return length_text(span)


def ago(at: datetime | None) -> str:
    """How long ago: `23 s ago`. A courier's clock may run ahead of ours; that is `just now`."""
    if at is None:
        return _("never")
    span = timezone.now() - at
    if span < timedelta(seconds=5):
        return _("just now")
    return _("%(length)s ago") % {"length": rough_text(span)}


def scans(count: int) -> str:
    """3 scans / 3 条轨迹."""
    return ngettext("%(n)s scan", "%(n)s scans", count) % {"n": count}


def kinds(count: int) -> str:
    """3 kinds / 3 种 of goods."""
    return ngettext("%(n)s kind", "%(n)s kinds", count) % {"n": count}


def all_notes(count: int) -> str:
    return ngettext("all %(n)s note", "all %(n)s notes", count) % {"n": count}


def urgency(due_at: datetime, now: datetime) -> str:
    """`left-late` under an hour or past, `left-soon` under six."""
    left = due_at - now
    return "left-late" if left < LATE else "left-soon" if left < SOON else ""
