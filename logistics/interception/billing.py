"""The courier's bill for a stopped parcel: what was estimated from the rate card becomes what it really cost (M13)."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from logistics.interception.enums import InterceptionState as S
from logistics.interception.models import Interception
from logistics.interception.transitions import FEE_LEG, FREIGHT_LEG
from merchant.ledger import services as ledger
from merchant.ledger.models import LedgerAccount, LedgerEntry
from merchant.locking import lock
from merchant.money import MOST
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.trail import activity

COST, BILL = "interception_cost", "interception_bill"


def check_can_bill(interception: Interception, by: Actor) -> None:
    """Raise Refused RIGHT, INT-STATE: a request the courier has not taken costs nothing."""
    check_right(by, interception.shop_id, Right.SETTLE_STATEMENT)
    if interception.accepted_at is None and interception.returned_at is None:
        raise Refused(
            "INT-STATE", _("The courier has not taken it and has nothing to bill."), state=str(S(interception.state))
        )


@transaction.atomic
def bill_interception(
    interception: Interception, *, by: Actor, fee_fen: int, freight_fen: int, reference: str = ""
) -> Interception:
    """Fee and back freight as billed. The ledger gets the difference to what stands booked, so entering the same bill
    twice books nothing more and a slip is corrected by entering it anew. Raises Refused RIGHT, INT-STATE, AMOUNT."""
    row = lock(interception)
    check_can_bill(row, by)
    if not (0 <= fee_fen <= MOST and 0 <= freight_fen <= MOST):
        raise Refused("AMOUNT", _("A fee is zero or more."), fee_fen=fee_fen, freight_fen=freight_fen)
    before = (row.fee_fen, row.freight_fen, row.is_cost_estimated)
    if before == (fee_fen, freight_fen, False):
        return row
    booked = list(LedgerEntry.objects.filter(shop_id=row.shop_id, kind__in=(COST, BILL), document=row.number))
    turn = sum(entry.kind == BILL for entry in booked)
    for leg, amount in ((FEE_LEG, fee_fen), (FREIGHT_LEG, freight_fen)):
        _post(row, amount - _standing(booked, leg), leg=2 * turn + leg)
    row.fee_fen, row.freight_fen, row.is_cost_estimated = fee_fen, freight_fen, False
    row.version += 1
    row.save()
    activity.record(
        row,
        "interception.bill",
        by=by,
        reason=reference[:64],
        fee_fen=fee_fen,
        freight_fen=freight_fen,
        before_fen=[before[0], before[1]],
    )
    return row


def _standing(booked: list[LedgerEntry], leg: int) -> int:
    """What the ledger holds as cost of this kind now: even legs are fees, odd ones freight."""
    mine = [entry for entry in booked if entry.leg % 2 == leg]
    return sum(one.amount_fen if one.debit == LedgerAccount.COURIER_COST else -one.amount_fen for one in mine)


def _post(row: Interception, difference: int, *, leg: int) -> None:
    if difference == 0:
        return
    accounts = [LedgerAccount.COURIER_COST, LedgerAccount.COURIER_PAYABLE]
    debit, credit = accounts if difference > 0 else accounts[::-1]
    ledger.post(
        row.shop,
        debit,
        credit,
        abs(difference),
        kind=BILL,
        document=row.number,
        leg=leg,
        order_number=row.package.order.number,
    )
