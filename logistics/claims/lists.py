"""The claims list: tabs with capped counts, work oldest clock first, keyset pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from logistics.claims.enums import Cause
from logistics.claims.enums import ClaimState as S
from logistics.claims.models import Claim
from merchant.clock import SHANGHAI
from merchant.people.visibility import shops_of
from merchant.ui.query_params import key_of_page, page_key

SIZE = 50
CAP = 999
WITH = ("package", "interception", "shop")


@dataclass(frozen=True)
class Tab:
    """One queue: its states, and the clock it is read by (oldest first; what is over comes newest first)."""

    name: str
    label: Any
    states: tuple[S, ...]
    clock: str
    is_work: bool = True


TABS = (
    Tab("file", _("To file"), (S.DRAFT,), "due_at"),
    Tab("waiting", _("With the courier"), (S.FILED, S.APPEALED), "filed_at"),
    Tab("pay", _("To be paid"), (S.ACCEPTED,), "filed_at"),
    Tab("rejected", _("Refused by the courier"), (S.REJECTED,), "filed_at"),
    Tab("paid", _("Paid by the courier"), (S.PAID,), "filed_at"),
    Tab("over", _("Over"), (S.CLOSED,), "created_at", is_work=False),
    Tab("all", _("All"), tuple(S), "created_at", is_work=False),
)
BY_NAME = {tab.name: tab for tab in TABS}


@dataclass(frozen=True)
class Filters:
    """What the reader asked for; unknown words are no filter. `month` is 2026-11, of the day the claim was drafted."""

    tab: Tab
    courier: str = ""
    cause: str = ""
    month: str = ""

    @classmethod
    def read(cls, query: QueryDict, default: str) -> "Filters":
        cause, month = query.get("cause", ""), query.get("month", "")
        return cls(
            tab=BY_NAME.get(query.get("tab", ""), BY_NAME[default]),
            courier=query.get("courier", "")[:16],
            cause=cause if cause in Cause.values else "",
            month=month if months(month) else "",
        )

    @property
    def more(self) -> str:
        """The filters beside the tab, as an address."""
        pairs = [("courier", self.courier), ("cause", self.cause), ("month", self.month)]
        return "".join(f"&{name}={value}" for name, value in pairs if value)

    def apply(self, rows: QuerySet[Claim]) -> QuerySet[Claim]:
        rows = rows.filter(state__in=self.tab.states)
        if self.courier:
            rows = rows.filter(courier=self.courier)
        if self.cause:
            rows = rows.filter(cause=self.cause)
        if span := months(self.month):
            rows = rows.filter(created_at__gte=span[0], created_at__lt=span[1])
        return rows


def months(text: str) -> tuple[datetime, datetime] | None:
    """`2026-11` as the instants it begins and ends at in Shanghai; None for what is no month."""
    try:
        start = datetime.strptime(text, "%Y-%m").replace(tzinfo=SHANGHAI)
        return start, start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    except ValueError:
        return None


def page(user: Any, wanted: Filters, key: str) -> tuple[list[Claim], str]:
    """Fifty rows and the key of the next page ("" on the last)."""
    clock, start = wanted.tab.clock, page_key(key)
    found: list[Claim] = []
    for shop in shops_of(user):
        rows = wanted.apply(Claim.objects.seen_in(shop, user).select_related(*WITH))
        if start is not None:
            after = TupleGreaterThan if wanted.tab.is_work else TupleLessThan
            rows = rows.filter(after(Tuple(F(clock), F("id")), start))
        order = (clock, "pk") if wanted.tab.is_work else (f"-{clock}", "-pk")
        found += list(rows.order_by(*order)[: SIZE + 1])
    found.sort(key=lambda row: (getattr(row, clock), row.pk), reverse=not wanted.tab.is_work)
    last = found[SIZE - 1] if len(found) > SIZE else None
    return found[:SIZE], key_of_page(getattr(last, clock), last.pk) if last else ""


def counts(user: Any) -> dict[str, int]:
    """How many stand in each working tab, at most a thousand each."""
    mine = Claim.objects.visible_to(user).order_by()
    return {tab.name: mine.filter(state__in=tab.states)[: CAP + 1].count() for tab in TABS if tab.is_work}
