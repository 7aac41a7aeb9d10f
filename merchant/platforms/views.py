"""The door where a platform tells us that something changed: store, acknowledge in milliseconds, work later."""

import json
import logging
import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from merchant.inbox import services as inbox
from merchant.inbox.models import InboxMessage, InboxTask, InboxVerdict
from merchant.platforms import messages
from merchant.shops.models import PlatformAccount

logger = logging.getLogger(__name__)

# Unwelcome pushes kept on record per account in ten seconds; above it they are only counted.
UNWELCOME_LIMIT = 100
UNWELCOME_WINDOW_S = 10
# The sample kept of a push that is too large to read.
SAMPLE_BYTES = 4096

GOT_IT = {"result": 1}
SEND_AGAIN = {"result": 0}


@csrf_exempt
@require_POST
def platform_push(request: HttpRequest, push_token: str) -> HttpResponse:
    """`POST /push/platform/<push_token>/`: only HTTP 200 with {"result": 1} stops the platform's retries."""
    account = get_object_or_404(
        PlatformAccount.objects.select_related("shop"), push_token=push_token, is_active=True, platform="kuaishou"
    )
    if _declared_length(request) > settings.PUSH_MAX_BYTES:
        return _unwelcome(request, account, InboxVerdict.OVERSIZED, request.read(SAMPLE_BYTES), status=413)
    # Never `request.body`: a sender that declares no length could fill the memory.
    body = request.read(settings.PUSH_MAX_BYTES + 1)
    if len(body) > settings.PUSH_MAX_BYTES:
        return _unwelcome(request, account, InboxVerdict.OVERSIZED, body[:SAMPLE_BYTES], status=413)
    if _is_plain_heartbeat(body):
        return _answer(GOT_IT)
    try:
        message = messages.open_message(account, body)
    except messages.MalformedError:
        return _unwelcome(request, account, InboxVerdict.MALFORMED, body)
    except ValueError:
        return _unwelcome(request, account, InboxVerdict.FORGED, body)
    if message.is_heartbeat and not message.event_id:
        # Sent every few minutes for ever, means nothing but "are you there", and is not kept.
        return _answer(GOT_IT)
    if not messages.is_own(account, message):
        return _unwelcome(request, account, InboxVerdict.FOREIGN, body)
    if message.is_heartbeat:
        return _answer(GOT_IT)
    return _keep(request, account, message, body)


def _keep(
    request: HttpRequest, account: PlatformAccount, message: messages.PlatformMessage, body: bytes
) -> HttpResponse:
    """Store a message of ours; one that is here already is stored as a repetition and makes no second task.

    The first copy and its task were written in one transaction, so "already here" means that the work is done, due or
    parked before somebody's eyes. Work that is still due is pulled forward, since the platform just asked for it again.
    """
    first = (
        InboxMessage.objects.filter(
            source=messages.SOURCE,
            account_id=account.pk,
            event_key=_event_key(message),
            verdict=InboxVerdict.VERIFIED,
        )
        .order_by("pk")
        .first()
    )
    if first is None:
        _receive(request, account, InboxVerdict.VERIFIED, body, event_key=_event_key(message))
        return _answer(GOT_IT)
    if _is_within_limit(account):
        _receive(request, account, InboxVerdict.REPLAYED, body, event_key=_event_key(message))
    _pull_forward(first.pk)
    return _answer(GOT_IT)


def _pull_forward(message_id: int) -> None:
    from merchant.clock import now
    from merchant.tasks import handle_inbox_message

    if InboxTask.objects.filter(pk=message_id, is_parked=False, next_at__gt=now()).update(next_at=now()):
        handle_inbox_message.delay_on_commit(message_id=message_id)


def _unwelcome(
    request: HttpRequest, account: PlatformAccount, verdict: InboxVerdict, body: bytes, *, status: int = 400
) -> HttpResponse:
    """On record, and nothing else. Every cause gets the same answer, so that it cannot be used to guess at the key."""
    if not _is_within_limit(account):
        return _answer(SEND_AGAIN, status=429)
    _receive(request, account, verdict, body)
    logger.warning("push for platform account %s: %s", account.pk, verdict)
    return _answer(SEND_AGAIN, status=status)


def _is_within_limit(account: PlatformAccount) -> bool:
    """Count one unwelcome push. The first above the limit leaves a record; without Redis nothing is limited."""
    key = f"push:platform:{account.pk}:{int(time.time()) // UNWELCOME_WINDOW_S}"
    try:
        cache.add(key, 0, UNWELCOME_WINDOW_S * 2)
        count = cache.incr(key)
    except Exception:  # noqa: BLE001 - a counter that is away must not close the door
        return True
    if count == UNWELCOME_LIMIT + 1:
        inbox.receive(
            messages.SOURCE,
            shop=account.shop,
            account_id=account.pk,
            headers={},
            body=b"",
            verdict=InboxVerdict.THROTTLED,
        )
        logger.warning("push for platform account %s: too many, not kept for the moment", account.pk)
    return count <= UNWELCOME_LIMIT


def _receive(
    request: HttpRequest, account: PlatformAccount, verdict: InboxVerdict, body: bytes, *, event_key: str = ""
) -> Any:
    return inbox.receive(
        messages.SOURCE,
        shop=account.shop,
        account_id=account.pk,
        headers=dict(request.headers),
        body=body,
        verdict=verdict,
        event_key=event_key,
    )


def _event_key(message: messages.PlatformMessage) -> str:
    return message.event_id[:64]


def _is_plain_heartbeat(body: bytes) -> bool:
    """The console's connection test is described without a cipher; it changes nothing, so it may be answered."""
    if len(body) > 64 or not body.lstrip().startswith(b"{"):
        return False
    try:
        return bool(json.loads(body) == {"test": True})
    except ValueError:
        return False


def _declared_length(request: HttpRequest) -> int:
    try:
        return int(request.headers.get("Content-Length") or 0)
    except ValueError:
        return 0


def _answer(body: dict[str, int], status: int = 200) -> HttpResponse:
    return HttpResponse(json.dumps(body), content_type="application/json", status=status)
