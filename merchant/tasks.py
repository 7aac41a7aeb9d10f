"""What this room does in the background: ids in, one call. Every task is safe twice and safe to die halfway."""

from celery import shared_task

from merchant.errands import services as errands
from merchant.inbox import housekeeping, services
from merchant.notices import services as notices
from merchant.platforms import connecting
from merchant.retention import services as retention


@shared_task(name="merchant.handle_inbox_message")
def handle_inbox_message(*, message_id: int, **_: object) -> None:
    services.handle(message_id)


@shared_task(name="merchant.sweep_inbox")
def sweep_inbox(**_: object) -> None:
    services.sweep()


@shared_task(name="merchant.sweep_courier_pushes")
def sweep_courier_pushes(**_: object) -> None:
    services.sweep(couriers_only=True)


@shared_task(name="merchant.sweep_errands")
def sweep_errands(**_: object) -> None:
    errands.sweep()


@shared_task(name="merchant.purge_notices")
def purge_notices(**_: object) -> None:
    notices.purge()


@shared_task(name="merchant.purge_raw")
def purge_raw(**_: object) -> None:
    housekeeping.purge_raw()


@shared_task(name="merchant.purge_kept")
def purge_kept(**_: object) -> None:
    retention.purge()


@shared_task(name="merchant.beat")
def beat(*, name: str = "worker-background", **_: object) -> None:
    housekeeping.report_worker(name)


@shared_task(name="merchant.try_connection")
def try_connection(*, account_id: int, **_: object) -> None:
    connecting.try_connection(account_id)
