import logging
import os
from typing import Any

from celery import Celery
from celery.contrib.django.task import DjangoTask
from django.db import transaction
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "merchant.settings")

logger = logging.getLogger(__name__)


class WakeUpTask(DjangoTask):
    """A task sent after a commit is only a wake-up: what it is about is in the database already.

    So a Redis that is away costs minutes, until the sweep finds the row, and never fails the request that wrote it.
    """

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> None:
        transaction.on_commit(lambda: self._wake_up(args, kwargs))

    def apply_async_on_commit(self, *args: Any, **kwargs: Any) -> None:
        transaction.on_commit(lambda: self._wake_up(*args, **kwargs))

    def _wake_up(self, *args: Any, **kwargs: Any) -> None:
        try:
            self.apply_async(*args, **kwargs)
        except OperationalError as error:
            logger.warning("wake-up %s was not sent, the sweep will find the row: %s", self.name, error)


app = Celery("huicang", task_cls=WakeUpTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
