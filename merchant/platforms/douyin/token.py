"""An access token of Douyin that has run out: renewed with the account's refresh token, and kept."""

import logging
from typing import Any

from django.db import transaction

from merchant.clock import now
from merchant.locking import lock
from merchant.platforms.douyin.client import DouyinClient
from merchant.platforms.errors import PlatformError
from merchant.trail import activity

logger = logging.getLogger(__name__)


def renew(account: Any, used: str) -> bool:
    """Give `account` a token other than `used`; whether it has one. Called outside any transaction.

    Somebody else's renewal is taken over. Two who renew at once both ask; the first answer is kept, and whoever was
    refused for coming second finds it here."""
    if _take_over(account, used):
        return True
    if not account.secrets.get("refresh_token"):
        return False
    try:
        answer = DouyinClient(account).refresh_token()
    except PlatformError as error:
        logger.warning("token of platform account %s could not be renewed: %s", account.pk, error)
        return _take_over(account, used)
    _keep(account, used, answer)
    return _take_over(account, used)


def _take_over(account: Any, used: str) -> bool:
    account.refresh_from_db(fields=["secrets"])
    return str(account.secrets.get("access_token") or "") != used


@transaction.atomic(durable=True)
def _keep(account: Any, used: str, answer: dict[str, Any]) -> None:
    row = lock(account)
    if row.secrets.get("access_token") != used:
        return
    until = int(now().timestamp()) + int(answer.get("expires_in") or 0)
    row.secrets = {
        **row.secrets,
        "access_token": str(answer["access_token"]),
        "refresh_token": str(answer.get("refresh_token") or row.secrets["refresh_token"]),
        "token_until": until,
    }
    row.save(update_fields=["secrets"])
    activity.record(row, "account.renew_token", by=None)
