"""Celery's doors into this room: ids in, one service call. Every one may run twice and may die halfway."""

from typing import Any

from celery import shared_task


@shared_task(name="logistics.send_interception")
def send_interception(*, interception_id: int, **_: Any) -> None:
    from logistics.interception import services

    services.send_interception(interception_id)


@shared_task(name="logistics.sweep_interceptions")
def sweep_interceptions(**_: Any) -> None:
    from logistics.interception import sweeps

    sweeps.sweep_interceptions()


@shared_task(name="logistics.weigh_evidence")
def weigh_evidence(*, package_id: int, **_: Any) -> None:
    from logistics.interception import services

    services.weigh_evidence(package_id)


@shared_task(name="logistics.purge_health_slices")
def purge_health_slices(**_: Any) -> None:
    from logistics.watch import circuit_breaker

    circuit_breaker.purge_health_slices()


@shared_task(name="logistics.sweep_watch")
def sweep_watch(**_: Any) -> None:
    from logistics.shipping import services

    services.sweep_watch()


@shared_task(name="logistics.settle_claims")
def settle_claims(*, interception_id: int, **_: Any) -> None:
    from logistics.claims import sweeps

    sweeps.settle_interception(interception_id)


@shared_task(name="logistics.sweep_claims")
def sweep_claims(**_: Any) -> None:
    from logistics.claims import sweeps

    sweeps.sweep_claims()
