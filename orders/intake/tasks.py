from celery import shared_task


@shared_task(name="orders.run_import")
def run_import(*, job_id: int, **_: object) -> None:
    from orders.intake import jobs

    jobs.work_on(job_id)


@shared_task(name="orders.sweep_imports")
def sweep_imports(**_: object) -> None:
    from orders.intake import jobs

    jobs.sweep_imports()


@shared_task(name="orders.purge_files")
def purge_files(**_: object) -> None:
    from orders.intake import jobs

    jobs.purge_files()
