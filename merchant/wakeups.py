"""Redis for doors that answer in milliseconds: a counter and a wake-up, one short call each, never a fault.

Redis may be away, or be there and say nothing: a call takes half a second at most, and after one that failed nobody
asks again for a second. Whatever it would have told is in the database too, where the sweeps find it.
"""

import base64
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import Any, TypeVar
from uuid import uuid4

import redis
from celery import Task, current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError
from kombu.serialization import dumps as serialize
from kombu.utils.json import dumps
from redis.backoff import NoBackoff
from redis.retry import Retry

from merchant import outside

logger = logging.getLogger(__name__)
Told = TypeVar("Told")

TIMEOUT_S = 0.5
LEFT_ALONE_S = 1.0
# A wake-up that got lost on its way keeps others back no longer than this.
AWAITED_S = 5

# One is enough until the worker says that it is about to look.
_WAKE = """
if redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[2]) then
    return redis.call('LPUSH', KEYS[2], ARGV[1])
end
return 0
"""
# The ids wait in a list of their own; a message only says that some do.
_GATHER = """
redis.call('RPUSH', KEYS[3], ARGV[3])
redis.call('EXPIRE', KEYS[3], ARGV[4])
if redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[2]) then
    redis.call('LPUSH', KEYS[2], ARGV[1])
end
return 1
"""
# Whoever takes one and leaves others has one more worker come to help.
_TAKE = """
local id = redis.call('LPOP', KEYS[3])
if id and redis.call('LLEN', KEYS[3]) > 0 and redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[2]) then
    redis.call('LPUSH', KEYS[2], ARGV[1])
end
return id
"""
# An id that nobody took for so long has been found by the sweep many times over.
_FORGET_S = 3600
# So many ids a message, then whatever else waits in the queue has its turn.
_A_RUN = 50
_NO_ID = "00000000-0000-0000-0000-000000000000"
_silent_until = 0.0
_reading_tasks = threading.Lock()
_kept_here: ContextVar[tuple[str, list[dict[str, Any]]] | None] = ContextVar("wakeups_kept_here", default=None)


def count(key: str, seconds: int) -> int:
    """Count one more under `key`, which is forgotten after `seconds`. Returns how many, 0 when nobody can count."""
    number = ask(lambda client: client.incr(key), otherwise=0)
    if number == 1:
        ask(lambda client: client.expire(key, seconds), otherwise=False)
    return number


def wake(name: str, **kwargs: int | str | None) -> None:
    """Have a worker run the task `name` with these ids after the commit.

    Only a wake-up: what it is about is in the database already, so a Redis that is away costs minutes, until the sweep
    finds the row, and never fails the request that wrote it.
    """
    transaction.on_commit(partial(wake_now, name, **kwargs))


def wake_now(name: str, **kwargs: int | str | None) -> None:
    """The same at once, for what is committed already: a sweep's rows, a fact that was announced."""
    kept = _kept_here.get()
    if kept is not None and kept[0] == name:
        kept[1].append(kwargs)
        return
    if name in settings.GATHERED_WAKEUPS and not current_app.conf.task_always_eager:
        _gather(name, kwargs[settings.GATHERED_WAKEUPS[name]])
        return
    try:
        with outside.in_worker():
            _task(name).apply_async(kwargs=kwargs)
    except OperationalError as error:
        logger.warning("wake-up %s was not sent, the sweep will find the row: %s", name, error)


@contextmanager
def kept_here(name: str) -> Iterator[list[dict[str, Any]]]:
    """Around work after which this worker itself does what a wake-up of `name` would have another do: the arguments of
    those that were due, instead of messages. Should it die in between, the sweep finds the rows."""
    kept: list[dict[str, Any]] = []
    token = _kept_here.set((name, kept))
    try:
        yield kept
    finally:
        _kept_here.reset(token)


def gathered(name: str, given: int | None) -> Iterator[int]:
    """The ids a run of `name` works on, one after another: `given`, or those that wait. What fails with one is logged
    by whoever asks, so that the others still have their turn; a worker that dies leaves its row to the sweep."""
    if given is not None:
        yield given
        return
    about_to_look(name)
    for _turn in range(_A_RUN):
        found = _ask_with_message(_TAKE, name)
        if not found:
            return
        yield int(found)


def each_then(
    numbers: Iterable[int], work: Callable[[int], Any], *, name: str, then: Callable[[Iterable[int]], Any]
) -> None:
    """`work` for each of the numbers, and after each `then` for the ids that it would have woken `name` with."""
    for number in numbers:
        with kept_here(name) as kept:
            work(number)
        then(told[settings.GATHERED_WAKEUPS[name]] for told in kept)


def waiting_ids(name: str) -> str:
    """The key of the list in which the ids of `name` wait."""
    return f"huicang:gathered:{name}"


def _gather(name: str, number: Any) -> None:
    _ask_with_message(_GATHER, name, number, _FORGET_S)


def _ask_with_message(script: str, name: str, *arguments: Any) -> Any:
    queue, template = _message(name)
    message = template.replace(_NO_ID, str(uuid4()))
    keys = (_flag(name), queue, waiting_ids(name))
    return ask(lambda client: client.eval(script, 3, *keys, message, AWAITED_S, *arguments), otherwise=None)


def wake_sweep(name: str) -> None:
    """Have a worker run `name`, a sweep without arguments, soon after the commit; many calls become few runs.

    Nothing that was committed stays asleep: the sweep says `about_to_look` before it reads, so a row is either seen by
    the run on its way or announces another. What gets lost with Redis or a worker is found by the same sweep on beat.
    """
    transaction.on_commit(partial(_send_once, name))


def about_to_look(name: str) -> None:
    """What such a sweep does first: whatever is committed from here on wakes it again."""
    ask(lambda client: client.delete(_flag(name)), otherwise=0)


def _task(name: str) -> Task:
    """The task of that name. Raises KeyError where no task has it: each app's `tasks.py` names its own."""
    if name not in current_app.tasks:
        # Celery reads them once, and whoever asks meanwhile would be told that there are none.
        with _reading_tasks:
            current_app.loader.import_default_modules()
    return current_app.tasks[name]


def _send_once(name: str) -> None:
    task = _task(name)
    if current_app.conf.task_always_eager:
        with outside.in_worker():
            task.delay()
        return
    queue, template = _message(name)
    message = template.replace(_NO_ID, str(uuid4()))
    ask(lambda client: client.eval(_WAKE, 2, _flag(name), queue, message, AWAITED_S), otherwise=0)


@lru_cache(maxsize=16)
def _message(name: str) -> tuple[str, str]:
    """The queue, and word for word what Celery would put into it, but for the ids. Made once in a process: Celery's own
    way costs as much as the rest of a push."""
    task = _task(name)
    queue = task.app.amqp.router.route({}, task.name)["queue"].name
    sent = task.app.amqp.as_task_v2(
        _NO_ID, task.name, (), {}, soft_time_limit=task.app.conf.task_soft_time_limit, ignore_result=True
    )
    content_type, encoding, body = serialize(sent.body, "json")
    message = {
        "body": base64.b64encode(body.encode()).decode(),
        "content-encoding": encoding,
        "content-type": content_type,
        "headers": sent.headers,
        "properties": {
            **sent.properties,
            "reply_to": task.app.thread_oid,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": _NO_ID,
        },
    }
    return queue, dumps(message)


def _flag(name: str) -> str:
    return f"huicang:awaited:{name}"


@lru_cache(maxsize=1)
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        # The client's own three tries would keep a courier waiting for seconds.
        retry=Retry(NoBackoff(), 0),
    )


def ask(question: Callable[[redis.Redis], Any], *, otherwise: Told) -> Told:
    """Redis's answer, or `otherwise` when it is away. Nothing but ids and counters goes there."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return otherwise
    try:
        answer: Told = question(_client())
    except (redis.RedisError, OSError) as error:
        _silent_until = time.monotonic() + LEFT_ALONE_S
        logger.warning("Redis is asked nothing for %g s: %s", LEFT_ALONE_S, error)
        return otherwise
    return answer
