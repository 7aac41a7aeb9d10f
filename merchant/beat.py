"""Celery's beat with a sign of life of its own: what it schedules would only prove that a worker lives."""

import logging
import time
from typing import Any

from celery import beat
from django.db import Error, close_old_connections

from merchant.jobs import services as jobs

logger = logging.getLogger(__name__)
EVERY_S = 20.0


class Scheduler(beat.Scheduler):
    """Keeps no file: the schedule is in the settings. A database that is away stops no schedule."""

    _told_at = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        wait = super().tick(*args, **kwargs)
        if time.monotonic() - self._told_at >= EVERY_S or not self._told_at:
            self._told_at = time.monotonic()
            try:
                close_old_connections()
                jobs.beat("beat")
            except Error as error:
                logger.warning("beat could not write its sign of life: %s", error)
        return min(wait, EVERY_S) if isinstance(wait, int | float) else wait
