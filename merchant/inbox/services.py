"""Raw first: a push is stored in milliseconds and worked on later, by whoever registered for its source."""

import hashlib
import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from merchant import wakeups
from merchant.clock import now, scaled
from merchant.inbox import registry
from merchant.inbox.models import InboxMessage, InboxTask, InboxVerdict
from merchant.incoming import clean_text
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.personal_data import mask_text
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
KEPT_OF_UNFIT = 64 * 1024
# Signed by whom it is from.
WHOLE = (InboxVerdict.VERIFIED, InboxVerdict.STRAY)
# How the sources of couriers begin.
COURIER = "courier:"


@dataclass(frozen=True)
class SqlCondition:
    """Something the database finds out while it stores a push: SQL that is true or false, and its parameters."""

    sql: str
    params: tuple[Any, ...] = ()


def receive(
    source: str,
    *,
    shop: Any,
    account_id: int | None,
    headers: dict[str, str],
    body: bytes,
    verdict: str = InboxVerdict.VERIFIED,
    event_key: str = "",
    ours_if: SqlCondition | None = None,
    is_once: bool = False,
    only_if: SqlCondition | None = None,
) -> InboxMessage | None:
    """Store a push as it came. Only a verified one gets a task; every other is on record and changes nothing.

    All of it is one statement. It makes a verified push FOREIGN unless `ours_if` holds, and REPLAYED when it `is_once`
    and its account has sent this event key before. Where `only_if` does not hold nothing is stored: None.
    """
    message = InboxMessage(
        shop=shop,
        source=source,
        account_id=account_id,
        headers={name: clean_text(value[:200]) for name, value in headers.items() if name.lower() in KEPT_HEADERS},
        size=len(body),
        event_key=clean_text(event_key[:64]),
    )
    judged = _judge_in_sql(message, verdict, ours_if=ours_if, is_once=is_once)
    stored = _body_in_sql(body, verdict)
    gate = only_if or SqlCondition("true")
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE.format(judged=judged.sql, stored=stored.sql, gate=gate.sql),
            [
                message.shop_id,
                source,
                account_id,
                json.dumps(message.headers),
                message.size,
                message.event_key,
                *stored.params,
                *judged.params,
                *gate.params,
                source,
                now(),
            ],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    message.pk, message.verdict = row
    message._state.adding = False
    if message.verdict == InboxVerdict.VERIFIED:
        wakeups.wake_sweep(_sweep_of(source))
    return message


def keep_unfit(
    source: str,
    *,
    shop: Any,
    account_id: int,
    said: Any,
    why: Exception,
    verdict: InboxVerdict = InboxVerdict.UNFIT,
) -> None:
    """Keep what we asked for and could not store, or may not (STRAY): the row alone is left out, and stands among the
    messages with the reason. Told again it is not kept again. `said` is a tree of plain values."""
    body = json.dumps(said, ensure_ascii=False, default=str).encode(errors="backslashreplace")
    digest = hashlib.blake2b(body, digest_size=16).hexdigest()
    logger.warning("what %s told account %s is not taken and is kept: %s", source, account_id, type(why).__name__)
    known = InboxMessage.objects.filter(source=source, account_id=account_id, event_key=digest)
    if known.filter(verdict=verdict).exists():
        return
    InboxMessage.objects.create(
        shop=shop,
        source=source,
        account_id=account_id,
        headers={"reason": mask_text(clean_text(str(why)).strip().partition("\n")[0])[:200]},
        body=body[:KEPT_OF_UNFIT],
        size=len(body),
        event_key=digest,
        verdict=verdict,
    )


# `FROM … OFFSET 0` keeps the judgement from being made once for every place that names it.
_STORE = """
WITH message AS (
    INSERT INTO merchant_inboxmessage (shop_id, source, account_id, headers, size, event_key, verdict, body)
    SELECT %s, %s, %s, %s::jsonb, %s, %s, verdict, {stored}
    FROM (SELECT {judged} AS verdict OFFSET 0) AS judged WHERE {gate}
    RETURNING id, verdict
), task AS (
    INSERT INTO merchant_inboxtask (message_id, source, next_at)
    SELECT id, %s, %s FROM message WHERE verdict = 'verified'
)
SELECT id, verdict FROM message
"""

_SEEN = """
EXISTS (SELECT FROM merchant_inboxmessage WHERE source = %s AND account_id = %s AND event_key = %s
        AND event_key <> '' AND verdict = 'verified')
"""


def is_new(source: str, account_id: int, event_key: str) -> SqlCondition:
    """That this account has not sent this event before, for `receive(only_if=…)`."""
    return SqlCondition(f"NOT {_SEEN}", (source, account_id, event_key))


def _judge_in_sql(message: InboxMessage, verdict: str, *, ours_if: SqlCondition | None, is_once: bool) -> SqlCondition:
    cases = ""
    params: list[Any] = []
    if verdict == InboxVerdict.VERIFIED and ours_if is not None:
        cases += f"WHEN NOT {ours_if.sql} THEN 'foreign' "
        params += ours_if.params
    if verdict == InboxVerdict.VERIFIED and is_once and message.event_key:
        cases += f"WHEN {_SEEN} THEN 'replayed' "
        params += [message.source, message.account_id, message.event_key]
    return SqlCondition(f"CASE {cases}ELSE %s END" if cases else "%s::text", (*params, str(verdict)))


def _body_in_sql(body: bytes, verdict: str) -> SqlCondition:
    field = InboxMessage._meta.get_field("body")
    taste = field.get_db_prep_value(body[:KEPT_OF_REFUSED], connection)
    if verdict not in WHOLE or len(body) <= KEPT_OF_REFUSED:
        return SqlCondition("%s", (taste,))
    whole = field.get_db_prep_value(body, connection)
    if verdict == InboxVerdict.STRAY:
        return SqlCondition("%s", (whole,))
    return SqlCondition("CASE verdict WHEN 'verified' THEN %s ELSE %s END", (whole, taste))


def handle(message_id: int) -> bool:
    """Work on one message. True when done; a failure is counted, put off and after the last retry parked."""
    message = _claim("message_id = %s AND (attempts = 0 OR next_at <= %s)", [message_id, now()])
    if message is None or not _work_on(message):
        return False
    InboxTask.objects.filter(pk=message.pk).delete()
    return True


def sweep(limit: int = 500, *, couriers_only: bool = False) -> int:
    """Handle what is new or due, one after another; several at once share the work. Returns how many were handled."""
    source = COURIER if couriers_only else ""
    wakeups.about_to_look(_sweep_of(source))
    which = "(attempts = 0 OR next_at <= %s) AND starts_with(source, %s)"
    done, finished = 0, 0
    for _turn in range(limit):
        message = _claim(which, [now(), source], finished=finished)
        if message is None:
            return done
        finished = message.pk if _work_on(message) else 0
        done += finished > 0
    if finished:
        InboxTask.objects.filter(pk=finished).delete()
    wakeups.wake_sweep(_sweep_of(source))
    return done


def _sweep_of(source: str) -> str:
    """What a courier says may hold a buyer's money up and has a worker of its own; platforms confirm in masses."""
    return "merchant.sweep_courier_pushes" if source.startswith(COURIER) else "merchant.sweep_inbox"


# A new message is due whatever the clocks of two machines say; afterwards `next_at` is the lease, then the retry. What
# this worker has just finished is struck off by the statement that looks for its next; no message has the number 0.
_CLAIM = """
WITH finished AS (DELETE FROM merchant_inboxtask WHERE message_id = %s)
UPDATE merchant_inboxtask task SET attempts = task.attempts + 1, next_at = %s
FROM merchant_inboxmessage message
WHERE message.id = task.message_id AND task.message_id = (
    SELECT message_id FROM merchant_inboxtask WHERE NOT is_parked AND message_id <> %s AND {which}
    ORDER BY next_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING message.*, task.attempts AS attempt
"""


def _claim(which: str, params: list[Any], *, finished: int = 0) -> Any:
    """Take a message for the length of a lease, with the `attempt` this is. None when another worker has it, has done
    it, or nobody may yet. A worker that dies from here on leaves a row that simply comes due again."""
    until = now() + max(scaled(LEASE), LEAST_LEASE)
    rows = InboxMessage.objects.raw(_CLAIM.format(which=which), [finished, until, finished, *params])
    return next(iter(rows), None)


def _work_on(message: Any) -> bool:
    """True when its reader is done with it: its task is then to be struck off."""
    message_id, attempt = message.pk, message.attempt
    if attempt > len(RETRIES):
        # Every attempt began and none came back: the message kills its worker. Nothing is swept for ever.
        rows = InboxTask.objects.filter(pk=message_id, attempts=attempt)
        rows.filter(error="").update(error="the worker died on it")
        rows.update(is_parked=True)
        return False
    try:
        registry.handler_of(message.source)(message)
    except Exception as error:  # whatever a handler cannot digest must stay visible and retryable
        logger.exception("message %s of %s failed", message_id, message.source)
        InboxTask.objects.filter(pk=message_id, attempts=attempt).update(
            error=f"{type(error).__name__}: {error}"[:500],
            next_at=now() + scaled(RETRIES[min(attempt, len(RETRIES)) - 1]),
            is_parked=attempt >= len(RETRIES) or isinstance(error, LookupError),
        )
        return False
    return True


def retry(message: InboxMessage, *, by: Actor) -> None:
    """A person says: try again now. Raises Refused RIGHT, or SHOP for a message that belongs to none."""
    if message.shop is None:
        raise Refused("SHOP", _("This message belongs to no shop."))
    check_right(by, message.shop, Right.OPERATE_JOBS)
    with transaction.atomic():
        changed = InboxTask.objects.filter(pk=message.pk).update(is_parked=False, attempts=0, next_at=now())
        if changed:
            activity.record(message, "message.retry", by=by, shop=message.shop)
            wakeups.wake("merchant.handle_inbox_message", message_id=message.pk)


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
