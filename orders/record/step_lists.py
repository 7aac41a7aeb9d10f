"""The orders that wait at one step of the office: the earliest due first, page by page."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from merchant.people.visibility import shops_of
from merchant.ui.query_params import key_of_page, page_key
from orders.record.enums import OrderState
from orders.record.models import IN_STEPS, Order

SIZE = 50
CAP = 99
WITH = ("shop", "buyer", "recipient", "assignee")


@dataclass(frozen=True)
class Tab:
    state: str
    page: str
    label: Any
    count: str = ""

    @property
    def url(self) -> str:
        return reverse(self.page)


TABS = (
    Tab(OrderState.PENDING_REVIEW, "review_list", _("To review")),
    Tab(OrderState.PENDING_ASSIGN, "assign_list", _("To assign")),
    Tab(OrderState.PENDING_CONFIRM, "confirm_list", _("To confirm")),
)


def waiting(user: Any, state: str, shop_ids: list[int] | None = None) -> QuerySet[Order]:
    """What waits at a step, as far as this person sees it."""
    rows = Order.objects.visible_to(user).filter(IN_STEPS, state=state, step_due_at__isnull=False)
    return rows if shop_ids is None else rows.filter(shop_id__in=shop_ids)


def page(rows: QuerySet[Order], after: str) -> tuple[list[Order], str]:
    """A page of them and the key of the next one, "" when there is none."""
    key = page_key(after)
    if key is not None:
        rows = rows.filter(TupleGreaterThan(Tuple(F("step_due_at"), F("id")), key))
    found = list(rows.select_related(*WITH).order_by("step_due_at", "pk")[: SIZE + 1])
    last = found[SIZE - 1] if len(found) > SIZE else None
    return found[:SIZE], key_of_page(last.step_due_at, last.pk) if last and last.step_due_at else ""


def tabs(user: Any) -> list[Tab]:
    """The steps with how many wait at each."""
    if not shops_of(user):
        return list(TABS)
    found = []
    for tab in TABS:
        count = waiting(user, tab.state).order_by()[: CAP + 1].count()
        found.append(Tab(tab.state, tab.page, tab.label, f"{CAP}+" if count > CAP else str(count or "")))
    return found
