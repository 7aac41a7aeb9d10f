"""The set-based half of tracking: bulk insert of scans and the one statement that writes a parcel's state."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from logistics.parcels.models import Package
from logistics.parcels.projection import Frame, Point, Projection, project
from merchant.pg_arrays import instants, numbers

# A label can be printed after the fact (imports); scans are never older than this before it.
OLDEST_SCAN = timedelta(days=60)

_INSERT = """
INSERT INTO logistics_trackingevent
    (package_id, event_at, event_key, status, raw_code, site, city, text,
     is_delivering_site, is_address_change, returned_by_sender_side, shop_id, inbox_id)
SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
                     %s::text[], %s::bool[], %s::bool[], %s::bool[], %s::bigint[], %s::bigint[])
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

_HOLD = """
SELECT id, shop_id, state, direction, sender_city, receiver_city, labelled_at, last_event_at
FROM logistics_package WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""

_CHECKED = "UPDATE logistics_package SET track_checked_at = %s WHERE id = ANY(%s::bigint[])"

_POINTS = """
SELECT package_id, event_at, event_key, status, raw_code, site, city, text,
       is_delivering_site, is_address_change, returned_by_sender_side
FROM logistics_trackingevent
WHERE package_id = ANY(%s::bigint[]) AND event_at >= %s
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A parcel's row as it stood when it was locked for a new projection."""

    package_id: int
    shop_id: int
    state: str
    frame: Frame
    labelled_at: datetime
    last_event_at: datetime | None

    @property
    def oldest(self) -> datetime:
        """Scans before this are not about this parcel: its number may have had another one then."""
        return self.labelled_at - OLDEST_SCAN


def insert_points(shops: Mapping[int, int], batch: Mapping[int, Iterable[Point]], inbox_id: int | None) -> set[int]:
    """Store the scans of many parcels in one statement. Returns the ids of parcels that got a new one."""
    rows = [
        (package_id, *point, shops[package_id], inbox_id) for package_id in sorted(batch) for point in batch[package_id]
    ]
    if not rows:
        return set()
    with connection.cursor() as cursor:
        ids, at, keys, *told, shop_ids, inbox_ids = zip(*rows, strict=True)
        columns: list[Any] = [
            numbers(ids),
            instants(at),
            numbers(keys),
            *map(list, told),
            numbers(shop_ids),
            numbers(inbox_ids),
        ]
        cursor.execute(_INSERT, columns)
        return {package_id for (package_id,) in cursor.fetchall()}


def hold_packages(package_ids: Iterable[int]) -> dict[int, Held]:
    """Lock the parcels by ascending id until the transaction ends. Whoever projects holds the row first, so the last
    one to commit has seen every scan the others committed."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [numbers(package_ids)])
        return {
            pk: Held(pk, shop_id, state, Frame(direction, sender, receiver), labelled_at, last_event_at)
            for pk, shop_id, state, direction, sender, receiver, labelled_at, last_event_at in cursor.fetchall()
        }


def mark_checked(package_ids: Iterable[int], at: datetime) -> None:
    """The courier was asked about these parcels' tracks then."""
    ids = sorted(package_ids)
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(_CHECKED, [at, numbers(ids)])


def read_points(package_ids: Sequence[int], since: datetime) -> dict[int, list[Point]]:
    """Every stored scan of these parcels from `since` on (bounded, so that old months are never opened)."""
    points: dict[int, list[Point]] = defaultdict(list)
    make = Point._make
    with connection.cursor() as cursor:
        cursor.execute(_POINTS, [numbers(package_ids), since])
        for row in cursor.fetchall():
            points[row[0]].append(make(row[1:]))
    return points


def read_held(held: Mapping[int, Held]) -> dict[int, list[Point]]:
    """Every stored scan of the held parcels that counts for each."""
    found = read_points(list(held), oldest_of(held)) if held else {}
    return {pk: [point for point in points if point.event_at >= held[pk].oldest] for pk, points in found.items()}


def oldest_of(held: Mapping[int, Held]) -> datetime:
    """Scans before this count for none of the held parcels."""
    return min(row.labelled_at for row in held.values()) - OLDEST_SCAN


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
                numbers(ids),
                [p.state for p in found],
                instants(p.last_event_at for p in found),
                [p.last_text for p in found],
                instants(p.picked_up_at for p in found),
                instants(p.signed_at for p in found),
            ],
        )
        return {package_id for (package_id,) in cursor.fetchall()}


def projection_of(package: Package, now: datetime) -> Projection:
    """One parcel's projection, read without a lock."""
    frame = Frame(package.direction, package.sender_city, package.receiver_city)
    points = read_points([package.pk], package.labelled_at - OLDEST_SCAN)
    return project(points.get(package.pk, ()), frame, now)
