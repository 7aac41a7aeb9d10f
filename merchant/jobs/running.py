"""A job in one worker's hands. Two runs of one job cannot overlap: a run holds a lock of its database session, which a
dead process gives up by itself, and each batch begins by locking the job and looking whether it is still this run's."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from django.db import Error, connection, transaction
from django.utils.translation import gettext as _

from merchant.clock import now
from merchant.jobs.models import Job, JobState
from merchant.locking import lock
from merchant.refusals import Refused

# A running job whose pulse is older than this was killed; another worker may take it.
SILENT_AFTER = timedelta(seconds=90)
# A fresh job has its own message on the way; only one that has been quiet for a while was forgotten.
QUIET_AFTER = timedelta(seconds=20)
# A job that broke this often for reasons outside its rows waits for a person.
MAX_STARTS = 5
# The first half of the advisory lock's key, so that it meets no other use of such locks.
LOCK_SPACE = 0x1A90


class JobTaken(Exception):
    """Somebody else holds the job now, or stopped it. Nothing is wrong; this run just ends."""


@contextmanager
def advisory_lock(job: Job) -> Iterator[None]:
    """Hold the job for this database session. Raises Refused("JOB") while another process does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, job.pk % 2**31])
        if not cursor.fetchone()[0]:
            raise Refused("JOB", _("Another process is working on this."), number=job.number)
    try:
        yield
    finally:
        # A broken connection has given the lock up already.
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_SPACE, job.pk % 2**31])


def is_free(job: Job) -> bool:
    """Waiting, or left behind by a worker that died."""
    if job.state == JobState.WAITING:
        return True
    return job.state == JobState.RUNNING and (job.pulse_at is None or job.pulse_at < now() - SILENT_AFTER)


def forgotten(kind: str) -> list[Job]:
    """Jobs of this kind that nobody works on and whose message is not on its way either."""
    waiting = Job.objects.filter(kind=kind, state__in=[JobState.WAITING, JobState.RUNNING]).order_by("pk")
    return [job for job in waiting[:200] if is_free(job) and (job.pulse_at or job.created_at) < now() - QUIET_AFTER]


@transaction.atomic
def take(job: Job, mine: str) -> Job:
    """The job becomes this run's. `cursor["records"]` is how far it is, `cursor["starts"]` how often it was begun.

    Raises Refused JOB when it is over."""
    job = lock(job)
    if job.state not in (JobState.WAITING, JobState.RUNNING):
        raise Refused("JOB", _("This is over already."), state=job.state)
    job.cursor = {"records": 0, **job.cursor, "held_by": mine, "starts": job.cursor.get("starts", 0) + 1}
    job.state, job.pulse_at, job.error = JobState.RUNNING, now(), ""
    job.started_at = job.started_at or now()
    job.save()
    return job


def lock_if_mine(job: Job, mine: str) -> Job:
    """The job, locked, if it is still this run's. Raises Lost."""
    job = lock(job)
    if job.state != JobState.RUNNING or job.cursor.get("held_by") != mine:
        raise JobTaken
    return job


@transaction.atomic
def give_back(job: Job, mine: str) -> Job:
    """The time is up; the next message goes on from here."""
    job = lock_if_mine(job, mine)
    job.state = JobState.WAITING
    job.cursor = {**job.cursor, "starts": 0}
    job.save(update_fields=["state", "cursor"])
    return job
