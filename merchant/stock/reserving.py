"""Units kept for orders: reserved when an order comes, set free when it ends, taken out when the parcel leaves.

Set-based: many papers cost as many statements as one. The stocks are locked by ascending id, then each count changes by
a guarded UPDATE beside the CHECK of the table, so that two orders never get the same unit. Every change is a move that
names its paper."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from merchant import pg_arrays
from merchant.catalog.models import Sku
from merchant.clock import now
from merchant.locking import lock_all
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.stock.enums import Grade, MoveKind, ReservationState
from merchant.stock.models import Stock, StockMove, StockReservation
from merchant.stock.signals import announce_change

# Line and SKU of one paper.
Key = tuple[int, int]


@dataclass(frozen=True)
class Want:
    """One paper (an order's number) needs so many units of a SKU, no bundle, for one of its lines."""

    document: str
    line_no: int
    sku_id: int
    quantity: int
    expires_at: datetime | None = None


@transaction.atomic
def reserve(
    shop_id: int,
    wants: Sequence[Want],
    *,
    documents: Iterable[str] = (),
    warehouse_id: int | None = None,
    by: Actor = None,
) -> list[Want]:
    """Make what is held for these papers (and `documents`, which may want nothing any more) what they want; returns
    the wants that cannot be held: too few are free. The same told again changes nothing.

    Of each paper everything comes from one warehouse where one has it all, the preferred first; else each line from
    where it is whole; a line is spread over warehouses last. `warehouse_id`: only from there. Wants are served in their
    order. Whoever calls holds the papers' own rows."""
    numbers = {want.document for want in wants} | set(documents)
    kept = defaultdict(list)
    for row in lock_all(_kept(shop_id, numbers)):
        kept[row.document].append(row)
    stale, missing = _compare(wants, kept, warehouse_id)
    stocks = _lock_stocks(shop_id, {want.sku_id for want in missing}, {row.stock_id for row in stale})
    _end(shop_id, stale, stocks, state=ReservationState.RELEASED, kind=MoveKind.RELEASED, by=by)
    usable = [
        stock
        for stock in stocks.values()
        if stock.warehouse.is_active and stock.grade == Grade.SELLABLE and warehouse_id in (None, stock.warehouse_id)
    ]
    allotted, short = _allot(missing, usable)
    _hold(shop_id, allotted, by=by)
    freed = {stocks[row.stock_id].sku_id for row in stale}
    announce_change(shop_id, freed | {want.sku_id for want, _stock, _quantity in allotted}, grew=bool(freed))
    return short


@transaction.atomic
def release(shop_id: int, documents: Iterable[str], *, by: Actor = None) -> int:
    """Set free what is held for these papers; how many reservations. Twice is once."""
    rows = lock_all(StockReservation.objects.of_documents(shop_id, documents).held())
    stocks = _lock_stocks(shop_id, (), {row.stock_id for row in rows})
    _end(shop_id, rows, stocks, state=ReservationState.RELEASED, kind=MoveKind.RELEASED, by=by)
    announce_change(shop_id, {stock.sku_id for stock in stocks.values()}, grew=True)
    return len(rows)


@transaction.atomic
def take_out(
    shop_id: int,
    document: str,
    *,
    paper: str,
    pieces: Mapping[Key, int] | None = None,
    warehouse_id: int | None = None,
    by: Actor,
) -> list[StockMove]:
    """The reserved units of a paper leave the house under `paper` (a consignment's number): all of them, or `pieces`,
    {(line, SKU): units}. Told again with the same `paper` it does nothing.

    Raises Refused STOCK_NOT_RESERVED when fewer are held (in that warehouse) than are to leave; nothing leaves then."""
    locked = lock_all(_kept(shop_id, [document]))
    if any(row.paper == paper for row in locked):
        return []
    held = [row for row in locked if row.state == ReservationState.HELD]
    held = [row for row in held if warehouse_id in (None, row.stock.warehouse_id)]
    taken, rests = (held, []) if pieces is None else _cut(held, pieces)
    stocks = _lock_stocks(shop_id, (), {row.stock_id for row in taken})
    for row in rests:
        row.save(update_fields=["quantity"])
    for row in taken:
        row.paper = paper
        if row.pk is None:
            row.save()
    return _end(shop_id, taken, stocks, state=ReservationState.TAKEN, kind=MoveKind.SHIPPED, by=by)


def release_expired(limit: int = 500) -> int:
    """What an unpaid order held past its time (T-PAY) is free again; how many reservations."""
    due = StockReservation.objects.held().filter(expires_at__lte=now()).order_by("expires_at")
    by_shop = defaultdict(set)
    for shop_id, document in due.values_list("shop_id", "document")[:limit]:
        by_shop[shop_id].add(document)
    return sum(release(shop_id, documents) for shop_id, documents in by_shop.items())


# --- the steps --------------------------------------------------------------------------------------------------------


def _kept(shop_id: int, documents: Iterable[str]) -> QuerySet[StockReservation]:
    """What is held for these papers or left for them, with its stock as it stood before the lock."""
    rows = StockReservation.objects.of_documents(shop_id, documents).exclude(state=ReservationState.RELEASED)
    return rows.select_related("stock")


def _compare(
    wants: Sequence[Want], kept: Mapping[str, list[StockReservation]], warehouse_id: int | None
) -> tuple[list[StockReservation], list[Want]]:
    """(the rows that are wrong, what is to be held anew). A line is right when all its units are held or have left."""
    by_document: dict[str, dict[Key, Want]] = defaultdict(dict)
    for want in wants:
        before = by_document[want.document].get((want.line_no, want.sku_id))
        quantity = want.quantity + (before.quantity if before else 0)
        by_document[want.document][want.line_no, want.sku_id] = Want(
            want.document, want.line_no, want.sku_id, quantity, want.expires_at
        )
    stale, missing, expiring = [], [], []
    for document in {*by_document, *kept}:
        held: dict[Key, list[StockReservation]] = defaultdict(list)
        left: dict[Key, int] = defaultdict(int)
        for row in kept.get(document, ()):
            key = (row.line_no, row.stock.sku_id)
            if row.state == ReservationState.TAKEN:
                left[key] += row.quantity
            elif warehouse_id not in (None, row.stock.warehouse_id):
                stale.append(row)
            else:
                held[key].append(row)
        for key, want in by_document[document].items():
            rows, open_ = held.pop(key, []), max(0, want.quantity - left[key])
            if sum(row.quantity for row in rows) == open_:
                expiring += [row for row in rows if row.expires_at != want.expires_at]
                for row in rows:
                    row.expires_at = want.expires_at
                continue
            stale += rows
            if open_:
                missing.append(Want(document, *key, open_, want.expires_at))
        stale += [row for rows in held.values() for row in rows]
    StockReservation.objects.bulk_update(expiring, ["expires_at"])
    order = {want.document: place for place, want in reversed(list(enumerate(wants)))}
    return stale, sorted(missing, key=lambda want: (order[want.document], want.line_no, want.sku_id))


def _lock_stocks(shop_id: int, sku_ids: Iterable[int], stock_ids: Iterable[int]) -> dict[int, Stock]:
    rows = Stock.objects.filter(shop_id=shop_id).select_related("warehouse")
    skus, stocks = list(sku_ids), list(stock_ids)
    if not skus and not stocks:
        return {}
    return {row.pk: row for row in lock_all(rows.filter(Q(sku_id__in=skus) | Q(pk__in=stocks)))}


Allotment = tuple[Want, Stock, int]


def _allot(wants: Sequence[Want], stocks: Iterable[Stock]) -> tuple[list[Allotment], list[Want]]:
    """Who gets how much from where, by the counts as they are locked; and what nobody has."""
    by_sku: dict[int, list[Stock]] = defaultdict(list)
    for stock in sorted(stocks, key=lambda row: (row.warehouse.priority, row.warehouse_id, row.pk)):
        by_sku[stock.sku_id].append(stock)
    free = {stock.pk: stock.free for rows in by_sku.values() for stock in rows}
    papers: dict[str, list[Want]] = defaultdict(list)
    for want in wants:
        papers[want.document].append(want)
    allotted: list[Allotment] = []
    short: list[Want] = []
    for asked in papers.values():
        whole = _one_warehouse(asked, by_sku, free)
        for want in asked:
            rows = [stock for stock in by_sku[want.sku_id] if whole in (None, stock.warehouse_id)]
            alone = [stock for stock in rows if free[stock.pk] >= want.quantity][:1]
            if sum(free[stock.pk] for stock in rows) < want.quantity:
                short.append(want)
                continue
            rest = want.quantity
            for stock in alone or rows:
                if part := min(rest, free[stock.pk]):
                    allotted.append((want, stock, part))
                    free[stock.pk] -= part
                    rest -= part
    return allotted, short


def _one_warehouse(asked: Sequence[Want], by_sku: Mapping[int, list[Stock]], free: Mapping[int, int]) -> int | None:
    """The preferred warehouse that has everything this paper wants."""
    needed: dict[int, int] = defaultdict(int)
    for want in asked:
        needed[want.sku_id] += want.quantity
    first, *others = needed
    for stock in by_sku[first]:
        place = stock.warehouse_id
        if free[stock.pk] >= needed[first] and all(
            any(row.warehouse_id == place and free[row.pk] >= needed[sku] for row in by_sku[sku]) for sku in others
        ):
            return place
    return None


def _hold(shop_id: int, allotted: Sequence[Allotment], *, by: Actor) -> None:
    if not allotted:
        return
    sums: dict[int, int] = defaultdict(int)
    for _want, stock, quantity in allotted:
        sums[stock.pk] += quantity
    _change(sums, on_hand=0, reserved=1)
    rows = StockReservation.objects.bulk_create(
        [
            StockReservation(
                shop_id=shop_id,
                stock=stock,
                document=want.document,
                line_no=want.line_no,
                quantity=quantity,
                expires_at=want.expires_at,
            )
            for want, stock, quantity in allotted
        ],
        batch_size=2000,
    )
    _write_moves(rows, MoveKind.RESERVED, on_hand=0, reserved=1, by=by)


def _end(
    shop_id: int, rows: Sequence[StockReservation], stocks: Mapping[int, Stock], *, state: str, kind: str, by: Actor
) -> list[StockMove]:
    """These rows hold nothing any more; taken ones leave the shelf as well. `stocks` are locked, and told of it."""
    if not rows:
        return []
    leaves = -1 if state == ReservationState.TAKEN else 0
    sums: dict[int, int] = defaultdict(int)
    for row in rows:
        sums[row.stock_id] += row.quantity
    _change(sums, on_hand=leaves, reserved=-1)
    for pk, quantity in sums.items():
        stocks[pk].reserved -= quantity
        stocks[pk].on_hand += leaves * quantity
    at = now()
    StockReservation.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=state, ended_at=at, paper=rows[0].paper
    )
    return _write_moves(rows, kind, on_hand=leaves, reserved=-1, by=by)


def _change(sums: Mapping[int, int], *, on_hand: int, reserved: int) -> None:
    """Each stock's counts by its sum times these signs; raises Refused STOCK where the books do not allow it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE merchant_stock s SET on_hand = s.on_hand + %s * w.units, reserved = s.reserved + %s * w.units
            FROM unnest(%s::bigint[], %s::bigint[]) AS w(id, units)
            WHERE s.id = w.id AND s.reserved + %s * w.units >= 0
                AND s.on_hand + %s * w.units >= s.reserved + %s * w.units
            """,
            [
                on_hand,
                reserved,
                pg_arrays.numbers(sums),
                pg_arrays.numbers(sums.values()),
                reserved,
                on_hand,
                reserved,
            ],
        )
        if cursor.rowcount != len(sums):
            raise Refused("STOCK", _("The stock has changed meanwhile: try again."))


def _write_moves(
    rows: Sequence[StockReservation], kind: str, *, on_hand: int, reserved: int, by: Actor
) -> list[StockMove]:
    return StockMove.objects.bulk_create(
        [
            StockMove(
                shop_id=row.shop_id,
                stock_id=row.stock_id,
                kind=kind,
                document=row.document,
                document_line=row.pk,
                on_hand_delta=on_hand * row.quantity,
                reserved_delta=reserved * row.quantity,
                by=by,
            )
            for row in rows
        ],
        batch_size=2000,
    )


def _cut(
    held: Sequence[StockReservation], pieces: Mapping[Key, int]
) -> tuple[list[StockReservation], list[StockReservation]]:
    """(rows that leave whole or as a new part, rows whose rest stays held)."""
    taken, rests = [], []
    for (line_no, sku_id), units in pieces.items():
        rest = units
        for row in held:
            if (row.line_no, row.stock.sku_id) != (line_no, sku_id) or not rest:
                continue
            part = min(rest, row.quantity)
            rest -= part
            if part == row.quantity:
                taken.append(row)
                continue
            row.quantity -= part
            rests.append(row)
            taken.append(
                StockReservation(
                    shop_id=row.shop_id,
                    stock=row.stock,
                    document=row.document,
                    line_no=line_no,
                    quantity=part,
                    state=ReservationState.TAKEN,
                )
            )
        if rest:
            sku = Sku.objects.get(pk=sku_id)
            raise Refused(
                "STOCK_NOT_RESERVED",
                _("%(sku)s: only %(held)d of %(wanted)d are reserved for this order.")
                % {"sku": sku, "held": units - rest, "wanted": units},
                sku=sku.code,
                held=units - rest,
            )
    return taken, rests
