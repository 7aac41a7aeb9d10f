"""Money that is being given back: reserved, settled or released, never more than was paid (M5).

The only writer of the refunding and refunded sums of orders and their lines. Upper rooms call it inside the transaction
that moves their own document; the order is locked before its lines, the lines by ascending id.
"""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from merchant.locking import lock, lock_all
from merchant.money import yuan
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.trail import activity
from orders.payments.allocate import freight_back, split
from orders.record.models import Order, OrderLine


class _Short(Exception):
    """Less is left than was asked; carries nothing, the savepoint takes back what was set aside halfway."""


def reserve_money(order: Order, *, parts: Mapping[int, int], freight_fen: int = 0) -> None:
    """Set aside `parts` ({line id: fen}) and `freight_fen` for a refund that now exists.

    Raises Refused("M5") when the order, a line or the freight has less left; `detail["max_fen"]` is the most that these
    lines can still give. Nothing is set aside then.
    """
    amount = _amount(parts, freight_fen)
    try:
        with transaction.atomic():
            _reserve(order, parts, freight_fen, amount)
    except _Short:
        raise _too_much(order, parts, freight_fen, amount) from None


def _reserve(order: Order, parts: Mapping[int, int], freight_fen: int, amount: int) -> None:
    taken = Order.objects.filter(
        pk=order.pk,
        shop_id=order.shop_id,
        paid_fen__gte=F("refunding_fen") + F("refunded_fen") + amount,
        freight_fen__gte=F("freight_refunding_fen") + F("freight_refunded_fen") + freight_fen,
    ).update(
        refunding_fen=F("refunding_fen") + amount,
        freight_refunding_fen=F("freight_refunding_fen") + freight_fen,
    )
    for line_id, part in sorted(parts.items()):
        taken = taken and OrderLine.objects.filter(
            pk=line_id, order_id=order.pk, net_fen__gte=F("refunding_fen") + F("refunded_fen") + part
        ).update(refunding_fen=F("refunding_fen") + part)
    if not taken:
        raise _Short


@transaction.atomic
def settle_money(order: Order, *, parts: Mapping[int, int], freight_fen: int = 0) -> None:
    """The reserved money has reached the buyer. Raises Refused("NOT_RESERVED") when it was not set aside."""
    _move(order, parts, freight_fen, settled=True)


@transaction.atomic
def release_money(order: Order, *, parts: Mapping[int, int], freight_fen: int = 0) -> None:
    """The refund will not happen: the reserved money may be asked for again. Raises Refused("NOT_RESERVED")."""
    _move(order, parts, freight_fen, settled=False)


@transaction.atomic
def adopt_refund_before(order: Order, *, parts: Mapping[int, int], freight_fen: int = 0, by: Actor = None) -> bool:
    """A refund document arrives for money that the order's own source had already shown as returned.

    True: it is that money; the sums stand as they are and the document now stands behind them, so nothing is to be
    reserved or settled. False: the source had not shown this much, the caller reserves and settles as usual.
    """
    amount = _amount(parts, freight_fen)
    taken = Order.objects.filter(pk=order.pk, shop_id=order.shop_id, refunded_before_fen__gte=amount).update(
        refunded_before_fen=F("refunded_before_fen") - amount
    )
    if taken:
        activity.record(order, "order.adopt_refund_before", by=by, amount_fen=amount)
    return bool(taken)


def refund_of_everything(order: Order) -> tuple[dict[int, int], int]:
    """(parts, freight_fen) of a refund of all that is left: every line's rest, and freight while nothing shipped."""
    lines = list(order.lines.order_by("line_no"))
    parts = {line.pk: line.refundable_fen for line in lines if line.refundable_fen}
    freight = freight_back(
        min(order.refundable_freight_fen, max(0, order.refundable_fen - sum(parts.values()))),
        is_any_shipped=order.is_sent,
        is_last_goods_line=True,
    )
    return parts, freight


def share_over_lines(order: Order, amount_fen: int) -> tuple[dict[int, int], int]:
    """(parts, freight_fen) of an amount that names no lines: by what each line has left (M2), then freight.

    Raises Refused("M5") when the order has less left.
    """
    lines = list(order.lines.order_by("line_no"))
    left = [line.refundable_fen for line in lines]
    goods = min(amount_fen, sum(left))
    freight = amount_fen - goods
    if amount_fen > order.refundable_fen or freight > order.refundable_freight_fen:
        raise _refusal(amount_fen, min(order.refundable_fen, sum(left) + order.refundable_freight_fen))
    parts = {line.pk: part for line, part in zip(lines, split(goods, left), strict=True) if part}
    return parts, freight


def _amount(parts: Mapping[int, int], freight_fen: int) -> int:
    amount = sum(parts.values()) + freight_fen
    if amount <= 0 or freight_fen < 0 or any(part < 0 for part in parts.values()):
        raise Refused("AMOUNT", _("The amount of a refund is above zero."), amount_fen=amount)
    return amount


def _move(order: Order, parts: Mapping[int, int], freight_fen: int, *, settled: bool) -> None:
    amount = _amount(parts, freight_fen)
    gone, freight_gone = (amount, freight_fen) if settled else (0, 0)
    moved = Order.objects.filter(
        pk=order.pk, shop_id=order.shop_id, refunding_fen__gte=amount, freight_refunding_fen__gte=freight_fen
    ).update(
        refunding_fen=F("refunding_fen") - amount,
        refunded_fen=F("refunded_fen") + gone,
        freight_refunding_fen=F("freight_refunding_fen") - freight_fen,
        freight_refunded_fen=F("freight_refunded_fen") + freight_gone,
    )
    for line_id, part in sorted(parts.items()):
        moved = moved and OrderLine.objects.filter(pk=line_id, order_id=order.pk, refunding_fen__gte=part).update(
            refunding_fen=F("refunding_fen") - part, refunded_fen=F("refunded_fen") + (part if settled else 0)
        )
    if not moved:
        raise Refused("NOT_RESERVED", _("This money is not set aside for a refund."), amount_fen=amount)


@transaction.atomic
def _too_much(order: Order, parts: Mapping[int, int], freight_fen: int, amount: int) -> Refused:
    """The refusal, with the most these lines can still give. The rows are read locked, so the figure is exact."""
    fresh = lock(order)
    lines = lock_all(OrderLine.objects.filter(order_id=order.pk, pk__in=parts))
    room = sum(line.refundable_fen for line in lines) + (fresh.refundable_freight_fen if freight_fen else 0)
    return _refusal(amount, min(room, fresh.refundable_fen))


def _refusal(amount: int, most: int) -> Refused:
    return Refused(
        "M5",
        _("¥%(asked)s is more than can still be refunded here; the most is ¥%(max)s.")
        % {"asked": yuan(amount), "max": yuan(most)},
        asked_fen=amount,
        max_fen=most,
    )
