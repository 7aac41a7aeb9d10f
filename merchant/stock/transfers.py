"""Goods between the shop's warehouses: sent, received, and what did not arrive."""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from merchant.catalog.models import Sku
from merchant.clock import now
from merchant.locking import lock, lock_all
from merchant.numbers import new_number
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.stock import policies
from merchant.stock.enums import MoveKind
from merchant.stock.models import Warehouse
from merchant.stock.paper_models import Transfer, TransferLine
from merchant.stock.services import Change, move_stock
from merchant.trail import activity


@transaction.atomic
def send_transfer(
    source: Warehouse, target: Warehouse | None, *, units: Sequence[tuple[Sku, int]], by: Actor, note: str = ""
) -> Transfer:
    """调出: these free units leave one warehouse for another. Raises Refused RIGHT, WAREHOUSE, LINES (nothing, or an
    amount that is none), STOCK (more than is free)."""
    policies.check_can_work(source.shop_id, by)
    policies.check_warehouse(source, source.shop_id)
    target = policies.check_warehouse(target, source.shop_id)
    if source.pk == target.pk:
        raise Refused("WAREHOUSE", _("Choose two different warehouses."), field="target")
    if not units or any(quantity < 1 for _sku, quantity in units) or len({sku.pk for sku, _n in units}) != len(units):
        raise Refused("LINES", _("Name each product once, with at least one unit."), field="lines")
    transfer = Transfer.objects.create(
        shop_id=source.shop_id, number=new_number("TR"), source=source, target=target, sent_by=by, note=note[:200]
    )
    lines = TransferLine.objects.bulk_create(
        TransferLine(shop_id=source.shop_id, transfer=transfer, sku=sku, sent=quantity) for sku, quantity in units
    )
    move_stock(
        source.shop_id,
        [Change(line.sku, -line.sent, line=line.pk) for line in lines],
        kind=MoveKind.TRANSFER_OUT,
        document=transfer.number,
        by=by,
        warehouse=source,
    )
    activity.record(transfer, "transfer.send", by=by, to_state=transfer.state)
    return transfer


@transaction.atomic
def receive_transfer(transfer: Transfer, *, received: Mapping[int, int], by: Actor, note: str = "") -> Transfer:
    """调入: {line: units that arrived}, all lines. What is missing is gone from the books of both; the note says where
    it stayed. Raises Refused RIGHT, TRANSFER, LINES, NOTE."""
    transfer = lock(transfer)
    policies.check_can_receive_transfer(transfer, by)
    lines = lock_all(transfer.lines.select_related("sku"))
    if {line.pk for line in lines} != set(received) or any(not 0 <= received[x.pk] <= x.sent for x in lines):
        raise Refused("LINES", _("Write for every line how many arrived, at most what was sent."), field="lines")
    missing = sum(line.sent - received[line.pk] for line in lines)
    if missing and not note.strip():
        raise Refused(
            "NOTE", _("%(count)d units did not arrive: say what became of them.") % {"count": missing}, field="note"
        )
    for line in lines:
        line.received = received[line.pk]
    TransferLine.objects.bulk_update(lines, ["received"])
    move_stock(
        transfer.shop_id,
        [Change(line.sku, line.received or 0, line=line.pk) for line in lines],
        kind=MoveKind.TRANSFER_IN,
        document=transfer.number,
        by=by,
        warehouse=transfer.target,
    )
    before = transfer.state
    transfer.receive(by=by, at=now(), note=note.strip() or transfer.note)
    transfer.save()
    activity.record(
        transfer,
        "transfer.receive",
        by=by,
        from_state=before,
        to_state=transfer.state,
        reason=note[:200],
        missing=missing,
    )
    return transfer
