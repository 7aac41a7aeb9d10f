"""Colleagues and shops that wait for more looks at personal data today (PII-EXTRA)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from cs_workbench.desk.sources.base import CAP, Place, Source, Task, View
from merchant.clock import SHANGHAI
from merchant.people.rights import Right, can
from merchant.vault.models import QuotaRequest
from merchant.vault.quota import waiting_for


class Quotas(Source):
    letter = "q"
    kinds = ("quota",)

    def places(self, user: Any, view: View, shops: Sequence[int], size: int, *, is_supervisor: bool) -> list[Place]:
        if view.segment != "todo" or view.kind not in ("", "quota") or not _decides(user, shops):
            return []
        return [Place(self.key(row.pk), _until(row), row.created_at, self.kinds) for row in waiting_for(user)[:size]]

    def counts(self, user: Any, view: View, shops: Sequence[int], *, is_supervisor: bool) -> Counter[str]:
        if view.segment != "todo" or not _decides(user, shops):
            return Counter()
        found = waiting_for(user).order_by()[: CAP + 1].count()
        return Counter({"": found, "quota": found})

    def tasks(self, pks: Iterable[int], user: Any, view: View) -> dict[int, Task]:
        rows = QuotaRequest.objects.visible_to(user).filter(pk__in=list(pks)).select_related("shop", "asked_by")
        waiting = set(waiting_for(user).values_list("pk", flat=True))
        return {row.pk: self._task(row, is_settled=row.pk not in waiting) for row in rows}

    def _task(self, row: QuotaRequest, *, is_settled: bool) -> Task:
        return Task(
            key=self.key(row.pk),
            url=f"{reverse('quota')}?shop={row.shop_id}",
            subject="",
            name=str(row.asked_by),
            due_at=_until(row),
            chip=("quota", row.state, _("%(wanted)s more looks") % {"wanted": row.wanted}),
            what=row.reason,
            is_elsewhere=True,
            is_settled=is_settled,
            version=row.state,
        )


def _decides(user: Any, shops: Sequence[int]) -> bool:
    return any(can(user, shop, right) for shop in shops for right in (Right.APPLY_QUOTA, Right.APPROVE_QUOTA))


def _until(row: QuotaRequest) -> datetime:
    """It lapses with its day."""
    return datetime.combine(row.day + timedelta(days=1), time.min, SHANGHAI)
