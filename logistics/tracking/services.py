"""Scans in, parcel states out. The only writer of `Package.state` is `recompute` in this file."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from logistics.couriers import calls, registry
from logistics.couriers.base import Courier, CourierError, ErrorClass, Event
from logistics.couriers.enums import CallOutcome
from logistics.couriers.models import CourierCall
from logistics.parcels import store
from logistics.parcels.enums import ENDED, PackageState
from logistics.parcels.models import Package
from logistics.parcels.projection import FUTURE_TOLERANCE, Point, Projection, point_of, project
from logistics.tracking.signals import tracks_changed
from logistics.watch import forced
from logistics.watch import services as watching
from merchant import live_updates
from merchant.carriers import waybills
from merchant.clock import now
from merchant.inbox import services as inbox
from merchant.inbox.models import InboxVerdict
from merchant.locking import lock
from merchant.people.models import Actor
from merchant.policy import services as policy
from merchant.prepared import first_of, named, rows_of
from merchant.refusals import Refused
from merchant.shops.models import CourierAccount

logger = logging.getLogger(__name__)

OWN_PREFIX = "own:"
BEGINNING = datetime.min.replace(tzinfo=UTC)


class UnknownParcel(Exception):
    """A push about a parcel we do not know (yet): the inbox tries again and then keeps it for a person."""


def record_events(
    batch: Mapping[int, Iterable[Event]],
    *,
    inbox_id: int | None = None,
    checked_at: datetime | None = None,
    announces: bool = True,
) -> set[int]:
    """Store the scans of many parcels and project the ones that got news. Returns the ids of parcels that changed.

    A constant number of statements whatever the batch. `checked_at` says that the courier was asked then; a caller
    that also holds the courier's word about interceptions weighs both together itself (`announces=False`).
    """
    points = {package_id: [_courier_point(event) for event in events] for package_id, events in batch.items()}
    return _store(points, inbox_id=inbox_id, checked_at=checked_at, announces=announces)


def record_own(package: Package, raw_code: str, status: str, *, at: datetime | None = None, text: str = "") -> set[int]:
    """Add an event of ours (the label, its void, the warehouse's scan) and project."""
    at = (at or now()).replace(microsecond=0)
    event = Event(event_at=at, status=status, raw_code=raw_code, text=text, event_id=f"{raw_code}|{package.pk}")
    return _store({package.pk: [point_of(event)]}, inbox_id=None, checked_at=None)


def recompute(package_ids: Iterable[int]) -> set[int]:
    """Project these parcels again from their stored scans, and write the ones that differ."""
    with transaction.atomic():
        held = store.hold_packages(package_ids)
        return _project_and_write(held, store.read_held(held))


def refresh_track(package: Package, *, by: Actor) -> Package:
    """Read the track at the courier now, unless it was read within T-TRACK-FRESH (E12). Returns the fresh parcel.

    For a person who waits: outside any transaction. Raises Refused E12 when the courier cannot be asked, may not be
    asked out of turn any more today, or does not answer; nothing has changed then.
    """
    package = Package.objects.select_related("account").get(pk=package.pk)
    if _is_fresh(package):
        return package
    courier = registry.of(package.account)
    if courier is None or package.account is None:
        raise Refused("E12", _("There is no account through which this courier can be asked."), courier=package.courier)
    call = _claim_read(package, courier)
    events: list[Event] = []
    try:
        events = courier.track(package.account, package.waybill, watching.phone_last4(package.account))
    except CourierError as error:
        calls.record_answer(call, calls.outcome_of(error), answer=error.raw, error=str(error))
        if error.error_class is ErrorClass.ANOTHER_PARCEL:
            set_aside(package.account, package.waybill, error)
            raise Refused(
                "E12",
                _("The courier's answer is about another parcel; nothing of it was taken. It lies among the messages."),
                told=error.code,
            ) from error
        if not _has_no_scans_yet(package, error):
            raise Refused(
                "E12",
                _("The courier could not be asked where the parcel is; try again in a moment."),
                why=error.error_class.value,
            ) from error
    else:
        calls.record_answer(call, CallOutcome.OK, answer=f"{len(events)} scans")
    with transaction.atomic(durable=True):
        record_events({package.pk: events}, checked_at=now())
    package.refresh_from_db()
    return package


def set_aside(account: CourierAccount, waybill: str, error: CourierError) -> None:
    """Keep an answer that speaks of another parcel among the messages, whole, for people."""
    inbox.keep_unfit(
        f"{inbox.COURIER}{account.courier}",
        shop=account.shop,
        account_id=account.pk,
        said={"waybill": waybill, "answer": error.raw},
        why=error,
        verdict=InboxVerdict.STRAY,
    )


def handle_push(message: Any) -> None:
    """Work on a verified push that the inbox kept: read it, store its scans, and look at what they move.

    Raises UnknownParcel when this account has no such parcel (it may be imported a moment later), CourierError when
    the bytes are not the courier's format.
    """
    account = first_of("handle_push: account", _account_of_push, pk=message.account_id)
    if account is None:
        raise CourierAccount.DoesNotExist
    courier = registry.of(account)
    assert courier is not None, "the door asked for it"
    push = courier.parse_push(account, message.headers, bytes(message.body))
    # A push touches only its own account's parcels, whatever waybill it names.
    waybills = named("waybill", _spellings(push.waybill, *push.others))
    told = {"shop_id": account.shop_id, "courier": account.courier, "account_id": account.pk, **waybills}
    packages = rows_of("handle_push", _packages_of_push, **told)
    package = packages[0] if packages else None
    if package is None:
        raise UnknownParcel(f"{account.courier} {push.waybill}")
    if push.is_hint:
        # Something happened; what it was the courier itself is asked.
        watching.pull_forward([row.pk for row in packages])
        return
    with transaction.atomic():
        changed = record_events({package.pk: push.events}, inbox_id=message.pk)
        if push.has_ended:
            watching.renew_subscription(package)
    if changed and courier.capabilities.can_query_state:
        # A scan alone proves nothing here: ask for the courier's own word soon.
        watching.pull_forward([package.pk])


def _account_of_push(pk: int) -> QuerySet[CourierAccount]:
    return CourierAccount.objects.filter(pk=pk)


def _packages_of_push(shop_id: int, courier: str, account_id: int, **waybills: str) -> QuerySet[Package]:
    theirs = Package.objects.current().filter(Q(account_id=account_id) | Q(account_id=None))
    return theirs.filter(shop_id=shop_id, courier=courier, waybill__in=waybills.values()).order_by("pk")


# --- inside -------------------------------------------------------------------------------------------------------


def _courier_point(event: Event) -> Point:
    point = point_of(event)
    # Our own codes are ours alone: no courier's word may pass for the warehouse's scan.
    return point._replace(raw_code=point.raw_code.replace(OWN_PREFIX, "")) if _is_own(point) else point


def _store(
    points: Mapping[int, list[Point]], *, inbox_id: int | None, checked_at: datetime | None, announces: bool = True
) -> set[int]:
    """Under the parcels' locks, so nobody stores the same scan meanwhile: what is known is not sent again."""
    at = now()
    with transaction.atomic(savepoint=False):
        held = store.hold_packages(points)
        stored = store.read_held(held)
        new = {pk: _unknown(points[pk], stored.get(pk, ())) for pk in held}
        fresh = store.insert_points({pk: row.shop_id for pk, row in held.items()}, new, inbox_id)
        # Not only those with a new row: a scan that lay in the future when it was stored has since come of age.
        behind = {pk for pk, row in held.items() if _newest(points[pk], at) > (row.last_event_at or BEGINNING)}
        moved = {pk: held[pk] for pk in sorted(fresh | behind)}
        tracks = {pk: [*stored.get(pk, ()), *(p for p in new[pk] if p.event_at >= held[pk].oldest)] for pk in moved}
        changed = _project_and_write(moved, tracks, announces=announces)
        if checked_at is not None:
            store.mark_checked(held, checked_at)
    return changed


def _unknown(points: Sequence[Point], stored: Iterable[Point]) -> list[Point]:
    """Those without a stored twin, each once; of a scan told twice the first telling counts."""
    known = {point[:2] for point in stored}
    return list({point[:2]: point for point in reversed(points) if point[:2] not in known}.values())


def _newest(points: Iterable[Point], at: datetime) -> datetime:
    return max(
        (p.event_at for p in points if p.event_at <= at + FUTURE_TOLERANCE and not _is_own(p)), default=BEGINNING
    )


def _is_own(point: Point) -> bool:
    return point.raw_code.startswith(OWN_PREFIX)


def _project_and_write(
    held: Mapping[int, store.Held], tracks: Mapping[int, list[Point]], *, announces: bool = True
) -> set[int]:
    at = now()
    projections = {pk: project(tracks.get(pk, ()), row.frame, at) for pk, row in held.items()}
    written = store.write_projections(projections)
    if written:
        live_updates.bump_after_commit(held[pk].shop_id for pk in written)
        moved = [pk for pk in sorted(written) if held[pk].state != projections[pk].state]
        _after_change(moved, projections)
        if announces:
            transaction.on_commit(partial(_announce, sorted(written)), robust=True)
    return written


def _after_change(moved: list[int], projections: Mapping[int, Projection]) -> None:
    ended = [pk for pk in moved if projections[pk].state in ENDED]
    if ended:
        transaction.on_commit(partial(watching.unwatch_ended, ended), robust=True)


def _announce(package_ids: list[int]) -> None:
    tracks_changed.send_robust(sender=Package, package_ids=package_ids)


def _is_fresh(package: Package) -> bool:
    if package.track_checked_at is None:
        return False
    limit = policy.timer(policy.current(package.shop_id), "T-TRACK-FRESH")
    return now() - package.track_checked_at <= limit


@transaction.atomic(durable=True)
def _claim_read(package: Package, courier: Courier) -> CourierCall:
    return forced.claim_read(lock(package), courier)


def _has_no_scans_yet(package: Package, error: CourierError) -> bool:
    """A courier that does not know a parcel nobody has scanned yet has answered; for any other parcel it has not."""
    is_silent = error.error_class in (ErrorClass.NOT_YET_TRACKABLE, ErrorClass.UNKNOWN_WAYBILL)
    return is_silent and package.state == PackageState.LABELLED


def _spellings(*numbers: str) -> set[str]:
    """The numbers as the courier writes them, and as they are kept here."""
    return {spelling for number in numbers for spelling in (number, waybills.normal(number))}
