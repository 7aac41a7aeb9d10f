"""What a push is worth, judged before anything of it is believed: size, rate, signature, content.

Whose parcel it is and whether it was here before, the database judges in the statement that stores it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from logistics.couriers.base import Courier, CourierError, ErrorClass
from merchant import wakeups
from merchant.clock import now
from merchant.inbox import samples
from merchant.inbox.account_cache import AccountCache
from merchant.inbox.models import InboxVerdict
from merchant.inbox.services import SqlCondition
from merchant.shops.models import CourierAccount

accounts = AccountCache(CourierAccount)

# Per account. A big shop sees a few hundred scans a minute; a courier repeats what was refused.
PUSHES_PER_MINUTE = 6000


@dataclass(frozen=True)
class Judgement:
    """`ack` and `waybills` are set when the push could be read; `digest` names the push: by its number, else by its
    exact body."""

    verdict: str
    ack: str = ""
    digest: str = ""
    ack_type: str = ""
    waybills: tuple[str, ...] = ()


def judge(account: CourierAccount, courier: Courier, headers: Mapping[str, str], raw: bytes) -> Judgement:
    """What can be said without the database."""
    if len(raw) > settings.PUSH_MAX_BYTES:
        return Judgement(InboxVerdict.OVERSIZED)
    if not courier.verify_push(account, headers, raw, headers.get("content-type", "")):
        return Judgement(InboxVerdict.FORGED)
    try:
        push = courier.parse_push(account, headers, raw)
    except CourierError as error:
        is_stray = error.error_class is ErrorClass.ANOTHER_PARCEL
        return Judgement(InboxVerdict.STRAY if is_stray else InboxVerdict.MALFORMED)
    # A courier that numbers its pushes repeats the number, not always the bytes.
    identity = f"{account.courier}:{push.waybill}:{push.event_id}".encode() if push.event_id else raw
    digest = hashlib.blake2b(identity, digest_size=16).hexdigest()
    return Judgement(InboxVerdict.VERIFIED, push.ack, digest, push.ack_type, (push.waybill, *push.others))


def goes_through(account: CourierAccount, waybills: tuple[str, ...]) -> SqlCondition:
    """That one of the parcels goes through this very account; a parcel not yet imported is nobody's."""
    # By the table's name: this folder lies below the parcels' and does not import them.
    return SqlCondition(
        "EXISTS (SELECT FROM logistics_package"
        " WHERE shop_id = %s AND courier = %s AND waybill IN %s AND account_id = %s)",
        (account.shop_id, account.courier, waybills, account.pk),
    )


def over_limit(account: CourierAccount, courier: Courier, judgement: Judgement) -> int:
    """By how many this push is beyond what its account may send in a minute, 0 for one that is not. What the account
    has not signed is counted apart, and less of it kept: whoever knows the address takes no room from the courier."""
    if judgement.verdict == InboxVerdict.VERIFIED:
        return max(0, count_push(account) - PUSHES_PER_MINUTE)
    per_minute = min(PUSHES_PER_MINUTE, samples.PER_MINUTE)
    return samples.over(f"courier:{courier.code}", account.pk, per_minute=per_minute)


def count_push(account: CourierAccount) -> int:
    """How many signed pushes this account has sent in the running minute, this one included; 0 when nobody counts."""
    return wakeups.count(f"huicang:push:{account.pk}:{int(now().timestamp() // 60)}", seconds=120)
