"""Stocktakes and adjustments: what was counted is booked once a second person approves."""

from collections import defaultdict
from collections.abc import Mapping

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from merchant.catalog.models import Sku
from merchant.clock import now
from merchant.locking import lock, lock_all
from merchant.numbers import new_number
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.stock import policies, reserving
from merchant.stock.enums import Grade, MoveKind, StocktakeKind, StocktakeState
from merchant.stock.models import Bin, Stock, StockReservation, Warehouse
from merchant.stock.paper_models import Stocktake, StocktakeLine
from merchant.stock.services import Change, move_stock
from merchant.trail import activity

OPEN = (StocktakeState.COUNTING, StocktakeState.FILED)
MOST_LINES = 2000


@transaction.atomic
def open_stocktake(warehouse: Warehouse, *, by: Actor, bins: str = "") -> Stocktake:
    """盘点: a sheet of everything in the warehouse, or in the bins whose code begins with `bins`. What another open
    sheet counts is left out. Raises Refused RIGHT, WAREHOUSE, STOCKTAKE (nothing to count, or too much for a sheet)."""
    policies.check_can_work(warehouse.shop_id, by)
    policies.check_warehouse(warehouse, warehouse.shop_id)
    elsewhere = StocktakeLine.objects.filter(shop_id=warehouse.shop_id, stocktake__state__in=OPEN).values("stock")
    rows = Stock.objects.filter(warehouse=warehouse, bin__startswith=bins.strip()).exclude(pk__in=elsewhere)
    stocks = list(rows.order_by("pk")[: MOST_LINES + 1])
    if not stocks:
        raise Refused("STOCKTAKE", _("Nothing lies there that no open sheet counts already."), field="bins")
    if len(stocks) > MOST_LINES:
        sentence = _("That is more than %(most)d lines: name the bins of one aisle.") % {"most": MOST_LINES}
        raise Refused("STOCKTAKE", sentence, field="bins")
    stocktake = Stocktake.objects.create(
        shop_id=warehouse.shop_id, number=new_number("ST"), warehouse=warehouse, opened_by=by, reason=bins.strip()[:200]
    )
    StocktakeLine.objects.bulk_create(
        StocktakeLine(shop_id=stock.shop_id, stocktake=stocktake, stock=stock, bin=stock.bin) for stock in stocks
    )
    activity.record(stocktake, "stocktake.open", by=by, to_state=stocktake.state, lines=len(stocks))
    return stocktake


@transaction.atomic
def open_empty(warehouse: Warehouse, *, reason: str, by: Actor) -> Stocktake:
    """A sheet without lines, for what a file counts. Raises Refused RIGHT, WAREHOUSE."""
    policies.check_can_work(warehouse.shop_id, by)
    policies.check_warehouse(warehouse, warehouse.shop_id)
    stocktake = Stocktake.objects.create(
        shop_id=warehouse.shop_id, number=new_number("ST"), warehouse=warehouse, opened_by=by, reason=reason[:200]
    )
    activity.record(stocktake, "stocktake.open", by=by, to_state=stocktake.state)
    return stocktake


@transaction.atomic
def count_lines(stocktake: Stocktake, *, counted: Mapping[int, int], by: Actor) -> Stocktake:
    """点数: {line: units that lie there}; a line may be counted again. Raises Refused RIGHT, STOCKTAKE (not being
    counted, or no line of it)."""
    stocktake = lock(stocktake)
    policies.check_can_count(stocktake, by)
    lines = {line.pk: line for line in lock_all(stocktake.lines.filter(pk__in=list(counted)))}
    if len(lines) != len(counted):
        raise Refused("STOCKTAKE", _("That line is not on this sheet."))
    # The counts as they stand now: whatever moves after this moment is no difference.
    stocks = {stock.pk: stock for stock in lock_all(Stock.objects.filter(pk__in=[x.stock_id for x in lines.values()]))}
    at = now()
    for pk, units in counted.items():
        line = lines[pk]
        line.expected, line.counted = stocks[line.stock_id].on_hand, units
        line.counted_by, line.counted_at = by, at
    StocktakeLine.objects.bulk_update(lines.values(), ["expected", "counted", "counted_by", "counted_at"])
    return stocktake


@transaction.atomic
def add_line(stocktake: Stocktake, *, sku: Sku, by: Actor, grade: str = Grade.SELLABLE) -> StocktakeLine:
    """Something lies there that the sheet does not name. Raises Refused RIGHT, STOCKTAKE, SKU (another shop's, or a
    bundle)."""
    stocktake = lock(stocktake)
    policies.check_can_count(stocktake, by)
    if sku.shop_id != stocktake.shop_id or sku.parts.exists():
        raise Refused("SKU", _("Only a plain product of this shop lies on a shelf."))
    stock, _made = Stock.objects.get_or_create(
        warehouse_id=stocktake.warehouse_id, sku=sku, grade=grade, defaults={"shop_id": sku.shop_id}
    )
    elsewhere = StocktakeLine.objects.filter(stock=stock, stocktake__state__in=OPEN).exclude(stocktake=stocktake)
    if (other := elsewhere.select_related("stocktake").first()) is not None:
        raise Refused("STOCKTAKE", _("%(number)s counts it already.") % {"number": other.stocktake.number})
    line, _made = StocktakeLine.objects.get_or_create(
        stocktake=stocktake, stock=stock, defaults={"shop_id": sku.shop_id, "bin": stock.bin}
    )
    return line


@transaction.atomic
def file_stocktake(stocktake: Stocktake, *, by: Actor) -> Stocktake:
    """提交: for a second person. Raises Refused RIGHT, STOCKTAKE (lines are open)."""
    stocktake = lock(stocktake)
    policies.check_can_file(stocktake, by)
    stocktake.file(by=by, at=now())
    return _saved(stocktake, "stocktake.file", StocktakeState.COUNTING, by)


@transaction.atomic
def file_adjustment(
    warehouse: Warehouse, *, sku: Sku, delta: int, reason: str, by: Actor, grade: str = Grade.SELLABLE
) -> Stocktake:
    """调整: `delta` units more (or fewer) than in the books, for a reason; booked once a second person approves.
    Raises Refused RIGHT, WAREHOUSE, SKU, REASON, STOCK (fewer than none), STOCKTAKE (a sheet counts it)."""
    policies.check_can_work(warehouse.shop_id, by)
    policies.check_warehouse(warehouse, warehouse.shop_id)
    if not reason.strip():
        raise Refused("REASON", _("Say why, so that the second person knows."), field="reason")
    stocktake = Stocktake.objects.create(
        shop_id=warehouse.shop_id,
        number=new_number("ST"),
        warehouse=warehouse,
        kind=StocktakeKind.ADJUSTMENT,
        reason=reason.strip()[:200],
        opened_by=by,
    )
    line = add_line(stocktake, sku=sku, by=by, grade=grade)
    stock = lock(line.stock)
    if not delta or stock.on_hand + delta < 0:
        sentence = _("%(sku)s: the books have %(count)d; write how many more or fewer there are.")
        raise Refused("STOCK", sentence % {"sku": sku, "count": stock.on_hand}, field="delta")
    line.expected, line.counted, line.counted_by, line.counted_at = stock.on_hand, stock.on_hand + delta, by, now()
    line.save()
    stocktake.file(by=by, at=now())
    return _saved(stocktake, "stocktake.file", StocktakeState.COUNTING, by)


@transaction.atomic
def approve_stocktake(stocktake: Stocktake, *, by: Actor) -> Stocktake:
    """审批: the differences become moves. Where fewer lie there than are reserved, the orders that reserved last get
    nothing from there any more and are told as short. Raises Refused RIGHT, STOCKTAKE, SECOND_PERSON."""
    stocktake = lock(stocktake)
    policies.check_can_approve(stocktake, by)
    lines = [line for line in stocktake.lines.select_related("stock__sku") if line.difference]
    for line in lines:
        _make_room(line, by=by)
    kind = MoveKind.COUNTED if stocktake.kind == StocktakeKind.COUNT else MoveKind.ADJUSTED
    move_stock(
        stocktake.shop_id,
        [Change(line.stock.sku, line.difference or 0, grade=line.stock.grade, line=line.pk) for line in lines],
        kind=kind,
        document=stocktake.number,
        by=by,
        warehouse=stocktake.warehouse,
    )
    stocktake.approve(by=by, at=now())
    return _saved(stocktake, "stocktake.approve", StocktakeState.FILED, by)


@transaction.atomic
def recount_stocktake(stocktake: Stocktake, *, by: Actor, reason: str = "") -> Stocktake:
    """退回重盘. Raises Refused RIGHT, STOCKTAKE."""
    stocktake = lock(stocktake)
    policies.check_can_recount(stocktake, by)
    stocktake.recount()
    return _saved(stocktake, "stocktake.recount", StocktakeState.FILED, by, reason)


@transaction.atomic
def discard_stocktake(stocktake: Stocktake, *, by: Actor, reason: str = "") -> Stocktake:
    """作废: nothing was moved by it. Raises Refused RIGHT, STOCKTAKE."""
    stocktake = lock(stocktake)
    policies.check_can_discard(stocktake, by)
    before = stocktake.state
    stocktake.discard(by=by, at=now())
    return _saved(stocktake, "stocktake.discard", before, by, reason)


def sheet_of(stocktake: Stocktake) -> list[StocktakeLine]:
    """Its lines in the order somebody walks past them."""
    way = Bin.objects.filter(warehouse_id=stocktake.warehouse_id, code=OuterRef("bin")).values("path_order")[:1]
    rows = stocktake.lines.select_related("stock__sku", "counted_by").alias(way=Subquery(way))
    return list(rows.order_by("way", "bin", "stock__sku__code", "pk"))


def _make_room(line: StocktakeLine, *, by: Actor) -> None:
    """Set free the reservations made last, as many as the shelf cannot serve; whole papers, which are then short."""
    stock = line.stock
    stock.refresh_from_db()
    lacking = stock.reserved - (stock.on_hand + (line.difference or 0))
    papers: dict[str, int] = defaultdict(int)
    for document, quantity in (
        StockReservation.objects.held().filter(stock=stock).order_by("-pk").values_list("document", "quantity")
    ):
        if sum(papers.values()) >= lacking:
            break
        papers[document] += quantity
    reserving.release(stock.shop_id, papers, by=by)


def _saved(stocktake: Stocktake, verb: str, before: str, by: Actor, reason: str = "") -> Stocktake:
    stocktake.save()
    activity.record(stocktake, verb, by=by, from_state=before, to_state=stocktake.state, reason=reason[:200])
    return stocktake
