"""Fetching yesterday's statement from channels that give it."""

import logging
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.statements.enums import FileState
from aftersales.statements.models import StatementFile
from aftersales.statements.reading import file_statement, read_statement
from merchant.clock import SHANGHAI, now
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.platforms.errors import PlatformError
from merchant.platforms.registry import get, with_bills
from merchant.refusals import Refused
from merchant.shops.models import PlatformAccount

logger = logging.getLogger(__name__)

# The channel keeps three months; further back than this is a person's wish, not the timer's.
LOOK_BACK_DAYS = 7


def pull_statements() -> int:
    """The last days' statements of every account that has none yet; how many came. A bad account stops nobody."""
    at = now().astimezone(SHANGHAI)
    count = 0
    for account in PlatformAccount.objects.filter(platform__in=with_bills(), is_active=True).select_related("shop"):
        last = at.date() - timedelta(days=1 if at.time() >= _ready_at(account) else 2)
        for back in reversed(range(LOOK_BACK_DAYS)):
            day = last - timedelta(days=back)
            if day < account.created_at.astimezone(SHANGHAI).date() or _is_here(account, day):
                continue
            try:
                count += pull_statement(account, day, by=None) is not None
            except Refused as refusal:
                logger.warning("statement of %s for account %s: %s", day, account.pk, refusal.message)
            except Exception:
                logger.exception("statement of %s for account %s", day, account.pk)
    return count


def pull_statement(account: PlatformAccount, day: date, *, by: Actor) -> StatementFile | None:
    """Fetch one day's fund bill, keep it and read it. None when this very file is here. Outside any transaction.

    Raises Refused RIGHT, DAY (not over yet), CHANNEL (the channel refuses, with its words)."""
    check_can_pull(account, day, by)
    try:
        body = get(account.platform).bill(account, day)
    except PlatformError as error:
        raise Refused(
            "CHANNEL",
            _("The channel does not give the statement: %(said)s.") % {"said": f"{error.code} {error.message}".strip()},
        ) from error
    if not transaction.get_autocommit():
        raise RuntimeError("a statement is fetched outside any transaction")
    try:
        file = file_statement(account.shop, f"fundflow-{day}.csv", body, by=by, from_date=day, to_date=day)
    except Refused:
        return None
    return read_statement(file.pk) or file


def check_can_pull(account: PlatformAccount, day: date, by: Actor) -> None:
    """Raise Refused RIGHT, or DAY: not over yet."""
    check_right(by, account.shop_id, Right.SETTLE_STATEMENT)
    if now() < datetime.combine(day + timedelta(days=1), _ready_at(account), SHANGHAI):
        raise Refused("DAY", _("The channel makes a day's statement by the next morning: ask after 10:30."))


def _ready_at(account: PlatformAccount) -> time:
    return get(account.platform).bill_ready_at or time.max


def _is_here(account: PlatformAccount, day: date) -> bool:
    return StatementFile.objects.filter(
        shop=account.shop, channel=account.platform, state=FileState.READ, from_date__lte=day, to_date__gte=day
    ).exists()
