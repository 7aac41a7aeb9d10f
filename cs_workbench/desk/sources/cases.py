"""After-sale cases that wait for a person, run, or ended."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from aftersales.cases.enums import CLOSED_STATES, CaseKind, CaseState, CaseTag
from aftersales.cases.models import Case
from cs_workbench.desk.sources.base import CAP, Place, Source, Task, View
from merchant.people.querysets import statement_of
from merchant.people.visibility import scope_of, visible_owner_ids
from merchant.prepared import named, tuples_of
from merchant.ui.reverse_cache import url
from orders.record.enums import Flag

# Each branch repeats the condition of a partial index (aftersales/cases/models.py), a shop at a time.
TO_DECIDE = Q(state__in=[CaseState.APPLIED, CaseState.REFUND_FAILED])
REFUSED_BUT_STOPPED = Q(tag=CaseTag.STOPPED, state=CaseState.REFUSED)
WITHOUT_CASE = Q(tag=CaseTag.STOPPED_WITHOUT_CASE, state__in=CLOSED_STATES)
# What came back is not what was sent, or its settlement was stopped: an agent talks to the buyer.
BACK_TAGS = [CaseTag.GOODS_DIFFER, CaseTag.GOODS_HOME, CaseTag.REFUND_STOPPED]
BACK_STATES = [CaseState.REFUSED_AFTER_RETURN, CaseState.INSPECTING]
GOODS_BACK = Q(tag__in=BACK_TAGS, state__in=BACK_STATES)
UNDER_WAY = Q(state__in=[CaseState.INTERCEPTING, CaseState.REFUNDING])
SEGMENTS: dict[str, tuple[Q, ...]] = {
    "todo": (TO_DECIDE, REFUSED_BUT_STOPPED, GOODS_BACK, WITHOUT_CASE),
    "running": (UNDER_WAY,),
    "done": (Q(state__in=CLOSED_STATES) & ~Q(tag=CaseTag.STOPPED_WITHOUT_CASE),),
}
# The courier said something a person has to weigh.
ROAD_TAGS = [
    CaseTag.INTERCEPTION_FAILED,
    CaseTag.RESULT_UNKNOWN,
    CaseTag.STOPPED,
    CaseTag.DELIVERED_ANYWAY,
    CaseTag.STOPPED_WITHOUT_CASE,
]
MONEY = Q(state=CaseState.REFUND_FAILED) | Q(tag=CaseTag.REFUND_STOPPED)
KINDS: dict[str, Q] = {
    "answer": Q(state=CaseState.APPLIED, tag=""),
    "road": Q(tag__in=ROAD_TAGS),
    "back": Q(tag__in=[CaseTag.GOODS_DIFFER, CaseTag.GOODS_HOME]),
    "money": MONEY,
    "escalated": Q(level__gt=0),
}
# What a line shows, as values: fifty cases with their orders and buyers take longer to build than to read.
SHOWN = (
    *("pk", "shop_id", "number", "state", "kind", "tag", "level", "due_at", "amount_fen", "version", "assignee_id"),
    "closed_at",
    *("order__number", "order__flag", "order__buyer__nickname", "order__buyer__external_id"),
    *("assignee__display_name", "assignee__username"),
)


def segment_of(case: Case) -> str:
    """The segment that shows this case now; empty when none does (it waits for the buyer or the platform)."""
    return _segment(case.state, case.tag)


def _segment(state: str, tag: str) -> str:
    if tag == CaseTag.STOPPED_WITHOUT_CASE:
        return "todo"
    if state in (CaseState.APPLIED, CaseState.REFUND_FAILED):
        return "todo"
    if state == CaseState.REFUSED and tag == CaseTag.STOPPED:
        return "todo"
    if state in BACK_STATES and tag in BACK_TAGS:
        return "todo"
    if state in (CaseState.INTERCEPTING, CaseState.REFUNDING):
        return "running"
    return "done" if state in CLOSED_STATES else ""


def kinds_of(state: str, tag: str, level: int) -> list[str]:
    """The filters a waiting case answers to: KINDS, asked of values."""
    found = ["escalated"] if level else []
    if state == CaseState.REFUND_FAILED or tag == CaseTag.REFUND_STOPPED:
        return [*found, "money"]
    if tag in ROAD_TAGS:
        return [*found, "road"]
    return [*found, "back" if tag else "answer"]


class _Words:
    """The labels in the page's language, each looked up once for fifty lines."""

    def __init__(self) -> None:
        self.states = {state.value: str(state.label) for state in CaseState}
        self.kinds = {kind.value: str(kind.label) for kind in CaseKind}
        self.tags = {tag.value: str(tag.label) for tag in CaseTag}
        self.flags = {flag.value: str(flag.label) for flag in Flag}


class Cases(Source):
    letter = "c"
    kinds = tuple(KINDS)

    def places(self, user: Any, view: View, shops: Sequence[int], size: int, *, is_supervisor: bool) -> list[Place]:
        if view.kind and (view.kind not in KINDS or view.segment != "todo"):
            return []
        if not shops:
            return []
        owners = visible_owner_ids(user)
        key = ("cases", user.pk, view, is_supervisor, size, *((shop, owners.get(shop)) for shop in shops))
        sql, values = statement_of(key, lambda: self._places(user, view, shops, size, is_supervisor=is_supervisor))
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            rows = cursor.fetchall()
        return [Place(self.key(pk), due_at, at, kinds_of(*of)) for pk, due_at, at, *of in rows]

    def _places(
        self, user: Any, view: View, shops: Sequence[int], size: int, *, is_supervisor: bool
    ) -> QuerySet[Any, Any]:
        whose, kind = view.mine(user, is_supervisor=is_supervisor), KINDS.get(view.kind, Q())
        at = "closed_at" if view.segment == "done" else "applied_at"
        order = ("-closed_at", "-pk") if view.segment == "done" else ("due_at", "pk")
        first, *rest = [
            Case.objects.seen_in(shop, user)
            .filter(condition, whose, kind)
            .order_by(*order)
            .values_list("pk", "due_at", at, "state", "tag", "level")[:size]
            for shop in shops
            for condition in SEGMENTS[view.segment]
        ]
        return first.union(*rest, all=True) if rest else first

    def counts(self, user: Any, view: View, shops: Sequence[int], *, is_supervisor: bool) -> Counter[str]:
        def build() -> Any:
            whose = view.mine(user, is_supervisor=is_supervisor)
            seen = Case.objects.visible_to(user, many=True).filter(whose).order_by()
            first, *rest = [
                seen.filter(condition).values_list("state", "tag", "level")[: CAP + 1]
                for condition in SEGMENTS[view.segment]
            ]
            return first.union(*rest, all=True) if rest else first

        found: Counter[str] = Counter()
        for state, tag, level in tuples_of(("cases, counted", scope_of(user), view, is_supervisor), build):
            found[""] += 1
            found.update(kinds_of(state, tag, level))
        return found

    def tasks(self, pks: Iterable[int], user: Any, view: View) -> dict[int, Task]:
        def build(**pks: int) -> Any:
            return Case.objects.visible_to(user).filter(pk__in=pks.values()).values_list(*SHOWN)

        words = _Words()
        found = tuples_of(("cases, shown", scope_of(user)), build, **named("pk", pks))
        rows = [dict(zip(SHOWN, row, strict=True)) for row in found]
        return {row["pk"]: self._task(row, user, view, words) for row in rows}

    def _task(self, row: dict[str, Any], user: Any, view: View, words: _Words) -> Task:
        flag, state, tag = row["order__flag"], row["state"], row["tag"]
        holder = row["assignee__display_name"] or row["assignee__username"] or ""
        return Task(
            key=self.key(row["pk"]),
            url=url("desk_case", row["shop_id"], row["number"]),
            subject=f"case/{row['shop_id']}/{row['number']}",
            name=row["order__buyer__nickname"] or row["order__buyer__external_id"] or row["order__number"],
            due_at=row["due_at"],
            done_at=row["closed_at"] if view.segment == "done" else None,
            chip=("case", state, words.states[state]),
            what=words.kinds[row["kind"]],
            alarm=words.tags[tag] if tag else "",
            amount_fen=row["amount_fen"],
            flag=(flag, words.flags[flag]) if flag is not None else None,
            holder=holder,
            is_mine=row["assignee_id"] == user.pk,
            is_escalated=row["level"] > 0,
            is_settled=_segment(state, tag) != view.segment,
            version=f"{row['version']}:{state}:{tag}:{row['level']}",
        )
