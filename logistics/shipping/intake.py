"""Parcels that an order's source names: written for a whole chunk of orders in a constant number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from logistics.couriers.base import Event
from logistics.parcels import store
from logistics.parcels.enums import OwnScan, PackageState, WaybillSource
from logistics.parcels.models import Package, PackageLine
from logistics.parcels.places import settled_city
from logistics.parcels.projection import Point, point_of
from logistics.shipping.services import WATCH_FOR, give_number_free, is_of_the_past, label_source
from logistics.tracking.services import recompute
from logistics.watch.models import Watch
from merchant.carriers import waybills
from merchant.carriers.registry import LONGEST, UNKNOWN
from merchant.clock import now
from merchant.shops.models import CourierAccount
from orders.intake.normal import NormalOrder, NormalPackage
from orders.record.enums import SENT
from orders.record.models import Order, OrderLine

_INSERT = """
INSERT INTO logistics_package
    (shop_id, order_id, account_id, courier, waybill, waybill_source, receiver_city, labelled_at, shipped_at)
SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
                         %s::timestamptz[], %s::timestamptz[])
ON CONFLICT (shop_id, courier, waybill) WHERE NOT (state = 'voided') AND superseded_at IS NULL DO NOTHING
RETURNING id
"""


@dataclass(frozen=True)
class Named:
    """One parcel as one order of the source names it."""

    order_id: int
    order: NormalOrder
    parcel: NormalPackage


def register_imported(shop: Any, order_ids: Mapping[str, int], rows: Sequence[NormalOrder]) -> None:
    """Make the parcels of these orders where they are missing, with their lines, label events and watches.

    Runs in the chunk's transaction; what is no waybill is left out, it never stops the rest. A parcel whose courier
    nobody names is kept without one, for every rule that counts parcels, until a later row names it.
    """
    named = [
        Named(
            order_ids[row.number],
            row,
            replace(parcel, courier=parcel.courier[:LONGEST] or UNKNOWN, waybill=waybills.normal(parcel.waybill)),
        )
        for row in rows
        if row.number in order_ids
        for parcel in row.packages
        if parcel.waybill.strip() and len(parcel.waybill) <= 40
    ]
    if not named:
        return
    accounts = _accounts(shop)
    new_ids = _name_courier(shop, named, accounts)
    named = _with_known_courier(shop, named)
    _give_numbers_free(shop, named)
    new_ids |= _insert(shop, named, accounts)
    packages = _packages_of(shop, named)
    _insert_lines(shop, named, packages)
    _insert_own_events(shop, named, packages, new_ids)
    _watch(packages, new_ids)


def _accounts(shop: Any) -> dict[str, CourierAccount]:
    rows = CourierAccount.objects.filter(shop=shop, is_active=True).order_by("has_ewaybill", "-via", "-pk")
    return {row.courier: row for row in rows}


def _source(shop: Any, parcel: NormalPackage, account: CourierAccount | None) -> str:
    """Who issued the label. A platform's shop that has the platform's e-waybill with this courier ships with it: the
    platform refuses a shipment whose number is not the label's (E09)."""
    said = str(getattr(parcel, "waybill_source", "") or "")
    return said if said in WaybillSource.values else label_source(shop, account)


def _insert(shop: Any, named: Sequence[Named], accounts: Mapping[str, CourierAccount]) -> set[int]:
    order_rows = Order.objects.filter(pk__in={item.order_id for item in named})
    places = order_rows.values_list("pk", "recipient__province", "recipient__city")
    cities = {pk: settled_city(province or "", city or "") for pk, province, city in places}
    columns: list[list[Any]] = [[] for _ in range(8)]
    for item in named:
        account = accounts.get(item.parcel.courier)
        shipped_at = item.parcel.shipped_at or item.order.shipped_at
        if shipped_at is None and item.order.state in SENT:
            # It has left the house; its source does not say when.
            shipped_at = _labelled_at(item)
        row = (
            item.order_id,
            account.pk if account else None,
            item.parcel.courier,
            item.parcel.waybill.strip(),
            _source(shop, item.parcel, account),
            cities.get(item.order_id) or "",
            _labelled_at(item),
            shipped_at,
        )
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [shop.pk, *columns])
        return {pk for (pk,) in cursor.fetchall()}


_NAME_COURIER = """
UPDATE logistics_package p SET courier = n.courier, account_id = n.account_id
FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS n (waybill, courier, account_id)
WHERE p.shop_id = %s AND p.courier = 'unknown' AND p.waybill = n.waybill AND p.state <> 'voided'
    AND p.superseded_at IS NULL AND NOT EXISTS (
    SELECT FROM logistics_package q
    WHERE q.shop_id = p.shop_id AND q.courier = n.courier AND q.waybill = p.waybill AND q.state <> 'voided'
        AND q.superseded_at IS NULL)
RETURNING p.id
"""


def _name_courier(shop: Any, named: Sequence[Named], accounts: Mapping[str, CourierAccount]) -> set[int]:
    """Parcels kept without a courier get the one that is named now. Returns their ids."""
    couriers = {item.parcel.waybill.strip(): item.parcel.courier for item in named if item.parcel.courier != UNKNOWN}
    account_ids = [account.pk if (account := accounts.get(courier)) else None for courier in couriers.values()]
    with connection.cursor() as cursor:
        cursor.execute(_NAME_COURIER, [list(couriers), list(couriers.values()), account_ids, shop.pk])
        return {pk for (pk,) in cursor.fetchall()}


def _with_known_courier(shop: Any, named: list[Named]) -> list[Named]:
    """A row that names no courier speaks of the parcel we have under this number, whoever carries it."""
    waybills = {item.parcel.waybill.strip() for item in named if item.parcel.courier == UNKNOWN}
    if not waybills:
        return named
    rows = Package.objects.current().filter(shop=shop, waybill__in=waybills).order_by("-pk")
    known = dict(rows.values_list("waybill", "courier"))
    return [
        item
        if item.parcel.courier != UNKNOWN
        else replace(item, parcel=replace(item.parcel, courier=known.get(item.parcel.waybill.strip(), UNKNOWN)))
        for item in named
    ]


def _give_numbers_free(shop: Any, named: Sequence[Named]) -> None:
    """A parcel whose number was given out again steps back, so that the new one has a life of its own."""
    ordered: dict[tuple[str, str], datetime] = {}
    for item in named:
        key = (item.parcel.courier, item.parcel.waybill.strip())
        ordered[key] = max(ordered.get(key, item.order.placed_at), item.order.placed_at)
    known = Package.objects.current().filter(shop=shop, waybill__in={waybill for _courier, waybill in ordered})
    past = [row for row in known if (at := ordered.get((row.courier, row.waybill))) and is_of_the_past(row, at)]
    give_number_free(past)


def _labelled_at(item: Named) -> datetime:
    return item.parcel.shipped_at or item.order.shipped_at or item.order.paid_at or item.order.placed_at


def _packages_of(shop: Any, named: Sequence[Named]) -> dict[tuple[str, str], Package]:
    waybills = {item.parcel.waybill.strip() for item in named}
    rows = Package.objects.current().filter(shop=shop, waybill__in=waybills)
    return {(row.courier, row.waybill): row for row in rows}


def _insert_lines(shop: Any, named: Sequence[Named], packages: Mapping[tuple[str, str], Package]) -> None:
    lines: dict[int, list[OrderLine]] = {}
    stored = OrderLine.objects.filter(order_id__in={item.order_id for item in named})
    for line in stored.order_by("order_id", "line_no"):
        lines.setdefault(line.order_id, []).append(line)
    touched = set()
    rows = []
    for item in named:
        package = packages[item.parcel.courier, item.parcel.waybill.strip()]
        touched.add(package.pk)
        wanted = _wanted_line_nos(item)
        rows += [
            PackageLine(shop=shop, package=package, order_id=item.order_id, order_line=line, quantity=line.quantity)
            for line in lines.get(item.order_id, ())
            if wanted is None or line.external_id in wanted or line.line_no in wanted
        ]
    PackageLine.objects.bulk_create(rows, ignore_conflicts=True, batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE logistics_package p SET order_count = c.orders FROM"
            " (SELECT package_id, count(DISTINCT order_id) AS orders FROM logistics_packageline"
            "  WHERE package_id = ANY(%s) GROUP BY package_id) c"
            " WHERE p.id = c.package_id AND p.order_count <> c.orders",
            [sorted(touched)],
        )


def _wanted_line_nos(item: Named) -> set[str | int] | None:
    """Sub-order numbers, or the places of the lines whose item the parcel names; None is all of them."""
    if not item.parcel.line_ids:
        return None
    ids = set(item.parcel.line_ids)
    wanted: set[str | int] = set(ids)
    wanted |= {no for no, line in enumerate(item.order.lines, 1) if line.item_id and line.item_id in ids}
    return wanted


def _insert_own_events(
    shop: Any, named: Sequence[Named], packages: Mapping[tuple[str, str], Package], new_ids: set[int]
) -> None:
    """The label, and, where the source says that the buyer has the goods, the end of the road."""
    points: dict[int, list[Point]] = {}
    received = set()
    for item in named:
        package = packages[item.parcel.courier, item.parcel.waybill.strip()]
        if package.pk in new_ids:
            label = _own(package, OwnScan.LABELLED, PackageState.LABELLED, _labelled_at(item))
            points.setdefault(package.pk, []).append(label)
        if item.order.received_at is not None:
            received.add(package.pk)
            at = item.order.received_at
            points.setdefault(package.pk, []).append(_own(package, OwnScan.RECEIVED_BY_BUYER, PackageState.SIGNED, at))
    store.insert_points(dict.fromkeys(points, shop.pk), points, None)
    recompute(received)


def _own(package: Package, raw_code: str, status: str, at: datetime) -> Point:
    return point_of(Event(event_at=at, status=status, raw_code=raw_code, event_id=f"{raw_code}|{package.pk}"))


def _watch(packages: Mapping[tuple[str, str], Package], new_ids: set[int]) -> None:
    """Only what may still be on the road: a history of a year's orders is not asked about."""
    start = now()
    alive = Package.objects.filter(
        pk__in=new_ids,
        account__isnull=False,
        labelled_at__gte=start - WATCH_FOR,
        state=PackageState.LABELLED,
    )
    Watch.objects.bulk_create(
        [
            Watch(package_id=pk, account_id=account, next_at=Now(), since_at=Now())
            for pk, account in alive.values_list("pk", "account_id")
        ],
        ignore_conflicts=True,
        batch_size=2000,
    )
