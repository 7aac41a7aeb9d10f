"""The named queues of cases. Each repeats the condition of its partial index word for word."""

from datetime import datetime
from typing import Any, Self

from aftersales.cases.enums import (
    CLOSED_STATES,
    OPEN_STATES,
    REFUND_ONLY_KINDS,
    TO_DECIDE_STATES,
    CaseState,
    CaseTag,
)
from merchant.shops.querysets import ShopQuerySet


class CaseQuerySet(ShopQuerySet):
    def open(self) -> Self:
        """Cases somebody still owes something on."""
        return self.filter(state__in=OPEN_STATES)

    def closed(self) -> Self:
        return self.filter(state__in=CLOSED_STATES)

    def to_decide(self) -> Self:
        """Cases the shop must answer, the most urgent first."""
        return self.filter(state__in=TO_DECIDE_STATES).order_by("due_at", "pk")

    def open_refund_only(self) -> Self:
        """Open cases that ask for money without sending anything back: what E13 and E15 add up."""
        return self.filter(state__in=OPEN_STATES, kind__in=REFUND_ONLY_KINDS)

    def tagged(self, tag: CaseTag) -> Self:
        return self.filter(tag=tag).order_by("due_at", "pk")

    def stopped_without_case(self) -> Self:
        """Withdrawn cases whose parcel is stopped or being stopped: withdraw it, send it again, or refund."""
        return self.filter(tag=CaseTag.STOPPED_WITHOUT_CASE, state__in=CLOSED_STATES).order_by("due_at", "pk")

    def refused_but_stopped(self) -> Self:
        """Refused cases whose parcel turned round after all: somebody must look again."""
        return self.filter(tag=CaseTag.STOPPED, state=CaseState.REFUSED).order_by("due_at", "pk")

    def due(self, states: list[CaseState], at: datetime) -> Self:
        """Open cases of these states whose clock has run out and was not yet acted upon."""
        return self.filter(state__in=states, due_at__lte=at, is_late=False).order_by("due_at", "pk")

    def of_buyer(self, buyer: Any) -> Self:
        return self.filter(buyer=buyer).order_by("-applied_at", "-pk")
