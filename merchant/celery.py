import os
from typing import Any

from celery import Celery
from celery.signals import task_prerun
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "merchant.settings")

app = Celery("huicang")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_prerun.connect(dispatch_uid="merchant.keep_connections")
def _keep_connections(task: Any, **_: Any) -> None:
    """As a request does: a thread's connection is kept for a minute and looked at before it is used again. Celery would
    open a new one for every task, which cost more than most tasks (CELERY_DB_REUSE_MAX keeps it from that)."""
    if not task.request.is_eager:
        close_old_connections()
