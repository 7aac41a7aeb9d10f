"""When a refund reaches the buyer: a table per channel and way of paying, counted in working days (R3.23, R3.38).

Weekends are skipped; public holidays are not known here, which `NOT_KNOWN` says beside every date. Codes: ARRIVE-*."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from aftersales.channels import registry as channels
from aftersales.channels.enums import WentTo
from aftersales.refunds.enums import SENT_STATES, RefundState
from aftersales.refunds.models import Refund
from merchant.clock import SHANGHAI, now
from merchant.policy.models import Policy

SATURDAY = 5
NOT_KNOWN = gettext_lazy("Weekends are left out; public holidays are not known here and make it longer.")
# What sources write where the buyer paid from the balance, or by card.
BALANCE_WORDS = ("零钱", "余额", "balance")
CARD_WORDS = ("银行", "储蓄卡", "信用卡", "card")


@dataclass(frozen=True)
class Arrival:
    """`by` is the last moment expected; `text` says it in the page's language, `rule` names the row of the table."""

    by: datetime
    text: str
    rule: str
    is_assumption: bool = False
    counts_days: bool = True


def estimate(refund: Refund, rules: Policy, *, at: datetime | None = None) -> Arrival | None:
    """When the money of this refund is expected, counted from the channel's word, from the sending, or from `at`
    while it has not left. None where none is on its way through the channel."""
    if refund.state not in (RefundState.CREATED, RefundState.APPROVED, *SENT_STATES, RefundState.SUCCESS):
        return None
    if refund.state == RefundState.WAIT_FUNDS:
        return None
    start = refund.settled_at or refund.sent_at or at or now()
    if not channels.tells_where_it_went(refund.channel):
        return _by_days(start, rules.arrive_platform_days, "ARRIVE-PLATFORM", platform=True)
    paid_from = went_to(refund)
    if paid_from == WentTo.BALANCE:
        return _by_minutes(start, rules.arrive_balance_minutes)
    if paid_from == WentTo.CARD:
        return _by_days(start, rules.arrive_card_days, "ARRIVE-WECHAT-CARD")
    card = _by_days(start, rules.arrive_card_days, "ARRIVE-WECHAT-CARD")
    text = _("WeChat balance: about %(minutes)d minutes; bank card: %(card)s") % {
        "minutes": rules.arrive_balance_minutes,
        "card": card.text,
    }
    return Arrival(card.by, text, card.rule)


def went_to(refund: Refund) -> str:
    """Balance or card: the channel's own word, else how the order says it was paid; empty when nobody knows."""
    if refund.went_to:
        return refund.went_to
    said = refund.order.pay_method.lower()
    if any(word in said for word in BALANCE_WORDS):
        return WentTo.BALANCE
    return WentTo.CARD if any(word in said for word in CARD_WORDS) else ""


def working_day_after(day: date, count: int) -> date:
    """The `count`-th working day after `day`, Saturdays and Sundays left out."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < SATURDAY
    return day


def _by_minutes(start: datetime, minutes: int) -> Arrival:
    text = ngettext("about %(n)d minute", "about %(n)d minutes", minutes) % {"n": minutes}
    return Arrival(start + timedelta(minutes=minutes), text, "ARRIVE-WECHAT-BALANCE", counts_days=False)


def _by_days(start: datetime, days: int, rule: str, *, platform: bool = False) -> Arrival:
    last = working_day_after(start.astimezone(SHANGHAI).date(), days)
    by = datetime.combine(last + timedelta(days=1), datetime.min.time(), SHANGHAI) - timedelta(seconds=1)
    said = {"days": days, "date": f"{last:%Y-%m-%d}"}
    if platform:
        text = _("the way it was paid, as fast as that bank or wallet is; usually by %(date)s") % said
    elif days == 1:
        text = _("within 1 working day, by %(date)s") % said
    else:
        text = _("1–%(days)d working days, by %(date)s") % said
    return Arrival(by, text, rule, is_assumption=platform)
