"""The one writer of stock. A count and the move that explains it change in one transaction; the same line of the same
paper moves a stock once, however often it is told."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from merchant.catalog.models import Sku
from merchant.locking import lock
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.stock.enums import Grade
from merchant.stock.models import Bin, Stock, StockMove, Warehouse
from merchant.stock.signals import announce_change
from merchant.trail import activity

MAIN, MAIN_NAME = "main", gettext_noop("Main warehouse")


@dataclass(frozen=True)
class Change:
    """`quantity` units into (or, below zero, out of) the stock of a product and grade, for one line of a paper."""

    sku: Sku
    quantity: int
    grade: str = Grade.SELLABLE
    line: int = 0


def main_warehouse(shop_id: int) -> Warehouse:
    """The warehouse that comes first; most shops have one and never name it."""
    found = Warehouse.objects.filter(shop_id=shop_id, is_active=True).order_by("priority", "pk").first()
    if found is None:
        found, _made = Warehouse.objects.get_or_create(shop_id=shop_id, code=MAIN, defaults={"name": _(MAIN_NAME)})
    return found


@transaction.atomic
def move_stock(
    shop_id: int, changes: Iterable[Change], *, kind: str, document: str, by: Actor, warehouse: Warehouse | None = None
) -> list[StockMove]:
    """Book the changes of one paper, all or none; those booked before are left out. Returns the moves it made.

    Raises Refused STOCK when fewer free units lie there than are to leave."""
    warehouse = warehouse or main_warehouse(shop_id)
    rows = [(_stock_of(warehouse, change), change) for change in changes if change.quantity]
    # Several stocks by ascending id: two papers never wait crosswise.
    moves = [
        move
        for stock, change in sorted(rows, key=lambda row: (row[0].pk, row[1].line))
        if (move := _move(stock, change, kind=kind, document=document, by=by)) is not None
    ]
    announce_change(shop_id, {move.stock.sku_id for move in moves}, grew=any(move.on_hand_delta > 0 for move in moves))
    return moves


def _stock_of(warehouse: Warehouse, change: Change) -> Stock:
    stock, _made = Stock.objects.get_or_create(
        warehouse=warehouse, sku=change.sku, grade=change.grade, defaults={"shop_id": warehouse.shop_id}
    )
    return stock


def _move(stock: Stock, change: Change, *, kind: str, document: str, by: Actor) -> StockMove | None:
    stock = lock(stock)
    paper = {"shop_id": stock.shop_id, "stock": stock, "kind": kind, "document": document, "document_line": change.line}
    if StockMove.objects.filter(**paper).exists():
        return None
    moved = Stock.objects.filter(pk=stock.pk, on_hand__gte=F("reserved") - change.quantity).update(
        on_hand=F("on_hand") + change.quantity
    )
    if not moved:
        raise Refused(
            "STOCK",
            _("%(sku)s: only %(free)d are free.") % {"sku": change.sku, "free": stock.on_hand - stock.reserved},
            sku=change.sku.code,
            free=stock.on_hand - stock.reserved,
        )
    return StockMove.objects.create(**paper, on_hand_delta=change.quantity, by=by)


@transaction.atomic
def set_bin(stock: Stock, *, name: str, by: Actor) -> Stock:
    """Where on the shelves it lies; a bin nobody knew is made, last on the way."""
    stock = lock(stock)
    before, stock.bin = stock.bin, name.strip()[:20]
    if stock.bin:
        Bin.objects.get_or_create(warehouse_id=stock.warehouse_id, code=stock.bin, defaults={"shop_id": stock.shop_id})
    stock.save(update_fields=["bin"])
    activity.record(stock, "stock.set_bin", by=by, before=before, bin=stock.bin)
    return stock
