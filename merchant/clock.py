"""Instants are UTC in the database and Asia/Shanghai on the page; timers run on the scaled clock."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return timezone.now()


def today() -> date:
    """The day in Shanghai: quota days and closed months end at its midnight."""
    return now().astimezone(SHANGHAI).date()


def scaled(length: timedelta) -> timedelta:
    """A timer's length on the running clock (`HUICANG_CLOCK_SCALE`)."""
    return length * settings.CLOCK_SCALE


def shanghai(naive: datetime) -> datetime:
    """A courier's or platform's wall-clock time, which is Shanghai's, as an aware instant."""
    return naive.replace(tzinfo=SHANGHAI)
