from celery import shared_task


@shared_task(name="cs_workbench.run_bulk")
def run_bulk(*, job_id: int, **_: object) -> None:
    from cs_workbench.bulk import services

    services.work_on(job_id)


@shared_task(name="cs_workbench.sweep_bulk")
def sweep_bulk(**_: object) -> None:
    from cs_workbench.bulk import services

    services.sweep_bulk()
