import logging
import os
from typing import Any

from celery import Celery
from celery.contrib.django.task import DjangoTask
from celery.signals import task_prerun
from django.db import close_old_connections, transaction
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


@task_prerun.connect(dispatch_uid="merchant.keep_connections")
def _keep_connections(task: Any, **_: Any) -> None:
    """As a request does: a thread's connection is kept for a minute and looked at before it is used again. Celery would
    open a new one for every task, which cost more than most tasks (CELERY_DB_REUSE_MAX keeps it from that)."""
    if not task.request.is_eager:
        close_old_connections()
