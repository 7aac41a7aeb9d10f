"""A refund before shipping takes the order off the packing bench: labels void, order closed, nothing leaves."""

from typing import Any

from aftersales.cases.models import Case
from logistics.parcels import services as parcels
from logistics.parcels.enums import PackageState
from logistics.parcels.models import Package
from merchant.locking import lock_all
from orders.record import services as orders
from orders.record.enums import IN_HOUSE
from orders.record.models import Order


def hold_bench(case: Case) -> None:
    """Lock the labels of the order before its money is touched (packages come before orders)."""
    lock_all(Package.objects.of_order(case.order_id).outbound().filter(state=PackageState.LABELLED))


def empty_the_bench(case: Case, *, by: Any) -> None:
    """All that is left of the order goes back: its labels are voided and it closes. A part of it leaves the rest to be
    sent. Called when the refund is approved: until then the case's block alone keeps the order in the house."""
    order = Order.objects.get(pk=case.order_id)
    if order.refundable_fen > order.refundable_freight_fen:
        return
    labelled = Package.objects.of_order(order.pk).outbound().filter(state=PackageState.LABELLED, order_count=1)
    for package in labelled.order_by("pk"):
        parcels.void_package(package, by=by, reason=case.number)
    if order.state in IN_HOUSE:
        orders.close_order(order, by=by, reason="refunded")
