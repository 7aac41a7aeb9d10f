"""Money that is being given back: reserved, settled or released, never more than was paid (M5).

The only writer of the refunding and refunded sums of orders and their lines. Upper rooms call it inside the transaction
that moves their own document; the order is locked before its lines, the lines by ascending id.
"""

from collections.abc import Mapping
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from merchant.locking import lock, lock_all
from merchant.money import yuan
from merchant.people.models import Actor
from merchant.pg_arrays import numbers
from merchant.refusals import Refused
from merchant.trail import activity
from orders.payments.allocate import freight_back, split
from orders.record.models import Order, OrderLine

# The order's row first, then its lines: whoever moves money of an order waits for its row, so its lines are never held
# crosswise. What a line gives is checked on its newest version, as the order's sums are.
_MOVE = """
WITH moved AS (
    UPDATE orders_order SET
        refunding_fen = refunding_fen + %(under_way)s * %(amount)s,
        refunded_fen = refunded_fen + %(back)s * %(amount)s,
        freight_refunding_fen = freight_refunding_fen + %(under_way)s * %(freight)s,
        freight_refunded_fen = freight_refunded_fen + %(back)s * %(freight)s
    WHERE id = %(order)s AND shop_id = %(shop)s AND {of_order}
    RETURNING id
), given AS (
    UPDATE orders_orderline l SET
        refunding_fen = l.refunding_fen + %(under_way)s * part.fen,
        refunded_fen = l.refunded_fen + %(back)s * part.fen
    FROM moved, unnest(%(ids)s::bigint[], %(parts)s::bigint[]) AS part (id, fen)
    WHERE l.order_id = moved.id AND l.id = part.id AND {of_line}
    RETURNING l.id, l.goods_fen, l.discount_fen, l.subsidy_fen, l.net_fen, l.refunded_fen, l.refunding_fen
)
SELECT given.* FROM moved LEFT JOIN given ON true
"""


class LineSums(NamedTuple):
    """What a line cost, what came off it, and what of its money is given back or on its way, all in fen."""

    goods_fen: int
    discount_fen: int
    subsidy_fen: int
    net_fen: int
    refunded_fen: int
    refunding_fen: int


class _Move(NamedTuple):
    """What becomes of money: how it changes the sums under way and given back, and what must be there for it."""

    under_way: int
    back: int
    sql: str


_IS_LEFT = _MOVE.format(
    of_order="paid_fen >= refunding_fen + refunded_fen + %(amount)s"
    " AND freight_fen >= freight_refunding_fen + freight_refunded_fen + %(freight)s",
    of_line="l.net_fen >= l.refunding_fen + l.refunded_fen + part.fen",
)
_IS_RESERVED = _MOVE.format(
    of_order="refunding_fen >= %(amount)s AND freight_refunding_fen >= %(freight)s",
    of_line="l.refunding_fen >= part.fen",
)
_RESERVE = _Move(1, 0, _IS_LEFT)
_SETTLE = _Move(-1, 1, _IS_RESERVED)
_RELEASE = _Move(-1, 0, _IS_RESERVED)


def reserve_money(order: Order, *, parts: Mapping[int, int], freight_fen: int = 0) -> dict[int, LineSums]:
    """Set aside `parts` ({line id: fen}) and `freight_fen` for a refund that now exists. Returns how these lines stand
    now, by id.

    Raises Refused("M5") when the order, a line or the freight has less left; `detail["max_fen"]` is the most that these
    lines can still give. Nothing is set aside then.
    """
    lines = _move(_RESERVE, order, parts, freight_fen)
    if lines is None:
        raise _too_much(order, parts, freight_fen, _amount(parts, freight_fen))
    return lines


def settle_money(order: Order, *, parts: Mapping[int, int], freight_fen: int = 0) -> None:
    """The reserved money has reached the buyer. Raises Refused("NOT_RESERVED") when it was not set aside."""
    _take_out(_SETTLE, order, parts, freight_fen)


def release_money(order: Order, *, parts: Mapping[int, int], freight_fen: int = 0) -> None:
    """The refund will not happen: the reserved money may be asked for again. Raises Refused("NOT_RESERVED")."""
    _take_out(_RELEASE, order, parts, freight_fen)


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


def _take_out(move: _Move, order: Order, parts: Mapping[int, int], freight_fen: int) -> None:
    if _move(move, order, parts, freight_fen) is None:
        amount = _amount(parts, freight_fen)
        raise Refused("NOT_RESERVED", _("This money is not set aside for a refund."), amount_fen=amount)


def _move(move: _Move, order: Order, parts: Mapping[int, int], freight_fen: int) -> dict[int, LineSums] | None:
    """Move the money of an order and its lines in one statement; None, and nothing moved, where something is short."""
    values = {
        "order": order.pk,
        "shop": order.shop_id,
        "amount": _amount(parts, freight_fen),
        "freight": freight_fen,
    }
    with transaction.atomic(savepoint=False):
        given = _run(move, values, parts)
        if given is not None and given.keys() != parts.keys():
            # The order had enough and a line had not. Both rows are held by now: what has moved goes back as it came.
            back = _Move(-move.under_way, -move.back, _MOVE.format(of_order="true", of_line="true"))
            _run(back, values, {pk: parts[pk] for pk in given})
            return None
    return given


def _run(move: _Move, values: Mapping[str, int], parts: Mapping[int, int]) -> dict[int, LineSums] | None:
    """The lines that had enough, as they stand now; None where the order had not."""
    with connection.cursor() as cursor:
        cursor.execute(
            move.sql,
            {
                **values,
                "under_way": move.under_way,
                "back": move.back,
                "ids": numbers(parts.keys()),
                "parts": numbers(parts.values()),
            },
        )
        rows = cursor.fetchall()
    return {row[0]: LineSums(*row[1:]) for row in rows if row[0] is not None} if rows else None


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
