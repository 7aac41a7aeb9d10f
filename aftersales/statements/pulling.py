"""Fetching yesterday's statement from channels that give it: WeChat Pay makes a day's bill by ten the next morning."""

import logging
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.statements.enums import FileState
from aftersales.statements.models import StatementFile
from aftersales.statements.reading import read_statement, take_statement
from merchant.clock import SHANGHAI, now
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.platforms.wechat import bill as wechat_bill
from merchant.refusals import Refused
from merchant.shops.models import PlatformAccount
from orders.payments.enums import PayChannel

logger = logging.getLogger(__name__)

READY_AT = time(10, 30)
# The channel keeps three months; further back than this is a person's wish, not the timer's.
LOOK_BACK_DAYS = 7
# What is kept of a day on which nothing moved: the bill's header and its summary.
EMPTY_BILL = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号\n资金流水总笔数 {day}\n"
)


def pull_statements() -> int:
    """The last days' statements of every account that has none yet; how many came. A bad account stops nobody."""
    at = now().astimezone(SHANGHAI)
    last = at.date() - timedelta(days=1 if at.time() >= READY_AT else 2)
    count = 0
    for account in PlatformAccount.objects.filter(platform=PayChannel.WECHAT_PAY, is_active=True).select_related(
        "shop"
    ):
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
    check_right(by, account.shop_id, Right.SETTLE_STATEMENT)
    if now() < datetime.combine(day + timedelta(days=1), READY_AT, SHANGHAI):
        raise Refused("DAY", _("The channel makes a day's statement by the next morning: ask after 10:30."))
    try:
        body = wechat_bill.fund_flow(account, day)
    except PlatformError as error:
        if error.error_class is not ErrorClass.NOT_FOUND:
            raise Refused(
                "CHANNEL",
                _("The channel does not give the statement: %(said)s.")
                % {"said": f"{error.code} {error.message}".strip()},
            ) from error
        # Nothing moved that day. It is covered all the same, so that a refund of ours would be missed.
        body = EMPTY_BILL.format(day=day).encode()
    if not transaction.get_autocommit():
        raise RuntimeError("a statement is fetched outside any transaction")
    try:
        file = take_statement(account.shop, f"fundflow-{day}.csv", body, by=by, from_date=day, to_date=day)
    except Refused:
        return None
    return read_statement(file.pk) or file


def _is_here(account: PlatformAccount, day: date) -> bool:
    return StatementFile.objects.filter(
        shop=account.shop, channel=PayChannel.WECHAT_PAY, state=FileState.READ, from_date__lte=day, to_date__gte=day
    ).exists()
