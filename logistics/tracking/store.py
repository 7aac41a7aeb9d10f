"""The set-based half of tracking: bulk insert of scans and the one statement that writes a parcel's state."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from logistics.parcels.models import Package
from logistics.tracking.projection import Frame, Point, Projection, project

# A label can be printed after the fact (imports); scans are never older than this before it.
OLDEST_SCAN = timedelta(days=60)

_INSERT = """
INSERT INTO logistics_trackingevent
    (package_id, event_at, event_key, shop_id, status, raw_code, site, city, text,
     is_delivering_site, is_address_change, returned_by_sender_side, inbox_id)
SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[],
                     %s::text[], %s::text[], %s::bool[], %s::bool[], %s::bool[], %s::bigint[])
ON CONFLICT DO NOTHING
RETURNING package_id
"""

_WRITE = """
UPDATE logistics_package p
SET state = u.state, last_event_at = u.last_event_at, last_text = u.last_text, picked_up_at = u.picked_up_at,
    signed_at = u.signed_at, version = p.version + 1
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::text[], %s::timestamptz[], %s::timestamptz[])
     AS u (id, state, last_event_at, last_text, picked_up_at, signed_at)
WHERE p.id = u.id
  AND (p.state, p.last_event_at, p.last_text, p.picked_up_at, p.signed_at)
      IS DISTINCT FROM (u.state, u.last_event_at, u.last_text, u.picked_up_at, u.signed_at)
RETURNING p.id
"""

_POINTS = """
SELECT package_id, event_at, event_key, status, raw_code, site, city, text,
       is_delivering_site, is_address_change, returned_by_sender_side
FROM logistics_trackingevent
WHERE package_id = ANY(%s) AND event_at >= %s
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A parcel's row as it stood when it was locked for a new projection."""

    package_id: int
    state: str
    frame: Frame
    labelled_at: datetime


def insert_points(shops: Mapping[int, int], batch: Mapping[int, Iterable[Point]], inbox_id: int | None) -> set[int]:
    """Store the scans of many parcels in one statement. Returns the ids of parcels that got a new one."""
    columns: list[list[Any]] = [[] for _ in range(13)]
    for package_id in sorted(batch):
        for p in batch[package_id]:
            row = (
                package_id,
                p.event_at,
                p.event_key,
                shops[package_id],
                p.status[:24],
                p.raw_code[:48],
                p.site[:80],
                p.city[:40],
                p.text[:300],
                p.is_delivering_site,
                p.is_address_change,
                p.returned_by_sender_side,
                inbox_id,
            )
            for column, value in zip(columns, row, strict=True):
                column.append(value)
    if not columns[0]:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, columns)
        return {package_id for (package_id,) in cursor.fetchall()}


def hold_packages(package_ids: Iterable[int]) -> dict[int, Held]:
    """Lock the parcels by ascending id until the transaction ends. Whoever projects holds the row first, so the last
    one to commit has seen every scan the others committed."""
    rows = (
        Package.objects.filter(pk__in=list(package_ids))
        .order_by("pk")
        .select_for_update(no_key=True)
        .values_list("pk", "state", "direction", "sender_city", "receiver_city", "labelled_at")
    )
    return {
        pk: Held(pk, state, Frame(direction, sender, receiver), labelled_at)
        for pk, state, direction, sender, receiver, labelled_at in rows
    }


def read_points(package_ids: Sequence[int], since: datetime) -> dict[int, list[Point]]:
    """Every stored scan of these parcels from `since` on (bounded, so that old months are never opened)."""
    points: dict[int, list[Point]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_POINTS, [list(package_ids), since])
        for package_id, *fields in cursor.fetchall():
            points[package_id].append(Point(*fields))
    return points


def project_held(held: Mapping[int, Held], now: datetime) -> dict[int, Projection]:
    """The projection of each held parcel at `now`."""
    if not held:
        return {}
    since = min(row.labelled_at for row in held.values()) - OLDEST_SCAN
    points = read_points(list(held), since)
    return {pk: project(points.get(pk, ()), row.frame, now) for pk, row in held.items()}


def write_projections(projections: Mapping[int, Projection]) -> set[int]:
    """Write the states that differ, in one statement. Returns the ids written."""
    if not projections:
        return set()
    ids = sorted(projections)
    found = [projections[pk] for pk in ids]
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            [
                ids,
                [p.state for p in found],
                [p.last_event_at for p in found],
                [p.last_text for p in found],
                [p.picked_up_at for p in found],
                [p.signed_at for p in found],
            ],
        )
        return {package_id for (package_id,) in cursor.fetchall()}


def projection_of(package: Package, now: datetime) -> Projection:
    """One parcel's projection, read without a lock."""
    frame = Frame(package.direction, package.sender_city, package.receiver_city)
    points = read_points([package.pk], package.labelled_at - OLDEST_SCAN)
    return project(points.get(package.pk, ()), frame, now)
