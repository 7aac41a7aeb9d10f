"""Orders that wait for a word of the office before the warehouse: to review and to assign for whoever does that, to
confirm for whoever has them. Their clocks are T-REVIEW, T-ASSIGN and T-CONFIRM."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from cs_workbench.desk.sources.base import CAP, Place, Source, Task, View
from merchant.clock import now
from merchant.people.rights import Right, can
from merchant.ui.reverse_cache import url
from orders.record.enums import OrderState
from orders.record.models import IN_STEPS, Order

S = OrderState
# The page each step is taken on, and whose work it is beside its assignee's.
PAGES = {S.PENDING_REVIEW: "review_list", S.PENDING_ASSIGN: "assign_list", S.PENDING_CONFIRM: "confirm_list"}
RIGHTS = {
    S.PENDING_REVIEW: Right.REVIEW_ORDER,
    S.PENDING_ASSIGN: Right.ASSIGN_WORK,
    S.PENDING_CONFIRM: Right.AGREE_CASE,
}


class OfficeSteps(Source):
    letter = "s"
    kinds = ("step",)

    def places(self, user: Any, view: View, shops: Sequence[int], size: int, *, is_supervisor: bool) -> list[Place]:
        if view.segment != "todo" or view.kind not in ("", "step"):
            return []
        found = [
            Place(self.key(pk), due_at, due_at, self.kinds)
            for shop in shops
            if (rows := self._waiting(user, view, shop)) is not None
            for pk, due_at in rows.order_by("step_due_at", "pk").values_list("pk", "step_due_at")[:size]
        ]
        return sorted(found, key=lambda place: place.due_at or now())[:size]

    def counts(self, user: Any, view: View, shops: Sequence[int], *, is_supervisor: bool) -> Counter[str]:
        if view.segment != "todo":
            return Counter()
        queries = [rows for shop in shops if (rows := self._waiting(user, view, shop)) is not None]
        found = sum(rows.order_by()[: CAP + 1].count() for rows in queries)
        return Counter({"": found, "step": found})

    def tasks(self, pks: Iterable[int], user: Any, view: View) -> dict[int, Task]:
        rows = Order.objects.visible_to(user).filter(pk__in=list(pks)).select_related("buyer", "assignee")
        return {order.pk: self._task(order, user) for order in rows}

    def _waiting(self, user: Any, view: View, shop: int) -> Any:
        """The steps this person takes in a shop; None where there are none."""
        states = [state for state, right in RIGHTS.items() if can(user, shop, right)]
        if not states:
            return None
        whose = {"mine": Q(assignee=user), "free": Q(assignee=None), "all": Q()}.get(
            view.whose, Q(assignee=user) | Q(assignee=None)
        )
        return Order.objects.seen_in(shop, user).filter(IN_STEPS, whose, state__in=states, step_due_at__isnull=False)

    def _task(self, order: Order, user: Any) -> Task:
        page = PAGES.get(OrderState(order.state))
        is_late = order.step_due_at is not None and order.step_due_at <= now()
        return Task(
            key=self.key(order.pk),
            url=f"{url(page)}#o{order.pk}" if page else url("desk_order", order.shop_id, order.number),
            subject=f"order/{order.shop_id}/{order.number}",
            name=str(order.buyer or order.number),
            due_at=order.step_due_at,
            chip=("order", order.state, OrderState(order.state).label),
            what="",
            alarm=_("step overdue") if is_late and page else "",
            amount_fen=order.paid_fen,
            holder=str(order.assignee) if order.assignee else "",
            is_mine=order.assignee_id == user.pk,
            is_elsewhere=page is not None,
            is_settled=page is None,
            version=f"{order.version}:{order.state}:{is_late}",
        )
