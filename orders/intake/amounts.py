"""From the amounts a source gives to amounts that add up (M1, M2). The platform's paid amount always stands."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from merchant.money import yuan
from orders.intake.normal import NormalLine, NormalOrder
from orders.intake.values import BadValue
from orders.payments.allocate import split


@dataclass(slots=True)
class LineAmounts:
    goods_fen: int
    discount_fen: int
    subsidy_fen: int
    net_fen: int
    refunded_fen: int


@dataclass(slots=True)
class Amounts:
    """Every money column of an order and its lines, in fen."""

    goods_fen: int
    shop_discount_fen: int
    subsidy_fen: int
    freight_fen: int
    adjustment_fen: int
    paid_fen: int
    receivable_fen: int
    refunded_fen: int
    freight_refunded_fen: int
    # What the source says was refunded beyond what was paid: counted nowhere, told as a difference.
    beyond_paid_fen: int
    lines: list[LineAmounts]


def add_up(order: NormalOrder) -> Amounts:
    """Derive what the source leaves out. Raises BadValue when what it gives cannot be true.

    paid = goods − shop discount − subsidy + freight + adjustment: where the source gives no shop discount it is what
    is missing from the goods; what then still differs (a price the platform changed, instalment interest) is the
    adjustment. Lines share what was paid without freight: as the source says where that adds up, else by M2.
    """
    for name in ("paid_fen", "goods_fen", "freight_fen", "shop_discount_fen", "subsidy_fen", "refunded_fen"):
        if (getattr(order, name) or 0) < 0:
            raise BadValue(name, _("an amount below zero"))
    lines = order.lines
    for position, line in enumerate(lines, start=1):
        if (line.goods_fen or 0) < 0 or line.refunded_fen < 0 or line.quantity < 0:
            raise BadValue(_("line %(position)d") % {"position": position}, _("an amount below zero"))
    goods = _goods_of_lines(order, lines)
    goods_total = sum(goods)
    freight, subsidy = order.freight_fen, order.subsidy_fen
    payable = order.paid_fen
    if payable is None:
        payable = max(0, goods_total - (order.shop_discount_fen or 0) - subsidy + freight)
    discount = order.shop_discount_fen
    if discount is None:
        discount = max(0, goods_total - subsidy + freight - payable)
    adjustment = payable - (goods_total - discount - subsidy + freight)

    nets = _nets(lines, goods, max(0, payable - freight))
    subsidies = split(subsidy, goods)
    is_paid = order.paid_at is not None
    refunds, freight_back = _refunds(order, nets, freight, payable if is_paid else 0)
    return Amounts(
        goods_fen=goods_total,
        shop_discount_fen=discount,
        subsidy_fen=subsidy,
        freight_fen=freight,
        adjustment_fen=adjustment,
        paid_fen=payable if is_paid else 0,
        receivable_fen=payable + subsidy if is_paid else 0,
        refunded_fen=sum(refunds) + freight_back,
        freight_refunded_fen=freight_back,
        beyond_paid_fen=max(0, _told(order) - (payable if is_paid else 0)),
        lines=[
            LineAmounts(goods[i], goods[i] - subsidies[i] - nets[i], subsidies[i], nets[i], refunds[i])
            for i in range(len(lines))
        ],
    )


def _goods_of_lines(order: NormalOrder, lines: list[NormalLine]) -> list[int]:
    if all(line.goods_fen is not None for line in lines):
        return [line.goods_fen or 0 for line in lines]
    known = [line.goods_fen if line.goods_fen is not None else line.net_fen for line in lines]
    if all(amount is not None for amount in known):
        return [amount or 0 for amount in known]
    # The source prices the order, not its lines: those it does not price share the rest by quantity.
    total = order.goods_fen
    if total is None:
        total = (order.paid_fen or 0) + (order.shop_discount_fen or 0) + order.subsidy_fen - order.freight_fen
    return _fill(known, total, [line.quantity for line in lines])


def _fill(given: list[int | None], total: int, bases: list[int]) -> list[int]:
    """What is given stays; the lines without an amount share what is left of the total."""
    silent = [position for position, amount in enumerate(given) if amount is None]
    if not silent:
        return [amount or 0 for amount in given]
    shares = split(max(0, total - sum(filter(None, given))), [bases[position] for position in silent])
    found = [amount or 0 for amount in given]
    for position, share in zip(silent, shares, strict=True):
        found[position] = share
    return found


def _nets(lines: list[NormalLine], goods: list[int], total: int) -> list[int]:
    given = [line.net_fen for line in lines]
    if any(net is not None and net < 0 for net in given) or all(net is None for net in given):
        return split(total, goods)
    nets = _fill(given, total, goods)
    return nets if sum(nets) == total else split(total, nets)


def _told(order: NormalOrder) -> int:
    """What the source says was refunded in all."""
    return order.refunded_fen or sum(line.refunded_fen for line in order.lines)


def _refunds(order: NormalOrder, nets: list[int], freight: int, paid: int) -> tuple[list[int], int]:
    by_line = [line.refunded_fen for line in order.lines]
    total = _told(order)
    if not total:
        return by_line, 0
    if total > paid:
        # A dispute or a goodwill sum on top, or a slip of the source: the order comes in, the sum is marked.
        said = _("the source says ¥%(back)s was refunded of ¥%(paid)s paid: ¥%(paid)s is booked")
        remark = said % {"back": yuan(total), "paid": yuan(paid)}
        if remark not in order.remarks:
            order.remarks = (*order.remarks, remark)
        total = paid
    if sum(by_line) == total and all(back <= net for back, net in zip(by_line, nets, strict=True)):
        return by_line, 0
    goods_back = min(total, sum(nets))
    return split(goods_back, nets), min(total - goods_back, freight)
