"""The interceptions list: filters, keyset pages, and the four figures of the last seven days."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Aggregate, Count, DurationField, F, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from logistics.interception.enums import EVER_STOPPED, Reason
from logistics.interception.enums import InterceptionState as S
from logistics.interception.models import Interception
from merchant.clock import now
from merchant.people.visibility import shops_of
from merchant.shops.models import CourierAccount
from merchant.ui.query_params import key_of_page, page_key

SIZE = 50
WEEK = timedelta(days=7)
WITH = ("package", "package__order", "package__order__buyer", "shop", "submitted_by")
GROUPS: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("", _("All"), ()),
    ("open", _("Under way"), (S.SUBMITTED, S.RUNNING)),
    ("unknown", _("Result unknown"), (S.RUNNING,)),
    ("stopped", _("Stopped"), (S.SUCCEEDED, S.RETURNING)),
    ("home", _("Back"), (S.RETURNED, S.CLOSED_OK, S.CLOSED_DAMAGED)),
    ("failed", _("Not stopped"), (S.FAILED,)),
    ("withdrawn", _("Withdrawn"), (S.WITHDRAWN,)),
    ("alarm", _("Alarm"), (S.DELIVERED_ANYWAY, S.LOST_SUSPECT, S.CLOSED_LOST)),
)
STATES = {key: states for key, _label, states in GROUPS}


class Median(Aggregate):
    """The middle value: one long night does not move it."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True)
class Filters:
    """What the reader asked for; unknown words are no filter."""

    group: str = ""
    courier: str = ""
    reason: str = ""
    days: int = 0

    @classmethod
    def read(cls, query: QueryDict) -> "Filters":
        group, reason, days = query.get("group", ""), query.get("reason", ""), query.get("days", "")
        return cls(
            group=group if group in STATES else "",
            courier=query.get("courier", "")[:16],
            reason=reason if reason in Reason.values else "",
            days=int(days) if days in ("1", "7", "30") else 0,
        )

    @property
    def query(self) -> str:
        """The filters as an address, without the page."""
        pairs = [("group", self.group), ("courier", self.courier), ("reason", self.reason), ("days", self.days or "")]
        return "&".join(f"{name}={value}" for name, value in pairs if value)

    def apply(self, rows: QuerySet[Interception]) -> QuerySet[Interception]:
        if self.group:
            rows = rows.filter(state__in=STATES[self.group])
        if self.group == "unknown":
            rows = rows.filter(is_unknown=True)
        if self.courier:
            rows = rows.filter(courier=self.courier)
        if self.reason:
            rows = rows.filter(reason=self.reason)
        if self.days:
            rows = rows.filter(created_at__gte=now() - timedelta(days=self.days))
        return rows


@dataclass(frozen=True)
class Page:
    rows: list[Interception]
    next_key: str


def key_of(row: Interception) -> str:
    return key_of_page(row.created_at, row.pk)


def page(user: Any, filters: Filters, key: str) -> Page:
    """Newest first; the next page starts at a key, never at an offset."""
    start = page_key(key)
    found: list[Interception] = []
    for shop in shops_of(user):
        rows = filters.apply(Interception.objects.seen_in(shop, user).select_related(*WITH))
        if start is not None:
            rows = rows.filter(TupleLessThan(Tuple(F("created_at"), F("id")), start))
        found += list(rows.order_by("-created_at", "-pk")[: SIZE + 1])
    found.sort(key=lambda row: (row.created_at, row.pk), reverse=True)
    return Page(found[:SIZE], key_of(found[SIZE - 1]) if len(found) > SIZE else "")


def couriers(user: Any) -> list[str]:
    """Couriers the shops have an account with: what one can filter by."""
    rows = CourierAccount.objects.filter(shop_id__in=shops_of(user)).order_by("courier")
    return list(rows.values_list("courier", flat=True).distinct())


def week(user: Any) -> dict[str, Any]:
    """Seven days: submitted, stopped, rate in percent, median time to a stop, waiting now, unknown now."""
    rows = Interception.objects.visible_to(user)
    recent = rows.filter(created_at__gte=now() - WEEK)
    figures: dict[str, Any] = recent.aggregate(
        submitted=Count("pk"),
        stopped=Count("pk", filter=Q(state__in=EVER_STOPPED)),
        failed=Count("pk", filter=Q(state=S.FAILED)),
        median=Median(F("settled_at") - F("submitted_at"), filter=Q(state__in=EVER_STOPPED)),
    )
    decided = figures["stopped"] + figures["failed"]
    figures["rate"] = round(100 * figures["stopped"] / decided) if decided else None
    figures |= rows.filter(state__in=(S.SUBMITTED, S.RUNNING)).aggregate(
        open=Count("pk"), unknown=Count("pk", filter=Q(is_unknown=True))
    )
    return figures
