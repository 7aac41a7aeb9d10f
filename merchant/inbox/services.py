"""Raw first: a push is stored in milliseconds and worked on later, by whoever registered for its source."""

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from merchant.clock import now, scaled
from merchant.inbox import registry
from merchant.inbox.models import InboxMessage, InboxTask, InboxVerdict
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.trail import activity

logger = logging.getLogger(__name__)

# After the last of these a person decides; the row stays visible until then.
RETRIES = [timedelta(seconds=s) for s in (5, 30, 120, 600, 1800)]
# How long one attempt has the message to itself; on a fast test clock still longer than a call to a platform takes.
LEASE, LEAST_LEASE = timedelta(seconds=60), timedelta(seconds=15)
KEPT_HEADERS = ("content-type", "x-companyid", "x-appkey", "x-timestamp", "user-agent")
# Other verdicts keep only a taste of the body: a flood of forged pushes must not fill the disk.
KEPT_OF_REFUSED = 4096


def receive(
    source: str,
    *,
    shop: Any,
    account_id: int | None,
    headers: dict[str, str],
    body: bytes,
    verdict: str = InboxVerdict.VERIFIED,
    event_key: str = "",
) -> InboxMessage:
    """Store a push as it came. Only a verified one gets a task; every other is on record and changes nothing."""
    from merchant.tasks import handle_inbox_message

    is_verified = verdict == InboxVerdict.VERIFIED
    with transaction.atomic():
        message = InboxMessage.objects.create(
            shop=shop,
            source=source,
            account_id=account_id,
            headers={name: value[:200] for name, value in headers.items() if name.lower() in KEPT_HEADERS},
            body=body if is_verified else body[:KEPT_OF_REFUSED],
            size=len(body),
            verdict=verdict,
            event_key=event_key[:64],
        )
        if is_verified:
            InboxTask.objects.create(message=message, source=source, next_at=now() + scaled(timedelta(seconds=15)))
            handle_inbox_message.delay_on_commit(message_id=message.pk)
    return message


def handle(message_id: int) -> bool:
    """Work on one message. True when done; a failure is counted, put off and after the last retry parked."""
    task = _claim(message_id)
    if task is None:
        return False
    message = InboxMessage.objects.select_related("shop").get(pk=message_id)
    try:
        registry.handler_of(message.source)(message)
    except Exception as error:  # whatever a handler cannot digest must stay visible and retryable
        logger.exception("message %s of %s failed", message_id, message.source)
        InboxTask.objects.filter(pk=message_id, attempts=task.attempts).update(
            error=f"{type(error).__name__}: {error}"[:500],
            next_at=now() + scaled(RETRIES[min(task.attempts, len(RETRIES)) - 1]),
            is_parked=task.attempts >= len(RETRIES) or isinstance(error, LookupError),
        )
        return False
    InboxTask.objects.filter(pk=message_id).delete()
    return True


@transaction.atomic
def _claim(message_id: int) -> InboxTask | None:
    """Take the message for the length of a lease, or None when another worker has it, has done it, or may not yet."""
    rows = InboxTask.objects.select_for_update(skip_locked=True, no_key=True)
    task = rows.filter(pk=message_id, is_parked=False).first()
    # A wake-up comes before `next_at`, which keeps the sweep away from a fresh row; afterwards `next_at` is the lease.
    if task is None or (task.attempts and task.next_at > now()):
        return None
    if task.attempts >= len(RETRIES):
        # Every attempt began and none came back: the message kills its worker. Nothing is swept for ever.
        task.is_parked, task.error = True, task.error or "the worker died on it"
        task.save(update_fields=["is_parked", "error"])
        return None
    task.attempts += 1
    # A worker that dies from here on leaves a row that simply comes due again.
    task.next_at = now() + max(scaled(LEASE), LEAST_LEASE)
    task.save(update_fields=["attempts", "next_at"])
    return task


def sweep(limit: int = 500) -> int:
    """Handle what is due; finds the same work as the wake-up. Returns how many were handled."""
    due = (
        InboxTask.objects.filter(is_parked=False, next_at__lte=now())
        .order_by("next_at")
        .values_list("pk", flat=True)[:limit]
    )
    return sum(handle(pk) for pk in due)


def retry(message: InboxMessage, *, by: Any) -> None:
    """A person says: try again now. Raises Refused RIGHT, or SHOP for a message that belongs to none."""
    from merchant.tasks import handle_inbox_message

    if message.shop is None:
        raise Refused("SHOP", _("This message belongs to no shop."))
    check_right(by, message.shop, Right.OPERATE_JOBS)
    with transaction.atomic():
        changed = InboxTask.objects.filter(pk=message.pk).update(is_parked=False, attempts=0, next_at=now())
        if changed:
            activity.record(message, "message.retry", by=by, shop=message.shop)
            handle_inbox_message.delay_on_commit(message_id=message.pk)


def purge(keep: timedelta, *, shop: Any = None) -> int:
    """Delete the raw messages of `shop` (None: of no shop) older than `keep` that nobody still has to work on.

    Returns how many. Parked ones stay until a person has retried them.
    """
    old = InboxMessage.objects.filter(shop=shop, received_at__lt=now() - keep, task__isnull=True).order_by(
        "received_at"
    )
    total = 0
    while pks := list(old.values_list("pk", flat=True)[:2000]):
        total += InboxMessage.objects.filter(pk__in=pks).delete()[0]
    return total
