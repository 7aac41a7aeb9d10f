"""How a refund comes about, line by line, so that anybody can check it (R3.22): what a line cost, what came off it
(M2), what was given back before, this refund, what is left; freight by M4, the shop's coupon by M6."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.refunds.models import Refund, RefundLine
from orders.payments.enums import Bearer
from orders.payments.models import OrderDiscount
from orders.payments.services import LineSums
from orders.record.models import Order, OrderLine


@dataclass(frozen=True)
class Row:
    """One line of the order in fen. goods − discount − subsidy + adjusted = net = before + under_way + now + left."""

    title: str
    goods: int
    discount: int
    subsidy: int
    net: int
    before: int
    under_way: int
    now: int

    @property
    def adjusted(self) -> int:
        """What else changed the price of the line: the shop's own change after ordering."""
        return self.net - self.goods + self.discount + self.subsidy

    @property
    def left(self) -> int:
        return self.net - self.before - self.under_way - self.now


@dataclass(frozen=True)
class Coupon:
    """A shop coupon spent on the order, and whether this refund brings it back (M6)."""

    number: str
    amount_fen: int
    comes_back: bool
    restored_at: datetime | None
    why: Any


@dataclass(frozen=True)
class Sheet:
    """The whole sum."""

    rows: list[Row]
    freight_paid: int
    freight: int
    freight_why: Any
    coupons: list[Coupon]

    @property
    def goods(self) -> int:
        return sum(row.now for row in self.rows)

    @property
    def total(self) -> int:
        return self.goods + self.freight


def sheet(order: Order, *, parts: Mapping[int, int], freight_fen: int, lines: list[OrderLine]) -> Sheet:
    """A refund that does not exist yet: `parts` ({line id: fen}) and freight, with the other lines beside it."""
    rows = [_row(line, now=parts.get(line.pk, 0)) for line in lines]
    is_last = all(row.left == 0 for row in rows)
    return Sheet(
        rows=[row for row in rows if row.now],
        freight_paid=order.freight_fen,
        freight=freight_fen,
        freight_why=_freight_why(order, freight_fen),
        coupons=_coupons(order, empties=is_last),
    )


def sheet_of(refund: Refund) -> Sheet:
    """A refund as it was reckoned when it was made."""
    lines = list(refund.lines.select_related("order_line", "order_line__listing").order_by("order_line__line_no"))
    order_lines = list(refund.order.lines.all())
    return Sheet(
        rows=[_kept(line) for line in lines],
        freight_paid=refund.order.freight_fen,
        freight=refund.freight_fen,
        freight_why=_freight_why(refund.order, refund.freight_fen),
        coupons=_coupons(refund.order, empties=all(line.refundable_fen == 0 for line in order_lines)),
    )


def breakdowns_of(parts: Mapping[int, int], lines: Mapping[int, LineSums]) -> dict[int, dict[str, int]]:
    """{order line: how its share was reckoned}, to be kept with the refund; `lines` as they stand with it set aside."""
    return {
        pk: {
            "goods": line.goods_fen,
            "discount": line.discount_fen,
            "subsidy": line.subsidy_fen,
            "net": line.net_fen,
            "before": line.refunded_fen,
            "under_way": line.refunding_fen - parts[pk],
            "now": parts[pk],
        }
        for pk, line in lines.items()
    }


def _row(line: OrderLine, *, now: int, is_reserved: bool = False) -> Row:
    return Row(
        title=line.title,
        goods=line.goods_fen,
        discount=line.discount_fen,
        subsidy=line.subsidy_fen,
        net=line.net_fen,
        before=line.refunded_fen,
        under_way=line.refunding_fen - (now if is_reserved else 0),
        now=now,
    )


def _kept(line: RefundLine) -> Row:
    """The stored figures; a document from before they were stored shows the line as it stands."""
    kept = line.breakdown
    if kept:
        return Row(title=line.order_line.title, **kept)
    return _row(line.order_line, now=line.amount_fen, is_reserved=True)


def _freight_why(order: Order, freight_fen: int) -> Any:
    if not order.freight_fen:
        return _("No freight was paid.")
    if freight_fen:
        return _("Nothing has left and this is the last of the goods, so the freight goes back (M4).")
    if order.is_sent:
        return _("Goods have left, so the freight stays (M4).")
    return _("The freight goes back with the last of the goods (M4).")


def _coupons(order: Order, *, empties: bool) -> list[Coupon]:
    """The shop's coupons of this order; the platform's subsidy is no coupon of the shop."""
    found = OrderDiscount.objects.filter(order=order, bearer=Bearer.SHOP).exclude(coupon_number="").order_by("pk")
    comes_back = empties and not order.is_sent
    why = (
        _("The whole order goes back before shipping: the coupon comes back, unless it has expired (M6).")
        if comes_back
        else _("A coupon comes back only with the whole order, before shipping (M6).")
    )
    return [
        Coupon(row.coupon_number, row.amount_fen, comes_back or row.restored_at is not None, row.restored_at, why)
        for row in found
    ]
