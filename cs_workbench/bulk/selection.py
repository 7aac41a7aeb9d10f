"""Which orders are meant: ticked ones, or all of a buyer's in one shop, also those no page has loaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, QueryDict
from django.utils.translation import gettext_lazy as _

from cs_workbench.bulk.enums import KIND, REFUSED
from merchant.jobs.models import Job, JobRow
from merchant.refusals import Refused
from merchant.ui.query_params import parse_int
from orders.record.models import Order

# More than any buyer has; a run of this size takes minutes.
MOST = 2000


@dataclass(frozen=True)
class Selection:
    """Orders of one shop, newest first."""

    shop_id: int
    orders: list[Order]
    is_all: bool = False

    @property
    def buyers(self) -> set[int | None]:
        return {order.buyer_id for order in self.orders}


def select(user: Any, shop_id: int, asked: QueryDict) -> Selection:
    """What a page names: `job` (the refused orders of a run), `buyer` with `all`, or `order` once for each ticked one.

    Raises Http404 on anything that is not in this shop for this person, and Refused SELECTION."""
    rows = Order.objects.visible_to(user).filter(shop_id=shop_id)
    is_all = bool(asked.get("all")) and not asked.get("job")
    if asked.get("job"):
        job = Job.objects.visible_to(user).filter(shop_id=shop_id, kind=KIND, number=asked["job"]).first()
        if job is None:
            raise Http404
        wanted = list(job.rows.filter(outcome=REFUSED).values_list("subject", flat=True))
    else:
        wanted = list(dict.fromkeys(asked.getlist("order")))
    if is_all:
        buyer = parse_int(asked.get("buyer", ""))
        rows = rows.filter(buyer_id=buyer)
        if buyer is None or not rows.exists():
            raise Http404
    elif not wanted:
        raise Refused("SELECTION", _("Tick at least one order first."))
    else:
        rows = rows.filter(number__in=wanted)
    orders = list(_ready(rows)[: MOST + 1])
    if not is_all and len(orders) < len(wanted):
        raise Http404
    if len(orders) > MOST:
        raise Refused("SELECTION", _("At most %(most)s orders at once.") % {"most": MOST})
    return Selection(shop_id, orders, is_all)


def load(user: Any, shop_id: int, ids: Sequence[int]) -> list[Order]:
    """The frozen orders, newest first."""
    return list(_ready(Order.objects.visible_to(user).filter(shop_id=shop_id, pk__in=list(ids))))


def _ready(rows: Any) -> Any:
    return rows.select_related("shop", "buyer", "recipient").order_by("-placed_at", "-pk")


def bulk_context(user: Any, orders: Sequence[Order], *, buyer: int | None, ticked: str) -> dict[str, Any]:
    """What `_bulk_bar.html` needs under a list: its one shop, the buyer when it shows one, and the orders of the run
    `ticked` that were not done, ticked again. A list of several shops has no bar: a run is one shop's."""
    shops = {order.shop_id for order in orders}
    if len(shops) != 1:
        return {"bulk_shop": None}
    [shop_id] = shops
    failed: set[str] = set()
    if ticked:
        jobs = Job.objects.visible_to(user).filter(shop_id=shop_id, kind=KIND, number=ticked)
        failed = set(JobRow.objects.filter(job__in=jobs, outcome=REFUSED).values_list("subject", flat=True))
    total = Order.objects.filter(shop_id=shop_id, buyer_id=buyer).count() if buyer is not None else 0
    return {"bulk_shop": shop_id, "bulk_buyer": buyer, "bulk_total": total, "ticked": failed}
