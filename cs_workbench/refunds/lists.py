"""The refunds list: its queues, the filters kept in every link, and keyset pages."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.translation import gettext as _

from aftersales.refunds.enums import RefundState as S
from aftersales.refunds.models import Refund
from merchant.people.models import User
from merchant.people.visibility import shops_of
from merchant.ui.query_params import key_of_page, page_key, parse_int
from orders.payments.enums import PayChannel

SIZE, WORK_SIZE = 50, 100
CAP = 999
WITH = ("order", "order__buyer", "case", "shop", "created_by", "approved_by", "interception")
TABS: dict[str, Q] = {
    "second": Q(state=S.CREATED),
    "release": Q(state=S.APPROVED, next_at__isnull=True),
    # What the channel refuses and somebody must mend is tried again by itself meanwhile.
    "failed": Q(state__in=[S.ABNORMAL, S.CLOSED], successor__isnull=True) | Q(state=S.PROCESSING, due_at__isnull=False),
    "funds": Q(state=S.WAIT_FUNDS),
    "running": Q(state=S.PROCESSING, due_at__isnull=True) | Q(state=S.APPROVED, next_at__isnull=False),
    "paid": Q(state__in=[S.SUCCESS, S.OFFLINE_DONE]),
    "over": Q(state__in=[S.REJECTED, S.VOID]) | Q(state=S.CLOSED, successor__isnull=False),
}
# People work on these from the oldest on.
WORK = ("second", "release", "failed", "funds")


def tab_labels() -> dict[str, str]:
    return {
        "second": _("Second person"),
        "release": _("To release"),
        "failed": _("Could not be paid"),
        "funds": _("Waiting for funds"),
        "running": _("Being paid"),
        "paid": _("Refunded"),
        "over": _("Void or rejected"),
    }


@dataclass(frozen=True)
class Filters:
    """What the reader asked for; a channel or a shop that is not theirs to see is no filter."""

    channel: str = ""
    shop: int | None = None

    @classmethod
    def read(cls, query: QueryDict, user: User) -> "Filters":
        channel, shop = query.get("channel", ""), parse_int(query.get("shop", ""))
        return cls(channel if channel in PayChannel.values else "", shop if shop in shops_of(user) else None)

    @property
    def more(self) -> str:
        """To be put behind `?tab=…` in an address."""
        return _query(channel=self.channel, shop=self.shop)

    @property
    def without_channel(self) -> str:
        return _query(shop=self.shop)

    @property
    def without_shop(self) -> str:
        return _query(channel=self.channel)

    def rows(self, user: User) -> QuerySet[Refund]:
        rows = Refund.objects.seen_in(self.shop, user) if self.shop else Refund.objects.visible_to(user)
        return rows.filter(channel=self.channel) if self.channel else rows


def _query(**pairs: Any) -> str:
    return "".join(f"&{name}={value}" for name, value in pairs.items() if value)


def counts(user: User, filters: Filters) -> dict[str, int]:
    rows = filters.rows(user).order_by()
    return {name: rows.filter(TABS[name])[: CAP + 1].count() for name in (*WORK, "running")}


def page(user: User, tab: str, filters: Filters, key: str) -> tuple[list[Refund], str]:
    """(rows, the next page's key). Work comes with the oldest due first; what is over, newest first."""
    is_work = tab in WORK
    size = WORK_SIZE if is_work else SIZE
    at = Coalesce("due_at", "created_at") if is_work else F("created_at")
    rows = filters.rows(user).filter(TABS[tab]).select_related(*WITH).annotate(order_at=at)
    start = page_key(key)
    if start is not None:
        beyond = TupleGreaterThan if is_work else TupleLessThan
        rows = rows.filter(beyond(Tuple(F("order_at"), F("id")), start))
    found: list[Any] = list(rows.order_by(*(("order_at", "pk") if is_work else ("-order_at", "-pk")))[: size + 1])
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], key_of_page(last.order_at, last.pk)


def short(user: User, filters: Filters) -> list[dict[str, Any]]:
    """How much money is missing, per shop and channel."""
    waiting = filters.rows(user).filter(TABS["funds"]).order_by("shop_id", "channel")
    found = waiting.values("shop_id", "shop__name", "channel").annotate(missing=Sum("amount_fen"), refunds=Count("pk"))
    return [dict(row) for row in found]
