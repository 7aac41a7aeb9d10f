"""What is ordered from suppliers: expected, received in one go or several, and what a unit cost."""

from collections.abc import Mapping, Sequence
from datetime import date

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from merchant.catalog import policies as catalog
from merchant.catalog.models import Sku
from merchant.clock import now
from merchant.locking import lock, lock_all
from merchant.numbers import new_number
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.stock import policies
from merchant.stock.enums import MoveKind, PurchaseState
from merchant.stock.models import Stock, Warehouse
from merchant.stock.paper_models import Purchase, PurchaseLine
from merchant.stock.services import Change, move_stock
from merchant.trail import activity

# SKU, units, cost of a unit in fen where it is known.
Ordered = tuple[Sku, int, int | None]


@transaction.atomic
def open_purchase(
    warehouse: Warehouse,
    *,
    supplier: str,
    units: Sequence[Ordered],
    by: Actor,
    expected_date: date | None = None,
    note: str = "",
) -> Purchase:
    """采购: what is expected from a supplier. A cost price is for whoever may enter those. Raises Refused RIGHT,
    WAREHOUSE, SUPPLIER, LINES, AMOUNT."""
    policies.check_can_keep(warehouse.shop_id, by)
    policies.check_warehouse(warehouse, warehouse.shop_id)
    if not supplier.strip():
        raise Refused("SUPPLIER", _("Say from whom it comes."), field="supplier")
    if (
        not units
        or any(quantity < 1 for _sku, quantity, _c in units)
        or len({row[0].pk for row in units}) != len(units)
    ):
        raise Refused("LINES", _("Name each product once, with at least one unit."), field="lines")
    for sku, _quantity, cost_fen in units:
        if cost_fen is not None:
            catalog.check_can_set_cost(sku, by, cost_fen=cost_fen)
        if sku.parts.exists():
            raise Refused("LINES", _("%(sku)s is a bundle: order its parts.") % {"sku": sku}, field="lines")
    purchase = Purchase.objects.create(
        shop_id=warehouse.shop_id,
        number=new_number("PU"),
        supplier=supplier.strip()[:80],
        warehouse=warehouse,
        expected_date=expected_date,
        note=note.strip()[:200],
        opened_by=by,
    )
    PurchaseLine.objects.bulk_create(
        PurchaseLine(shop_id=warehouse.shop_id, purchase=purchase, sku=sku, expected=quantity, cost_fen=cost_fen)
        for sku, quantity, cost_fen in units
    )
    activity.record(purchase, "purchase.open", by=by, to_state=purchase.state, supplier=purchase.supplier)
    return purchase


@transaction.atomic
def receive_purchase(purchase: Purchase, *, came: Mapping[int, int], seen: int, by: Actor) -> Purchase:
    """收货: {line: units that came now}. `seen` is `purchase.receipts` as the page showed it, so that one delivery is
    not taken in twice. With a cost on the line the product's cost price becomes the average of what lies there and what
    came. Raises Refused RIGHT, PURCHASE, SEEN, LINES."""
    purchase = lock(purchase)
    policies.check_can_receive_purchase(purchase, by)
    if seen != purchase.receipts:
        raise Refused("SEEN", _("Something of this purchase was taken in meanwhile: look at the figures again."))
    lines = {line.pk: line for line in lock_all(purchase.lines.select_related("sku"))}
    came = {pk: units for pk, units in came.items() if units}
    if not came or not lines.keys() >= came.keys() or any(units < 0 for units in came.values()):
        raise Refused("LINES", _("Write how many of at least one line came."), field="lines")
    for pk, units in came.items():
        _average_cost(lines[pk], units, by=by, document=purchase.number)
        lines[pk].received += units
    PurchaseLine.objects.bulk_update(lines.values(), ["received"])
    purchase.receipts += 1
    move_stock(
        purchase.shop_id,
        [Change(lines[pk].sku, units, line=pk) for pk, units in came.items()],
        kind=MoveKind.PURCHASED,
        # A line may come in several goes: each is a paper of its own.
        document=f"{purchase.number}/{purchase.receipts}",
        by=by,
        warehouse=purchase.warehouse,
    )
    before = purchase.state
    if not any(line.open for line in lines.values()):
        purchase.receive(by=by, at=now())
    purchase.save()
    activity.record(
        purchase, "purchase.receive", by=by, from_state=before, to_state=purchase.state, units=sum(came.values())
    )
    return purchase


@transaction.atomic
def end_purchase(purchase: Purchase, *, by: Actor, note: str) -> Purchase:
    """结束采购: the rest does not come. Raises Refused RIGHT, PURCHASE, NOTE."""
    purchase = lock(purchase)
    policies.check_can_end_purchase(purchase, by)
    if not note.strip():
        raise Refused("NOTE", _("Say why the rest does not come."), field="note")
    before = purchase.state
    purchase.end(by=by, at=now(), note=note.strip())
    purchase.save()
    activity.record(purchase, "purchase.end", by=by, from_state=before, to_state=purchase.state, reason=note[:200])
    return purchase


def incoming(shop_id: int) -> dict[int, int]:
    """Units that are expected and did not come yet, by SKU."""
    rows = PurchaseLine.objects.filter(shop_id=shop_id, purchase__state=PurchaseState.EXPECTED)
    rows = rows.filter(expected__gt=F("received")).order_by()
    return {sku: int(units) for sku, units in rows.values_list("sku_id").annotate(n=Sum(F("expected") - F("received")))}


def _average_cost(line: PurchaseLine, units: int, *, by: Actor, document: str) -> None:
    if line.cost_fen is None:
        return
    sku = lock(line.sku)
    lying = Stock.objects.filter(sku=sku).aggregate(units=Sum("on_hand"))["units"] or 0
    before = sku.cost_fen
    if before is None or not lying:
        sku.cost_fen = line.cost_fen
    else:
        sku.cost_fen = (2 * (lying * before + units * line.cost_fen) + lying + units) // (2 * (lying + units))
    if sku.cost_fen != before:
        sku.save(update_fields=["cost_fen"])
        activity.record(sku, "sku.set_cost", by=by, reason=document, before_fen=before, cost_fen=sku.cost_fen)
