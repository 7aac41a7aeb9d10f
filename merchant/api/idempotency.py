"""`Idempotency-Key`: a request that is sent again after a lost answer does nothing a second time.

Claim, work, record: the key is written down before the verb runs. What the verb answered, done or refused, is kept for
a day and given again. A request that was wrong in itself, or that failed on our side, frees its key."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from merchant.api.models import IdempotentAnswer
from merchant.api.problems import KeyMisused
from merchant.clock import now

HEADER = "Idempotency-Key"
LONGEST = 64
KEPT = timedelta(hours=24)
# After this nobody works on it any more: its process died, and what it did cannot be told from here.
LOST_AFTER = timedelta(minutes=5)
BATCH = 2000


class Replay(Exception):
    """The key has its answer already."""

    def __init__(self, answer: IdempotentAnswer) -> None:
        super().__init__(answer.key)
        self.response = HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
        self.response["Idempotency-Replayed"] = "true"


def claim(request: Request) -> IdempotentAnswer | None:
    """The key of this request, claimed; None without one. Raises Replay, or KeyMisused: 409 while the first request is
    being worked on (KEY_BUSY) or nobody heard its end (KEY_LOST), 422 for another request (KEY_REUSED) or no key
    (KEY)."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not 0 < len(key) <= LONGEST or not key.isascii() or not key.isprintable():
        raise KeyMisused(
            422, "KEY", _("An Idempotency-Key is 1 to %(most)d plain characters, best a UUID.") % {"most": LONGEST}
        )
    mark = fingerprint(request)
    old = IdempotentAnswer.objects.filter(token=request.auth, key=key, at__lt=now() - KEPT)
    old.delete()
    found, is_mine = IdempotentAnswer.objects.get_or_create(
        token=request.auth, key=key, defaults={"fingerprint": mark, "at": now()}
    )
    if is_mine:
        return found
    if found.fingerprint != mark:
        raise KeyMisused(422, "KEY_REUSED", _("This Idempotency-Key was used for another request: take a new one."))
    if found.status:
        raise Replay(found)
    if found.at > now() - LOST_AFTER:
        raise KeyMisused(409, "KEY_BUSY", _("The first request with this key is still being worked on: ask again."))
    raise KeyMisused(
        409, "KEY_LOST", _("Nobody heard the end of the first request with this key: look at what it was about.")
    )


def settle(mine: IdempotentAnswer, *, status: int, content_type: str, body: str) -> None:
    """Keep the answer, or free the key where nothing was decided: a wrong request, a missing right, a fault."""
    if 200 <= status < 300 or status == 409:
        IdempotentAnswer.objects.filter(pk=mine.pk).update(status=status, content_type=content_type[:40], body=body)
    else:
        free(mine)


def free(mine: IdempotentAnswer) -> None:
    IdempotentAnswer.objects.filter(pk=mine.pk).delete()


def purge() -> int:
    """Answers past their day; how many."""
    total = 0
    old = IdempotentAnswer.objects.filter(at__lt=now() - KEPT).order_by("at")
    while pks := list(old.values_list("pk", flat=True)[:BATCH]):
        total += IdempotentAnswer.objects.filter(pk__in=pks).delete()[0]
    return total


def fingerprint(request: Request) -> str:
    """Of what is asked for, however it was written down: the same fields in another order are the same request."""
    content: Any = request.data
    if hasattr(content, "lists"):
        content = [[name, [_plain(value) for value in values]] for name, values in sorted(content.lists())]
    said = json.dumps([request.method, request.path, content], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def _plain(value: Any) -> str:
    if not isinstance(value, UploadedFile):
        return str(value)
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return f"{value.name}:{digest.hexdigest()}"
