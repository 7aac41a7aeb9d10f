"""What a push is worth, judged before anything of it is believed: size, rate, signature, content, owner, repetition."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.core.cache import cache

from logistics.couriers.base import Courier, CourierError
from merchant.clock import now
from merchant.inbox.models import InboxVerdict
from merchant.shops.models import CourierAccount

log = logging.getLogger(__name__)

# Per account. A big shop sees a few hundred scans a minute; a courier repeats what was refused.
PUSHES_PER_MINUTE = 6000
# Couriers repeat within minutes to hours. Later repetitions are worked on once more and change nothing.
REMEMBER_S = 24 * 3600


@dataclass(frozen=True)
class Judgement:
    """`ack` is set when the push could be read; `digest` names the push: by its number, else by its exact body."""

    verdict: str
    ack: str = ""
    digest: str = ""


def judge(account: CourierAccount, courier: Courier, headers: Mapping[str, str], raw: bytes) -> Judgement:
    """Everything but the rate, which is counted before the body is read."""
    if len(raw) > settings.PUSH_MAX_BYTES:
        return Judgement(InboxVerdict.OVERSIZED)
    if not courier.verify_push(account, headers, raw, headers.get("content-type", "")):
        return Judgement(InboxVerdict.FORGED)
    try:
        push = courier.parse_push(account, headers, raw)
    except CourierError:
        return Judgement(InboxVerdict.MALFORMED)
    if not _owns(account, push.waybill):
        return Judgement(InboxVerdict.FOREIGN)
    # A courier that numbers its pushes repeats the number, not always the bytes.
    identity = f"{account.courier}:{push.waybill}:{push.event_id}".encode() if push.event_id else raw
    digest = hashlib.blake2b(identity, digest_size=16).hexdigest()
    return Judgement(InboxVerdict.REPLAYED if _seen(account, digest) else InboxVerdict.VERIFIED, push.ack, digest)


def _owns(account: CourierAccount, waybill: str) -> bool:
    """Whether the parcel goes through this very account; a parcel not yet imported is nobody's."""
    # By name: this folder lies below the parcels' and does not import them.
    package = apps.get_model("logistics", "Package")
    return package.objects.filter(
        shop_id=account.shop_id, courier=account.courier, waybill=waybill, account_id=account.pk
    ).exists()


def count_push(account: CourierAccount) -> int:
    """How many pushes this account has sent in the running minute, this one included; 0 when nobody can count."""
    key = f"push:rate:{account.pk}:{int(now().timestamp() // 60)}"
    try:
        cache.add(key, 0, timeout=120)
        return cache.incr(key)
    except Exception:  # noqa: BLE001 - whatever the cache's client raises: a dead cache must not stop the couriers
        log.warning("the push rate of account %s cannot be counted", account.pk)
        return 0


def _seen(account: CourierAccount, digest: str) -> bool:
    try:
        return cache.get(_key(account, digest)) is not None
    except Exception:  # noqa: BLE001 - not knowing means working on it once more, which changes nothing
        return False


def remember(account: CourierAccount, digest: str) -> None:
    """Call only once the push is stored: a body remembered but not stored would be lost with its repetition."""
    try:
        cache.set(_key(account, digest), 1, timeout=REMEMBER_S)
    except Exception:  # noqa: BLE001
        log.warning("a push of account %s cannot be remembered", account.pk)


def _key(account: CourierAccount, digest: str) -> str:
    return f"push:seen:{account.pk}:{digest}"
