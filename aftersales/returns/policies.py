"""What a scanned waybill is, who may receive and inspect, and the sentence when it may not be."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import REFUND_ONLY_KINDS, CaseState
from aftersales.cases.models import Case
from aftersales.refunds.enums import RefundState
from aftersales.refunds.models import Refund
from aftersales.returns.enums import ReturnKind
from aftersales.returns.models import Inspection, ReturnParcel
from logistics.interception.enums import WATCHED, InterceptionState
from logistics.interception.models import Interception
from logistics.parcels.enums import Direction, OwnScan, PackageState
from logistics.parcels.models import Package
from logistics.parcels.tracking_models import TrackingEvent
from merchant.clock import now
from merchant.people.rights import Right, can, check_right
from merchant.refusals import Refused
from orders.record.models import Order, OrderLine

P = PackageState
# A packed parcel of a refunded order is looked for on the bench this long.
BENCH_DAYS = timedelta(days=30)
# Such a parcel is coming home whatever else is known about it.
COMING_HOME = (*WATCHED, InterceptionState.LOST_SUSPECT, InterceptionState.RETURNED)
# Stopped, and not seen in the warehouse yet.
AWAITED = (InterceptionState.SUCCEEDED, InterceptionState.RETURNING, InterceptionState.LOST_SUSPECT)
# The track says it is with the courier and on its way to the buyer.
TO_THE_BUYER = (P.PICKED_UP, P.IN_TRANSIT, P.ARRIVED_DESTINATION, P.OUT_FOR_DELIVERY, P.AT_LOCKER, P.REDIRECTED)
# The money of these refunds is decided, so the goods stay here.
DECIDED = [
    RefundState.APPROVED,
    RefundState.PROCESSING,
    RefundState.SUCCESS,
    RefundState.WAIT_FUNDS,
    RefundState.ABNORMAL,
    RefundState.OFFLINE_DONE,
]


def kind_of(package: Package) -> ReturnKind | None:
    """Why this parcel is expected in the warehouse; None when nobody expects it there."""
    if package.direction == Direction.INBOUND:
        return ReturnKind.BUYER
    if package.state in (P.LABELLED, P.VOIDED) and not is_untracked(package):
        return ReturnKind.BENCH if is_refunded_unsent(package) else None
    if Interception.objects.filter(package=package, state__in=COMING_HOME).exists():
        return ReturnKind.STOPPED
    if package.state in (P.REFUSED, P.RETURNING, P.RETURNED):
        return ReturnKind.REFUSED
    if TrackingEvent.objects.filter(package=package, raw_code=OwnScan.RECEIVED).exists():
        # Received before its paper was made.
        return ReturnKind.REFUSED
    return None


def is_untracked(package: Package) -> bool:
    """It was sent with a courier nobody can ask: that no scan is known says nothing about where it is."""
    return package.state == P.LABELLED and package.account_id is None and package.shipped_at is not None


def is_refunded_unsent(package: Package) -> bool:
    """已退款，别发: nothing of it was sent, and the refund of all its order has to offer is decided."""
    order = Order.objects.get(pk=package.order_id)
    if order.refundable_fen > order.refundable_freight_fen or package.order_count > 1:
        return False
    return Refund.objects.filter(order=order, state__in=DECIDED).exists()


def refunded_lines(package: Package) -> list[OrderLine]:
    """What lies packed in this parcel although it is paid back in full, the rest being still to be sent."""
    lines = OrderLine.objects.filter(package_lines__package=package, net_fen__gt=0).select_related("order", "listing")
    return list(lines.filter(net_fen__lte=F("refunding_fen") + F("refunded_fen")).order_by("pk"))


def bench_parcels(shop_ids: Sequence[int]) -> QuerySet[Package]:
    """Parcels that lie packed in the house although their buyer has been refunded, wholly or in part; oldest first."""
    refunded = Case.objects.filter(
        shop_id__in=shop_ids,
        kind__in=REFUND_ONLY_KINDS,
        state__in=[CaseState.REFUNDING, CaseState.SUCCESS, CaseState.REFUND_FAILED],
        applied_at__gte=now() - BENCH_DAYS,
    ).values("order_id")
    left = F("order__paid_fen") - F("order__refunding_fen") - F("order__refunded_fen")
    freight = F("order__freight_fen") - F("order__freight_refunding_fen") - F("order__freight_refunded_fen")
    rows = (
        Package.objects.outbound()
        .alias(left_fen=left - freight)
        .filter(
            Q(state=P.LABELLED) & (Q(account__isnull=False) | Q(shipped_at__isnull=True))
            | Q(state=P.VOIDED, left_fen__lte=0),
            shop_id__in=shop_ids,
        )
    )
    scanned = ReturnParcel.objects.filter(package__isnull=False).values("package_id")
    return rows.filter(order_id__in=refunded).exclude(pk__in=scanned).select_related("order", "shop").order_by("pk")


def why_not_here(package: Package) -> Refused:
    """The sentence for a parcel of ours that nobody expects in the warehouse."""
    state = PackageState(package.state).label
    if package.state == P.LABELLED and not is_untracked(package):
        if gone := refunded_lines(package):
            return Refused(
                "TAKE_OUT",
                _("Refunded, take it out before the parcel leaves: %(goods)s.") % {"goods": "; ".join(map(str, gone))},
                orders=sorted({line.order.number for line in gone}),
            )
        held = package.order.blocks.open().exists()
        if held:
            return Refused("HELD", _("An after-sale of this order is open: keep the parcel here until it is decided."))
        return Refused("NOT_SENT", _("This parcel has not left yet: there is nothing to receive."), state=package.state)
    if package.state == P.VOIDED:
        return Refused("PARCEL", _("This label was voided; the parcel cannot be received under it."))
    if package.state in TO_THE_BUYER:
        return Refused(
            "ON_THE_ROAD",
            _("By its track this parcel is on its way to the buyer (%(state)s): check the number.") % {"state": state},
            state=package.state,
        )
    return Refused(
        "UNANNOUNCED",
        _("Nobody announced this parcel (%(state)s): no interception, no return of the buyer.") % {"state": state},
        state=package.state,
    )


def check_can_receive(user: Any, shop_id: int) -> None:
    check_right(user, shop_id, Right.RECEIVE_PARCEL)


def check_can_match(parcel: ReturnParcel, user: Any) -> None:
    """Whoever has it in hand, or whoever knows the buyer, says whose it is."""
    if not can(user, parcel.shop_id, Right.AGREE_CASE):
        check_right(user, parcel.shop_id, Right.RECEIVE_PARCEL)
    if parcel.order_id is not None:
        raise Refused("MATCHED", _("Somebody has found its order meanwhile: look again."))


def check_can_inspect(inspection: Inspection, user: Any) -> None:
    check_right(user, inspection.shop_id, Right.RECEIVE_PARCEL)
    if inspection.is_done:
        raise Refused(
            "INSPECTED",
            _("%(name)s has inspected this parcel already.") % {"name": inspection.done_by or "–"},
            result=inspection.result,
        )
