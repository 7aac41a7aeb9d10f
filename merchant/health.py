"""Is anything broken? Told to anybody who asks, in words that give nothing away: no names, addresses or counts."""

import shutil
import tempfile
from typing import Any

import redis
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from merchant import wakeups
from merchant.jobs import processes

# Less than this share, or than these bytes, and the next import or backup may not fit.
FREE_SHARE, FREE_BYTES = 0.05, 1024**3
# More wake-ups than this in one queue: its worker is away, or cannot keep up.
QUEUE_MAX = 1000
QUEUES = sorted({route["queue"] for route in settings.CELERY_TASK_ROUTES.values()})


@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """200 while pages can be served, 503 without PostgreSQL. `status` says "ok" only when nothing is broken;
    with `?all` anything broken is a 503, for whoever watches from outside."""
    parts: dict[str, Any] = {"database": _database(), "disk": _disk()}
    waiting = wakeups.ask(_waiting, otherwise=None)
    parts["redis"] = "ok" if waiting is not None else "unreachable"
    parts["queue"] = "unknown" if waiting is None else "ok" if max(waiting, default=0) <= QUEUE_MAX else "behind"
    parts |= _processes() if parts["database"] == "ok" else {}
    is_well = all(word == "ok" for word in parts.values())
    is_serving = parts["database"] == "ok" and (is_well or "all" not in request.GET)
    return JsonResponse({"status": "ok" if is_well else "broken", **parts}, status=200 if is_serving else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return "unreachable"
    return "ok"


def _disk() -> str:
    """Of where uploads wait and, on a machine of one's own, where the database lies."""
    for place in (str(settings.BASE_DIR), tempfile.gettempdir()):
        try:
            space = shutil.disk_usage(place)
        except OSError:
            return "unreadable"
        if space.free < min(FREE_BYTES, space.total * FREE_SHARE):
            return "nearly full"
    return "ok"


def _waiting(client: redis.Redis) -> list[int]:
    with client.pipeline(transaction=False) as pipe:
        for key in (*QUEUES, *map(wakeups.waiting_ids, settings.GATHERED_WAKEUPS)):
            pipe.llen(key)
        return [int(length) for length in pipe.execute()]


def _processes() -> dict[str, str]:
    return {
        sign.name: "ok" if not sign.is_silent else "never seen" if sign.last_at is None else "silent"
        for sign in processes.signs()
    }
