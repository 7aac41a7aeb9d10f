"""What this room does in the background: ids in, one call. Every task is safe twice and safe to die halfway."""

from celery import shared_task

from logistics.claims import sweeps as claim_sweeps
from logistics.couriers import connecting
from logistics.fulfilment import following
from logistics.interception import services, sweeps
from logistics.shipping import services as shipping
from logistics.watch import circuit_breaker
from merchant.errands import services as errands


@shared_task(name="logistics.run_errand")
def run_errand(*, errand_id: int, **_: object) -> None:
    errands.run(errand_id)


@shared_task(name="logistics.send_interception")
def send_interception(*, interception_id: int, **_: object) -> None:
    services.send_interception(interception_id)


@shared_task(name="logistics.sweep_interceptions")
def sweep_interceptions(**_: object) -> None:
    sweeps.sweep_interceptions()


@shared_task(name="logistics.purge_health_slices")
def purge_health_slices(**_: object) -> None:
    circuit_breaker.purge_health_slices()


@shared_task(name="logistics.sweep_watch")
def sweep_watch(**_: object) -> None:
    shipping.sweep_watch()


@shared_task(name="logistics.settle_claims")
def settle_claims(*, interception_id: int, **_: object) -> None:
    claim_sweeps.settle_interception(interception_id)


@shared_task(name="logistics.sweep_claims")
def sweep_claims(**_: object) -> None:
    claim_sweeps.sweep_claims()


@shared_task(name="logistics.try_connection")
def try_connection(*, account_id: int, waybill: str = "", **_: object) -> None:
    connecting.try_connection(account_id, waybill)


@shared_task(name="logistics.follow_orders")
def follow_orders(*, shop_id: int, **_: object) -> None:
    following.follow_shop(shop_id)


@shared_task(name="logistics.sweep_fulfilment")
def sweep_fulfilment(**_: object) -> None:
    following.sweep_fulfilment()


@shared_task(name="logistics.count_courier_speeds")
def count_courier_speeds(**_: object) -> None:
    following.count_courier_speeds()
