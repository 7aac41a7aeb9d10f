"""Parcels: a label is made, voided, or scanned by the warehouse. The state itself comes from the projection."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from logistics.interception import services as interceptions
from logistics.interception.models import Interception
from logistics.parcels.enums import ENDED, OWN_PLATFORMS, Direction, OwnScan, PackageState, WaybillSource
from logistics.parcels.models import Package, PackageLine
from logistics.parcels.places import settled_city
from logistics.parcels.store import OLDEST_SCAN
from logistics.parcels.tracking_models import TrackingEvent
from logistics.tracking import services as tracking
from logistics.watch import services as watching
from logistics.watch.models import Priority, Watch
from merchant.carriers import waybills
from merchant.clock import now, scaled
from merchant.locking import lock, lock_all
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.shops.models import CourierAccount, Shop
from merchant.trail import activity
from orders.editing.labels import Label
from orders.record import services as orders
from orders.record.enums import BlockKind
from orders.record.models import Block, Order, OrderLine

logger = logging.getLogger(__name__)
# A parcel nobody heard of for so long is no longer asked about.
WATCH_FOR = timedelta(days=60)
# How far back the sweep looks for parcels without a place on the list; their row is made with theirs, so rarely any.
NEWEST = 5000
# Twice the time between two sweeps: nothing is asked about without having been looked at.
SOON = timedelta(minutes=10)
# How long parcels that came before it are looked for.
NEW_ACCOUNT = timedelta(days=1)


@transaction.atomic
def register_package(
    order: Order,
    *,
    courier: str,
    waybill: str,
    account: CourierAccount | None = None,
    waybill_source: str = WaybillSource.UNKNOWN,
    lines: Mapping[int, int] | None = None,
    shipped_at: datetime | None = None,
    labelled_at: datetime | None = None,
    direction: str = Direction.OUTBOUND,
    sender_city: str = "",
    receiver_city: str = "",
    by: Actor = None,
) -> Package:
    """A label for this order. `lines` is {order line id: quantity}, all of the order when left out; a parcel that
    exists already in this shop takes the order's lines in (merged orders). Raises Refused PARCEL."""
    waybill = waybills.normal(waybill)
    if not waybill:
        raise Refused("PARCEL", _("A parcel needs a tracking number."))
    account = account or account_for(order.shop_id, courier)
    labelled_at = labelled_at or shipped_at or now()
    package, created = _find_or_make(
        order,
        courier=courier,
        waybill=waybill,
        defaults={
            "account": account,
            "direction": direction,
            "waybill_source": waybill_source,
            "labelled_at": labelled_at,
            "shipped_at": shipped_at,
            "sender_city": sender_city[:40],
            "receiver_city": (receiver_city or _city_of(order))[:40],
        },
    )
    _add_lines(package, order, lines)
    if created:
        tracking.record_own(package, OwnScan.LABELLED, PackageState.LABELLED, at=labelled_at)
        watching.watch(package)
        activity.record(package, "package.register", by=by, to_state=PackageState.LABELLED.value, waybill=waybill)
    package.refresh_from_db()
    return package


@transaction.atomic
def void_package(package: Package, *, by: Actor, reason: str = "") -> Package:
    """作废: the label was cancelled before pickup. Raises Refused PARCEL when the courier has it already."""
    package = lock(package)
    if package.state == PackageState.VOIDED:
        return package
    if package.state != PackageState.LABELLED:
        raise Refused("PARCEL", _("Only a label that was not picked up can be voided."), state=package.state)
    if Interception.objects.live().filter(package=package).exists():
        raise Refused("PARCEL", _("There is an interception of this parcel."))
    before = package.state
    tracking.record_own(package, OwnScan.VOIDED, PackageState.VOIDED)
    package.refresh_from_db()
    activity.record(package, "package.void", by=by, from_state=before, to_state=package.state, reason=reason)
    # An address changed after this label was made held the order back (orders.editing): the label is gone now.
    for block in Block.objects.open().filter(shop_id=package.shop_id, kind=BlockKind.EDIT, document=str(package)):
        orders.lift_block(block.order, kind=block.kind, document=block.document, by=by)
    return package


def labels_of(order_ids: Sequence[int]) -> dict[int, list[Label]]:
    """The outbound labels in force of these orders, for whoever changes an address (orders.editing)."""
    shared = PackageLine.objects.filter(order_id__in=order_ids).values_list("order_id", "package_id")
    pairs = {(order_id, package_id) for order_id, package_id in shared}
    packages = Package.objects.in_force().outbound()
    rows = packages.filter(order_id__in=order_ids) | packages.filter(pk__in={pk for _order, pk in pairs})
    known = {package.pk: package for package in rows.order_by("pk")}
    pairs |= {(package.order_id, package.pk) for package in known.values() if package.order_id in set(order_ids)}
    found: dict[int, list[Label]] = {pk: [] for pk in order_ids}
    for order_id, pk in sorted(pairs):
        if pk in known:
            found[order_id].append(Label(str(known[pk]), known[pk].state != PackageState.LABELLED))
    return found


@transaction.atomic
def receive_package(package: Package, *, by: Actor) -> Package:
    """扫码签收: the warehouse has the parcel in hand; its interception, if any, comes home. Scanning twice changes
    nothing. Raises Refused RIGHT, PARCEL."""
    check_right(by, package.shop_id, Right.RECEIVE_PARCEL)
    return take_in(package, by=by)


@transaction.atomic
def take_in(package: Package, *, by: Actor) -> Package:
    """`receive_package` for a caller who has asked whether they may. Raises Refused PARCEL."""
    # Interceptions before the parcel: the order of locks.
    lock_all(Interception.objects.filter(package=package))
    package = lock(package)
    if package.state == PackageState.VOIDED:
        raise Refused("PARCEL", _("This label was voided; the parcel cannot be received under it."))
    if TrackingEvent.objects.filter(package=package, raw_code=OwnScan.RECEIVED).exists():
        return package
    before = package.state
    tracking.record_own(package, OwnScan.RECEIVED, PackageState.RETURNED)
    package.refresh_from_db()
    activity.record(package, "package.receive", by=by, from_state=before, to_state=package.state)
    if package.direction != Direction.INBOUND:
        interceptions.bring_home(package, by=by)
    return package


def account_for(shop_id: int, courier: str) -> CourierAccount | None:
    """The shop's account with this courier: the one with e-waybills first, its own interface before a way round it."""
    rows = CourierAccount.objects.filter(shop_id=shop_id, courier=courier, is_active=True)
    return rows.order_by("-has_ewaybill", "via", "pk").first()


def label_source(shop: Shop, account: CourierAccount | None) -> str:
    """Whose label a parcel carries when its source does not say: a platform's shop ships with the platform's e-waybill
    where it has that with the courier, a shop of its own with the courier's."""
    if account is None or not account.has_ewaybill:
        return WaybillSource.UNKNOWN.value
    own = shop.platform in OWN_PLATFORMS
    return (WaybillSource.COURIER_EWAYBILL if own else WaybillSource.PLATFORM_EWAYBILL).value


def sweep_watch() -> dict[str, int]:
    """Keep the watch list true: parcels on the road are on it, parcels whose life ended are not, and parcels that came
    before their courier's account have found it."""
    _adopt_for_new_accounts()
    dropped = sum(_drop_what_is_over(pk) for pk in CourierAccount.objects.values_list("pk", flat=True))
    newest = Package.objects.order_by("-pk").values("pk")[:NEWEST]
    forgotten = (
        Package.objects.current()
        .filter(pk__in=newest, account__isnull=False, labelled_at__gte=now() - WATCH_FOR)
        .exclude(state__in=ENDED)
        .exclude(Exists(Watch.objects.filter(package=OuterRef("pk"))))
        .order_by("pk")
    )
    added = 0
    for package in forgotten:
        try:
            added += watching.watch(package) is not None
        except Exception:
            logger.exception("parcel %s could not be watched", package.pk)
    return {"added": added, "dropped": dropped}


def _drop_what_is_over(account_id: int) -> int:
    """Stop asking about parcels that ended, or that nobody has heard of for long. Only what is asked next is looked
    at: every row comes to that in its turn, and the cost follows what is due."""
    soon = Watch.objects.filter(account_id=account_id, next_at__lte=now() + scaled(SOON)).order_by("next_at")
    ids = list(soon.values_list("package_id", flat=True)[:NEWEST])
    ended = Package.objects.filter(pk__in=ids, state__in=ENDED).values_list("pk", flat=True)
    silent = Watch.objects.filter(
        package_id__in=ids, package__labelled_at__lt=now() - WATCH_FOR, priority=Priority.ORDINARY
    )
    return watching.unwatch([*ended, *silent.values_list("package_id", flat=True)])


def _adopt_for_new_accounts() -> int:
    """A shop that connects a courier after its orders came: those parcels can be asked about from now on."""
    count = 0
    for account in CourierAccount.objects.filter(is_active=True, created_at__gte=now() - NEW_ACCOUNT).order_by("pk"):
        with transaction.atomic():
            orphans = Package.objects.filter(shop_id=account.shop_id, courier=account.courier, account=None)
            recent = orphans.exclude(state__in=ENDED).filter(labelled_at__gte=now() - WATCH_FOR)
            ids = list(recent.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True)[:5000])
            Package.objects.filter(pk__in=ids).update(account=account)
            unnamed = Package.objects.filter(pk__in=ids, waybill_source=WaybillSource.UNKNOWN)
            unnamed.update(waybill_source=label_source(account.shop, account))
            start = now()
            Watch.objects.bulk_create(
                [Watch(package_id=pk, account=account, next_at=start, since_at=start) for pk in ids],
                ignore_conflicts=True,
                batch_size=1000,
            )
        count += len(ids)
    return count


def is_of_the_past(package: Package, placed_at: datetime) -> bool:
    """Whether an order placed then cannot be about this parcel: nothing was heard of it for as long as scans count
    before it (that couriers give numbers out again after months is an assumption)."""
    return placed_at > max(package.last_event_at or package.labelled_at, package.labelled_at) + OLDEST_SCAN


def give_number_free(packages: Sequence[Package]) -> None:
    """These parcels' numbers were given out again: nothing told of the number from now on is about them."""
    ids = [package.pk for package in packages]
    if ids:
        Package.objects.filter(pk__in=ids).update(superseded_at=now())
        watching.unwatch(ids)
        for package in packages:
            activity.record(package, "package.supersede", by=None, waybill=package.waybill)


def _find_or_make(order: Order, *, courier: str, waybill: str, defaults: dict[str, Any]) -> tuple[Package, bool]:
    known = Package.objects.current().filter(shop_id=order.shop_id, courier=courier, waybill=waybill)
    package = known.first()
    if package is not None and not is_of_the_past(package, order.placed_at):
        return lock(package), False
    if package is not None:
        give_number_free([package])
    try:
        with transaction.atomic():
            made = Package.objects.create(
                shop_id=order.shop_id, order=order, courier=courier, waybill=waybill, **defaults
            )
            return made, True
    except IntegrityError:
        # Somebody registered it in the same instant.
        return lock(known.get()), False


def _add_lines(package: Package, order: Order, lines: Mapping[int, int] | None) -> None:
    wanted = OrderLine.objects.filter(order=order)
    if lines is not None:
        wanted = wanted.filter(pk__in=list(lines))
    PackageLine.objects.bulk_create(
        [
            PackageLine(
                shop_id=package.shop_id,
                package=package,
                order=order,
                order_line=line,
                quantity=line.quantity if lines is None else lines[line.pk],
            )
            for line in wanted.order_by("line_no")
        ],
        ignore_conflicts=True,
    )
    count = PackageLine.objects.filter(package=package).values("order_id").distinct().count()
    Package.objects.filter(pk=package.pk).update(order_count=max(count, 1))


def _city_of(order: Order) -> str:
    whom = order.recipient if order.recipient_id else None
    return settled_city(whom.province, whom.city) if whom else ""
