"""An import as a job: chunk after chunk, each with its rows' outcomes and the cursor in one transaction.

Whoever is killed halfway leaves whole chunks behind; the next run starts after the last one (merchant.jobs.running).
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from time import monotonic
from typing import Any
from uuid import uuid4

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from merchant.clock import now
from merchant.jobs.models import Job, JobState
from merchant.jobs.running import MAX_STARTS, JobTaken, advisory_lock, give_back, lock_if_mine, take
from merchant.pg_copy import copy_rows
from merchant.refusals import Refused
from merchant.table_statistics import analyze_grown
from merchant.trail import activity
from orders.intake import registry
from orders.intake.mapping import Record
from orders.intake.normal import RowOutcome
from orders.intake.picking import parts_of, places, unread
from orders.intake.readers import SourceFile, Table, forget, read_tables

log = logging.getLogger(__name__)

KIND = "import"
CHUNK = 2000


def run(
    job: Job,
    files: Sequence[SourceFile],
    *,
    seconds: float | None = None,
    on_chunk: Callable[[Job], None] | None = None,
    chunk: int = CHUNK,
) -> Job:
    """Work on the job until it is done, stopped, or `seconds` have passed (it then waits for the next run)."""
    with advisory_lock(job):
        job = take(job, mine := uuid4().hex)
        if job.cursor["starts"] > MAX_STARTS:
            why = _("The import broke off %(times)s times; ask whoever runs the servers.") % {"times": MAX_STARTS}
            return _fail(job, mine, why)
        job = _run(job, mine, files, seconds=seconds, on_chunk=on_chunk, chunk=chunk)
    # A shop's first file may be a hundred thousand orders: the pages ask about them in the next second.
    analyze_grown()
    return job


def _run(
    job: Job,
    mine: str,
    files: Sequence[SourceFile],
    *,
    seconds: float | None,
    on_chunk: Callable[[Job], None] | None,
    chunk: int,
) -> Job:
    # The report is read by whoever started it; the worker's language is the house's default.
    with override(job.options.get("language") or "zh-hans"):
        try:
            tables = _open(job, files)
            profile = _layout(job, tables)
            main, joined = profile.pick(tables)
            job = _note_layout(job, mine, profile, main, joined, tables)
            until = monotonic() + seconds if seconds else None
            left: Iterator[Record] = islice(iter(profile.records(main, joined)), job.cursor["records"], None)
            while records := list(islice(left, chunk)):
                job = _chunk(job, mine, profile, records)
                if on_chunk is not None:
                    on_chunk(job)
                if until is not None and monotonic() > until:
                    return give_back(job, mine)
            return _finish(job, mine)
        except JobTaken:
            job.refresh_from_db()
            return job
        except Refused as refusal:
            return _fail(job, mine, str(refusal.message))
        finally:
            if job.state != JobState.WAITING:
                forget(file.key for file in files)


def _open(job: Job, files: Sequence[SourceFile]) -> list[Table]:
    if job.state != JobState.RUNNING:
        raise JobTaken
    return [table for file in files for table in read_tables(file)]


def _layout(job: Job, tables: Sequence[Table]) -> registry.Profile:
    wanted = job.options.get("profile") or "auto"
    return registry.detect(tables, shop=job.shop) if wanted == "auto" else registry.profile_named(wanted, shop=job.shop)


@transaction.atomic
def _note_layout(
    job: Job, mine: str, profile: Any, main: Table, joined: dict[str, Table], tables: Sequence[Table]
) -> Job:
    job = lock_if_mine(job, mine)
    job.total = main.total
    job.options = {
        **job.options,
        "layout": profile.name,
        "layout_kind": profile.kind,
        "table": main.name,
        "joined": sorted(table.name for table in joined.values()),
        "tables": places(part.name for part in parts_of(main)),
        "unread": places(unread(tables, [main, *joined.values()])),
        "unknown_columns": profile.unknown_columns(main)[:100],
    }
    job.save(update_fields=["total", "options"])
    return job


def _chunk(job: Job, mine: str, profile: Any, records: Sequence[Record]) -> Job:
    """One chunk. Two imports that meet on the same rows may deadlock; the one PostgreSQL ends tries again."""
    for attempt in range(4):
        try:
            with transaction.atomic():
                return _chunk_once(job, mine, profile, records)
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", "") not in ("40P01", "40001") or attempt == 3:
                raise
            log.info("import %s: chunk tried again after a deadlock", job.number)
    raise AssertionError("unreachable")


def _chunk_once(job: Job, mine: str, profile: Any, records: Sequence[Record]) -> Job:
    job = lock_if_mine(job, mine)
    outcomes: list[RowOutcome] = profile.store(job.shop, records, by=job.by)
    _write_outcomes(job, outcomes)
    found = Counter(job.figures)
    found.update(outcome.outcome for outcome in outcomes)
    job.figures = dict(found)
    job.done += len(outcomes)
    job.refused = job.figures.get("refused", 0)
    # A worker that comes this far is not the one that keeps breaking.
    job.cursor = {**job.cursor, "records": job.cursor["records"] + len(records), "starts": 1}
    job.pulse_at = now()
    job.save()
    return job


def _write_outcomes(job: Job, outcomes: Sequence[RowOutcome]) -> None:
    seen: dict[int, RowOutcome] = {}
    for outcome in outcomes:
        # Several orders of one row (an answer that holds a list) share its line of the report: the refusal is told.
        lock_if_mine = seen.get(outcome.row_no)
        if lock_if_mine is None or outcome.outcome == "refused":
            seen[outcome.row_no] = outcome
    rows = [
        (job.pk, row_no, outcome.subject[:64], outcome.outcome, str(outcome.reason))
        for row_no, outcome in sorted(seen.items())
    ]
    with connection.cursor() as cursor:
        copy_rows(cursor, "merchant_jobrow", ("job_id", "row_no", "subject", "outcome", "reason"), rows)


@transaction.atomic
def _finish(job: Job, mine: str) -> Job:
    job = lock_if_mine(job, mine)
    job.state, job.finished_at, job.pulse_at = JobState.DONE, now(), now()
    job.save()
    activity.record(
        job, "import.finish", by=job.by, to_state=job.state, figures=job.figures, layout=job.options.get("layout")
    )
    return job


@transaction.atomic
def _fail(job: Job, mine: str, why: str) -> Job:
    try:
        job = lock_if_mine(job, mine)
    except JobTaken:
        job.refresh_from_db()
        return job
    job.state, job.finished_at, job.error = JobState.FAILED, now(), why
    job.save()
    activity.record(job, "import.fail", by=job.by, to_state=job.state, reason=why)
    return job
