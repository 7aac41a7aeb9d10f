"""Making a case's rows: how its amount falls on the lines, and one open case a line."""

from collections.abc import Iterable, Mapping

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import MAX_APPLICATIONS, OPEN_STATES, CaseKind
from aftersales.cases.models import Case, CaseLine
from logistics.parcels.models import Package
from logistics.watch import services as watching
from merchant.refusals import Refused
from orders.payments import services as payments
from orders.record.enums import IN_HOUSE, OrderState
from orders.record.models import Order, OrderLine


def check_may_apply(order: Order, kind: str) -> None:
    """In period, paid, and of a kind that fits where the goods are (own channel; a platform has asked itself)."""
    if order.paid_at is None or order.paid_fen == 0:
        raise Refused("UNPAID", _("Nothing was paid for this order."))
    if order.state in (OrderState.CLOSED, OrderState.COMPLETED, OrderState.ARCHIVED):
        raise Refused("PERIOD", _("The after-sale period of this order is over."), state=order.state)
    if kind == CaseKind.REFUND_ONLY_UNSHIPPED and order.state not in IN_HOUSE:
        raise Refused("KIND", _("The order has shipped: ask for a refund after shipping."), state=order.state)
    if kind == CaseKind.REFUND_ONLY_SHIPPED and not order.is_sent:
        raise Refused("KIND", _("The order has not shipped: ask for a refund before shipping."), state=order.state)


def shares_of(
    order: Order, amount_fen: int, parts: Mapping[int, int] | None, *, money: bool
) -> tuple[dict[int, int], int]:
    """({line: fen}, freight). A case about goods only names its lines and asks for nothing."""
    if amount_fen < 0 or (money and amount_fen == 0):
        raise Refused("AMOUNT", _("The amount of a refund is above zero."), amount_fen=amount_fen)
    if parts is None:
        return payments.share_over_lines(order, amount_fen)
    freight = amount_fen - sum(parts.values())
    left = {line.pk: line.refundable_fen for line in OrderLine.objects.filter(order=order)}
    most = sum(left.get(pk, 0) for pk in parts) + order.refundable_freight_fen
    if freight < 0 or freight > order.refundable_freight_fen or any(parts[pk] > left.get(pk, -1) for pk in parts):
        raise Refused("M5", _("More than can still be refunded here."), asked_fen=amount_fen, max_fen=most)
    return dict(parts), freight


def check_attempts(lines: Iterable[OrderLine]) -> None:
    """At most five cases a line, and one open at a time."""
    for line in lines:
        if CaseLine.objects.filter(order_line=line, is_open=True).exists():
            raise open_case()
        if CaseLine.objects.filter(order_line=line).count() >= MAX_APPLICATIONS:
            raise Refused("ATTEMPTS", _("These goods have had five cases; the platform takes no more."))


def open_case() -> Refused:
    return Refused("OPEN_CASE", _("These goods have an open case already."))


def insert_case(case: Case, lines: Mapping[int, OrderLine], shares: Mapping[int, int]) -> None:
    """Write case and lines, and have its parcels read now: whoever opens the case wants to see where they are.

    Raises Refused OPEN_CASE or CASE_ONCE where somebody was faster."""
    try:
        with transaction.atomic():
            case.save(force_insert=True)
            CaseLine.objects.bulk_create(
                CaseLine(
                    shop_id=case.shop_id,
                    case=case,
                    order_line=lines[pk],
                    quantity=lines[pk].quantity,
                    amount_fen=shares[pk],
                    is_open=case.state in OPEN_STATES,
                )
                for pk in sorted(shares)
            )
    except IntegrityError as error:
        if "case_line_one_open" in str(error):
            raise open_case() from error
        if "case_number_once" in str(error):
            raise Refused("CASE_ONCE", _("This case is on record already.")) from error
        raise
    parcels = Package.objects.of_order(case.order_id).outbound().in_force()
    watching.pull_forward(parcels.values_list("pk", flat=True))
