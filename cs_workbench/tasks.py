"""What this room does in the background: ids in, one call. Every task is safe twice and safe to die halfway."""

from celery import shared_task

from cs_workbench.bulk import services


@shared_task(name="cs_workbench.run_bulk")
def run_bulk(*, job_id: int, **_: object) -> None:
    services.work_on(job_id)


@shared_task(name="cs_workbench.sweep_bulk")
def sweep_bulk(**_: object) -> None:
    services.sweep_bulk()
