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


@shared_task(name="orders.purge_payloads")
def purge_payloads(**_: object) -> None:
    from orders.intake import platform

    platform.purge_payloads()


@shared_task(name="orders.pull_platform_orders")
def pull_platform_orders(*, account_id: int | None = None, **_: object) -> None:
    from orders.intake import sync

    sync.pull_platform_orders(account_id)
