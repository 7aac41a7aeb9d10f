"""After a decision the desk opens the next task, for whoever has not switched that off."""

from aftersales.cases.models import Case
from cs_workbench.cases import subject
from cs_workbench.cases.subject import Subject
from cs_workbench.desk import queue
from cs_workbench.desk.sources.base import View
from merchant.ui.access import SignedInRequest


def next_of(request: SignedInRequest, acted: Subject, shown: list[str]) -> Subject | None:
    """The line below the one that was acted on, else the first that still waits; `shown` are the lines of the queue
    that the person looks at. None where the case stays with them, stands in no such line, or nothing else waits."""
    case = acted.case
    if not request.htmx or not request.user.goes_on or case is None or f"c{case.pk}" not in shown:
        return None
    view = queue.view_of(request.POST)
    if not _has_left(case, view, request.user.pk):
        return None
    here = shown.index(f"c{case.pk}")
    lines = queue.load(shown, request.user, view)
    for key in [*shown[here + 1 :], *shown[:here]]:
        line = lines.get(key)
        if line is not None and line.subject and not line.is_settled:
            return subject.asked(request.user, line.subject)
    return None


def _has_left(case: Case, view: View, person: int) -> bool:
    """Whether it is no longer this person's work in the view they look at."""
    is_others = view.whose != "all" and case.assignee_id not in (None, person)
    return queue.segment_of(case) != view.segment or is_others
