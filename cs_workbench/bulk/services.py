"""Starting, stopping, continuing, undoing and finding bulk runs: what the pages and the worker call."""

import logging
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import get_language

from cs_workbench.bulk import policies, runner
from cs_workbench.bulk.enums import KIND, Verb
from cs_workbench.bulk.plan import Frozen
from merchant.clock import now
from merchant.jobs.models import Job, JobState
from merchant.jobs.running import forgotten, is_free
from merchant.locking import lock
from merchant.numbers import new_number
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.trail import activity
from merchant.wakeups import wake, wake_now
from orders.editing import services as editing
from orders.editing.addresses import Given
from orders.remarks.services import check_note

log = logging.getLogger(__name__)

# Up to this many orders are done while the person waits; nothing that leaves the building ever is.
AT_ONCE = 20
# Under the worker's soft time limit and the broker's visibility timeout: a longer run goes on in the next message.
SLICE_SECONDS = 90


def start_bulk(
    frozen: Frozen,
    shop: Any,
    *,
    by: Actor,
    address: Given | None = None,
    flag: int | None = None,
    text: str = "",
    reason: str = "",
) -> Job:
    """Begin the run of a plan and, when it is small, end it too. The same plan begun twice is one run.

    Raises Refused RIGHT, ADDRESS, NOTE, P-BULK-ADDRESS, NOTHING."""
    known = Job.objects.filter(shop=shop, kind=KIND, number=frozen.number).first()
    if known is not None:
        return known
    try:
        job = _make(frozen, shop, by=by, address=address, flag=flag, text=text, reason=reason)
    except IntegrityError:  # pressed twice in the same instant
        return Job.objects.get(shop=shop, kind=KIND, number=frozen.number)
    return _begin(job)


@transaction.atomic
def _make(
    frozen: Frozen, shop: Any, *, by: Actor, address: Given | None, flag: int | None, text: str, reason: str
) -> Job:
    policies.check_can_start(frozen, by)
    options: dict[str, Any] = {"verb": frozen.verb, "entries": frozen.entries, "is_all": frozen.is_all}
    if frozen.verb == Verb.ADDRESS:
        change = editing.seal_address(shop, address or Given(), by=by)
        change.save()
        options |= {"change": change.pk, "reason": reason[:200]}
    elif frozen.verb == Verb.FLAG:
        check_note(text, flag)
        options |= {"flag": flag, "text": text.strip()}
    return _new_job(shop, frozen.number, options, by=by)


def _new_job(shop: Any, number: str, options: dict[str, Any], *, by: Actor) -> Job:
    job = Job.objects.create(
        shop=shop,
        number=number,
        kind=KIND,
        title=str(Verb(options["verb"]).label),
        options={"language": get_language() or "zh-hans", **options},
        total=len(options["entries"]),
        by=by,
    )
    activity.record(job, "bulk.start", by=by, to_state=job.state, what=options["verb"], orders=job.total)
    return job


def _begin(job: Job) -> Job:
    """A small run ends before the page comes back; should it break off, the sweep goes on with it."""
    if job.options["verb"] == Verb.INTERCEPT or (job.total or 0) > AT_ONCE:
        wake("cs_workbench.run_bulk", job_id=job.pk)
        return job
    try:
        return runner.run(job)
    except Exception:
        log.exception("bulk %s goes on in the background", job.number)
        return Job.objects.get(pk=job.pk)


def work_on(job_id: int) -> None:
    """The worker's entry: a slice of the run, then the next message. A job somebody else holds is left alone."""
    job = Job.objects.select_related("shop", "by").filter(pk=job_id, kind=KIND).first()
    if job is None or not is_free(job):
        return
    try:
        job = runner.run(job, seconds=SLICE_SECONDS)
    except Refused as refusal:
        log.info("bulk %s: %s", job.number, refusal)
        return
    if job.state == JobState.WAITING:
        wake_now("cs_workbench.run_bulk", job_id=job.pk)


def sweep_bulk() -> int:
    """Runs that wait or were left behind by a killed worker get a message again; how many."""
    jobs = forgotten(KIND)
    for job in jobs:
        wake_now("cs_workbench.run_bulk", job_id=job.pk)
    return len(jobs)


@transaction.atomic
def stop_bulk(job: Job, *, by: Actor) -> Job:
    """Stop after the batch in hand. What was done stays. Raises Refused RIGHT or JOB."""
    job = lock(job)
    policies.check_can_stop(job, by)
    before, job.state, job.finished_at = job.state, JobState.STOPPED, now()
    job.save(update_fields=["state", "finished_at"])
    activity.record(job, "bulk.stop", by=by, from_state=before, to_state=job.state)
    return job


@transaction.atomic
def resume_bulk(job: Job, *, by: Actor) -> Job:
    """Go on behind the last batch of a stopped or failed run. Raises Refused RIGHT or JOB."""
    job = lock(job)
    policies.check_can_resume(job, by)
    before = job.state
    job.cursor = {**job.cursor, "starts": 0}
    job.state, job.error, job.finished_at, job.pulse_at = JobState.WAITING, "", None, None
    job.save()
    activity.record(job, "bulk.resume", by=by, from_state=before, to_state=job.state)
    wake("cs_workbench.run_bulk", job_id=job.pk)
    return job


def undo_bulk(job: Job, *, by: Actor) -> Job:
    """撤销插旗: every order gets the flag it had, where nobody changed it since. A run of its own; twice is one.

    Raises Refused RIGHT, JOB or UNDO."""
    with transaction.atomic():
        job = lock(job)
        if number := job.options.get("undone_by"):
            return Job.objects.get(number=number)
        policies.check_can_undo(job, by)
        entries = [[int(order_id), needed] for order_id, needed in job.cursor.get("undo", {}).items()]
        undo = _new_job(
            job.shop, new_number("BK"), {"verb": Verb.UNFLAG, "entries": sorted(entries), "undoes": job.number}, by=by
        )
        job.options = {**job.options, "undone_by": undo.number}
        job.save(update_fields=["options"])
        activity.record(job, "bulk.undo", by=by, undo=undo.number)
    return _begin(undo)
