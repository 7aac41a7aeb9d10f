"""A refund before shipping takes the order off the packing bench: labels void, order closed, nothing leaves."""

from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case
from logistics.parcels.enums import PackageState
from logistics.parcels.models import Package
from logistics.shipping import services as parcels
from merchant.locking import lock_all
from merchant.people.models import Actor
from merchant.refusals import Refused
from orders.record import services as orders
from orders.record.enums import IN_HOUSE, OrderState
from orders.record.models import Order


def parcel_that_left(order_id: int) -> Package | None:
    """A parcel of this order that a courier has scanned, if any: from then on it is no refund before shipping."""
    parcels_in_force = Package.objects.of_order(order_id).outbound().in_force()
    return parcels_in_force.exclude(state=PackageState.LABELLED).order_by("pk").first()


def check_still_in_house(order_id: int) -> None:
    """A refund before shipping closes the order, so nothing may have left. Raises Refused SHIPPED."""
    order = Order.objects.get(pk=order_id)
    if order.state not in (*IN_HOUSE, OrderState.CLOSED) or order.is_sent:
        raise Refused("SHIPPED", _("The order has shipped: this is a refund after shipping now."), state=order.state)
    left = parcel_that_left(order_id)
    if left is not None:
        raise Refused(
            "SHIPPED", _("A parcel of this order has left the warehouse."), state=left.state, waybill=left.waybill
        )


def lock_packing(case: Case) -> None:
    """Lock the labels of the order before its money is touched (packages come before orders)."""
    lock_all(Package.objects.of_order(case.order_id).outbound().filter(state=PackageState.LABELLED))


def stop_packing(case: Case, *, by: Actor) -> None:
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
