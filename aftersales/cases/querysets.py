"""The named queues of cases. Each repeats the condition of its partial index word for word."""

from datetime import datetime
from typing import Self

from aftersales.cases.enums import (
    CLOSED_STATES,
    OPEN_STATES,
    CaseState,
    CaseTag,
)
from merchant.people.querysets import ShopQuerySet


class CaseQuerySet(ShopQuerySet):
    def open(self) -> Self:
        """Cases somebody still owes something on."""
        return self.filter(state__in=OPEN_STATES)

    def closed(self) -> Self:
        return self.filter(state__in=CLOSED_STATES)

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
