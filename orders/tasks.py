"""What this room does in the background: ids in, one call. Every task is safe twice and safe to die halfway."""

from celery import shared_task

from orders.assignment import assigning
from orders.intake import jobs, platform, sync
from orders.listings import files
from orders.pictures import services as pictures
from orders.record import services
from orders.reservation import services as reservation
from orders.review import services as reviews


@shared_task(name="orders.run_import")
def run_import(*, job_id: int, **_: object) -> None:
    jobs.work_on(job_id)


@shared_task(name="orders.sweep_imports")
def sweep_imports(**_: object) -> None:
    jobs.sweep_imports()


@shared_task(name="orders.purge_files")
def purge_files(**_: object) -> None:
    jobs.purge_files()


@shared_task(name="orders.purge_payloads")
def purge_payloads(**_: object) -> None:
    platform.purge_payloads()


@shared_task(name="orders.pull_platform_orders")
def pull_platform_orders(*, account_id: int | None = None, **_: object) -> None:
    sync.pull_platform_orders(account_id)


@shared_task(name="orders.fetch_pictures")
def fetch_pictures(**_: object) -> None:
    pictures.sweep()


@shared_task(name="orders.sweep_clocks")
def sweep_clocks(**_: object) -> None:
    services.sweep_clocks()


@shared_task(name="orders.settle_reservations")
def settle_reservations(*, shop_id: int, order_ids: str, **_: object) -> None:
    reservation.settle_orders(shop_id, map(int, order_ids.split(",")))


@shared_task(name="orders.fill_shortages")
def fill_shortages(*, shop_id: int, **_: object) -> None:
    reservation.fill_shortages(shop_id)


@shared_task(name="orders.sweep_reservations")
def sweep_reservations(**_: object) -> None:
    reservation.sweep_reservations()


@shared_task(name="orders.review_orders")
def review_orders(**_: object) -> None:
    reviews.sweep_reviews()


@shared_task(name="orders.assign_orders")
def assign_orders(**_: object) -> None:
    assigning.sweep_assignments()


@shared_task(name="orders.read_goods_file")
def read_goods_file(*, job_id: int, **_: object) -> None:
    files.work_on(job_id)


@shared_task(name="orders.sweep_goods_files")
def sweep_goods_files(**_: object) -> None:
    files.sweep()
