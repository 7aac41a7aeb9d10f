"""Orders that wait for somebody and that no open case speaks for: paid ones whose promised ship time is near or past
(T-SHIP, T-SHIP-WARN), and those whose parcel comes back although nobody asked for it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from aftersales.cases.enums import OPEN_STATES
from aftersales.cases.models import Case
from cs_workbench.desk.sources.base import CAP, Place, Source, Task, View
from logistics.interception.models import Interception
from logistics.parcels.enums import COMING_BACK, PackageState
from logistics.parcels.models import Package
from logistics.tracking.coming_back import LISTED_FOR
from merchant.clock import now
from merchant.people.visibility import scope_of
from merchant.policy import services as policy
from merchant.prepared import named, rows_of, tuples_of
from merchant.ui.reverse_cache import url
from orders.record.enums import Flag, OrderState
from orders.record.models import AWAITING_SHIPMENT, Order

# What a line shows, and no more.
SHOWN = (
    *("shop_id", "number", "state", "flag", "paid_fen", "version"),
    *("ship_by_at", "shipped_at", "closed_at"),
    *("buyer__nickname", "buyer__external_id", "assignee__display_name", "assignee__username"),
)


class LateOrders(Source):
    letter = "o"
    kinds = ("ship",)

    def places(self, user: Any, view: View, shops: Sequence[int], size: int, *, is_supervisor: bool) -> list[Place]:
        if view.segment != "todo" or view.kind not in ("", "ship"):
            return []

        def build(**until: datetime) -> Any:
            first, *rest = [
                self._waiting(user, view, shop, one).order_by("ship_by_at", "pk").values_list("pk", "ship_by_at")[:size]
                for shop, one in zip(shops, until.values(), strict=True)
            ]
            return first.union(*rest, all=True) if rest else first

        if not shops:
            return []
        key = ("late orders, placed", scope_of(user), view.whose, size)
        rows = tuples_of(key, build, **named("until", map(self._until, shops)))
        return [Place(self.key(pk), due_at, due_at, self.kinds) for pk, due_at in rows]

    def counts(self, user: Any, view: View, shops: Sequence[int], *, is_supervisor: bool) -> Counter[str]:
        if view.segment != "todo":
            return Counter()
        found = sum(self._waiting(user, view, shop, self._until(shop)).order_by()[: CAP + 1].count() for shop in shops)
        return Counter({"": found, "ship": found})

    def tasks(self, pks: Iterable[int], user: Any, view: View) -> dict[int, Task]:
        def build(**pks: int) -> Any:
            rows = Order.objects.visible_to(user).filter(pk__in=pks.values())
            return rows.select_related("buyer", "assignee").only(*SHOWN)

        rows = rows_of(("late orders", scope_of(user)), build, **named("pk", pks))
        return {order.pk: self._task(order, user) for order in rows}

    def _until(self, shop: int) -> datetime:
        return now() + policy.timer(policy.current(shop), "T-SHIP-WARN")

    def _waiting(self, user: Any, view: View, shop: int, until: datetime) -> Any:
        open_case = Case.objects.filter(order=OuterRef("pk"), state__in=OPEN_STATES)
        whose = {"mine": Q(assignee=user), "free": Q(assignee=None), "all": Q()}.get(
            view.whose, Q(assignee=user) | Q(assignee=None)
        )
        rows = Order.objects.seen_in(shop, user).filter(AWAITING_SHIPMENT, whose, ship_by_at__lte=until)
        return rows.exclude(Exists(open_case))

    def _task(self, order: Order, user: Any) -> Task:
        at = now()
        is_waiting = order.ship_by_at is not None and order.shipped_at is None and order.closed_at is None
        is_late = order.ship_by_at is not None and order.ship_by_at <= at
        return Task(
            key=self.key(order.pk),
            url=url("desk_order", order.shop_id, order.number),
            subject=f"order/{order.shop_id}/{order.number}",
            name=str(order.buyer or order.number),
            due_at=order.ship_by_at,
            chip=("order", order.state, OrderState(order.state).label),
            what="" if is_late else _("to ship soon"),
            alarm=_("overdue to ship") if is_late and is_waiting else "",
            amount_fen=order.paid_fen,
            flag=(order.flag, Flag(order.flag).label) if order.flag is not None else None,
            holder=str(order.assignee) if order.assignee else "",
            is_mine=order.assignee_id == user.pk,
            is_settled=not is_waiting,
            version=f"{order.version}:{order.state}:{is_late}",
        )


class ParcelsComingBack(Source):
    """Refused at the door, not found, turned round: somebody pays back, sends again or asks the buyer."""

    letter = "b"
    kinds = ("back",)

    def places(self, user: Any, view: View, shops: Sequence[int], size: int, *, is_supervisor: bool) -> list[Place]:
        if view.segment != "todo" or view.kind not in ("", "back"):
            return []
        branches = [
            self._waiting(user, view, shop).order_by("last_event_at", "pk").values_list("pk", "last_event_at")[:size]
            for shop in shops
        ]
        first, *rest = branches or [Package.objects.none().values_list("pk", "last_event_at")]
        rows = first.union(*rest, all=True) if rest else first
        return [Place(self.key(pk), None, at, self.kinds) for pk, at in rows]

    def counts(self, user: Any, view: View, shops: Sequence[int], *, is_supervisor: bool) -> Counter[str]:
        if view.segment != "todo":
            return Counter()
        found = sum(self._waiting(user, view, shop).order_by()[: CAP + 1].count() for shop in shops)
        return Counter({"": found, "back": found})

    def tasks(self, pks: Iterable[int], user: Any, view: View) -> dict[int, Task]:
        rows = Package.objects.visible_to(user).filter(pk__in=list(pks))
        return {row.pk: self._task(row, user) for row in rows.select_related("order__buyer", "order__assignee")}

    def _waiting(self, user: Any, view: View, shop: int) -> Any:
        speaks = Case.objects.filter(order=OuterRef("order"), state__in=OPEN_STATES)
        stopped = Interception.objects.filter(package=OuterRef("pk"))
        whose = {"mine": Q(order__assignee=user), "free": Q(order__assignee=None), "all": Q()}.get(
            view.whose, Q(order__assignee=user) | Q(order__assignee=None)
        )
        rows = Package.objects.seen_in(shop, user).coming_back(since=now() - LISTED_FOR).filter(whose)
        rows = rows.filter(order__closed_at=None, order__completed_at=None)
        return rows.exclude(Exists(speaks)).exclude(Exists(stopped))

    def _task(self, package: Package, user: Any) -> Task:
        order = package.order
        return Task(
            key=self.key(package.pk),
            url=url("desk_order", order.shop_id, order.number),
            subject=f"order/{order.shop_id}/{order.number}",
            name=str(order.buyer or order.number),
            due_at=None,
            chip=("package", package.state, PackageState(package.state).label),
            what="",
            alarm=_("comes back unasked"),
            amount_fen=order.paid_fen,
            flag=(order.flag, Flag(order.flag).label) if order.flag is not None else None,
            holder=str(order.assignee) if order.assignee else "",
            is_mine=order.assignee_id == user.pk,
            is_settled=order.closed_at is not None or package.state not in COMING_BACK,
            version=f"{order.version}:{order.state}:{package.state}",
        )
