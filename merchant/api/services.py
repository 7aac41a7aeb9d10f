"""API tokens: made once shown once, found by their digest, revoked."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from merchant.api import policies
from merchant.api.models import ApiToken
from merchant.clock import now
from merchant.locking import lock
from merchant.people.models import Actor, User
from merchant.people.visibility import shops_of
from merchant.refusals import Refused
from merchant.trail import activity

MARK = "hc_"
SHOWN = 8
# The last use is written down at most this often.
NOTED_EVERY = timedelta(minutes=1)


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def make_token(
    shop_id: int, *, name: str, scopes: Collection[str], by: User, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """A token for this person and its secret, which is nowhere to be had again.

    Raises Refused RIGHT, SCOPE, NAME (empty), TWICE (a usable one has this name), EXPIRED (a day gone by)."""
    policies.check_can_make_token(by, shop_id, scopes)
    if not name.strip():
        raise Refused("NAME", _("Say which program it is for."), field="name")
    if expires_at is not None and expires_at <= now():
        raise Refused("EXPIRED", _("That day is over."), field="expires_at")
    secret = MARK + secrets.token_urlsafe(32)
    token = ApiToken(
        shop_id=shop_id,
        user=by,
        name=name.strip()[:60],
        prefix=secret[: len(MARK) + SHOWN],
        digest=digest_of(secret),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    try:
        with transaction.atomic():
            token.save(force_insert=True)
    except IntegrityError:
        raise Refused("TWICE", _("You have a token of this name in this shop."), field="name") from None
    activity.record(token, "api_token.make", by=by, name=token.name, prefix=token.prefix, scopes=token.scopes)
    return token, secret


@transaction.atomic
def revoke_token(token: ApiToken, *, by: Actor) -> ApiToken:
    """It opens nothing from now on. Raises Refused RIGHT, REVOKED."""
    token = lock(token)
    policies.check_can_revoke_token(token, by)
    token.revoked_at, token.revoked_by = now(), by
    token.save(update_fields=["revoked_at", "revoked_by"])
    activity.record(token, "api_token.revoke", by=by, name=token.name, prefix=token.prefix)
    return token


def find_token(secret: str) -> ApiToken | None:
    """The usable token with this secret, whose person still works in its shop."""
    if not secret.startswith(MARK) or len(secret) > 80:
        return None
    found = ApiToken.objects.usable().filter(digest=digest_of(secret)).select_related("user", "shop").first()
    if found is None or not found.user.is_active or found.shop_id not in shops_of(found.user):
        return None
    return found


def note_use(token: ApiToken, *, ip: str) -> None:
    """When and from where it was last used; of many calls in one minute the first is written down."""
    at = now()
    if token.last_used_at is not None and token.last_used_at > at - NOTED_EVERY:
        return
    before = Q(last_used_at__isnull=True) | Q(last_used_at__lte=at - NOTED_EVERY)
    ApiToken.objects.filter(before, pk=token.pk).update(last_used_at=at, last_used_ip=ip or None)
