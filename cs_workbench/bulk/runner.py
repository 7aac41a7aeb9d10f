"""A run: batch after batch, each with its orders' outcomes and the cursor in one transaction, so that whoever is killed
halfway repeats nothing. What leaves the building goes one by one, outside of any."""

import logging
from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Any
from uuid import uuid4

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from cs_workbench.bulk.acts import act
from cs_workbench.bulk.enums import DONE, REFUSED, Verb
from merchant.clock import now
from merchant.jobs.models import Job, JobRow, JobState
from merchant.jobs.running import MAX_STARTS, JobTaken, advisory_lock, give_back, lock_if_mine, take
from merchant.refusals import Refused
from merchant.trail import activity
from orders.record.models import Order

log = logging.getLogger(__name__)

BATCH = 20


def run(
    job: Job, *, seconds: float | None = None, on_batch: Callable[[Job], None] | None = None, batch: int = BATCH
) -> Job:
    """Work on the job until it is done, stopped, or `seconds` have passed (it then waits for the next run).

    Raises Refused JOB while somebody else has it."""
    with advisory_lock(job):
        job = take(job, mine := uuid4().hex)
        # The report is read by whoever started it; the worker's language is the house's default.
        with override(job.options.get("language") or "zh-hans"):
            if job.cursor["starts"] > MAX_STARTS:
                return _end(job, mine, JobState.FAILED, _("It broke off too often; ask whoever runs the servers."))
            until = monotonic() + seconds if seconds else None
            try:
                while job.cursor["records"] < len(job.options["entries"]):
                    job = _step(job, mine, batch)
                    if on_batch is not None:
                        on_batch(job)
                    if until is not None and monotonic() > until:
                        return give_back(job, mine)
                return _end(job, mine, JobState.DONE)
            except JobTaken:
                job.refresh_from_db()
                return job


def _step(job: Job, mine: str, batch: int) -> Job:
    start = job.cursor["records"]
    if job.options["verb"] != Verb.INTERCEPT:
        with transaction.atomic():
            job = lock_if_mine(job, mine)
            told = [_one(job, entry) for entry in job.options["entries"][start : start + batch]]
            return _note(job, told)
    with transaction.atomic():
        lock_if_mine(job, mine)
    told = [_one(job, job.options["entries"][start])]
    with transaction.atomic():
        return _note(lock_if_mine(job, mine), told)


def _one(job: Job, entry: list[Any]) -> tuple[str, str, str, Any]:
    """(order number, outcome, reason, what the undo needs). One bad order never stops the rest."""
    order_id, shown = entry
    order = Order.objects.select_related("shop", "recipient").get(pk=order_id, shop_id=job.shop_id)
    try:
        if job.options["verb"] == Verb.INTERCEPT:
            return order.number, DONE, "", act(job, order, shown)
        with transaction.atomic():
            return order.number, DONE, "", act(job, order, shown)
    except Refused as refusal:
        return order.number, REFUSED, str(refusal), None
    except OperationalError:
        # A lost connection or a deadlock is no order's fault: the batch is tried again.
        raise
    except Exception:
        log.exception("bulk %s: order %s", job.number, order.pk)
        why = _("An unexpected fault; it stands in the log under %(number)s.") % {"number": job.number}
        return order.number, REFUSED, why, None


def _note(job: Job, told: list[tuple[str, str, str, Any]]) -> Job:
    start = job.cursor["records"]
    JobRow.objects.bulk_create(
        JobRow(job=job, row_no=row_no, subject=number, outcome=outcome, reason=reason)
        for row_no, (number, outcome, reason, _undo) in enumerate(told, start=start + 1)
    )
    found = Counter(job.figures)
    found.update(outcome for _number, outcome, _reason, _undo in told)
    job.figures = dict(found)
    job.done += len(told)
    job.refused = job.figures.get(REFUSED, 0)
    undo = dict(job.cursor.get("undo", {}))
    for (order_id, _shown), (_number, _outcome, _reason, needed) in zip(
        job.options["entries"][start:], told, strict=False
    ):
        if needed is not None:
            undo[str(order_id)] = needed
    # A worker that comes this far is not the one that keeps breaking.
    job.cursor = {**job.cursor, "records": start + len(told), "starts": 1, "undo": undo}
    job.pulse_at = now()
    job.save()
    return job


@transaction.atomic
def _end(job: Job, mine: str, state: JobState, why: str = "") -> Job:
    job = lock_if_mine(job, mine)
    job.state, job.error, job.finished_at, job.pulse_at = state, why, now(), now()
    job.save()
    activity.record(job, f"bulk.{'finish' if state == JobState.DONE else 'fail'}", by=job.by, to_state=job.state,
                    reason=why, figures=job.figures, what=job.options["verb"])  # fmt: skip
    return job
