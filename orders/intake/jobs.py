"""Starting, stopping, retrying and finding imports: what the pages, the command and the worker call."""

import hashlib
import json
import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from merchant.clock import now
from merchant.jobs.models import Job, JobState
from merchant.jobs.running import forgotten, is_free
from merchant.locking import lock
from merchant.numbers import new_number
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.trail import activity
from merchant.wakeups import wake, wake_now
from orders.intake import importer, registry
from orders.intake.models import ImportFile
from orders.intake.readers import SourceFile, sample_of
from orders.intake.reading.spool import Spool

log = logging.getLogger(__name__)

MAX_FILES = 10
MAX_BYTES = 64 * 1024 * 1024
# Under the worker's soft time limit and the broker's visibility timeout: a longer import goes on in the next message.
SLICE_SECONDS = 90


@transaction.atomic
def start_import(shop: Any, files: Sequence[tuple[str, bytes]], *, by: Actor, profile: str = "auto") -> Job:
    """Keep the files, sealed, and hand them to a worker. Raises Refused RIGHT, FILE or LAYOUT (an unknown name)."""
    check_right(by, shop, Right.IMPORT_ORDERS)
    if profile != "auto":
        registry.profile_named(profile, shop=shop)
    if not files or len(files) > MAX_FILES:
        raise Refused("FILE", _("Choose between 1 and %(most)s files.") % {"most": MAX_FILES})
    for name, body in files:
        if not body:
            raise Refused("FILE", _("“%(name)s” is empty.") % {"name": name[:80]})
        if len(body) > MAX_BYTES:
            raise Refused("FILE", _("“%(name)s” is larger than 64 MB; split it.") % {"name": name[:80]})
    job = new_job(shop, [name for name, _body in files], by=by, profile=profile)
    for name, body in files:
        ImportFile.objects.create(
            shop=shop, job=job, name=name[:200], size=len(body), digest=hashlib.sha256(body).hexdigest(), body=body
        )
    wake("orders.run_import", job_id=job.pk)
    return job


def new_job(shop: Any, names: Sequence[str], *, by: Actor, profile: str = "auto", **options: Any) -> Job:
    job = Job.objects.create(
        shop=shop,
        number=new_number("JB"),
        kind=importer.KIND,
        title=", ".join(names)[:200],
        options={"profile": profile, "language": get_language() or "zh-hans", **options},
        by=by,
    )
    activity.record(job, "import.start", by=by, to_state=job.state, files=list(names)[: MAX_FILES + 1])
    return job


def work_on(job_id: int) -> None:
    """The worker's entry: a slice of the import, then the next message. A job somebody else holds is left alone."""
    job = Job.objects.select_related("shop", "by").filter(pk=job_id, kind=importer.KIND).first()
    if job is None or not is_free(job):
        return
    files = [
        SourceFile(file.name, _bytes_of(file), key=f"import {file.pk}", on_read=partial(_keep_sample, file.pk))
        for file in job.files.defer("body").order_by("pk")
    ]
    if not files:
        return  # started from a terminal, which reads the files where they lie
    try:
        job = importer.run(job, files, seconds=SLICE_SECONDS)
    except Refused as refusal:
        log.info("import %s: %s", job.number, refusal)
        return
    if job.state == JobState.WAITING:
        wake_now("orders.run_import", job_id=job.pk)


def _keep_sample(file_id: int, found: Spool) -> None:
    """The first rows, sealed like the file itself and purged with it: for whoever maps its columns by hand."""
    body = json.dumps(sample_of(found), ensure_ascii=False).encode()
    ImportFile.objects.filter(pk=file_id).update(sample=body)


def _bytes_of(file: ImportFile) -> Any:
    def read() -> bytes:
        body = ImportFile.objects.get(pk=file.pk).body
        if body is None:
            raise Refused("FILE", _("The uploaded file has been purged; upload it again."))
        return bytes(body)

    return read


@transaction.atomic
def stop_import(job: Job, *, by: Actor) -> Job:
    """Stop after the chunk in hand. What was stored stays; `retry_import` goes on from there."""
    check_right(by, job.shop_id, Right.IMPORT_ORDERS)
    job = lock(job)
    if job.state not in (JobState.WAITING, JobState.RUNNING):
        raise Refused("JOB", _("This import is over already."), state=job.state)
    before, job.state, job.finished_at = job.state, JobState.STOPPED, now()
    job.save(update_fields=["state", "finished_at"])
    activity.record(job, "import.stop", by=by, from_state=before, to_state=job.state)
    return job


@transaction.atomic
def retry_import(job: Job, *, by: Actor, profile: str = "") -> Job:
    """Go on where a failed or stopped import broke off; with another `profile`, from the beginning."""
    check_right(by, job.shop_id, Right.IMPORT_ORDERS)
    job = lock(job)
    if job.state not in (JobState.FAILED, JobState.STOPPED):
        raise Refused("JOB", _("Only a failed or stopped import can be tried again."), state=job.state)
    if not job.files.filter(body__isnull=False).exists():
        raise Refused("FILE", _("The uploaded file has been purged; upload it again."))
    if profile and profile != job.options.get("profile"):
        if profile != "auto":
            registry.profile_named(profile, shop=job.shop)
        job.rows.all().delete()
        job.options = {"profile": profile, "language": job.options.get("language", "")}
        job.cursor, job.figures, job.done, job.refused, job.total = {}, {}, 0, 0, None
    before = job.state
    job.cursor = {**job.cursor, "starts": 0}
    job.state, job.error, job.finished_at, job.pulse_at = JobState.WAITING, "", None, None
    job.save()
    activity.record(job, "import.retry", by=by, from_state=before, to_state=job.state)
    wake("orders.run_import", job_id=job.pk)
    return job


def sweep_imports() -> int:
    """Imports that wait or were left behind by a killed worker get a message again; how many."""
    quiet = [job.pk for job in forgotten(importer.KIND) if job.files.exists()]
    for job_id in quiet:
        wake_now("orders.run_import", job_id=job_id)
    return len(quiet)


def purge_files() -> int:
    """Uploaded files older than their shop keeps raw data (P-KEEP-RAW) lose their bytes; name, size and report stay."""
    purged = 0
    for shop_id in ImportFile.objects.filter(body__isnull=False).values_list("shop_id", flat=True).distinct():
        before = now() - timedelta(days=policy.current(shop_id).keep_raw_days)
        old = ImportFile.objects.filter(shop_id=shop_id, body__isnull=False, uploaded_at__lt=before)
        purged += old.update(body=None, sample=None, purged_at=now())
    return purged
