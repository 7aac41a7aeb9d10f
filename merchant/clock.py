"""Instants are UTC in the database and Asia/Shanghai on the page; timers run on the scaled clock."""

import logging
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.utils import timezone

logger = logging.getLogger(__name__)

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Clocks that are further apart than this are not kept: one of them has jumped.
MOST_APART = timedelta(minutes=5)


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return timezone.now()


def database_now() -> datetime:
    """The present instant by the database's clock, which every process shares."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (at,) = cursor.fetchone()
    return at


def is_trusted() -> bool:
    """Whether this process's clock and the database's agree. Nothing is decided by a clock that has jumped."""
    apart = abs(now() - database_now())
    if apart <= MOST_APART:
        return True
    logger.error("this machine's clock and the database's are %s apart: no deadline is acted on", apart)
    return False


def today() -> date:
    """The day in Shanghai: quota days and closed months end at its midnight."""
    return now().astimezone(SHANGHAI).date()


def scaled(length: timedelta) -> timedelta:
    """A timer's length on the running clock (`HUICANG_CLOCK_SCALE`)."""
    return length * settings.CLOCK_SCALE


def shanghai(naive: datetime) -> datetime:
    """A courier's or platform's wall-clock time, which is Shanghai's, as an aware instant."""
    return naive.replace(tzinfo=SHANGHAI)
