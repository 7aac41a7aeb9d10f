"""The rows behind a number of the board, by the very conditions that counted them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.http import QueryDict
from django.utils.translation import gettext as _

from aftersales.cases.enums import REFUND_ONLY_KINDS, CaseState
from aftersales.cases.models import Case
from cs_workbench.board import load, shipping
from cs_workbench.board.asked import DAY, Asked, day_of, midnight
from cs_workbench.board.times import applied_in_period, first_decision
from merchant.clock import SHANGHAI, now
from merchant.people.models import User
from merchant.ui.query_params import key_of_page, page_key, parse_int

SIZE = 50
CASE_WITH = ("order", "order__buyer", "shop", "assignee")


@dataclass
class Page:
    """Fifty rows, the next page's key, and what was asked for in words."""

    rows: list[Any]
    next_key: str
    said: list[str]


def cases(asked: Asked, query: QueryDict) -> Page:
    said: list[str] = []
    has, due, by = query.get("has", ""), query.get("due", ""), query.get("by", "")
    is_open = bool(has or due or query.get("open") or query.get("level"))
    rows = load.open_cases(asked) if is_open else applied_in_period(asked)
    if is_open:
        said.append(_("open"))
    if day := day_of(query.get("day", "")):
        rows = asked.rows(Case).filter(
            state__in=CaseState.values, applied_at__gte=midnight(day), applied_at__lt=midnight(day + DAY)
        )
        said.append(_("applied on %(day)s") % {"day": day})
    elif not is_open:
        said.append(_("applied in the last %(n)s days") % {"n": asked.days})
    if has:
        pk = parse_int(has)
        rows = rows.filter(assignee_id=pk)
        said.append(_name(asked, pk))
    if due in load.URGENCY:
        rows = rows.filter(load.urgency(due, now()))
        said.append(str(load.URGENCY[due]))
    if query.get("level"):
        rows = rows.filter(level__gt=0)
        said.append(_("escalated"))
    if query.get("only") in ("0", "1"):
        is_only = query["only"] == "1"
        rows = rows.filter(kind__in=REFUND_ONLY_KINDS) if is_only else rows.exclude(kind__in=REFUND_ONLY_KINDS)
        said.append(_("refund only") if is_only else _("everything but refund only"))
    if query.get("ended"):
        rows = rows.filter(closed_at__isnull=False).exclude(state=CaseState.CANCELLED)
        said.append(_("over, and not taken back"))
    if by or query.get("decided") or (asked.is_own and not is_open):
        rows = rows.annotate(decider=first_decision("by"))
        pk = asked.user.pk if asked.is_own else parse_int(by)
        if query.get("decided"):
            rows = rows.filter(decider__isnull=False)
            said.append(_("decided by a person"))
        if by or asked.is_own:
            rows = rows.filter(decider=pk) if pk is not None else rows.filter(decider__isnull=True)
            said.append(_("first decided by %(name)s") % {"name": _name(asked, pk)})
    key, ascending = ("due_at", True) if is_open else ("applied_at", False)
    found, next_key = _page(rows.select_related(*CASE_WITH), key, ascending, query.get("after", ""))
    return Page(found, next_key, said)


def orders(asked: Asked, query: QueryDict) -> Page:
    if query.get("what") == "overdue":
        rows, said = shipping.overdue(asked), [_("overdue to ship")]
    else:
        day = day_of(query.get("day", ""))
        start, end = (midnight(day), midnight(day + DAY)) if day else (asked.start, asked.end)
        rows = shipping.due_between(asked, start, end)
        last = (end - timedelta(seconds=1)).astimezone(SHANGHAI)
        said = [_("promise due %(start)s to %(end)s") % {"start": f"{start:%m-%d}", "end": f"{last:%m-%d}"}]
        if query.get("late"):
            rows = rows.filter(Q(shipped_at__isnull=True) | Q(shipped_at__gt=F("ship_by_at")))
            said.append(_("late"))
    found, next_key = _page(
        rows.select_related("buyer", "shop", "assignee"), "ship_by_at", True, query.get("after", "")
    )
    return Page(found, next_key, said)


def _name(asked: Asked, pk: int | None) -> str:
    """Of somebody who is or was in these shops; nobody else's name is told here."""
    if pk is None:
        return _("nobody")
    person = User.objects.filter(pk=pk, memberships__shop__in=asked.shops).first()
    return str(person) if person else _("somebody else")


def _page(rows: QuerySet[Any], clock: str, ascending: bool, key: str) -> tuple[list[Any], str]:
    start = page_key(key)
    if start is not None:
        beyond = TupleGreaterThan if ascending else TupleLessThan
        rows = rows.filter(beyond(Tuple(F(clock), F("id")), start))
    found = list(rows.order_by(*((clock, "pk") if ascending else (f"-{clock}", "-pk")))[: SIZE + 1])
    last = found[SIZE - 1] if len(found) > SIZE else None
    return found[:SIZE], key_of_page(getattr(last, clock), last.pk) if last else ""
