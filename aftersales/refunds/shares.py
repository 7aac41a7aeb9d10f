"""Which payments a refund goes back to, and how much to each: never more than came in through it.

An order may have been paid in parts (a deposit and the balance, two cards), and one payment at the channel may have
paid several orders. The largest payment is filled first, then the next; a platform is told one sum, whatever it was
paid with.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case
from aftersales.channels import registry
from aftersales.refunds.enums import LIVE_STATES, PAID_STATES, RefundState
from aftersales.refunds.models import Refund
from merchant.money import yuan
from merchant.refusals import Refused
from orders.payments.models import Payment
from orders.record.models import Order


class Share(NamedTuple):
    payment: Payment
    fen: int


def share(
    order: Order,
    amount_fen: int,
    *,
    case: Case | None = None,
    payment: Payment | None = None,
    without: Collection[int] = (),
) -> list[Share]:
    """How the sum falls on the order's payments, or on `payment` alone. `without`: refunds whose money is free again.

    Raises Refused NO_PAYMENT, NO_CHANNEL, COUNT, PAYMENTS (the payments on record do not hold so much), LIVE_REFUND
    (money of the `case` is on its way already: it is decided once, for all payments together)."""
    rows = registry.payments_of(order).annotate(_refunds=_refunds_of_payment())
    known = list(rows) if payment is None else list(rows.filter(pk=payment.pk))
    if not known:
        registry.payment_of(order)
    if payment is None and case is not None:
        _check_none_is_under_way(known, case)
    if registry.get(known[0].channel).is_platform:
        _check_count(known[0])
        return [Share(known[0], amount_fen)]
    found, left = [], amount_fen
    for row in known:
        part = min(left, _room(row, without))
        if part > 0:
            _check_count(row)
            found.append(Share(row, part))
            left -= part
    if left:
        raise Refused(
            "PAYMENTS",
            _("Of the payments on record ¥%(most)s can still be paid back, ¥%(asked)s are asked for.")
            % {"most": yuan(amount_fen - left), "asked": yuan(amount_fen)},
            max_fen=amount_fen - left,
        )
    return found


def check_can_share(case: Case) -> None:
    """Whether the payments of this case's order hold what it still asks for. Sets nothing aside; raises as `share`."""
    order = case.order
    known = order.known_payments
    if known is not None and len(known) == 1 and known[0].amount_fen >= case.amount_fen and not order.refunded_fen:
        return
    mine = list(Refund.objects.filter(case=case).values_list("pk", "state", "amount_fen"))
    closed = [pk for pk, state, _fen in mine if state == RefundState.CLOSED]
    gone = (RefundState.CLOSED, RefundState.VOID, RefundState.REJECTED)
    owed = case.amount_fen - sum(fen for _pk, state, fen in mine if state not in gone)
    if owed > 0:
        share(order, owed, without=closed)


def carve(
    shares: Sequence[Share], parts: Mapping[int, int], freight_fen: int
) -> Iterator[tuple[Payment, dict[int, int], int]]:
    """(payment, {line: fen}, freight) for each share: the lines in order, the freight last."""
    lines = [[pk, fen] for pk, fen in sorted(parts.items()) if fen]
    for payment, fen in shares:
        own: dict[int, int] = {}
        left = fen
        while left and lines:
            pk, has = lines[0]
            own[pk] = min(left, has)
            left -= own[pk]
            lines[0][1] -= own[pk]
            if not lines[0][1]:
                lines.pop(0)
        yield payment, own, left


def _check_none_is_under_way(known: Sequence[Payment], case: Case) -> None:
    rows = [row for payment in known for row in payment._refunds]  # type: ignore[attr-defined]
    under_way = [state for state in LIVE_STATES if state not in PAID_STATES]
    if any(row["case"] == case.pk and row["state"] in under_way for row in rows):
        raise Refused("LIVE_REFUND", _("This case has a refund already."))


def _refunds_of_payment() -> ArraySubquery:
    taken_over = Exists(Refund.objects.filter(replaces=OuterRef("pk")))
    rows = Refund.objects.filter(order=OuterRef("order"), payment=OuterRef("pk"))
    rows = rows.exclude(state__in=[RefundState.REJECTED, RefundState.VOID])
    is_over = taken_over & Q(state=RefundState.CLOSED)
    told = JSONObject(pk="pk", fen="amount_fen", case="case_id", state="state", is_over=is_over)
    return ArraySubquery(rows.order_by("pk").values(told=told))


def _room(payment: Payment, without: Collection[int]) -> int:
    rows = payment._refunds  # type: ignore[attr-defined]
    return payment.amount_fen - sum(row["fen"] for row in rows if not row["is_over"] and row["pk"] not in without)


def _check_count(payment: Payment) -> None:
    most = registry.get(payment.channel).max_refunds_per_payment
    if len(payment._refunds) >= most:  # type: ignore[attr-defined]
        raise Refused("COUNT", _("This payment has had %(most)s refunds; the channel takes no more.") % {"most": most})
