from celery import shared_task


@shared_task(name="merchant.handle_inbox_message")
def handle_inbox_message(*, message_id: int, **_: object) -> None:
    from merchant.inbox import services

    services.handle(message_id)


@shared_task(name="merchant.sweep_inbox")
def sweep_inbox(**_: object) -> None:
    from merchant.inbox import services

    services.sweep()


@shared_task(name="merchant.sweep_courier_pushes")
def sweep_courier_pushes(**_: object) -> None:
    from merchant.inbox import services

    services.sweep(couriers_only=True)


@shared_task(name="merchant.purge_raw")
def purge_raw(**_: object) -> None:
    from merchant.inbox import housekeeping

    housekeeping.purge_raw()


@shared_task(name="merchant.beat")
def beat(**_: object) -> None:
    from merchant.inbox import housekeeping

    housekeeping.report_worker()
