"""The courier's scans as entries of a page's timeline."""

from collections.abc import Iterable

from logistics.couriers.names import courier_name
from logistics.parcels.enums import PackageState
from logistics.parcels.models import Package
from logistics.parcels.tracking_models import TrackingEvent
from merchant.trail.timeline import LIMIT, Entry, is_bad

STATES = dict(PackageState.choices)


def newest_scans(package: Package) -> list[TrackingEvent]:
    """The scans of this parcel, newest first, no more than a timeline shows."""
    rows = TrackingEvent.objects.filter(package_id=package.pk)
    return list(rows.order_by("-event_at", "-event_key")[:LIMIT])


def from_scans(events: Iterable[TrackingEvent], packages: dict[int, Package]) -> list[Entry]:
    """Courier scans, each with what it means to us and the number of the message that brought it."""
    rows = []
    for event in events:
        package = packages[event.package_id]
        label = STATES.get(event.status, event.site or event.city or event.raw_code)
        rows.append(
            Entry(
                event.event_at,
                "goods",
                "truck",
                f"{label}",
                event.text or event.site,
                f"{courier_name(package.courier)} {package.waybill}",
                "bad" if is_bad(event.status) else "",
                raw=event.raw_code,
                inbox_id=event.inbox_id,
            )
        )
    return rows
