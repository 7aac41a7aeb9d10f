from celery import shared_task


@shared_task(name="orders.sweep_clocks")
def sweep_clocks(**_: object) -> None:
    from orders.record import services

    services.sweep_clocks()
