"""What a run does to one order. Each returns what its undo needs, or raises Refused with the reason for the report."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from aftersales.cases.enums import CaseState
from aftersales.cases.models import Case
from aftersales.decisions.intercepting import read_and_intercept_case
from cs_workbench.bulk.enums import Verb
from cs_workbench.bulk.plan import lines
from merchant.jobs.models import Job
from merchant.locking import lock
from merchant.refusals import Refused
from merchant.vault.models import Recipient
from orders.editing import services as editing
from orders.record.models import Order
from orders.remarks import services as remarks
from orders.remarks.models import Note


def act(job: Job, order: Order, shown: Any) -> Any:
    """Do the job's verb to this order. What the look refused is not done behind its back, even if it could be now."""
    if shown is None:
        [line] = lines(job.options["verb"], [order], job.by)
        if line.is_allowed:
            raise Refused("STALE", _("It could not be done when you looked; look again."))
        raise Refused((line.codes or ["REFUSED"])[0], line.sentence, codes=line.codes)
    return ACTS[job.options["verb"]](job, order, shown)


def _address(job: Job, order: Order, shown: Any) -> None:
    change = Recipient.objects.get(pk=job.options["change"], shop_id=job.shop_id)
    editing.move_address(
        order, change, by=job.by, reason=job.options.get("reason") or job.number, shown_recipient=int(shown)
    )


def _flag(job: Job, order: Order, shown: Any) -> list[Any] | None:
    flag, former = job.options["flag"], lock(order).flag
    note = remarks.add_note(order, text=job.options["text"], flag=flag, by=job.by)
    return None if flag is None or flag == former else [note.pk, former]


def _unflag(job: Job, order: Order, shown: Any) -> None:
    note_id, former = shown
    remarks.undo_bulk_flag(Note.objects.get(pk=note_id, order=order), former=former, by=job.by)


def _intercept(job: Job, order: Order, shown: Any) -> None:
    case_id, version = shown
    case = Case.objects.select_related("interception").get(pk=case_id, order=order)
    if _is_ours(job, case):
        return
    read_and_intercept_case(case, by=job.by, shown_version=version)


def _is_ours(job: Job, case: Case) -> bool:
    """This run asked for it already: with another order of the same parcel (E15), or before its worker was killed."""
    stop = case.interception
    return (
        case.state == CaseState.INTERCEPTING
        and stop is not None
        and stop.submitted_by_id == (job.by.pk if job.by else None)
        and stop.submitted_at >= job.created_at
    )


ACTS: dict[str, Callable[[Job, Order, Any], Any]] = {
    Verb.ADDRESS: _address,
    Verb.FLAG: _flag,
    Verb.UNFLAG: _unflag,
    Verb.INTERCEPT: _intercept,
}
