"""Who may begin, stop, continue and undo a bulk run."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from cs_workbench.bulk.enums import Verb
from cs_workbench.bulk.plan import Frozen
from merchant.jobs.models import Job, JobState
from merchant.people.models import Actor
from merchant.people.rights import Right, can, check_right
from merchant.refusals import Refused
from orders.editing.policies import check_how_many

RIGHTS = {
    Verb.ADDRESS: Right.EDIT_ADDRESS,
    Verb.FLAG: Right.REMARK_ORDER,
    Verb.UNFLAG: Right.REMARK_ORDER,
    Verb.INTERCEPT: Right.SUBMIT_INTERCEPTION,
}


def check_can_start(frozen: Frozen, by: Actor) -> None:
    """The verb's right, the role's limit, and something to do. Raises Refused RIGHT, P-BULK-ADDRESS, NOTHING."""
    check_right(by, frozen.shop_id, RIGHTS[Verb(frozen.verb)])
    if frozen.allowed == 0:
        raise Refused("NOTHING", _("None of these orders allows it; the reason stands beside each."))
    if frozen.verb == Verb.ADDRESS:
        check_how_many(frozen.allowed, frozen.shop_id, by)


def check_is_theirs(job: Job, by: Actor) -> None:
    """One's own run, or anybody's for whoever looks after jobs. Raises Refused RIGHT."""
    if by is None or job.by_id != by.pk:
        check_right(by, job.shop_id, Right.OPERATE_JOBS)


def check_can_stop(job: Job, by: Actor) -> None:
    check_is_theirs(job, by)
    if job.state not in (JobState.WAITING, JobState.RUNNING):
        raise Refused("JOB", _("This run is over already."), state=job.state)


def check_can_resume(job: Job, by: Actor) -> None:
    check_is_theirs(job, by)
    if job.state not in (JobState.FAILED, JobState.STOPPED):
        raise Refused("JOB", _("Only a stopped or failed run can go on."), state=job.state)


def check_can_undo(job: Job, by: Actor) -> None:
    """Flags only: remarks stay, an address and an interception are undone in their own way."""
    check_is_theirs(job, by)
    check_right(by, job.shop_id, Right.REMARK_ORDER)
    if job.options.get("verb") != Verb.FLAG or job.options.get("flag") is None:
        raise Refused("UNDO", _("Only flags can be taken back; a remark stays."))
    if job.state in (JobState.WAITING, JobState.RUNNING):
        raise Refused("JOB", _("Stop the run first."), state=job.state)
    if job.options.get("undone_by"):
        raise Refused("UNDO", _("These flags were taken back already."))
    if not job.cursor.get("undo"):
        raise Refused("UNDO", _("This run set no flag."))


def may_see_all(user: Any, shop_id: int) -> bool:
    return can(user, shop_id, Right.OPERATE_JOBS)
