"""The door where a platform tells us that something changed: store, acknowledge in milliseconds, work later."""

import logging
import time
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from merchant import wakeups
from merchant.clock import now
from merchant.inbox import samples
from merchant.inbox import services as inbox
from merchant.inbox.models import InboxMessage, InboxTask, InboxVerdict
from merchant.platforms import registry
from merchant.platforms.base import MalformedError, Platform
from merchant.platforms.messages import source_of
from merchant.shops.models import PlatformAccount, push_digest_of

logger = logging.getLogger(__name__)

# Unwelcome pushes kept on record per account in ten seconds; above it they are only counted.
UNWELCOME_LIMIT = 100
UNWELCOME_WINDOW_S = 10
# The sample kept of a push that is too large to read.
SAMPLE_BYTES = 4096


@csrf_exempt
@require_POST
def platform_push(request: HttpRequest, push_token: str) -> HttpResponse:
    """`POST /push/platform/<push_token>/`: the answer that each platform reads as "got it", or as "send it again"."""
    account = get_object_or_404(
        PlatformAccount.objects.select_related("shop"), push_digest=push_digest_of(push_token), is_active=True
    )
    platform = registry.find(account.platform)
    if platform is None:
        raise Http404
    if _declared_length(request) > settings.PUSH_MAX_BYTES:
        return _unwelcome(request, account, platform, InboxVerdict.OVERSIZED, request.read(SAMPLE_BYTES), status=413)
    # Never `request.body`: a sender that declares no length could fill the memory.
    body = request.read(settings.PUSH_MAX_BYTES + 1)
    if len(body) > settings.PUSH_MAX_BYTES:
        return _unwelcome(request, account, platform, InboxVerdict.OVERSIZED, body[:SAMPLE_BYTES], status=413)
    try:
        headers = {name.lower(): value for name, value in request.headers.items()}
        judged = platform.judge(account, {**headers, ":path": request.get_full_path()}, body)
    except MalformedError:
        return _unwelcome(request, account, platform, InboxVerdict.MALFORMED, body)
    except ValueError:
        return _unwelcome(request, account, platform, InboxVerdict.FORGED, body)
    if not judged.is_own:
        return _unwelcome(request, account, platform, InboxVerdict.FOREIGN, body)
    if not platform.is_spoken_with and account.last_error != judged.remark:
        # Where nothing is pulled, the messages are what the account's page has to tell.
        PlatformAccount.objects.filter(pk=account.pk).update(last_error=judged.remark[:300])
    if not judged.is_heartbeat:
        _keep(request, account, judged.event_key, body)
    return _answer(platform.got_it)


def _keep(request: HttpRequest, account: PlatformAccount, event_key: str, body: bytes) -> None:
    """Store a message of ours; one that is here already is stored as a repetition and makes no second task.

    The first copy and its task were written in one transaction, so "already here" means that the work is done, due or
    parked before somebody's eyes. Work that is still due is pulled forward, since the platform just asked for it again.
    """
    is_new = inbox.is_new(source_of(account.platform), account.pk, event_key)
    if _receive(request, account, InboxVerdict.VERIFIED, body, event_key=event_key, only_if=is_new) is not None:
        return
    if _is_within_limit(account):
        _receive(request, account, InboxVerdict.REPLAYED, body, event_key=event_key)
    first = InboxMessage.objects.filter(
        source=source_of(account.platform),
        account_id=account.pk,
        event_key=event_key,
        verdict=InboxVerdict.VERIFIED,
    )
    _pull_forward(first.order_by("pk").values_list("pk", flat=True)[0])


def _pull_forward(message_id: int) -> None:
    if InboxTask.objects.filter(pk=message_id, is_parked=False, next_at__gt=now()).update(next_at=now()):
        wakeups.wake("merchant.handle_inbox_message", message_id=message_id)


def _unwelcome(
    request: HttpRequest,
    account: PlatformAccount,
    platform: Platform,
    verdict: InboxVerdict,
    body: bytes,
    *,
    status: int = 400,
) -> HttpResponse:
    """On record, and nothing else. Every cause gets the same answer, so that it cannot be used to guess at the key."""
    if not _is_within_limit(account):
        return _answer(platform.send_again, status=429)
    _receive(request, account, verdict, body)
    logger.warning("push for platform account %s: %s", account.pk, verdict)
    return _answer(platform.send_again, status=status)


def _is_within_limit(account: PlatformAccount) -> bool:
    """Count one unwelcome push. The first above the limit leaves a record."""
    key = f"push:platform:{account.pk}:{int(time.time()) // UNWELCOME_WINDOW_S}"
    # A counter that is away closes no door and makes nobody wait.
    count = samples.counted(key, UNWELCOME_WINDOW_S * 2)
    today = 0
    if count <= UNWELCOME_LIMIT:
        today = samples.number_of_the_day(source_of(account.platform), account.pk)
    if count == UNWELCOME_LIMIT + 1 or today == samples.PER_DAY + 1:
        inbox.receive(
            source_of(account.platform),
            shop=account.shop,
            account_id=account.pk,
            headers={},
            body=b"",
            verdict=InboxVerdict.THROTTLED,
        )
        logger.warning("push for platform account %s: too many, not kept for the moment", account.pk)
    return count <= UNWELCOME_LIMIT and today <= samples.PER_DAY


def _receive(
    request: HttpRequest,
    account: PlatformAccount,
    verdict: InboxVerdict,
    body: bytes,
    *,
    event_key: str = "",
    only_if: inbox.SqlCondition | None = None,
) -> Any:
    return inbox.receive(
        source_of(account.platform),
        shop=account.shop,
        account_id=account.pk,
        headers=dict(request.headers),
        body=body,
        verdict=verdict,
        event_key=event_key,
        only_if=only_if,
    )


def _declared_length(request: HttpRequest) -> int:
    try:
        return int(request.headers.get("Content-Length") or 0)
    except ValueError:
        return 0


def _answer(body: bytes, status: int = 200) -> HttpResponse:
    return HttpResponse(body, content_type="application/json", status=status)
