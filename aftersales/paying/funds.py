"""Funds are back: everything of one shop and channel that waited for them is tried again, each under its own number."""

import logging
from dataclasses import dataclass
from time import monotonic

from django.db import models
from django.utils.translation import gettext_lazy as _

from aftersales.paying import sending
from aftersales.refunds.enums import PAID_STATES, RefundState
from aftersales.refunds.models import Refund
from merchant.clock import now
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.shops.models import Shop
from merchant.trail import activity

logger = logging.getLogger(__name__)

# Asked one after the other; what is beyond either, the sweep takes at once.
AT_ONCE, SECONDS = 50, 20


@dataclass(frozen=True)
class Tried:
    """`paid` by the channel's own word, `moved` being paid, `waiting` still without funds, `later` pulled forward for
    the sweep."""

    asked: int
    paid: int
    moved: int
    waiting: int
    later: int


def check_can_try(shop: Shop, channel: str, by: Actor) -> None:
    """Raise Refused RIGHT, FUNDS (none waits)."""
    check_right(by, shop.pk, Right.RELEASE_REFUND)
    if not _waiting(shop, channel).exists():
        raise Refused("FUNDS", _("No refund of this channel waits for funds any more."))


def _waiting(shop: Shop, channel: str) -> models.QuerySet[Refund]:
    return Refund.objects.filter(shop=shop, channel=channel, state=RefundState.WAIT_FUNDS)


def try_all(shop: Shop, channel: str, *, by: Actor) -> Tried:
    """Ask about every refund waiting for funds. One that fails stops no other. Raises Refused RIGHT, FUNDS (none)."""
    check_can_try(shop, channel, by)
    waiting = _waiting(shop, channel)
    first = list(waiting.order_by("due_at", "pk")[:AT_ONCE])
    seen: list[int] = []
    states: list[str] = []
    end = monotonic() + SECONDS
    for refund in first:
        if monotonic() > end:
            break
        seen.append(refund.pk)
        try:
            states.append(sending.ask_refund(refund, by=by).state)
        except Refused:
            # Somebody, or the sweep, was faster.
            continue
        except Exception:
            logger.exception("refund %s could not be tried again", refund.number)
    later = waiting.exclude(pk__in=seen).update(next_at=now())
    tried = Tried(
        asked=len(states),
        paid=sum(state in PAID_STATES for state in states),
        moved=states.count(RefundState.PROCESSING),
        waiting=states.count(RefundState.WAIT_FUNDS),
        later=later,
    )
    activity.record(
        shop, "refund.try_all", by=by, shop=shop, channel=channel, asked=tried.asked, paid=tried.paid,
        waiting=tried.waiting, later=tried.later,
    )  # fmt: skip
    return tried
