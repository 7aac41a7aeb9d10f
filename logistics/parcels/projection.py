"""From a parcel's scans to its state: pure, so that any order of arrival and any repetition gives the same answer.

Rules (docs/rules.md, section parcels): the latest scan decides, ties by rank; a scan more than ten minutes in the
future decides nothing; on the way home transit scans leave the parcel RETURNING; a signature after a return scan is
RETURNED unless it was given on the receiver's side; a signature for the buyer stands until the parcel turns back;
what the warehouse scanned and what was voided stays so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from logistics.couriers.base import Event, event_key
from logistics.parcels.enums import STATE_RANK, Direction, OwnScan, PackageState
from logistics.parcels.places import Match, compare, is_same_city
from merchant.personal_data import mask_text

P = PackageState
FUTURE_TOLERANCE = timedelta(minutes=10)
# Scans of a journey, which on the way home say nothing new.
_TRANSIT = (P.PICKED_UP, P.IN_TRANSIT, P.ARRIVED_DESTINATION, P.REDIRECTED)
_AT_THE_DOOR = (P.OUT_FOR_DELIVERY, P.AT_LOCKER)


class Point(NamedTuple):
    """One stored scan, as the projection needs it; a tuple, because a batch of the poller makes thousands of them."""

    event_at: datetime
    event_key: int
    status: str
    raw_code: str = ""
    site: str = ""
    city: str = ""
    text: str = ""
    is_delivering_site: bool | None = None
    is_address_change: bool = False
    returned_by_sender_side: bool | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What of the parcel itself the projection depends on."""

    direction: str = Direction.OUTBOUND.value
    sender_city: str = ""
    receiver_city: str = ""


@dataclass(frozen=True, slots=True)
class Projection:
    """The parcel's state and the facts that are derived with it."""

    state: str
    last_event_at: datetime | None = None
    last_text: str = ""
    picked_up_at: datetime | None = None
    signed_at: datetime | None = None
    # Every real return scan (not a change of address), oldest first: what may prove a stop.
    return_scans: tuple[datetime, ...] = ()
    # The warehouse has scanned it: the only way a parcel counts as home.
    received_at: datetime | None = None


def point_of(event: Event) -> Point:
    """A courier's event as it is stored: seconds only, because a push and a query round the same scan differently."""
    return Point(
        event.event_at.replace(microsecond=0),
        event_key(event),
        event.status[:24],
        event.raw_code[:48],
        mask_text(event.site)[:80],
        mask_text(event.city)[:40],
        event.text[:300],
        event.is_delivering_site,
        event.is_address_change,
        event.returned_by_sender_side,
    )


def in_order(points: Iterable[Point]) -> list[Point]:
    """Sorted by time, then by how far down the road, then by key; a repeated key is dropped."""
    unique = {(point.event_at, point.event_key): point for point in points}
    return sorted(unique.values(), key=lambda p: (p.event_at, _rank(p.status), p.event_key))


def project(points: Iterable[Point], frame: Frame, now: datetime) -> Projection:
    """The parcel's state at `now` (aware UTC) from all its scans in any order."""
    known = [point for point in in_order(points) if point.event_at <= now + FUTURE_TOLERANCE]
    walk = _Walk(known, frame)
    for point in known:
        walk.take(point)
    return walk.result()


def _rank(status: str) -> int:
    return STATE_RANK.get(status, -1)  # type: ignore[call-overload]


class _Walk:
    """One pass over the sorted scans."""

    def __init__(self, points: list[Point], frame: Frame) -> None:
        self.frame = frame
        self.state: str = P.LABELLED
        self.last: Point | None = None
        self.picked_up_at: datetime | None = None
        self.signed_at: datetime | None = None
        self.received_at: datetime | None = None
        self.is_coming_home = False
        self.return_scans: list[datetime] = []
        self.receiver_sites: set[str] = set()
        pickup = next((p for p in points if p.status == P.PICKED_UP), None)
        self.sender_site = pickup.site if pickup else ""
        self.sender_city = frame.sender_city or (pickup.city if pickup else "")

    def take(self, point: Point) -> None:
        status = self._status(point)
        if not point.raw_code.startswith("own:"):
            self.last = point
            if self.picked_up_at is None and status not in ("", P.LABELLED, P.VOIDED):
                self.picked_up_at = point.event_at
        if self.state == P.VOIDED or self.received_at is not None:
            return
        if point.raw_code == OwnScan.RECEIVED:
            self.received_at = point.event_at
            self.state = P.SIGNED if self.frame.direction == Direction.INBOUND else P.RETURNED
            self.signed_at = point.event_at if self.state == P.SIGNED else None
            return
        if status in _AT_THE_DOOR and not self.is_coming_home and point.site:
            self.receiver_sites.add(point.site)
        self._move(status, point)

    def _status(self, point: Point) -> str:
        """The scan's own meaning, before what came earlier is considered."""
        if point.status == P.RETURNING and point.is_address_change:
            return P.REDIRECTED
        if point.status == P.RETURNING:
            return P.RETURNING
        if point.status == P.IN_TRANSIT and point.is_delivering_site and self._is_receivers_city(point):
            return P.ARRIVED_DESTINATION
        if point.status == P.SIGNED and point.returned_by_sender_side:
            return P.RETURNED
        return point.status

    def _move(self, status: str, point: Point) -> None:
        if status in ("", P.LABELLED):
            return
        if status == P.VOIDED:
            self._enter(P.VOIDED, point)
        elif status == P.RETURNING:
            self.return_scans.append(point.event_at)
            self.is_coming_home = True
            if self.state != P.RETURNED:
                self._enter(P.RETURNING, point)
        elif status == P.SIGNED:
            self._sign(point)
        elif status == P.RETURNED:
            self.is_coming_home = True
            self._enter(P.RETURNED, point)
        elif self.state in (P.SIGNED, P.RETURNED):
            return  # a journey's scan after its end is an echo
        elif self.is_coming_home:
            self._move_on_the_way_home(status, point)
        else:
            self._enter(status, point)

    def _move_on_the_way_home(self, status: str, point: Point) -> None:
        if status in _TRANSIT or status == P.REFUSED:
            self._enter(P.RETURNING, point)
        elif status in _AT_THE_DOOR:
            # At the buyer's door again: the return was broken off. Anywhere else it is our own door.
            if self._side(point) == "receiver":
                self.is_coming_home = False
                self._enter(status, point)
        else:
            self._enter(status, point)

    def _sign(self, point: Point) -> None:
        if self.is_coming_home and self._side(point) != "receiver":
            self._enter(P.RETURNED, point)
        elif self.state == P.RETURNED and self._side(point) != "receiver":
            return
        else:
            self.is_coming_home = False
            self._enter(P.SIGNED, point)

    def _enter(self, state: str, point: Point) -> None:
        if state == P.SIGNED:
            # The first signature counts; couriers repeat it with corrections.
            self.signed_at = self.signed_at if self.state == P.SIGNED else point.event_at
        else:
            self.signed_at = None
        self.state = state

    def _side(self, point: Point) -> str:
        """Whose side the scan was made on: "sender", "receiver", or "" when nothing tells."""
        if point.returned_by_sender_side is not None:
            return "sender" if point.returned_by_sender_side else "receiver"
        if point.site and point.site == self.sender_site:
            return "sender"
        if point.site and point.site in self.receiver_sites:
            return "receiver"
        if not point.city:
            return self._side_by_name(point.site)
        at_sender = compare(point.city, self.sender_city)
        at_receiver = compare(point.city, self.frame.receiver_city)
        if max(at_sender, at_receiver) > Match.UNSURE and at_sender != at_receiver:
            return "sender" if at_sender > at_receiver else "receiver"
        # Where the buyer's city is not known, what is certainly not our own city is theirs: nothing is paid for a
        # parcel that may be with the buyer.
        return "receiver" if at_sender == Match.APART and at_receiver == Match.UNSURE else ""

    def _side_by_name(self, site: str) -> str:
        """Of a scan without a city: sites begin with the name of theirs (杭州余杭). A street's name may mean a city far
        away (中山路), so only what fits one of the two ends counts."""
        at_sender, at_receiver = compare(site, self.sender_city), compare(site, self.frame.receiver_city)
        if max(at_sender, at_receiver) <= Match.UNSURE or at_sender == at_receiver:
            return ""
        return "sender" if at_sender > at_receiver else "receiver"

    def _is_receivers_city(self, point: Point) -> bool:
        return is_same_city(point.city, self.frame.receiver_city) and not (
            point.site and point.site == self.sender_site
        )

    def result(self) -> Projection:
        last = self.last
        return Projection(
            state=str(self.state),
            last_event_at=last.event_at if last else None,
            last_text=((last.text or last.site) if last else "")[:200],
            picked_up_at=self.picked_up_at,
            signed_at=self.signed_at,
            return_scans=tuple(self.return_scans),
            received_at=self.received_at,
        )
